"""Read jobs from events and Describe answers: models that convert to a ``Job``.

Both spell their fields the same way, so one model per kind reads both. Unknown fields are dropped, which also keeps
hyperparameters, environments and input data out of everything that follows (sources: the EventBridge events
reference and the botocore model).
"""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, override

from pydantic import Field, ValidationError

from sagewatch.errors import MalformedEventError
from sagewatch.redaction import redact
from sagewatch.sagemaker.fields import Arn, Name, Tags, Timestamp, field_errors
from sagewatch.sagemaker.kinds import KIND_FACTS, ResourceKind
from sagewatch.sagemaker.model_parts import (
    MOST_SECONDS,
    AppSpecification,
    AwsModel,
    Cluster,
    ProcessingOutputConfig,
    ProcessingResources,
    ProgressInfo,
    S3Artifacts,
    StoppingCondition,
    TransformOutput,
    WarmPool,
)
from sagewatch.sagemaker.resources import Job, JobStatus, partition_of

# Images of AWS's own Debugger and profiler rules, whose jobs cost nothing (section "Built-in rules" of the
# SageMaker Debugger guide); customers' rules run from sagemaker-debugger-rule-evaluator.
_BUILTIN_RULE_IMAGES = ("/sagemaker-debugger-rules:", "/sagemaker-debugger-rules@")


class JobModel(AwsModel):
    """The fields that all kinds share. A subclass adds its own fields and converts itself to a ``Job``."""

    kind: ClassVar[ResourceKind]

    name: Name
    arn: Arn | None
    status: JobStatus
    creation_time: Timestamp = None
    last_modified_time: Timestamp = None
    failure_reason: str | None = None
    tags: Tags = None
    role_arn: str | None = None
    stopping_condition: StoppingCondition | None = None

    @abstractmethod
    def details(self) -> dict[str, Any]:
        """The fields of ``Job`` that only this kind knows."""

    def job(self, *, account: str, region: str, described: bool) -> Job:
        """Become a ``Job`` of that account and region (the event's envelope knows them, its detail does not)."""
        details = self.details()
        parent_arn = details.pop("parent_arn", None)
        return Job(
            kind=self.kind,
            name=self.name,
            arn=(self.arn or self._built_arn(account, region)).lower(),
            account=account,
            region=region,
            status=self.status,
            created_at=self.creation_time,
            modified_at=self.last_modified_time,
            described=described,
            max_runtime_seconds=(self.stopping_condition or StoppingCondition()).max_runtime_in_seconds,
            failure_reason=redact(details.pop("failure_reason", self.failure_reason)),
            tags=self.tags,
            role_arn=self.role_arn,
            parent_arn=parent_arn.lower() if parent_arn else None,
            **details,
        )

    def _built_arn(self, account: str, region: str) -> str:
        return f"arn:{partition_of(region)}:sagemaker:{region}:{account}:{KIND_FACTS[self.kind].arn_type}/{self.name}"


class TrainingJobModel(JobModel):
    """A training job. Only Describe answers carry the billable seconds, spot and serverless fields."""

    kind = ResourceKind.TRAINING

    name: Name = Field(alias="TrainingJobName")
    arn: Arn | None = Field(None, alias="TrainingJobArn")
    status: JobStatus = Field(alias="TrainingJobStatus")
    secondary_status: str | None = None
    training_start_time: Timestamp = None
    training_end_time: Timestamp = None
    resource_config: Cluster | None = None
    billable_time_in_seconds: int | None = Field(None, ge=0, le=MOST_SECONDS)
    training_time_in_seconds: int | None = Field(None, ge=0, le=MOST_SECONDS)
    enable_managed_spot_training: bool | None = None
    serverless_job_config: dict[str, Any] | None = None
    warm_pool_status: WarmPool | None = None
    model_artifacts: S3Artifacts | None = None
    progress_info: ProgressInfo | None = None
    tuning_job_arn: str | None = None
    auto_ml_job_arn: Arn | None = Field(None, alias="AutoMLJobArn")

    @override
    def details(self) -> dict[str, Any]:
        cluster, pool = self.resource_config or Cluster(), self.warm_pool_status or WarmPool()
        completed = self.status is JobStatus.COMPLETED
        return {
            "warm_pool_status": pool.status,
            "warm_pool_seconds": pool.resource_retained_billable_time_in_seconds,
            "secondary_status": self.secondary_status,
            "started_at": self.training_start_time,
            "ended_at": self.training_end_time,
            "groups": cluster.groups,
            "volume_gb": cluster.volume_size_in_gb,
            "keep_alive_seconds": cluster.keep_alive_period_in_seconds,
            "training_plan_arn": cluster.plan,
            "billable_seconds": self.billable_time_in_seconds,
            "training_seconds": self.training_time_in_seconds,
            "spot": self.enable_managed_spot_training,
            "progress": str(self.progress_info or "") or None,
            "serverless": self.serverless_job_config is not None,
            "parent_arn": self.auto_ml_job_arn or self.tuning_job_arn,
            "output_uri": self.model_artifacts.s3_model_artifacts if self.model_artifacts and completed else None,
        }


class ProcessingJobModel(JobModel):
    """A processing job. Its events carry no tags and no parent."""

    kind = ResourceKind.PROCESSING

    name: Name = Field(alias="ProcessingJobName")
    arn: Arn | None = Field(None, alias="ProcessingJobArn")
    status: JobStatus = Field(alias="ProcessingJobStatus")
    processing_start_time: Timestamp = None
    processing_end_time: Timestamp = None
    processing_resources: ProcessingResources | None = None
    app_specification: AppSpecification | None = None
    processing_output_config: ProcessingOutputConfig | None = None
    exit_message: str | None = None
    training_job_arn: str | None = None
    auto_ml_job_arn: Arn | None = Field(None, alias="AutoMLJobArn")
    monitoring_schedule_arn: str | None = None

    @override
    def details(self) -> dict[str, Any]:
        cluster = (self.processing_resources and self.processing_resources.cluster_config) or Cluster()
        image = (self.app_specification and self.app_specification.image_uri) or ""
        return {
            "started_at": self.processing_start_time,
            "ended_at": self.processing_end_time,
            "groups": cluster.groups,
            "volume_gb": cluster.volume_size_in_gb,
            "builtin_rule": any(name in image for name in _BUILTIN_RULE_IMAGES),
            "failure_reason": self._reason(),
            "parent_arn": self.training_job_arn or self.auto_ml_job_arn or self.monitoring_schedule_arn,
            "output_uri": self._first_output() if self.status is JobStatus.COMPLETED else None,
        }

    def _reason(self) -> str | None:
        """The reason and the container's own exit message, which often says more than "See job logs"."""
        texts = [text for text in (self.failure_reason, self.exit_message) if text]
        if len(texts) > 1 and texts[1] in texts[0]:
            return texts[0]
        return "\n".join(texts) or None

    def _first_output(self) -> str | None:
        outputs = (self.processing_output_config and self.processing_output_config.outputs) or []
        uris = (output.s3_output.s3_uri for output in outputs if output.s3_output)
        return next((uri for uri in uris if uri), None)


class TransformJobModel(JobModel):
    """A batch transform job. Users cannot set its volume, so it has none here."""

    kind = ResourceKind.TRANSFORM

    name: Name = Field(alias="TransformJobName")
    arn: Arn | None = Field(None, alias="TransformJobArn")
    status: JobStatus = Field(alias="TransformJobStatus")
    transform_start_time: Timestamp = None
    transform_end_time: Timestamp = None
    transform_resources: Cluster | None = None
    transform_output: TransformOutput | None = None
    auto_ml_job_arn: Arn | None = Field(None, alias="AutoMLJobArn")

    @override
    def details(self) -> dict[str, Any]:
        completed = self.status is JobStatus.COMPLETED
        return {
            "started_at": self.transform_start_time,
            "ended_at": self.transform_end_time,
            "groups": (self.transform_resources or Cluster()).groups,
            "parent_arn": self.auto_ml_job_arn,
            "output_uri": self.transform_output.s3_output_path if self.transform_output and completed else None,
        }


class TuningJobModel(JobModel):
    """A hyperparameter tuning job. Its training jobs cost the money."""

    kind = ResourceKind.TUNING

    name: Name = Field(alias="HyperParameterTuningJobName")
    arn: Arn | None = Field(None, alias="HyperParameterTuningJobArn")
    status: JobStatus = Field(alias="HyperParameterTuningJobStatus")
    hyper_parameter_tuning_end_time: Timestamp = None

    @override
    def details(self) -> dict[str, Any]:
        """A tuner runs from its creation on."""
        return {
            "started_at": self.creation_time,
            "ended_at": self.hyper_parameter_tuning_end_time,
        }


class AutoMLJobModel(JobModel):
    """An AutoML job. Its processing, training and transform jobs cost the money. AWS sends no events for it."""

    kind = ResourceKind.AUTOML

    name: Name = Field(alias="AutoMLJobName")
    arn: Arn | None = Field(None, alias="AutoMLJobArn")
    status: JobStatus = Field(alias="AutoMLJobStatus")
    secondary_status: str | None = Field(None, alias="AutoMLJobSecondaryStatus")
    end_time: Timestamp = None

    @override
    def details(self) -> dict[str, Any]:
        """It runs from its creation on."""
        return {
            "secondary_status": self.secondary_status,
            "started_at": self.creation_time,
            "ended_at": self.end_time,
        }


JOB_MODELS: Mapping[ResourceKind, type[JobModel]] = {
    model.kind: model
    for model in (TrainingJobModel, ProcessingJobModel, TransformJobModel, TuningJobModel, AutoMLJobModel)
}


def read_job(kind: ResourceKind, fields: object, *, account: str, region: str, described: bool = False) -> Job:
    """Read an event's detail or, if ``described``, a Describe answer.

    Raises ``MalformedEventError``, which names the fields at fault.
    """
    try:
        return JOB_MODELS[kind].model_validate(fields).job(account=account, region=region, described=described)
    except ValidationError as exc:
        raise MalformedEventError(f"{kind} job: {field_errors(exc)}") from exc
