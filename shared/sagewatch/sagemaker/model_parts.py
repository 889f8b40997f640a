"""Define the parts that events and Describe answers about jobs share."""

from typing import Self

from pydantic import ConfigDict, Field
from pydantic.alias_generators import to_pascal

from sagewatch.models import LazyModel
from sagewatch.sagemaker.resources import MAX_INSTANCES, InstanceGroup

# Above every limit of the service (182 days are 16 million seconds), and small enough to calculate with.
MOST_SECONDS = 10**8
MOST_GB = 10**6


class AwsModel(LazyModel):
    """The base: AWS spells in PascalCase, adds fields at will, and sends explicit nulls."""

    model_config = ConfigDict(
        defer_build=True, extra="ignore", frozen=True, alias_generator=to_pascal, hide_input_in_errors=True
    )


class InstancePreference(AwsModel):
    """One of the InstancePreferences, from which SageMaker selects what has capacity."""

    instance_type: str | None = None
    instance_count: int | None = None
    training_plan_arns: list[str] | None = None


class Cluster(AwsModel):
    """ResourceConfig, ClusterConfig or TransformResources: what a job runs on.

    With ``instance_preferences`` there is no ``instance_type``: SageMaker selects one of them and bills the selected
    type and count (SageMaker developer guide, train-instance-preferences).
    """

    instance_type: str | None = None
    instance_count: int | None = None
    instance_groups: list[Self] | None = None
    instance_preferences: list[InstancePreference] | None = None
    selected_instance_type: str | None = None
    selected_instance_count: int | None = None
    volume_size_in_gb: int | None = Field(None, alias="VolumeSizeInGB", ge=0, le=MOST_GB)
    keep_alive_period_in_seconds: int | None = Field(None, ge=0, le=MOST_SECONDS)
    training_plan_arn: str | None = None

    @property
    def groups(self) -> tuple[InstanceGroup, ...]:
        """Every instance group of the cluster; empty if the type or the count of any is unknown.

        A part of a cluster must not be priced as if it were the whole.
        """
        if self.selected_instance_type:
            return _group(self.selected_instance_type, self.selected_instance_count)
        if not self.instance_groups:
            return _group(self.instance_type, self.instance_count)
        groups = [member.groups for member in self.instance_groups]
        return tuple(group for member in groups for group in member) if all(groups) else ()

    @property
    def plan(self) -> str | None:
        """The training plan that pays for the instances: the cluster's, or that of the selected preference."""
        if self.training_plan_arn:
            return self.training_plan_arn
        plans = (
            preference.training_plan_arns for preference in self.instance_preferences or [] if self._is(preference)
        )
        return next((arns[0] for arns in plans if arns), None)

    def _is(self, preference: InstancePreference) -> bool:
        return (preference.instance_type, preference.instance_count or self.selected_instance_count) == (
            self.selected_instance_type,
            self.selected_instance_count,
        )


def _group(instance_type: str | None, count: int | None) -> tuple[InstanceGroup, ...]:
    """One group; none if its type is unknown or its count is no number of instances a job can have."""
    if not instance_type or count is None or not 0 < count <= MAX_INSTANCES:
        return ()
    return (InstanceGroup(instance_type, count),)


class StoppingCondition(AwsModel):
    """The limit a job was started with, in seconds."""

    max_runtime_in_seconds: int | None = Field(None, ge=0, le=MOST_SECONDS)


class S3Artifacts(AwsModel):
    """ModelArtifacts."""

    s3_model_artifacts: str | None = None


class WarmPool(AwsModel):
    """WarmPoolStatus: seconds are billable and wall clock per instance."""

    status: str | None = None
    resource_retained_billable_time_in_seconds: int | None = Field(None, ge=0, le=MOST_SECONDS)


class ProgressInfo(AwsModel):
    """ProgressInfo of a serverless training job: how far it is, in steps and epochs."""

    current_step: int | None = None
    total_step_count_per_epoch: int | None = None
    current_epoch: int | None = None
    max_epoch: int | None = None

    def __str__(self) -> str:
        """Write it as people do: ``epoch 2 of 3, step 40 of 100``."""
        parts = (
            ("epoch", self.current_epoch, self.max_epoch),
            ("step", self.current_step, self.total_step_count_per_epoch),
        )
        told = ((name, at, f" of {most}" if most else "") for name, at, most in parts if at is not None)
        return ", ".join(f"{name} {at}{of}" for name, at, of in told)


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
