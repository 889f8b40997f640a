"""Whatever one attribute of a stored item holds, it is left out or named, and what is read can be used.

Each kind of item is written by its own adapter. Then one attribute at a time is missing or has an odd value, as another
release or a person may write it. Readers get that item from a client that answers with nothing else.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import chain
from typing import Any

import pytest

from sagewatch.adapters.dynamodb.health import DynamoSweepLog, DynamoSweepTimes
from sagewatch.adapters.dynamodb.idle_state import DynamoNotebookStates
from sagewatch.adapters.dynamodb.items import to_item
from sagewatch.adapters.dynamodb.ledger import DynamoFamilies, DynamoLedgerKeys, DynamoLedgerRows, DynamoRollUps
from sagewatch.adapters.dynamodb.ledger_writer import DynamoLedger
from sagewatch.adapters.dynamodb.open_jobs import DynamoOpenJobs, DynamoSnoozes
from sagewatch.adapters.dynamodb.prices import DynamoPriceCache, DynamoPriceDates, DynamoPrices
from sagewatch.adapters.dynamodb.sessions import DynamoSessions
from sagewatch.adapters.dynamodb.spokes import DynamoSpokeStates
from sagewatch.adapters.dynamodb.stale_totals import DynamoStaleTotals
from sagewatch.adapters.dynamodb.standing_sessions import DynamoStandingSessions
from sagewatch.adapters.dynamodb.stop_claims import DynamoLeases
from sagewatch.adapters.dynamodb.studio_audits import DynamoStudioAudits
from sagewatch.adapters.dynamodb.sweep_state import (
    DynamoCheckpoints,
    DynamoCursors,
    DynamoRegions,
    DynamoTotalStore,
)
from sagewatch.alerts.ports import Lease
from sagewatch.clock import iso
from sagewatch.digest.periods import DateRange, DigestPeriod
from sagewatch.digest.savings import IdleStopTally
from sagewatch.digest.summary import top_jobs
from sagewatch.errors import UnreadableError
from sagewatch.idle.state import NotebookState, OpenMessage, PendingStop
from sagewatch.jobs.lanes import caught_up
from sagewatch.jobs.milestones import due_milestones
from sagewatch.jobs.ports import Checkpoint, Cursor, OpenJob
from sagewatch.jobs.reconcile import same_job
from sagewatch.jobs.sweep_run import ListingRun
from sagewatch.ledger import focus
from sagewatch.ledger.largest import LargestRows
from sagewatch.ledger.ports import RowFilter
from sagewatch.ledger.records import CostRecord
from sagewatch.ledger.rollups import TotalsRefresh
from sagewatch.ledger.totals import NOTHING, Amounts, Cell, DayKey, DayTotal, LedgerRow, Spend, roll_up, total_of_day
from sagewatch.notebooks.session import Session, StopCall, accrued
from sagewatch.pricing.book import EMPTY_BOOK, Rates
from sagewatch.pricing.price_list import ListedPrice
from sagewatch.sagemaker.kinds import ResourceKind
from sagewatch.sagemaker.resources import JobStatus
from sagewatch.spokes.ports import Problem
from sagewatch.standing.decision import Use
from sagewatch.standing.resources import BilledLine
from sagewatch.standing.sessions import StandingSession, hourly
from sagewatch.standing.sessions import accrued as standing_accrued
from sagewatch.standing.studio.ports import KeptAudit
from tests.worlds.aws import Aws
from tests.worlds.builders import ACCOUNT, BOOK, CREATED, ENDED, NOW, a_failed_job, a_job, a_row
from tests.worlds.jobs import RULES

ODD: Sequence[Mapping[str, Any]] = (
    {"S": "?"},
    {"S": ""},
    {"S": "2026-11-20T10:00:00"},
    {"S": "0001-01-01T00:00:00Z"},
    {"S": "9999-12-31T23:59:59+00:00"},
    {"S": "-1"},
    {"N": "-1"},
    {"N": "0.5"},
    {"N": "1E+100"},
    {"BOOL": True},
    {"NULL": True},
    {"B": b"?"},
    {"SS": ["?"]},
    {"NS": ["1"]},
    {"L": []},
    {"L": [{"S": "?"}]},
    {"L": [{"M": {}}]},
    {"M": {}},
    {"M": {"?": {"S": "?"}}},
)
SECOND = timedelta(seconds=1)
RATES = Rates(BOOK, Decimal(0))
NOTEBOOK = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:notebook-instance/lab"
SESSION = Session(
    arn=NOTEBOOK,
    name="Lab",
    account=ACCOUNT,
    region="us-east-1",
    owner="ana",
    owner_source="tag owner",
    instance_type="ml.m5.large",
    volume_gb=5,
    since=CREATED,
    stop_call=StopCall("sagewatch", ENDED, ENDED),
    booked_until=CREATED,
)
STANDING = StandingSession(
    arn=f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:endpoint/llm",
    name="llm",
    kind=ResourceKind.ENDPOINT,
    account=ACCOUNT,
    region="us-east-1",
    owner="ana",
    lines=(BilledLine("Hosting", "ml.m5.xlarge", Decimal(2)),),
    since=CREATED,
    booked_until=CREATED,
    use=Use.IDLE,
    last_use=CREATED,
    judged_at=CREATED,
)
STATE = NotebookState(
    arn=NOTEBOOK,
    next_check_at=NOW,
    pending=PendingStop(alert_id="a", warned_at=CREATED, stop_at=NOW, idle_since=CREATED, sources=("jupyter",)),
    message=OpenMessage(alert_id="a", sent_at=CREATED, renewed_at=CREATED),
    active_at=CREATED,
    busy_since=CREATED,
)
AUDIT = KeptAudit(audited_at=NOW, count=0, findings=())
PRICE = ListedPrice("Training", "ml.m5.xlarge", Decimal("0.23"), "2026-11-20")


class _NoBooks:
    def book(self, region: str) -> Any:
        """No other prices."""
        del region
        return EMPTY_BOOK


class OneItem:
    """A client whose table has one item, in every partition."""

    def __init__(self, item: Mapping[str, Any]) -> None:
        """Keep it."""
        self._item = dict(item)

    def get_item(self, **_: object) -> dict[str, Any]:
        """Answer with it."""
        return {"Item": self._item}

    def query(self, ProjectionExpression: str = "", **request: Any) -> dict[str, Any]:  # noqa: N803 - DynamoDB's
        """Answer with it, in the columns that are asked for."""
        names = request.get("ExpressionAttributeNames", {})
        wanted = {names.get(name, name) for name in ProjectionExpression.split(", ")} if ProjectionExpression else None
        return {"Items": [{name: value for name, value in self._item.items() if wanted is None or name in wanted}]}

    def get_paginator(self, _: str) -> "OneItem":
        """Page over it."""
        return self

    def paginate(self, **request: Any) -> list[dict[str, Any]]:
        """Answer with one page."""
        return [self.query(**request)]


@dataclass(frozen=True)
class Kept:
    """A kind of item: how it is written, and how it is read and used."""

    name: str
    write: Callable[[Any, str, str], object]
    use: Callable[[Any], object]
    table: str = "state"

    def __str__(self) -> str:
        """Its name."""
        return self.name


def clock() -> Any:
    """The time."""
    return NOW


def write_row(client: Any, ledger: str, state: str) -> None:
    """A row with everything a row may have."""
    row: CostRecord = a_row(a_failed_job(spot=True, training_seconds=7200, warm_pool_seconds=60, volume_gb=5))
    row = replace(
        row, kind=ResourceKind.NOTEBOOK, parent_arn=NOTEBOOK, idle_since=row.started_at, stopped_by="sagewatch"
    )
    DynamoLedger(client, ledger, DynamoStaleTotals(client, state, clock)).put(row)


def use_row(client: Any) -> None:
    """Add it up, list it, export it, and see it as a past run."""
    rows = DynamoLedgerRows(client, "ledger")
    day = DateRange(DigestPeriod.DAILY, NOW.date(), NOW.date())
    tally = IdleStopTally(day, lambda _: Decimal(1))
    listed: list[LedgerRow] = list(tally.add(rows.of_day("2026-11-20")))
    tally.sums()
    largest = LargestRows(1, lambda row: row.cost_usd or Decimal(0))
    largest.add(rows.of_day("2026-11-20", RowFilter(kind=ResourceKind.NOTEBOOK, above=largest.least)))
    top_jobs(largest.rows())
    for row in listed:
        if focus.has_charge(row):
            focus.charge(row)
    amounts: list[Amounts] = list(rows.amounts_of_day("2026-11-20"))
    for total in (total_of_day("2026-11-20", amounts), total_of_day("2026-11-20", listed)):
        sum((spend.cost_usd for spend in total.cells.values()), Decimal(0))
    roll_up(amounts)
    runs = DynamoFamilies(client, "ledger").recent("training#x", CREATED, 5)
    due_milestones(a_job(status=JobStatus.IN_PROGRESS), list(runs) * 5, None, RULES, NOW, ())
    sum((run.cost_usd for run in runs if run.cost_usd), Decimal(0))
    for run in DynamoLedgerKeys(client, "ledger").runs_of(NOTEBOOK):
        same_job(a_job(), replace(a_job(), created_at=run.created_at, ended_at=run.ended_at))
    for parent in DynamoRollUps(client, "ledger").of(NOTEBOOK):
        if not isinstance(parent, UnreadableError):
            rows.amounts_of_children(NOTEBOOK, parent.created_at, iso(datetime.fromisoformat(parent.ended_at) + SECOND))


def write_open_job(client: Any, ledger: str, state: str) -> None:
    """A job with milestones, a snooze and a provisional row."""
    open_jobs, job = (
        DynamoOpenJobs(client, state=state, ledger=ledger, clock=clock),
        a_job(role_arn="arn:aws:iam::1:role/x"),
    )
    open_jobs.add(job, backfilled_at=NOW)
    open_jobs.mark_alerted(job, ["long#24h"])
    open_jobs.mark_provisional(replace(job, warm_pool_seconds=60))
    DynamoSnoozes(client, state).snooze(job, Lease("U0ANA", NOW, NOW))


def use_open_job(client: Any) -> None:
    """Compare it with what Describe answers, and look for milestones."""
    for _, entry in DynamoOpenJobs(client, state="state", ledger="ledger", clock=clock).after("us-east-1", None):
        if isinstance(entry, OpenJob):
            same_job(entry.job, a_job())
            due_milestones(a_job(status=JobStatus.IN_PROGRESS), (), Decimal(1), RULES, NOW, entry.alerted)
            RATES.of_job(entry.job)
            assert entry.job.name.startswith("Fraud") or entry.job.name in {"", "?"} or entry.job.name
            assert entry.snooze is None or entry.snooze.in_force(NOW) in {True, False}
            assert entry.backfilled_at is None or sorted((entry.backfilled_at, NOW))


def use_session(client: Any) -> None:
    """Price it."""
    for session in DynamoSessions(client, "state").read_region("us-east-1").values():
        if isinstance(session, Session):
            accrued(session, NOW, RATES)
            assert session.stop_call is None or sorted((session.stop_call.at, NOW))
    assert len(DynamoSessions(client, "state").open_sessions("us-east-1")) <= 1


def use_standing(client: Any) -> None:
    """Price it."""
    for session in DynamoStandingSessions(client, "state").of_scope("us-east-1"):
        standing_accrued(session, NOW, RATES, CREATED)
        hourly(session, RATES, NOW)
        assert session.judged_at is None or sorted((session.judged_at, NOW))


def use_state(client: Any) -> None:
    """Compare its times."""
    for state in DynamoNotebookStates(client, "state", clock).read_region("us-east-1").values():
        if isinstance(state, NotebookState):
            times: list[Any] = [
                state.next_check_at,
                state.active_at,
                state.busy_since,
                state.lease and state.lease.written_at,
            ]
            times += [state.pending and state.pending.stop_at, state.message and state.message.sent_at]
            sorted(time for time in times if time)


def use_total(client: Any) -> None:
    """Add it up."""
    for total in DynamoTotalStore(client, "state").between("2026-11-01", "2026-11-30").values():
        sum(total.cells.values(), NOTHING)
        sorted((cell.owner or "", cell.kind) for cell in total.cells)


def use_checkpoint(client: Any) -> None:
    """Begin a listing."""
    run = ListingRun(name="sweep", since=CREATED, overlap=timedelta(days=1), backfilled_at=None)
    point = run.begin(DynamoCheckpoints(client, "state").read("sweep#x"))
    assert sorted((point.floor or CREATED, point.low or NOW, point.top, NOW))


def use_cursor(client: Any) -> None:
    """Order the lanes."""
    cursor = DynamoCursors(client, "state").read("sweep#x")
    caught_up([cursor, Cursor("x", 7)])
    assert cursor.after is None or cursor.after > ""
    to_item({"lap": replace(cursor, lap=cursor.lap + 1).lap})


def use_prices(client: Any) -> None:
    """Price a job."""
    rates = DynamoPrices(client, "state", otherwise=_NoBooks(), discount_percent=Decimal(0), clock=clock).rates(
        "us-east-1"
    )
    assert (rates.of_job(a_job()) or 1) > 0
    refreshed = DynamoPriceDates(client, "state").refreshed_at("us-east-1")
    assert refreshed is None or sorted((refreshed, NOW))


def use_marks(client: Any) -> None:
    """See which totals are due."""
    marks = DynamoStaleTotals(client, "state", clock)
    TotalsRefresh(rows=None, roll_ups=None, totals=None, marks=marks, clock=clock).ready()  # type: ignore[arg-type] # unused


def use_spokes(client: Any) -> None:
    """Compare their times."""
    for state in DynamoSpokeStates(client, "state").all():
        sorted(time for time in (state.swept_at, state.trouble and state.trouble.since, NOW) if time)


def use_audits(client: Any) -> None:
    """Sort them by time."""
    sorted(audit.audited_at for audit in [*DynamoStudioAudits(client, "state").all(), AUDIT])


def use_leases(client: Any) -> None:
    """See whether one is in force."""
    for state in DynamoNotebookStates(client, "state", clock).read_region("us-east-1").values():
        assert not isinstance(state, NotebookState) or state.lease is None or state.lease.in_force(NOW) in {True, False}


KINDS = (
    Kept("row", write_row, use_row, "ledger"),
    Kept("open job", write_open_job, use_open_job),
    Kept("session", lambda client, _, state: DynamoSessions(client, state).begin(SESSION), use_session),
    Kept(
        "standing session", lambda client, _, state: DynamoStandingSessions(client, state).save(STANDING), use_standing
    ),
    Kept(
        "notebook state",
        lambda client, _, state: DynamoNotebookStates(client, state, clock).save(STATE, "us-east-1"),
        use_state,
    ),
    Kept(
        "lease",
        lambda client, _, state: DynamoLeases(client, state).grant(NOTEBOOK, "us-east-1", Lease("U0", NOW, NOW), NOW),
        use_leases,
    ),
    Kept(
        "total",
        lambda client, _, state: DynamoTotalStore(client, state).save(
            DayTotal("2026-11-20", {Cell(ResourceKind.TRAINING, "ana"): Spend(jobs=1, cost_usd=Decimal(1))})
        ),
        use_total,
    ),
    Kept(
        "checkpoint",
        lambda client, _, state: DynamoCheckpoints(client, state).save("sweep#x", Checkpoint(NOW, CREATED, CREATED)),
        use_checkpoint,
    ),
    Kept("cursor", lambda client, _, state: DynamoCursors(client, state).save("sweep#x", Cursor("a", 3)), use_cursor),
    Kept(
        "prices", lambda client, _, state: DynamoPriceCache(client, state).save("us-east-1", [PRICE], NOW), use_prices
    ),
    Kept("mark", lambda client, _, state: DynamoStaleTotals(client, state, clock).add(DayKey("2026-11-19")), use_marks),
    Kept(
        "region",
        lambda client, _, state: DynamoRegions(client, state, clock).add("us-east-1"),
        lambda client: DynamoRegions(client, "state", clock).in_use(),
    ),
    Kept(
        "region of another account",
        lambda client, _, state: DynamoRegions(client, state, clock, home=ACCOUNT).add("222233334444/us-east-1"),
        lambda client: sorted(DynamoRegions(client, "state", clock).last_seen().items()),
    ),
    Kept(
        "finished sweeps",
        lambda client, _, state: DynamoSweepLog(client, state).record("SweepJobs", NOW),
        lambda client: DynamoSweepTimes(client, "state").of("SweepJobs"),
    ),
    Kept(
        "trouble with an account",
        lambda client, _, state: DynamoSpokeStates(client, state).failed(
            "222233334444/us-east-1", "SweepJobs", Problem.ROLE, NOW
        ),
        use_spokes,
    ),
    Kept(
        "swept account",
        lambda client, _, state: DynamoSpokeStates(client, state).swept("222233334444/us-east-1", "SweepJobs", NOW),
        use_spokes,
    ),
    Kept(
        "audit",
        lambda client, _, state: DynamoStudioAudits(client, state).save("us-east-1", AUDIT),
        use_audits,
    ),
)


def changed(value: Any) -> Iterator[Any]:
    """Every odd value in place of this one, and inside of it, at any depth."""
    yield from ODD
    [(kind, content)] = value.items()
    if kind == "M":
        for name, inner in content.items():
            yield {"M": {other: one for other, one in content.items() if other != name}}
            yield from ({"M": {**content, name: odd}} for odd in changed(inner))
    if kind == "L" and content:
        yield from ({"L": [odd, *content[1:]]} for odd in changed(content[0]))


def variants(item: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The item with one attribute missing or odd, and what that is. Keys are texts: DynamoDB refuses others."""
    for name, value in item.items():
        if name in {"pk", "sk", "resource_arn"}:
            continue
        yield f"without {name}", {other: one for other, one in item.items() if other != name}
        yield from ((f"{name} = {odd}", {**item, name: odd}) for odd in changed(value))


@pytest.mark.parametrize("kept", KINDS, ids=str)
def test_whatever_an_attribute_holds_what_is_read_can_be_used(aws: Aws, tables: tuple[str, str], kept: Kept) -> None:
    """Or an ``UnreadableError`` says that it cannot be read."""
    client = aws.client("dynamodb")
    kept.write(client, *tables)
    items = client.scan(TableName=kept.table)["Items"]
    assert items
    kept.use(OneItem(items[0]))

    wrong = []
    for what, item in chain.from_iterable(map(variants, items)):
        try:
            kept.use(OneItem(item))
        except UnreadableError:
            continue
        except Exception as exc:  # noqa: BLE001 - whatever it is, it is reported
            wrong.append(f"{what}: {exc!r}")
    assert wrong == []
