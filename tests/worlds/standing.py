"""Everything SweepResources and AnswerSlack meet of idle standing resources, in memory, with a clock to turn."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, override
from zoneinfo import ZoneInfo

from sagewatch.adapters.sagemaker.reads import SESSION_KINDS
from sagewatch.alerts.ports import MessageRef
from sagewatch.idle.alerts import NotebookNews
from sagewatch.idle.state import NotebookState
from sagewatch.jobs.sweep_run import no_time_limit
from sagewatch.pricing.book import PriceBook
from sagewatch.slack.actions import ActionId
from sagewatch.slack.interactions.dialogs import resource_result_view
from sagewatch.slack.interactions.payloads import PressOutcome, ResourcePress
from sagewatch.slack.interactions.people import People
from sagewatch.slack.interactions.resource_actions import ConfirmedActions
from sagewatch.slack.interactions.resource_buttons import ResourceButtons
from sagewatch.standing.endpoints.runner import EndpointRunner
from sagewatch.standing.idling.alerts import StandingAlert
from sagewatch.standing.idling.announced import AnnouncedEnding, AnnouncedOutcome
from sagewatch.standing.idling.ending import ResourceEnding
from sagewatch.standing.idling.follow_up import IdleFollowUp
from sagewatch.standing.idling.look import ResourceLooks
from sagewatch.standing.idling.messages import StandingMessages
from sagewatch.standing.idling.orders import AnnouncedStop
from sagewatch.standing.idling.ports import AnnouncedStops, EndCalls
from sagewatch.standing.idling.verdicts import EndRules
from sagewatch.standing.ports import Fields
from sagewatch.standing.resources import EndCall
from sagewatch.standing.studio.audit import StudioAudit, WeeklyAudit
from sagewatch.standing.sweep import StandingSweep, StandingSweepReport
from tests.fakes.alerts import InMemoryAlertQueue
from tests.fakes.delivery import InMemoryDeliveries
from tests.fakes.endpoints import REGION_ARN, InMemoryEndpoints, InMemoryRecipes
from tests.fakes.idle import InMemoryNotebookStates
from tests.fakes.jobs import InMemoryCheckpoints
from tests.fakes.leases import InMemoryResourceLeases
from tests.fakes.ledger import InMemoryLedger
from tests.fakes.pricing import InMemoryPrices
from tests.fakes.sagemaker import InMemoryRegions
from tests.fakes.slack import InMemoryDialogs
from tests.fakes.standing import Answer, CannedReads, InMemoryAudits, InMemoryStandingSessions, PublishedMetrics
from tests.worlds.builders import price

NOW = datetime(2026, 11, 27, 9, 30, tzinfo=UTC)
OLD = NOW - timedelta(days=40)
HOUR = timedelta(hours=1)
ACCOUNT = "123456789012"
BOOK = PriceBook(
    hourly={
        "Hosting": {"ml.g5.xlarge": price("1.408", "Hosting")},
        "Canvas": {"Session-Hrs": price("1.90", "Canvas")},
        "MLflow": {"Small": price("0.60", "MLflow")},
    },
    volumes={},
)


class LiveReads(CannedReads):
    """Canned answers, and endpoints as the fake service has them at this moment."""

    def __init__(self, lists: dict[str, Any], answers: dict[tuple[str, str], Any], api: InMemoryEndpoints) -> None:
        """Keep both."""
        super().__init__(lists, answers)
        self.api = api

    @override
    def pages(self, operation: str, field: str, request: Fields | None = None) -> Iterator[Fields]:
        if operation == "ListEndpoints":
            yield from ({"EndpointName": name} for name in self.api.endpoints)
        elif operation == "ListInferenceComponents":
            yield from (dict(each) for each in self.api.components.values())
        else:
            yield from super().pages(operation, field, request)

    @override
    def each(self, operation: str, requests: Sequence[Fields]) -> Iterator[Answer]:
        if operation == "DescribeEndpoint":
            yield from (self.api.endpoints.get(str(request["EndpointName"])) for request in requests)
            return
        for request, answer in zip(requests, super().each(operation, requests), strict=True):
            own = self.api.tags.get(str(next(iter(request.values()))))
            yield {"Tags": own} if operation == "ListTags" and own is not None else answer


@dataclass
class CannedEndCalls(EndCalls):
    """Ends what is in the tables. ``failures`` are raised first; some of them after the call."""

    place: "IdleWorld"
    made: list[str] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)
    after: list[Exception] = field(default_factory=list)

    @override
    def end(self, region: str, ending: EndCall) -> bool:
        if self.failures:
            raise self.failures.pop(0)
        self.made.append(ending.operation)
        there = self.place.remove(ending)
        if self.after:
            raise self.after.pop(0)
        return there


@dataclass
class InMemoryAnnouncedStops(AnnouncedStops):
    """A list."""

    sent: list[AnnouncedStop] = field(default_factory=list)

    @override
    def send(self, stop: AnnouncedStop) -> None:
        self.sent.append(stop)


class OneRegion(InMemoryNotebookStates):
    """What is remembered, all of it in the one region there is."""

    @override
    def of_region(self, region: str) -> Mapping[str, NotebookState]:
        return {arn: self.read(arn, region) for arn in self.kept.keys() | self.leases.keys()}


class IdleWorld:
    """A region with endpoints, Canvas apps and MLflow servers, at ``NOW``."""

    def __init__(
        self, *, enforce: bool = True, most: int = 10, approvers: tuple[str, ...] = (), warn: timedelta = HOUR
    ) -> None:
        """Nothing in it."""
        self.now = NOW
        self.lists: dict[str, Any] = {"ListDomains": [{"DomainId": "d-1"}]}
        self.answers: dict[tuple[str, str], Any] = {}
        self.metrics = PublishedMetrics()
        self.configs: dict[str, list[dict[str, Any]]] = {}
        self.api = InMemoryEndpoints(self.configs)
        self.recipes = InMemoryRecipes()
        self.states = OneRegion()
        self.leases = InMemoryResourceLeases(self.states)
        self.alerts = InMemoryAlertQueue()
        self.deliveries = InMemoryDeliveries()
        self.dialogs = InMemoryDialogs()
        self.stops = InMemoryAnnouncedStops()
        self.ledger = InMemoryLedger()
        self.calls = CannedEndCalls(self)
        self.reads = LiveReads(self.lists, self.answers, self.api)
        self.delivers = True
        self.most = most
        self.rules = EndRules(warn, enforce)
        self.messages = StandingMessages(
            archive=self.states, alerts=self.alerts, clock=lambda: self.now, enforce=enforce
        )
        looks = ResourceLooks(
            api_of=lambda _: self.reads, metrics_of=lambda _: self.metrics, states=self.states, clock=lambda: self.now
        )
        ending = ResourceEnding(calls=self.calls, leases=self.leases, messages=self.messages, clock=lambda: self.now)
        self.people = People(dialogs=self.dialogs, approvers=approvers, zone=ZoneInfo("Europe/Berlin"))
        self.buttons = ResourceButtons(
            messages=self.messages,
            looks=looks,
            leases=self.leases,
            ending=ending,
            actions=ConfirmedActions(
                messages=self.messages,
                looks=looks,
                leases=self.leases,
                endpoints=EndpointRunner(api_of=lambda _: self.api, recipes=self.recipes, clock=lambda: self.now),
                people=self.people,
                clock=lambda: self.now,
            ),
            people=self.people,
            clock=lambda: self.now,
            enforce=enforce,
        )
        self.announced = AnnouncedEnding(
            messages=self.messages,
            looks=looks,
            ending=ending,
            posted=self.deliveries,
            rules=self.rules,
            clock=lambda: self.now,
        )
        self.sweeper = self._sweeper()

    def _sweeper(self) -> StandingSweep:
        prices = InMemoryPrices({"us-east-1": BOOK})
        clock: Callable[[], datetime] = lambda: self.now  # noqa: E731 - as a port
        return StandingSweep(
            kinds=SESSION_KINDS,
            api_of=lambda _: self.reads,
            metrics_of=lambda _: self.metrics,
            sessions=InMemoryStandingSessions(),
            ledger=self.ledger,
            prices=prices,
            checkpoints=InMemoryCheckpoints(),
            audit=WeeklyAudit(
                audit=StudioAudit(api_of=lambda _: CannedReads({}, {}), prices=prices),
                audits=InMemoryAudits(),
                clock=clock,
            ),
            idle=IdleFollowUp(
                states=self.states,
                messages=self.messages,
                posted=self.deliveries,
                stops=self.stops,
                clock=clock,
                rules=self.rules,
                most=self.most,
            ),
            regions=InMemoryRegions(home=ACCOUNT),
            owner_tag_keys=("owner",),
            clock=clock,
            home_region="us-east-1",
        )

    def endpoint(self, name: str = "llm", count: int = 2, **tags: str) -> None:
        """An endpoint of one variant, in service for long and never called."""
        variant = {"VariantName": "blue", "ModelName": "m", "InstanceType": "ml.g5.xlarge"}
        self.configs[f"{name}-config"] = [{**variant, "InitialVariantWeight": 1.0, "InitialInstanceCount": count}]
        self.answers["DescribeEndpointConfig", f"{name}-config"] = {"ProductionVariants": [variant]}
        self.answers["DescribeModel", "m"] = {"PrimaryContainer": {}}
        own = [{"Key": "owner", "Value": "ana"}, *({"Key": f"sagewatch:{key}", "Value": tags[key]} for key in tags)]
        self.api.change("CreateEndpoint", {"EndpointName": name, "EndpointConfigName": f"{name}-config", "Tags": own})
        self.api.endpoints[name] |= {"CreationTime": OLD, "LastModifiedTime": OLD}
        self.api.done.clear()

    def invoked(self, name: str = "llm") -> None:
        """Call an endpoint, now."""
        self.metrics.publish("Invocations", {self.now: 3.0}, EndpointName=name, VariantName="blue")

    def canvas(self, user: str = "ana", idle: timedelta | None = timedelta(hours=5), **tags: str) -> None:
        """A Canvas app that has not been used for so long, at every moment from now on; ``None`` publishes nothing."""
        keys = {"DomainId": "d-1", "UserProfileName": user, "AppType": "Canvas", "AppName": f"canvas-{user}"}
        arn = f"{REGION_ARN}app/d-1/{user}/canvas/default"
        self.lists.setdefault("ListApps", []).append({**keys, "Status": "InService"})
        described = {**keys, "Status": "InService", "AppArn": arn, "CreationTime": OLD}
        self.answers["DescribeApp", keys["AppName"]] = described
        self.answers["ListTags", arn] = {"Tags": [{"Key": f"sagewatch:{key}", "Value": tags[key]} for key in tags]}
        self.unused(user, idle)

    def unused(self, user: str = "ana", idle: timedelta | None = timedelta(hours=5)) -> None:
        """Publish how long a Canvas app has not been used, from an hour ago to a week ahead."""
        series = ("/aws/sagemaker/Canvas/AppActivity", "TimeSinceLastActive")
        by = {"DomainId": "d-1", "UserProfileName": user}
        self.metrics.series.pop((*series, frozenset(by.items())), None)
        if idle is not None:
            steps = [timedelta(minutes=5 * n) for n in range(-12, 2400)]
            ages = {self.now + step: idle + step for step in steps}
            before = timedelta(hours=5)  # it was idle until it was used
            points = {at: (age if age >= timedelta() else before).total_seconds() for at, age in ages.items()}
            self.metrics.publish(series[1], points, namespace=series[0], **by)

    def mlflow(self, name: str = "experiments") -> None:
        """A tracking server that runs."""
        arn = f"{REGION_ARN}mlflow-tracking-server/{name}"
        self.lists.setdefault("ListMlflowTrackingServers", []).append({"TrackingServerName": name})
        self.answers["DescribeMlflowTrackingServer", name] = {
            "TrackingServerName": name,
            "TrackingServerArn": arn,
            "TrackingServerStatus": "Created",
            "TrackingServerSize": "Small",
            "IsActive": "Active",
            "CreationTime": OLD,
        }

    def remove(self, ending: EndCall) -> bool:
        """What the one call of a kind does."""
        if ending.operation == "StopMlflowTrackingServer":
            server = self.answers["DescribeMlflowTrackingServer", str(ending.request["TrackingServerName"])]
            server.update(TrackingServerStatus="Stopping")
            return True
        name = str(ending.request["AppName"])
        self.lists["ListApps"] = [each for each in self.lists.get("ListApps", []) if each["AppName"] != name]
        return self.answers.pop(("DescribeApp", name), None) is not None

    def sweep(self, *, later: timedelta = timedelta()) -> StandingSweepReport:
        """Turn the clock, sweep, deliver what is queued, and let AnswerSlack do what is due."""
        self.now += later
        report = self.sweeper.sweep(no_time_limit)
        self.deliver()
        return report

    def deliver(self) -> None:
        """Post what is queued, now."""
        for alert in self.alerts.sent if self.delivers else ():
            place = MessageRef("C0", f"{self.now.timestamp():.6f}", self.now)
            self.deliveries.posted.setdefault(alert.alert_id, place)

    def due(self) -> list[AnnouncedOutcome]:
        """Do what sweeps found due."""
        orders, self.stops.sent = self.stops.sent, []
        return [self.announced.handle(order) for order in orders]

    def press(
        self,
        action: str,
        user: str = "U0ANA",
        *,
        name: str | None = None,
        view: str | None = None,
        confirmed: str | None = None,
        pressed_at: datetime | None = None,
    ) -> PressOutcome:
        """Press a button of the newest message, or confirm the newest question of the dialog ``confirmed``."""
        asked = json.loads(self.dialogs.views[confirmed][-1].private_metadata or "{}") if confirmed else {}
        alert = next(each for each in reversed(self.told) if name in {None, each.name})
        target = {"arn": alert.arn, "name": alert.name, "region": "us-east-1", "incident": alert.alert_id}
        when = {"action": ActionId(action), "user": user, "view_id": view, "pressed_at": pressed_at or self.now}
        press = ResourcePress.model_validate({**target, "channel": "C0", **asked, **when})
        refusal = self.people.refusal(press.user)
        outcome = self.people.reply(press, refusal) if refusal else self.buttons.handle(press)
        self.deliver()
        return outcome

    def ask(self, action: str, user: str = "U0ANA") -> str:
        """Press a button with its dialog open; answer with what it asks."""
        self.dialogs.open("T", resource_result_view("Checking."))
        self.press(action, user, view="V-T")
        return str(self.dialogs.views["V-T"][-1].blocks[0].to_dict()["text"]["text"])

    def confirm(self, user: str = "U0ANA", pressed_at: datetime | None = None) -> PressOutcome:
        """Confirm what was asked."""
        return self.press("resource_sure", user, confirmed="V-T", pressed_at=pressed_at)

    @property
    def told(self) -> list[StandingAlert]:
        """The messages, each once."""
        found = {each.alert_id: each for each in self.alerts.sent if isinstance(each, StandingAlert) and not each.edits}
        return list(found.values())

    @property
    def edits(self) -> list[StandingAlert]:
        """The edits of messages."""
        return [each for each in self.alerts.sent if isinstance(each, StandingAlert) and each.edits]

    @property
    def news(self) -> list[NotebookNews]:
        """Other news."""
        return [each for each in self.alerts.sent if isinstance(each, NotebookNews)]

    def shown(self, number: int = -1) -> StandingAlert:
        """A message as it is remembered."""
        alert = self.messages.find(self.told[number].alert_id)
        assert alert
        return alert
