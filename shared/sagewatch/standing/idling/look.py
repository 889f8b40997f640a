"""Reads one standing resource again, at the moment at which someone wants to change it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sagewatch.alerts.ports import Lease
from sagewatch.clock import Clock
from sagewatch.errors import SageWatchError
from sagewatch.idle.ports import NotebookStates
from sagewatch.idle.state import NotebookState
from sagewatch.sagemaker.kinds import ResourceKind
from sagewatch.standing.decision import UseDecision, decide
from sagewatch.standing.evidence import Metrics
from sagewatch.standing.idling.alerts import StandingAlert
from sagewatch.standing.idling.verdicts import remembered
from sagewatch.standing.kinds.endpoints import Endpoints
from sagewatch.standing.kinds.mlflow_servers import MlflowServers
from sagewatch.standing.kinds.reading import read_tags
from sagewatch.standing.kinds.studio_apps import StudioApps
from sagewatch.standing.ports import Fields, SageMakerReads, StandingKind, UsageMetrics
from sagewatch.standing.resources import StandingResource

# What is listed of each kind that has actions: its listing, which the message's keys stand in for.
LISTED: Mapping[ResourceKind, tuple[StandingKind, str]] = {
    ResourceKind.ENDPOINT: (Endpoints(), "ListEndpoints"),
    ResourceKind.CANVAS: (StudioApps(), "ListApps"),
    ResourceKind.MLFLOW_SERVER: (MlflowServers(), "ListMlflowTrackingServers"),
}
_ENDING = frozenset({"Deleting", "Deleted", "Stopping", "Stopped"})


@dataclass(frozen=True, slots=True)
class Look:
    """A resource as it is now, the decision about its use, and what is remembered of it."""

    resource: StandingResource
    decision: UseDecision
    tags: Mapping[str, str]
    state: NotebookState


@dataclass(frozen=True, slots=True)
class OneOf(SageMakerReads):
    """Reads as another reader does, but the listing has one element: what is asked about is not looked for."""

    api: SageMakerReads
    listing: str
    keys: Fields

    def pages(self, operation: str, field: str, request: Fields | None = None) -> Iterator[Fields]:
        """Yield the message's own resource as the listing, and read every other listing."""
        if operation == self.listing:
            yield {**self.keys, "Status": "InService"}
        else:
            yield from self.api.pages(operation, field, request)

    def each(self, operation: str, requests: Sequence[Fields]) -> Iterator[Fields | SageWatchError | None]:
        """Answer each request as the other reader does."""
        return self.api.each(operation, requests)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceLooks:
    """Looks at resources that messages are about."""

    api_of: Callable[[str], SageMakerReads]
    metrics_of: Callable[[str], UsageMetrics]
    states: NotebookStates
    clock: Clock

    def look(self, alert: StandingAlert) -> Look | None:
        """Return it as it is now; ``None`` if it is gone, or if another one has its name.

        Raises the error that kept it, its tags or its state from being read.
        """
        now, api = self.clock(), self.api_of(alert.region)
        resource = self._find(alert, api)
        if resource is None or (alert.since and resource.since != alert.since):
            return None
        if resource.status in _ENDING:
            return None
        probes = resource.evidence.probes if isinstance(resource.evidence, Metrics) else ()
        answers = self.metrics_of(alert.region).read(probes, now) if probes else {}
        tags = next(api.each("ListTags", [{"ResourceArn": resource.arn}]))
        if isinstance(tags, SageWatchError):
            raise tags
        state = remembered(resource, self.states.read(alert.arn, alert.region))
        return Look(resource, decide(resource, answers, now), read_tags(tags), state)

    def lease(self, alert: StandingAlert) -> Lease | None:
        """Return the lease as it is stored. Raises what ``Ledger.put`` does."""
        return self.states.read(alert.arn, alert.region).stored_lease

    def remember(self, state: NotebookState, region: str) -> None:
        """Keep what is remembered of it. Raises what ``NotebookStates.save`` does."""
        self.states.save(state, region)

    def _find(self, alert: StandingAlert, api: SageMakerReads) -> StandingResource | None:
        """An error that concerns it is raised: what cannot be read is not gone."""
        kind, listing = LISTED[alert.kind]
        found = list(kind.find(OneOf(api, listing, alert.keys), self.clock()))
        same = (each for each in found if isinstance(each, StandingResource) and each.arn.lower() == alert.arn)
        resource = next(same, None)
        error = next((each for each in found if isinstance(each, SageWatchError)), None)
        if resource is None and error:
            raise error
        return resource
