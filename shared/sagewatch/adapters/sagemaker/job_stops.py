"""SageMaker's Stop calls for jobs, each in the job's own account and region."""

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, override

from botocore.exceptions import ClientError

from sagewatch.adapters.aws_errors import code_of, is_role_refused, text_of, translated, without_act_role
from sagewatch.adapters.sagemaker.calls import call, facts_of_job
from sagewatch.adapters.sagemaker.jobs import is_gone
from sagewatch.errors import StopRefusedError
from sagewatch.patterns import lazy_pattern
from sagewatch.redaction import redact
from sagewatch.sagemaker.kinds import JOB_KINDS, KIND_FACTS
from sagewatch.sagemaker.ports import JobStops, Stop
from sagewatch.sagemaker.resources import Job

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient


# "The request was rejected because the training job is in status Completed.", as users of StopTrainingJob saw it; the
# code is ValidationException, which has no finer one.
_ENDED = lazy_pattern(r"in status (Completed|Failed|Stopped|Stopping|Deleting|DeleteFailed)")


class SageMakerJobStops(JobStops):
    """The ``JobStops`` port on the SageMaker API."""

    PERMISSIONS: ClassVar = tuple(f"sagemaker:{KIND_FACTS[kind].stop_operation}" for kind in JOB_KINDS)

    def __init__(self, client_for: "Callable[[str], SageMakerClient]") -> None:
        self._client_for = client_for

    @override
    def stop(self, job: Job) -> Stop:
        facts = facts_of_job(job.kind)
        with translated(f"sagemaker:Stop of {job.kind} job {job.name} in {job.region}"):
            try:
                call(self._client_for(job.scope), facts.stop_operation, {facts.name_field: job.name})
            except ClientError as exc:
                return _not_stopped(job, exc)
        return Stop.STOPPING


def _not_stopped(job: Job, error: ClientError) -> Stop:
    if is_role_refused(error):
        raise StopRefusedError(without_act_role(job.account)) from error
    if is_gone(error):
        return Stop.GONE
    if code_of(error) != "ValidationException":
        raise error
    if _ENDED.search(text_of(error)):
        return Stop.ALREADY
    sentence = redact(text_of(error)) or "no reason given"
    raise StopRefusedError(f"sagemaker:Stop of {job.kind} job {job.name}: {sentence}") from error
