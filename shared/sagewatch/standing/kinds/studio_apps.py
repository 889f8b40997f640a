"""Studio apps and Canvas: JupyterLab, Code Editor, RStudio, TensorBoard, Studio Classic and Canvas workspaces.

The last activity that DescribeApp shows is also set by health checks, so it proves nothing. Canvas alone publishes how
long it has not been used. A session of Canvas is billed from its launch to a log-out or DeleteApp: closing its tab ends
nothing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from pydantic import Field

from sagewatch.errors import SageWatchError
from sagewatch.idle.evidence import Source, Unknown
from sagewatch.owners.owner import Owner
from sagewatch.sagemaker.fields import Arn, Timestamp
from sagewatch.sagemaker.kinds import ResourceKind
from sagewatch.sagemaker.model_parts import AwsModel
from sagewatch.standing.actions import ResourceAction
from sagewatch.standing.evidence import Answered, Evidence, Meaning, MetricProbe, Metrics
from sagewatch.standing.kinds.reading import read, read_answers
from sagewatch.standing.ports import Fields, SageMakerReads, StandingKind
from sagewatch.standing.resources import BilledLine, BilledPart, EndCall, StandingResource

_CANVAS, _SYSTEM = "Canvas", "system"
_SYSTEM_TYPE = "ml.t3.medium"  # what a "system" instance of a kernel is billed as; that of a Jupyter server is free
_FREE = frozenset({"JupyterServer"})
_CANVAS_UNUSED = timedelta(hours=4)  # as a notebook's default
_NO_ACTIVITY = "SageMaker publishes no activity of this app; health checks set the last activity that it shows"
_DELETE = "Delete the app: its space and its files stay, what is only in memory is lost"
_LOG_OUT = "Delete the app: nothing is lost but a quick build in progress"


class Spec(AwsModel):
    """What an app runs on."""

    instance_type: str | None = None
    training_plan_arn: str | None = None


class AppSummary(AwsModel):
    """One of ListApps."""

    app_type: str
    app_name: str
    domain_id: str
    user_profile_name: str | None = None
    space_name: str | None = None
    status: str
    resource_spec: Spec | None = None

    @property
    def request(self) -> Mapping[str, str]:
        """What names it in requests: an app is a user's, or a space's."""
        place = {"UserProfileName": self.user_profile_name, "SpaceName": self.space_name}
        keys = {"AppName": self.app_name, "AppType": self.app_type, "DomainId": self.domain_id, **place}
        return {name: value for name, value in keys.items() if value}


class AppModel(AppSummary):
    """DescribeApp."""

    arn: Arn = Field(alias="AppArn")
    creation_time: Timestamp = None


@dataclass(frozen=True, slots=True)
class StudioApps(StandingKind):
    """The apps of all domains of a region, Canvas among them."""

    kind: ResourceKind = ResourceKind.STUDIO_APP
    also: tuple[ResourceKind, ...] = (ResourceKind.CANVAS,)
    reads: tuple[str, ...] = ("ListApps", "DescribeApp")

    def find(self, api: SageMakerReads, now: datetime) -> Iterator[StandingResource | SageWatchError]:
        """A listing keeps deleted apps for a while: those are left out."""
        del now
        listed = [read(AppSummary, fields, "app") for fields in api.pages("ListApps", "Apps")]
        yield from (each for each in listed if isinstance(each, SageWatchError))
        running = [each for each in listed if isinstance(each, AppSummary) and each.status in {"InService", "Pending"}]
        answers = api.each("DescribeApp", [each.request for each in running])
        described = read_answers(AppModel, [each.app_name for each in running], answers)
        for summary, (_, app) in zip(running, described, strict=True):
            if isinstance(app, SageWatchError):
                yield app
            elif app is not None:
                spec = app.resource_spec or summary.resource_spec
                yield _resource(app.model_copy(update={"resource_spec": spec}))


def _resource(app: AppModel) -> StandingResource:
    canvas = app.app_type == _CANVAS
    profile = app.user_profile_name
    return StandingResource(
        kind=ResourceKind.CANVAS if canvas else ResourceKind.STUDIO_APP,
        arn=app.arn,
        name=f"{app.space_name or profile or app.domain_id}/{app.app_type}/{app.app_name}",
        status=app.status,
        since=app.creation_time,
        configuration=f"{app.app_type} on {_type(app) or 'no instance'} in {app.domain_id}",
        parts=(_part(app),),
        evidence=_canvas_evidence(app) if canvas and profile else _unknown(_NO_ACTIVITY),
        stopping=_LOG_OUT if canvas else _DELETE,
        end=EndCall("DeleteApp", app.request),
        owner=Owner(profile, "user profile") if profile else None,
        note="its server is free" if app.app_type in _FREE else None,
        actions=(ResourceAction.END,) if canvas else (),
        keys=app.request,
    )


def _type(app: AppModel) -> str | None:
    if app.app_type == _CANVAS:
        return "a workspace instance"
    name = app.resource_spec.instance_type if app.resource_spec else None
    return _SYSTEM_TYPE if name == _SYSTEM and app.app_type not in _FREE else name


def _part(app: AppModel) -> BilledPart:
    if app.app_type == _CANVAS:
        return BilledPart(lines=(BilledLine("Canvas", "Session-Hrs", Decimal(1)),))
    instance_type, free = _type(app), app.app_type in _FREE
    if instance_type is None and not free:
        return BilledPart(unpriced="its instance type is not known", covered=_covered(app))
    line = BilledLine(f"Studio-{app.app_type}", instance_type or "", Decimal(0 if free else 1))
    return BilledPart(lines=(line,), covered=_covered(app))


def _covered(app: AppModel) -> str | None:
    return "prepaid by a training plan" if app.resource_spec and app.resource_spec.training_plan_arn else None


def _unknown(reason: str) -> Evidence:
    return Answered(Unknown(Source.DESCRIBE, reason))


def _canvas_evidence(app: AppModel) -> Evidence:
    """Without a point nothing is known: the app may not have begun to publish.

    A session that is started again within a day may keep its creation time, and its series is the profile's.
    """
    if app.status != "InService":
        return _unknown(f"it is {app.status}, so its last points may be those of an earlier session")
    dimensions: Fields = {"DomainId": app.domain_id, "UserProfileName": app.user_profile_name or ""}
    probe = MetricProbe(
        namespace="/aws/sagemaker/Canvas/AppActivity",
        metric="TimeSinceLastActive",
        dimensions=tuple(dimensions.items()),
        statistic="Minimum",
        meaning=Meaning.SECONDS_UNUSED,
        period=timedelta(minutes=5),
        look_back=timedelta(hours=1),
    )
    return Metrics(probes=(probe,), silence=None, window=_CANVAS_UNUSED)
