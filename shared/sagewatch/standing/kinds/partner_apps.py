"""Partner AI apps (Comet, Deepchecks, Fiddler, Lakera): each is billed by its tier until it is deleted."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sagewatch.errors import SageWatchError
from sagewatch.idle.evidence import Source, Unknown
from sagewatch.owners.owner import role_owner
from sagewatch.sagemaker.fields import Arn, Timestamp
from sagewatch.sagemaker.kinds import ResourceKind
from sagewatch.sagemaker.model_parts import AwsModel
from sagewatch.standing.evidence import Answered
from sagewatch.standing.kinds.reading import found
from sagewatch.standing.ports import SageMakerReads, StandingKind
from sagewatch.standing.resources import BilledPart, StandingResource

_UNPRICED = "AWS Marketplace bills the tier of this app; SageMaker's price list does not have it"
_NO_METRIC = "SageMaker publishes no use of partner apps"
_STOPPING = "Delete the app in the console: what is stored in it is lost"
_GONE = frozenset({"Deleting", "Deleted"})


class PartnerAppModel(AwsModel):
    """DescribePartnerApp."""

    arn: Arn
    name: str
    type: str
    status: str
    tier: str | None = None
    creation_time: Timestamp = None
    last_modified_time: Timestamp = None
    execution_role_arn: str | None = None


@dataclass(frozen=True, slots=True)
class PartnerApps(StandingKind):
    """The partner AI apps of a region."""

    kind: ResourceKind = ResourceKind.PARTNER_APP
    reads: tuple[str, ...] = ("ListPartnerApps", "DescribePartnerApp")

    def find(self, api: SageMakerReads, now: datetime) -> Iterator[StandingResource | SageWatchError]:
        """A deleted app stays listed for a while."""
        del now
        listed = [each for each in api.pages("ListPartnerApps", "Summaries") if each["Status"] not in _GONE]
        answers = api.each("DescribePartnerApp", [{"Arn": each["Arn"]} for each in listed])
        yield from found(PartnerAppModel, [each["Name"] for each in listed], answers, _resource)


def _resource(app: PartnerAppModel) -> StandingResource:
    """One that failed to start may hold what it was given, so it counts as billed."""
    return StandingResource(
        kind=ResourceKind.PARTNER_APP,
        arn=app.arn,
        name=app.name,
        status=app.status,
        since=app.creation_time,
        changed_at=app.last_modified_time,
        configuration=f"{app.type}, tier {app.tier or 'unknown'}",
        parts=(BilledPart(unpriced=_UNPRICED),),
        evidence=Answered(Unknown(Source.DESCRIBE, _NO_METRIC)),
        stopping=_STOPPING,
        owner=role_owner(app.execution_role_arn),
    )
