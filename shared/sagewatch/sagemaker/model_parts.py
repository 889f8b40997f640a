"""The parts of what SageMaker says of a job, in events and in Describe answers alike."""

from typing import Self

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_pascal

from sagewatch.sagemaker.resources import InstanceGroup

# Above every limit of the service (28 days are 2.4 million seconds), and small enough to calculate with.
MOST = 10**9


class AwsModel(BaseModel):
    """The base: AWS spells in PascalCase, adds fields at will, and sends explicit nulls."""

    model_config = ConfigDict(extra="ignore", frozen=True, alias_generator=to_pascal, hide_input_in_errors=True)


class Cluster(AwsModel):
    """ResourceConfig, ClusterConfig or TransformResources: what a job runs on."""

    instance_type: str | None = None
    instance_count: int | None = Field(None, ge=0, le=MOST)
    instance_groups: list[Self] | None = None
    volume_size_in_gb: int | None = Field(None, alias="VolumeSizeInGB", ge=0, le=MOST)
    keep_alive_period_in_seconds: int | None = None
    training_plan_arn: str | None = None

    @property
    def groups(self) -> tuple[InstanceGroup, ...]:
        """The instance groups of a heterogeneous cluster, or the one group every other job has."""
        nested = [group for member in self.instance_groups or [] for group in member.groups]
        if self.instance_type and self.instance_count:
            nested.append(InstanceGroup(self.instance_type, self.instance_count))
        return tuple(nested)


class StoppingCondition(AwsModel):
    """The limit a job was started with, in seconds."""

    max_runtime_in_seconds: int | None = None


class S3Artifacts(AwsModel):
    """ModelArtifacts."""

    s3_model_artifacts: str | None = None


class WarmPool(AwsModel):
    """WarmPoolStatus: seconds are billable and wall clock per instance."""

    status: str | None = None
    resource_retained_billable_time_in_seconds: int | None = Field(None, ge=0, le=MOST)


class ProcessingResources(AwsModel):
    """ProcessingResources."""

    cluster_config: Cluster | None = None


class AppSpecification(AwsModel):
    """AppSpecification, of which only the image matters here."""

    image_uri: str | None = None


class S3Output(AwsModel):
    """S3Output of a processing output."""

    s3_uri: str | None = None


class ProcessingOutput(AwsModel):
    """One of a processing job's outputs."""

    s3_output: S3Output | None = None


class ProcessingOutputConfig(AwsModel):
    """ProcessingOutputConfig."""

    outputs: list[ProcessingOutput] | None = None


class TransformOutput(AwsModel):
    """TransformOutput."""

    s3_output_path: str | None = None
