"""The presses of buttons, checked, and the values of buttons that SageWatch writes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Self, override

from pydantic import (
    AwareDatetime,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from sagewatch.clock import Clock
from sagewatch.models import LazyModel
from sagewatch.outcomes import Outcome
from sagewatch.sagemaker.fields import Name, Region
from sagewatch.sagemaker.kinds import JOB_KINDS, KIND_FACTS
from sagewatch.sagemaker.resources import Job, job_to_describe
from sagewatch.slack.actions import JobActionId, NotebookActionId, ResourceActionId
from sagewatch.standing.actions import ResourceAction

_ARN = r"^arn:[a-z-]+:sagemaker:[a-z0-9-]+:\d{12}:%s/[a-z0-9-]+$"
_RESOURCE_ARN = r"^arn:[a-z-]+:sagemaker:[a-z0-9-]+:\d{12}:[a-z-]+/[a-z0-9/_-]+$"
_KINDS = {KIND_FACTS[kind].arn_type: kind for kind in JOB_KINDS}
_ANSWERED_WITHIN = timedelta(minutes=15)  # later, a dialog asks about something that may have changed
UserId = Annotated[str, StringConstraints(pattern=r"^[UW][A-Z0-9]{2,30}$")]


class _Target(LazyModel):
    """What every button's value has. ``root`` is the ``alert_id`` of its message; JSON keeps its older name."""

    model_config = ConfigDict(
        defer_build=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
        validate_by_name=True,
        serialize_by_alias=True,
    )

    arn: str
    name: Name
    region: Region
    root: str = Field(min_length=1, max_length=200, alias="incident")

    @model_validator(mode="after")
    def _is_of_one_region(self) -> Self:
        """Refuse a region that is not the ARN's. The account is the ARN's too, so a press acts where its message is."""
        if self.arn.split(":")[3] != self.region:
            raise ValueError("the region is not that of the ARN")
        return self


class _Asked(_Target):
    """What a dialog adds: when it asked, and which reasons speak ``against``."""

    asked_at: AwareDatetime | None = None
    against: tuple[str, ...] = ()

    def confirms(self, reasons: Iterable[str], now: datetime) -> bool:
        """Whether its dialog was answered in time and named each of these reasons."""
        late = self.asked_at is None or now - self.asked_at > _ANSWERED_WITHIN
        return not late and set(reasons) <= set(self.against)


class _Pressed(LazyModel):
    """Who pressed a button, where and when. ``view_id`` is the dialog that was opened for it."""

    user: UserId
    channel: str | None = None
    view_id: str | None = None
    pressed_at: AwareDatetime | None = None

    def at(self, clock: Clock) -> datetime:
        """When it was pressed: a press that is handled twice happened once."""
        return self.pressed_at or clock()


class Target(_Asked):
    """The value of a notebook's button, which SageWatch wrote: the notebook and its message.

    A dialog asks about the run that began at ``since``.
    """

    arn: Annotated[str, StringConstraints(pattern=_ARN % "notebook-instance")]
    since: AwareDatetime | None = None


class JobTarget(_Target):
    """The value of a job's button: the job and its message. ``created_at`` distinguishes jobs of the same name."""

    arn: Annotated[str, StringConstraints(pattern=_ARN % f"({'|'.join(_KINDS)})")]
    created_at: AwareDatetime

    @property
    def job(self) -> Job:
        """The job as Describe needs it."""
        kind = _KINDS[self.arn.rpartition(":")[2].partition("/")[0]]
        return job_to_describe(kind=kind, name=self.name, arn=self.arn, region=self.region, created_at=self.created_at)


class ResourceTarget(_Asked):
    """The value of an idle resource's button: the resource and its message, which has everything else.

    A dialog asks about the action that is ``wanted``.
    """

    arn: Annotated[str, StringConstraints(pattern=_RESOURCE_ARN)]
    name: Annotated[str, StringConstraints(pattern=r"^[a-zA-Z0-9][a-zA-Z0-9/_-]{0,299}$")]
    wanted: ResourceAction | None = None


class Press(Target, _Pressed):
    """One press of a notebook's button, checked."""

    action: NotebookActionId


class JobPress(JobTarget, _Pressed):
    """One press of a job's button."""

    action: JobActionId


class ResourcePress(ResourceTarget, _Pressed):
    """One press of an idle resource's button."""

    action: ResourceActionId


AnyPress = Press | JobPress | ResourcePress


_WHAT: Mapping[type, str] = {Press: "notebook", JobPress: "job", ResourcePress: "resource"}


@dataclass(frozen=True, slots=True)
class PressOutcome(Outcome):
    """What happened after a press, in words."""

    press: AnyPress
    effect: str

    @override
    def to_log(self) -> Mapping[str, object]:
        what = _WHAT[type(self.press)]
        return {"action": self.press.action, what: self.press.name, "user": self.press.user, "effect": self.effect}
