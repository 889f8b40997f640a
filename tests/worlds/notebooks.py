"""Everything SweepNotebooks and AnswerSlack meet, in memory, with a clock to turn."""

import json
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sagewatch.alerts.ports import MessageRef
from sagewatch.idle.advice import NotebookAdvice
from sagewatch.idle.alerts import NotebookAlert, NotebookNews
from sagewatch.idle.announcements import NotebookAnnouncements
from sagewatch.idle.decision import IdleRules
from sagewatch.idle.evidence import Active, Idle, Reading, Source
from sagewatch.idle.follow_up import FollowUp
from sagewatch.idle.inspection import NotebookInspector
from sagewatch.idle.outcomes import NotebookSweepReport
from sagewatch.idle.rates import HourlyRates
from sagewatch.idle.reconcile import MessageReconciliation
from sagewatch.idle.repair import SessionRepair
from sagewatch.idle.stop import NotebookStop
from sagewatch.idle.sweep import NotebookSweep
from sagewatch.idle.unreadable import UnreadableItems
from sagewatch.notebooks.month_ends import MonthEnds
from sagewatch.notebooks.track import NotebookTracker
from sagewatch.pricing.book import PriceBook
from sagewatch.sagemaker.notebooks import Notebook, NotebookStatus
from sagewatch.slack.actions import ActionId
from sagewatch.slack.interactions.answer import PressAnswers
from sagewatch.slack.interactions.job_buttons import JobButtons
from sagewatch.slack.interactions.notebook_buttons import NotebookButtons
from sagewatch.slack.interactions.payloads import Press, PressOutcome
from sagewatch.slack.interactions.people import People
from tests.fakes.alerts import InMemoryAlertQueue
from tests.fakes.delivery import InMemoryDeliveries
from tests.fakes.idle import InMemoryNotebookStates
from tests.fakes.jobs import InMemoryCheckpoints, InMemoryDailyNotices, InMemoryOpenJobs
from tests.fakes.leases import InMemoryLeases
from tests.fakes.ledger import InMemoryLedger, InMemoryTotalStore
from tests.fakes.notebooks import InMemorySessions
from tests.fakes.pricing import InMemoryPrices
from tests.fakes.sagemaker import InMemoryJobs, InMemoryJobStops, InMemoryKnownTags, InMemoryNotebooks, InMemoryRegions
from tests.fakes.slack import InMemoryDialogs
from tests.worlds.builders import ACCOUNT, NOW, no_time_limit, price
from tests.worlds.standing import IdleWorld

BOOK = PriceBook(
    hourly={
        "Notebook": {"ml.t3.medium": price("0.05", "Notebook"), "ml.g5.xlarge": price("1.41", "Notebook")},
        "Training": {"ml.m5.xlarge": price("0.23"), "ml.g5.xlarge": price("1.408")},
    },
    volumes={"Notebook": price("0.14", "Notebook")},
)
OWNER = {"sagewatch:owner": "ana@example.com"}


def a_notebook(name: str = "Lab-One", **changes: object) -> Notebook:
    """A notebook in service for two days at ``NOW``."""
    born = NOW - timedelta(days=2)
    notebook = Notebook(
        name=name,
        arn=f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:notebook-instance/{name.lower()}",
        account=ACCOUNT,
        region="us-east-1",
        status=NotebookStatus.IN_SERVICE,
        instance_type="ml.t3.medium",
        created_at=born,
        modified_at=born,
        volume_gb=5,
        platform="notebook-al2023-v1",
    )
    return replace(notebook, **changes)  # type: ignore[arg-type] # what a test is about


@dataclass
class Told:
    """The ``EvidenceSource`` port on a dictionary, and whom it was asked about."""

    said: dict[str, Reading] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def read(self, notebook: Notebook, now: datetime, back_to: datetime) -> Reading:
        """Return the prepared reading, idle by default."""
        del now, back_to
        self.asked.append(notebook.name)
        return self.said.get(notebook.name, Idle(Source.JUPYTER, None, "no kernel and no terminal is open"))


class NotebookWorld:
    """An account with notebooks, at ``NOW``."""

    def __init__(self, *, enforce: bool = True, max_stops: int = 10, approvers: tuple[str, ...] = ()) -> None:
        """Four hours idle is idle, and an hour's notice is given."""
        self.now = NOW
        self.notebooks = InMemoryNotebooks()
        self.known = InMemoryKnownTags(self.notebooks.tagged)
        self.sessions = InMemorySessions()
        self.ledger = InMemoryLedger()
        self.states = InMemoryNotebookStates()
        self.leases = InMemoryLeases(self.states, self.sessions)
        self.open_jobs = InMemoryOpenJobs(self.ledger)
        self.totals = InMemoryTotalStore()
        self.alerts = InMemoryAlertQueue()
        self.deliveries = InMemoryDeliveries()
        self.regions = InMemoryRegions()
        self.dialogs = InMemoryDialogs()
        self.jupyter = Told()
        prices = InMemoryPrices({"us-east-1": BOOK})
        self.tracker = NotebookTracker(
            notebooks=self.notebooks,
            sessions=self.sessions,
            ledger=self.ledger,
            prices=prices,
            regions=self.regions,
            clock=lambda: self.now,
            owner_tag_keys=("sagewatch:owner",),
        )
        rules = IdleRules(idle_after=timedelta(hours=4), warn=timedelta(hours=1), enforce=enforce)
        inspector = NotebookInspector(
            notebooks=self.notebooks, evidence=(self.jupyter,), clock=lambda: self.now, rules=rules
        )
        rates = HourlyRates(prices)
        announcements = NotebookAnnouncements(
            archive=self.states,
            alerts=self.alerts,
            rates=rates,
            clock=lambda: self.now,
            owner_tag_keys=("sagewatch:owner",),
            enforce=enforce,
        )
        follow_up = FollowUp(states=self.states, announcements=announcements, clock=lambda: self.now, warn=rules.warn)
        notebook_stop = NotebookStop(
            notebooks=self.notebooks,
            inspector=inspector,
            announcements=announcements,
            follow_up=follow_up,
            rates=rates,
            stops=self.notebooks,
            tracker=self.tracker,
            sessions=self.sessions,
            leases=self.leases,
            states=self.states,
            posted=self.deliveries,
            clock=lambda: self.now,
            enforce=enforce,
        )
        self.sweeper = NotebookSweep(
            lists=self.notebooks,
            known=self.known,
            repair=SessionRepair(
                lists=self.notebooks,
                notebooks=self.notebooks,
                sessions=self.sessions,
                tracker=self.tracker,
                checkpoints=InMemoryCheckpoints(),
                unreadable=UnreadableItems(InMemoryDailyNotices(lambda: self.now)),
                clock=lambda: self.now,
                at_once=1,  # so that alerts have one order
            ),
            month_ends=MonthEnds(sessions=self.sessions, ledger=self.ledger, prices=prices, clock=lambda: self.now),
            reconciliation=MessageReconciliation(
                states=self.states,
                notebooks=self.notebooks,
                announcements=announcements,
                follow_up=follow_up,
                clock=lambda: self.now,
            ),
            states=self.states,
            regions=self.regions,
            inspector=inspector,
            announcements=announcements,
            follow_up=follow_up,
            advice=NotebookAdvice(
                open_jobs=self.open_jobs,
                totals=self.totals,
                inspector=inspector,
                announcements=announcements,
                rates=rates,
                clock=lambda: self.now,
                long_running=timedelta(hours=24),
                at_once=1,
            ),
            notebook_stop=notebook_stop,
            clock=lambda: self.now,
            home_region="us-east-1",
            max_stops=max_stops,
            at_once=1,
        )
        people = People(dialogs=self.dialogs, approvers=approvers, zone=ZoneInfo("Europe/Berlin"))
        self.answerer = PressAnswers(
            people=people,
            notebooks=NotebookButtons(
                sessions=self.sessions,
                states=self.states,
                leases=self.leases,
                announcements=announcements,
                inspector=inspector,
                notebook_stop=notebook_stop,
                people=people,
                clock=lambda: self.now,
            ),
            jobs=JobButtons(
                jobs=InMemoryJobs(),
                stops=InMemoryJobStops(InMemoryJobs()),
                snoozes=self.open_jobs,
                archive=self.states,
                alerts=self.alerts,
                people=people,
                prices=prices,
                clock=lambda: self.now,
                zone=ZoneInfo("Europe/Berlin"),
                enforce=enforce,
            ),
            resources=IdleWorld().buttons,
            announced=IdleWorld().announced,
        )

    def has(self, *notebooks: Notebook) -> None:
        """Let SageMaker know notebooks."""
        for notebook in notebooks:
            self.notebooks.found[notebook.region, notebook.name] = notebook
            self.notebooks.tagged[notebook.arn] = notebook.tags or OWNER

    def says(self, name: str, reading: Reading) -> None:
        """Let Jupyter say something of a notebook."""
        self.jupyter.said[name] = reading

    def busy(self, name: str) -> None:
        """Let a kernel run."""
        self.says(name, Active(Source.JUPYTER, None, "kernel python3 is busy"))

    def sweep(self, *, later: timedelta = timedelta(0)) -> NotebookSweepReport:
        """Turn the clock, sweep with all the time in the world, and deliver what is queued."""
        self.now += later
        swept = self.sweeper.sweep(no_time_limit)
        self.deliver()
        return swept

    def deliver(self) -> None:
        """Post what is queued, now."""
        for alert in self.alerts.sent:
            self.deliveries.posted.setdefault(alert.alert_id, MessageRef("C0", f"{self.now.timestamp():.6f}", self.now))

    def press(
        self,
        action: str,
        name: str = "Lab-One",
        user: str = "U0ANA",
        view: str | None = None,
        pressed_at: datetime | None = None,
        confirmed: str | None = None,
    ) -> PressOutcome:
        """Press a button of the newest announcement, or confirm the newest question of the dialog ``confirmed``."""
        asked = json.loads(self.dialogs.views[confirmed][-1].private_metadata or "{}") if confirmed else {}
        notebook = self.notebooks.found.get(("us-east-1", name), a_notebook(name))
        root = next((alert.alert_id for alert in reversed(self.announced) if alert.name == name), "none")
        told = {"arn": notebook.arn, "name": name, "region": "us-east-1", "incident": root, "channel": "C0"}
        when = pressed_at or self.now
        press = Press.model_validate(
            {**told, **asked, "action": ActionId(action), "user": user, "view_id": view, "pressed_at": when}
        )
        pressed = self.answerer.on_message(press.model_dump_json())
        assert isinstance(pressed, PressOutcome)
        self.deliver()
        return pressed

    @property
    def announced(self) -> list[NotebookAlert]:
        """The announcements, each once."""
        found = {a.alert_id: a for a in self.alerts.sent if isinstance(a, NotebookAlert) and a.edits is None}
        return list(found.values())

    @property
    def edits(self) -> list[NotebookAlert]:
        """What became of them."""
        return [alert for alert in self.alerts.sent if isinstance(alert, NotebookAlert) and alert.edits]

    @property
    def news(self) -> list[NotebookNews]:
        """The other news, each once."""
        found = {alert.alert_id: alert for alert in self.alerts.sent if isinstance(alert, NotebookNews)}
        return list(found.values())
