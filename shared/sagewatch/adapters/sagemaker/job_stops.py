"""SageMaker's Stop calls for jobs, each in the job's own region."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, assert_never

from botocore.exceptions import ClientError

from sagewatch.adapters.aws_errors import code_of, text_of, translated
from sagewatch.adapters.sagemaker.jobs import is_gone
from sagewatch.errors import StopRefusedError
from sagewatch.redaction import redact
from sagewatch.sagemaker.ports import Stop
from sagewatch.sagemaker.resources import Job, ResourceKind

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient


# "The request was rejected because the training job is in status Completed.", as users of StopTrainingJob saw it; the
# code is ValidationException, which has no finer one.
_ENDED = re.compile(r"in status (Completed|Failed|Stopped|Stopping|Deleting|DeleteFailed)")


class SageMakerJobStops:
    """The ``JobStops`` port on the SageMaker API."""

    PERMISSIONS: ClassVar = (
        "sagemaker:StopTrainingJob",
        "sagemaker:StopProcessingJob",
        "sagemaker:StopTransformJob",
        "sagemaker:StopHyperParameterTuningJob",
        "sagemaker:StopAutoMLJob",
    )

    def __init__(self, client_for: "Callable[[str], SageMakerClient]") -> None:
        """Keep what answers with the client of a region."""
        self._client_for = client_for

    def stop(self, job: Job) -> Stop:
        """See ``JobStops.stop``."""
        with translated(f"sagemaker:Stop of {job.kind} job {job.name} in {job.region}"):
            try:
                _stop(self._client_for(job.region), job)
            except ClientError as exc:
                return _not_stopped(job, exc)
        return Stop.STOPPING


def _stop(client: "SageMakerClient", job: Job) -> None:
    match job.kind:
        case ResourceKind.TRAINING:
            client.stop_training_job(TrainingJobName=job.name)
        case ResourceKind.PROCESSING:
            client.stop_processing_job(ProcessingJobName=job.name)
        case ResourceKind.TRANSFORM:
            client.stop_transform_job(TransformJobName=job.name)
        case ResourceKind.TUNING:
            client.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName=job.name)
        case ResourceKind.AUTOML:
            client.stop_auto_ml_job(AutoMLJobName=job.name)
        case ResourceKind.NOTEBOOK:
            raise ValueError("a notebook instance is no job")  # a slip in the caller: another adapter stops those
        case _:
            assert_never(job.kind)


def _not_stopped(job: Job, error: ClientError) -> Stop:
    if is_gone(error):
        return Stop.GONE
    if code_of(error) != "ValidationException":
        raise error
    if _ENDED.search(text_of(error)):
        return Stop.ALREADY
    sentence = redact(text_of(error)) or "no reason given"
    raise StopRefusedError(f"sagemaker:Stop of {job.kind} job {job.name}: {sentence}") from error
