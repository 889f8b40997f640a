"""Digests and budgets as production composes them: from the rows of a ledger."""

from datetime import timedelta
from decimal import Decimal

from sagewatch.budgets.budget import EVERYBODY, Budget
from sagewatch.digest.alerts import BudgetAlert, DigestAlert
from sagewatch.digest.health import SWEEPS
from sagewatch.errors import AlertRefusedError
from sagewatch.failures.diagnosis import FailureClass
from sagewatch.idle.state import NotebookState, PendingStop
from sagewatch.pricing.job_cost import PricingStatus
from sagewatch.sagemaker.kinds import ResourceKind
from sagewatch.sagemaker.resources import InstanceGroup
from tests.worlds.digest import MONDAY, DigestWorld
from tests.worlds.jobs import a_running_job

_SCHEDULED = {"period": "scheduled"}
_WEEK = {"period": "weekly", "day": "2026-11-22"}


def account(*budgets: Budget) -> DigestWorld:
    """An account with two weeks of work of three people, at Monday 23 November, nine o'clock."""
    world = DigestWorld(*budgets)
    for day in range(2, 23):  # every day of the month so far, a job of each person
        world.row(f"fraud-xgb-{day}", f"2026-11-{day:02}", f"{18 + day}.40")
        world.row(f"etl-{day}", f"2026-11-{day:02}", "2.50", owner="bo@example.com", kind=ResourceKind.PROCESSING)
    world.row("bert-large-2", "2026-11-18", "212.40", owner="chi@example.com", failure_class=FailureClass.OUT_OF_MEMORY)
    world.row("bert-large-3", "2026-11-20", "96.10", owner="chi@example.com", spot_savings_usd=Decimal("210.30"))
    world.row("moonshot", "2026-11-19", None, owner="chi@example.com", pricing=PricingStatus.UNPRICED)
    idle = {"stopped_by": "sagewatch", "idle_since": "2026-11-18T15:00:00Z"}
    world.notebook("2026-11-18T14:00:00Z", "2026-11-18T20:00:00Z", "8.46", **idle)
    world.notebook("2026-11-18T20:00:00Z", "2026-11-19T06:00:00Z", "0.01", instances=None)
    return world


def _runs_now(world: DigestWorld) -> DigestWorld:
    """Two jobs and a notebook, which is idle."""
    for name in ("bert-large-4", "fraud-xgb-23"):
        arn = f"arn:aws:sagemaker:us-east-1:111122223333:training-job/{name}"
        groups = (InstanceGroup("ml.g5.xlarge", 1),)
        world.open_jobs.add(a_running_job(timedelta(hours=30), now=MONDAY, name=name, arn=arn, groups=groups))
    lab = world.open_session("lab-two", MONDAY - timedelta(hours=20), "ml.g5.xlarge")
    since = MONDAY - timedelta(hours=5)
    warned = PendingStop(alert_id="w", warned_at=since, stop_at=MONDAY + timedelta(hours=1), idle_since=since)
    world.watches.save(NotebookState(arn=lab.arn, pending=warned), "us-east-1")
    return world


def _swept(world: DigestWorld, *missed: int) -> DigestWorld:
    """Every sweep of the week finished, but for these of SweepJobs."""
    for function in SWEEPS:
        for number in range(676):
            if function != "SweepJobs" or number not in missed:
                world.sweeps.record(function, MONDAY - timedelta(minutes=15 * number))
    return world


def _without_dead_letters(world: DigestWorld) -> DigestWorld:
    world.dead_letters.clear()
    return world


def _written(world: DigestWorld, event: object) -> DigestAlert:
    world.digester.on_event(event)
    return world.digests[-1]


def _refused() -> DigestAlert:
    world = account()
    world.pictures.failure = AlertRefusedError("Slack refused the picture: missing_scope")
    return _written(_swept(world), _WEEK)


_BUDGETS = (
    Budget("ana@example.com", Decimal(800)),
    Budget("chi@example.com", Decimal(300)),
    Budget(EVERYBODY, Decimal(1500)),
)


def _alerted() -> dict[str, BudgetAlert]:
    world = _runs_now(account(*_BUDGETS))
    world.digester.on_event(_SCHEDULED)
    return {
        f"{alert.state.owner.replace(EVERYBODY, 'total')}, {alert.threshold or 'forecast'}": alert
        for alert in world.budget_alerts
    }


DIGESTS = {
    "week": _written(_swept(_runs_now(account(*_BUDGETS)), 200, 201), _WEEK),
    "day": _written(_runs_now(_without_dead_letters(account())), {"period": "daily", "day": "2026-11-18"}),
    "chart refused": _refused(),
    "quiet day": _written(
        _runs_now(_without_dead_letters(account(*_BUDGETS))), {"period": "daily", "day": "2026-11-01"}
    ),
}
BUDGETS = _alerted()
