"""Read the summaries that listings of jobs answer with."""

from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field, ValidationError

from sagewatch.errors import UnreadableError
from sagewatch.sagemaker.fields import Arn, Name, Timestamp, field_errors
from sagewatch.sagemaker.kinds import ResourceKind
from sagewatch.sagemaker.model_parts import AwsModel
from sagewatch.sagemaker.ports import ListedJob


class JobSummary(AwsModel):
    """What all kinds' summaries share: a listing only finds jobs, and Describe says all else."""

    kind: ClassVar[ResourceKind]

    name: Name
    arn: Arn
    creation_time: Timestamp

    def listed(self) -> ListedJob:
        """Become a ``ListedJob``. Raises ``UnreadableError`` without a creation time, which every summary has."""
        if self.creation_time is None:
            raise UnreadableError(f"listed {self.kind} job {self.name} has no creation time")
        return ListedJob(kind=self.kind, name=self.name, arn=self.arn.lower(), created_at=self.creation_time)


class TrainingJobSummary(JobSummary):
    """Of ListTrainingJobs."""

    kind = ResourceKind.TRAINING

    name: Name = Field(alias="TrainingJobName")
    arn: Arn = Field(alias="TrainingJobArn")


class ProcessingJobSummary(JobSummary):
    """Of ListProcessingJobs."""

    kind = ResourceKind.PROCESSING

    name: Name = Field(alias="ProcessingJobName")
    arn: Arn = Field(alias="ProcessingJobArn")


class TransformJobSummary(JobSummary):
    """Of ListTransformJobs."""

    kind = ResourceKind.TRANSFORM

    name: Name = Field(alias="TransformJobName")
    arn: Arn = Field(alias="TransformJobArn")


class TuningJobSummary(JobSummary):
    """Of ListHyperParameterTuningJobs."""

    kind = ResourceKind.TUNING

    name: Name = Field(alias="HyperParameterTuningJobName")
    arn: Arn = Field(alias="HyperParameterTuningJobArn")


class AutoMLJobSummary(JobSummary):
    """Of ListAutoMLJobs."""

    kind = ResourceKind.AUTOML

    name: Name = Field(alias="AutoMLJobName")
    arn: Arn = Field(alias="AutoMLJobArn")


SUMMARIES: Mapping[ResourceKind, type[JobSummary]] = {
    model.kind: model
    for model in (TrainingJobSummary, ProcessingJobSummary, TransformJobSummary, TuningJobSummary, AutoMLJobSummary)
}


def read_summary(kind: ResourceKind, summary: object) -> ListedJob | UnreadableError:
    """Read one summary. One that cannot be read is an error among the others, which can."""
    try:
        return SUMMARIES[kind].model_validate(summary).listed()
    except ValidationError as exc:
        return UnreadableError(f"a listed {kind} job: {field_errors(exc)}")
    except UnreadableError as exc:
        return exc
