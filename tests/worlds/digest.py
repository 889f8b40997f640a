"""Everything SendDigest meets, in memory, with a clock to turn."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from sagewatch.budgets.budget import Budget
from sagewatch.clock import Clock
from sagewatch.digest.alerts import BudgetAlert, DigestAlert
from sagewatch.digest.health import HealthReader
from sagewatch.digest.running_now import RunningNowReader
from sagewatch.digest.send import DigestSender
from sagewatch.digest.summary import Chart
from sagewatch.idle.ports import NotebookStateReader
from sagewatch.jobs.ports import OpenJobReader
from sagewatch.ledger.ports import LedgerRows
from sagewatch.ledger.queries import LedgerQueries
from sagewatch.notebooks.open_costs import OpenSessionCosts
from sagewatch.notebooks.ports import SessionReader
from sagewatch.notebooks.session import Session, SessionKind
from sagewatch.pricing.ports import Prices
from sagewatch.sagemaker.kinds import ResourceKind
from sagewatch.sagemaker.ports import RegionReader
from sagewatch.standing.open_costs import StandingCosts
from sagewatch.standing.ports import StandingSessionReader
from tests.fakes.alerts import InMemoryAlertQueue
from tests.fakes.delivery import InMemoryDeliveries
from tests.fakes.digest import InMemoryDeadLetters, InMemoryImageUploads, InMemorySweeps
from tests.fakes.idle import InMemoryNotebookStates
from tests.fakes.jobs import InMemoryOpenJobs
from tests.fakes.ledger import InMemoryLedger, InMemoryStaleTotals, InMemoryTotalStore
from tests.fakes.notebooks import InMemorySessions
from tests.fakes.pricing import InMemoryPriceDates, InMemoryPrices
from tests.fakes.sagemaker import InMemoryRegions
from tests.fakes.standing import InMemoryAudits, InMemoryStandingSessions
from tests.worlds.builders import ACCOUNT, a_row
from tests.worlds.notebooks import BOOK

MONDAY = datetime.fromisoformat("2026-11-23T09:00:00Z")
LAB = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:notebook-instance/lab"


@dataclass
class Sketches:
    """The ``ChartRenderer`` port: what was to be drawn."""

    drawn: list[Chart] = field(default_factory=list)

    def draw(self, chart: Chart) -> bytes:
        """Keep the chart, and return some bytes."""
        self.drawn.append(chart)
        return b"a picture"


def running_now(
    clock: Clock,
    *,
    prices: Prices,
    sessions: SessionReader,
    open_jobs: OpenJobReader,
    watches: NotebookStateReader,
    regions: RegionReader,
    standing: StandingSessionReader,
) -> RunningNowReader:
    """The reader of what runs, over the stores of a world."""
    return RunningNowReader(
        meter=OpenSessionCosts(sessions=sessions, prices=prices, regions=regions, clock=clock, home_region="us-east-1"),
        open_jobs=open_jobs,
        watches=watches,
        standing=StandingCosts(sessions=standing, prices=prices, regions=regions, clock=clock, home_region="us-east-1"),
        prices=prices,
        clock=clock,
    )


class DigestWorld:
    """An account with a ledger, on a Monday morning."""

    def __init__(self, *budgets: Budget, rows: LedgerRows | None = None) -> None:
        """Nothing has happened yet."""
        self.now = MONDAY
        self.totals, self.marks, self.regions = InMemoryTotalStore(), InMemoryStaleTotals(), InMemoryRegions()
        self.ledger = InMemoryLedger()
        self.sessions, self.watches = InMemorySessions(), InMemoryNotebookStates()
        self.open_jobs = InMemoryOpenJobs(self.ledger)
        self.standing, self.audits = InMemoryStandingSessions(), InMemoryAudits()
        self.alerts, self.deliveries = InMemoryAlertQueue(), InMemoryDeliveries()
        self.sweeps = InMemorySweeps()
        self.dead_letters = {"AlertDeadLetterQueue": 2}
        self.priced_at = {"us-east-1": MONDAY}
        self.pictures, self.sketches = InMemoryImageUploads(), Sketches()
        prices = InMemoryPrices({"us-east-1": BOOK})
        self.running_now = running_now(
            lambda: self.now,
            prices=prices,
            sessions=self.sessions,
            open_jobs=self.open_jobs,
            watches=self.watches,
            regions=self.regions,
            standing=self.standing,
        )
        self.digester = DigestSender(
            spending=LedgerQueries(rows=rows or self.ledger, totals=self.totals, marks=self.marks),
            running_now=self.running_now,
            prices=prices,
            painter=self.sketches,
            pictures=self.pictures,
            alerts=self.alerts,
            posted=self.deliveries,
            health=HealthReader(
                sweeps=self.sweeps,
                dead_letters=InMemoryDeadLetters(self.dead_letters),
                prices=InMemoryPriceDates(self.priced_at),
                regions=self.regions,
                clock=lambda: self.now,
                home_region="us-east-1",
            ),
            audits=self.audits,
            clock=lambda: self.now,
            zone=ZoneInfo("Europe/Berlin"),
            budgets=budgets,
            account=ACCOUNT,
            region="us-east-1",
        )

    def row(self, name: str, ended: str, usd: str | None, **changes: object) -> None:
        """A job that ended then, a day or a day and a time, and cost that."""
        ended_at = ended if "T" in ended else f"{ended}T11:00:00Z"
        cost = usd and Decimal(usd)
        row = a_row(resource_arn=f"arn:{name}", resource_name=name, created_at=ended_at, cost_usd=cost)
        self.ledger.put(replace(row, ended_at=ended_at, ended_on=ended_at[:10], **changes))  # type: ignore[arg-type] # by name

    def notebook(self, started: str, ended: str, usd: str = "0", **changes: object) -> None:
        """A session of one notebook; ``instances=None`` for a time it was stopped."""
        facts = {
            "kind": ResourceKind.NOTEBOOK,
            "started_at": started,
            "instances": "1 x ml.g5.xlarge",
            "resource_arn": LAB,
        }
        self.row("lab", ended, usd, **{**facts, "created_at": started, **changes})

    def open_session(self, name: str, since: datetime, instance_type: str | None) -> Session:
        """A notebook that is in service, or stopped."""
        session = Session(
            arn=LAB.replace("/lab", f"/{name}"),
            name=name,
            account=ACCOUNT,
            region="us-east-1",
            owner="ana",
            owner_source="tag",
            kind=SessionKind.IN_SERVICE if instance_type else SessionKind.STOPPED,
            instance_type=instance_type,
            volume_gb=None,
            since=since,
        )
        self.sessions.begin(session)
        return session

    @property
    def digests(self) -> list[DigestAlert]:
        """The digests that were queued."""
        return [alert for alert in self.alerts.sent if isinstance(alert, DigestAlert)]

    @property
    def budget_alerts(self) -> list[BudgetAlert]:
        """The budgets that have an alert."""
        return [alert for alert in self.alerts.sent if isinstance(alert, BudgetAlert)]
