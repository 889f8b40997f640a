"""Stop calls for jobs, which moto mostly lacks: a job is Stopping for a while, then Stopped, with an end time.

An ended job refuses with AWS's sentence, as users of StopTrainingJob saw it. A state follows from the time whenever it
is looked at; no thread moves it. Not as on AWS: a transition takes ``PACE`` and not two minutes, a tuning job's
children keep running, and no event reports the end.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from weakref import WeakKeyDictionary

from moto.core.responses import ActionResult
from moto.core.utils import camelcase_to_underscores, utcnow
from moto.sagemaker.exceptions import ValidationError
from moto.sagemaker.responses import SageMakerResponse

from local.sagemaker.faults import breakable
from local.sagemaker.notebooks import PACE
from local.sagemaker.resources import ENDED, KINDS, Emulated, get, named, put

_ENDS: "WeakKeyDictionary[Any, datetime]" = WeakKeyDictionary()  # when a stopping job reaches Stopped
Operation = Callable[[SageMakerResponse], ActionResult]


def extend_job_stops() -> None:
    """Add the missing Stop calls. Call it once."""
    for kind, emulated in KINDS.items():
        if not emulated.creating:
            continue
        describing = _method(emulated.operation)
        setattr(SageMakerResponse, describing, _describing(getattr(SageMakerResponse, describing), emulated))
        setattr(SageMakerResponse, _method(f"Stop{emulated.prefix}Job"), _stopping(kind))
        breakable(f"Stop{emulated.prefix}Job")


def _method(operation: str) -> str:
    return camelcase_to_underscores(operation.replace("AutoML", "AutoMl"))


def _stopping(kind: str) -> Operation:
    def stop(self: SageMakerResponse) -> ActionResult:
        emulated = KINDS[kind]
        job = settled(named(self, emulated), emulated)
        status = get(job, f"{emulated.prefix}JobStatus")
        if status in ENDED:
            what = kind.replace("-", " ")
            raise ValidationError(message=f"The request was rejected because the {what} is in status {status}.")
        _ENDS.setdefault(job, utcnow() + timedelta(seconds=PACE.seconds))
        _become(job, emulated, "Stopping")
        return ActionResult({})

    return stop


def _describing(describe: Operation, emulated: Emulated) -> Operation:
    def described(self: SageMakerResponse) -> ActionResult:
        job = getattr(self.sagemaker_backend, emulated.store).get(self._get_param(f"{emulated.prefix}JobName"))
        if job is not None:
            settled(job, emulated)
        return describe(self)

    return described


def settled(job: Any, emulated: Emulated) -> Any:
    """The job in its current state. Fields that the control endpoint set after the stop are kept."""
    end = _ENDS.get(job)
    if end is None or get(job, f"{emulated.prefix}JobStatus") != "Stopping" or end > utcnow():
        return job
    del _ENDS[job]
    _become(job, emulated, "Stopped")
    started: Any = get(job, f"{emulated.prefix}StartTime")
    if started or emulated.prefix in {"HyperParameterTuning", "AutoML"}:  # these run from their creation
        put(job, emulated.end, end)
    if started and emulated.prefix == "Training":
        seconds = max(0, round((end - started).total_seconds()))
        put(job, "BillableTimeInSeconds", seconds)
        put(job, "TrainingTimeInSeconds", seconds)
    return job


def _become(job: Any, emulated: Emulated, status: str) -> None:
    put(job, f"{emulated.prefix}JobStatus", status)
    put(job, "LastModifiedTime", utcnow())
    if emulated.prefix == "Training":
        put(job, "SecondaryStatus", status)
