"""MLflow tracking servers, those of deleted domains too: the console does not show them, and they bill on."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from pydantic import Field

from sagewatch.errors import SageWatchError
from sagewatch.idle.evidence import Source, Unknown
from sagewatch.owners.owner import Owner, role_owner
from sagewatch.sagemaker.fields import Arn, Timestamp
from sagewatch.sagemaker.kinds import ResourceKind
from sagewatch.sagemaker.model_parts import AwsModel
from sagewatch.standing.actions import ResourceAction
from sagewatch.standing.evidence import Answered
from sagewatch.standing.kinds.reading import found
from sagewatch.standing.ports import SageMakerReads, StandingKind
from sagewatch.standing.resources import BilledLine, BilledPart, EndCall, StandingResource

_NO_METRIC = "SageMaker publishes no use of tracking servers"
_STOPPING = "Stop it: experiments and files stay, and it can be started again. A server that is Updating refuses"
_AT_REST = frozenset({"Stopped", "CreateFailed", "Deleting"})


class Author(AwsModel):
    """Who created it."""

    user_profile_name: str | None = None
    domain_id: str | None = None


class ServerModel(AwsModel):
    """DescribeMlflowTrackingServer."""

    arn: Arn = Field(alias="TrackingServerArn")
    name: str = Field(alias="TrackingServerName")
    status: str = Field(alias="TrackingServerStatus")
    size: str | None = Field(None, alias="TrackingServerSize")
    version: str | None = Field(None, alias="MlflowVersion")
    is_active: str | None = None
    creation_time: Timestamp = None
    last_modified_time: Timestamp = None
    role_arn: str | None = None
    created_by: Author | None = None

    @property
    def runs(self) -> bool:
        """Whether its instance is billed. One that is updating, or could not be stopped, is."""
        return self.is_active != "Inactive" and self.status not in _AT_REST


@dataclass(frozen=True, slots=True)
class MlflowServers(StandingKind):
    """The tracking servers of a region."""

    kind: ResourceKind = ResourceKind.MLFLOW_SERVER
    reads: tuple[str, ...] = ("ListMlflowTrackingServers", "DescribeMlflowTrackingServer", "ListDomains")

    def find(self, api: SageMakerReads, now: datetime) -> Iterator[StandingResource | SageWatchError]:
        """Domains are listed once, to find servers whose domain is gone."""
        del now
        servers = api.pages("ListMlflowTrackingServers", "TrackingServerSummaries")
        names = [server["TrackingServerName"] for server in servers]
        if not names:
            return
        domains = {domain["DomainId"] for domain in api.pages("ListDomains", "Domains")}
        answers = api.each("DescribeMlflowTrackingServer", [{"TrackingServerName": name} for name in names])
        yield from found(ServerModel, names, answers, lambda server: _resource(server, domains))


def _resource(server: ServerModel, domains: set[str]) -> StandingResource:
    author = server.created_by or Author()
    gone = author.domain_id is not None and author.domain_id not in domains
    where = f"; its domain {author.domain_id} is deleted, so the console does not show it" if gone else ""
    profile = author.user_profile_name
    line = BilledLine("MLflow", server.size or "an unknown size", Decimal(1 if server.runs else 0))
    return StandingResource(
        kind=ResourceKind.MLFLOW_SERVER,
        arn=server.arn,
        name=server.name,
        status=server.status,
        since=server.creation_time,
        changed_at=server.last_modified_time,
        configuration=f"{server.size or 'unknown size'}, MLflow {server.version or '?'}{where}",
        parts=(BilledPart(lines=(line,)),),
        evidence=Answered(Unknown(Source.DESCRIBE, _NO_METRIC)),
        stopping=_STOPPING,
        end=EndCall("StopMlflowTrackingServer", {"TrackingServerName": server.name}),
        owner=Owner(profile, "user profile") if profile else role_owner(server.role_arn),
        note=f"it is {server.status}",
        actions=(ResourceAction.END,),
        keys={"TrackingServerName": server.name},
    )
