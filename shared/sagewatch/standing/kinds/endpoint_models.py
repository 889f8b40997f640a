"""Models of what SageMaker answers about endpoints, their configurations, models and inference components."""

from pydantic import Field

from sagewatch.sagemaker.fields import Arn, Timestamp
from sagewatch.sagemaker.model_parts import MOST_GB, AwsModel
from sagewatch.sagemaker.resources import MAX_INSTANCES


class ServerlessConfig(AwsModel):
    """A variant that has no instances of its own."""

    memory_size_in_mb: int | None = Field(None, alias="MemorySizeInMB")
    provisioned_concurrency: int | None = None


class Reservation(AwsModel):
    """A variant on capacity of a training plan."""

    ml_reservation_arn: str | None = None


class ManagedScaling(AwsModel):
    """Whether SageMaker itself adds and removes the instances of a variant."""

    status: str | None = None
    min_instance_count: int | None = None


class InstancePool(AwsModel):
    """One of the types of a variant that mixes them."""

    instance_type: str | None = None
    current_instance_count: int | None = Field(None, ge=0, le=MAX_INSTANCES)


class Variant(AwsModel):
    """A variant of DescribeEndpoint: what runs."""

    variant_name: str
    current_instance_count: int | None = Field(None, ge=0, le=MAX_INSTANCES)
    current_serverless_config: ServerlessConfig | None = None
    instance_pools: list[InstancePool] | None = None
    capacity_reservation_config: Reservation | None = None
    managed_instance_scaling: ManagedScaling | None = None

    @property
    def scales_to_zero(self) -> bool:
        """Whether its instances go once nothing runs on them."""
        scaling = self.managed_instance_scaling
        return scaling is not None and scaling.status == "ENABLED" and scaling.min_instance_count == 0

    @property
    def managed_minimum(self) -> int:
        """The instances that SageMaker itself keeps."""
        scaling = self.managed_instance_scaling
        return (scaling.min_instance_count or 0) if scaling and scaling.status == "ENABLED" else 0


class EndpointModel(AwsModel):
    """DescribeEndpoint."""

    name: str = Field(alias="EndpointName")
    arn: Arn = Field(alias="EndpointArn")
    config_name: str | None = Field(None, alias="EndpointConfigName")
    status: str = Field(alias="EndpointStatus")
    creation_time: Timestamp = None
    last_modified_time: Timestamp = None
    production_variants: list[Variant] | None = None
    shadow_production_variants: list[Variant] | None = None
    async_inference_config: dict[str, object] | None = None


class ConfiguredVariant(AwsModel):
    """A variant of DescribeEndpointConfig: its type and its model."""

    variant_name: str
    model_name: str | None = None
    instance_type: str | None = None
    volume_size_in_gb: int | None = Field(None, alias="VolumeSizeInGB", ge=0, le=MOST_GB)


class EndpointConfigModel(AwsModel):
    """DescribeEndpointConfig."""

    production_variants: list[ConfiguredVariant] | None = None
    shadow_production_variants: list[ConfiguredVariant] | None = None

    def variant(self, name: str) -> ConfiguredVariant | None:
        """Return the variant of that name."""
        variants = [*(self.production_variants or []), *(self.shadow_production_variants or [])]
        return next((variant for variant in variants if variant.variant_name == name), None)


class Container(AwsModel):
    """A container of a model."""

    container_hostname: str | None = None
    mode: str | None = None


class ExecutionConfig(AwsModel):
    """How a model with several containers is called."""

    mode: str | None = None


class ModelModel(AwsModel):
    """DescribeModel."""

    primary_container: Container | None = None
    containers: list[Container] | None = None
    inference_execution_config: ExecutionConfig | None = None

    @property
    def called_directly(self) -> tuple[str, ...]:
        """The containers that callers name one by one, which publish their metrics under their own names."""
        if not self.inference_execution_config or self.inference_execution_config.mode != "Direct":
            return ()
        return tuple(each.container_hostname for each in self.containers or [] if each.container_hostname)


class ComponentSummary(AwsModel):
    """One of ListInferenceComponents."""

    name: str = Field(alias="InferenceComponentName")
    endpoint_name: str
    variant_name: str | None = None
