"""What SweepJobs keeps and reads, in memory and on moto's DynamoDB with the template's own tables.

DynamoDB differs from moto in that its indexes follow its tables late: a row written a moment ago may be missing from
ByDay. Sums are therefore only formed of marks that are some seconds old.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from sagewatch.adapters.dynamodb.ledger import DynamoLedgerKeys, DynamoLedgerRows, DynamoRollUps
from sagewatch.adapters.dynamodb.ledger_writer import DynamoLedger
from sagewatch.adapters.dynamodb.open_jobs import DynamoOpenJobs
from sagewatch.adapters.dynamodb.stale_totals import DynamoStaleTotals
from sagewatch.adapters.dynamodb.sweep_state import (
    DynamoCheckpoints,
    DynamoRegionReader,
    DynamoRegions,
    DynamoTotalStore,
)
from sagewatch.errors import UnavailableError
from sagewatch.jobs.ports import Checkpoint, Checkpoints, OpenJobs
from sagewatch.ledger.ports import (
    Ledger,
    LedgerKeys,
    LedgerRows,
    RollUpRow,
    RollUps,
    StaleTotal,
    StaleTotals,
    TotalStore,
)
from sagewatch.ledger.totals import Cell, DayKey, DayTotal, RollUp, RollUpKey, Spend, Sum
from sagewatch.pricing.job_cost import PricingStatus
from sagewatch.sagemaker.kinds import ResourceKind
from sagewatch.sagemaker.ports import ListedJob, Regions
from sagewatch.sagemaker.resources import JobStatus
from tests.fakes.jobs import InMemoryCheckpoints, InMemoryOpenJobs
from tests.fakes.ledger import InMemoryLedger, InMemoryStaleTotals, InMemoryTotalStore
from tests.fakes.sagemaker import InMemoryRegions
from tests.worlds.aws import Aws
from tests.worlds.builders import CREATED, NOW, a_job, a_row


@dataclass
class Desk:
    """All the ports of one world, at a time a test moves."""

    now: datetime
    ledger: Ledger
    keys: LedgerKeys
    rows: LedgerRows
    roll_ups: RollUps
    open_jobs: OpenJobs
    regions: Regions
    checkpoints: Checkpoints
    marks: StaleTotals
    totals: TotalStore


@pytest.fixture(params=["in_memory", "dynamodb"])
def desk(request: pytest.FixtureRequest) -> Desk:
    """The same ports, twice."""
    if request.param == "in_memory":
        kept = InMemoryStaleTotals()
        ledger = InMemoryLedger(kept)
        return Desk(
            NOW,
            *(ledger, ledger, ledger, ledger),
            InMemoryOpenJobs(ledger),
            InMemoryRegions(),
            InMemoryCheckpoints(),
            kept,
            InMemoryTotalStore(),
        )
    table, state = request.getfixturevalue("tables")
    client = request.getfixturevalue("aws").client("dynamodb")
    moments: list[Desk] = []

    def clock() -> datetime:
        return moments[0].now

    marks = DynamoStaleTotals(client, state, clock)
    moments.append(
        Desk(
            NOW,
            DynamoLedger(client, table, marks),
            DynamoLedgerKeys(client, table),
            DynamoLedgerRows(client, table),
            DynamoRollUps(client, table),
            DynamoOpenJobs(client, state=state, ledger=table, clock=clock),
            DynamoRegions(client, state, clock),
            DynamoCheckpoints(client, state),
            marks,
            DynamoTotalStore(client, state),
        )
    )
    return moments[0]


def listed(number: int) -> ListedJob:
    """A job of a listing."""
    arn = f"arn:aws:sagemaker:us-east-1:111122223333:training-job/j-{number}"
    return ListedJob(kind=ResourceKind.TRAINING, name=f"j-{number}", arn=arn, created_at=CREATED)


def test_jobs_with_rows_are_told_from_those_without(desk: Desk) -> None:
    """However many are asked about at once."""
    jobs = [listed(number) for number in range(230)]
    for job in jobs[::2]:
        desk.ledger.put(a_row(resource_arn=job.arn))

    assert desk.keys.recorded(jobs) == {(job.arn, "2026-11-20T09:58:00Z") for job in jobs[::2]}
    assert desk.keys.recorded([]) == frozenset()


def test_a_name_used_again_is_not_recorded_yet(desk: Desk) -> None:
    """The key has the creation time."""
    desk.ledger.put(a_row(resource_arn=listed(1).arn, created_at="2026-11-19T00:00:00Z"))

    assert desk.keys.recorded([listed(1)]) == frozenset()
    assert [run.created_at for run in desk.keys.runs_of(listed(1).arn)] == [
        datetime.fromisoformat("2026-11-19T00:00:00Z")
    ]


def test_the_rows_of_one_arn_are_told_newest_first(desk: Desk) -> None:
    """None for one without."""
    for day in ("2026-11-18", "2026-11-20", "2026-11-19"):
        desk.ledger.put(a_row(created_at=f"{day}T00:00:00Z", ended_at=f"{day}T01:00:00Z"))
    runs = desk.keys.runs_of(a_job().arn)

    assert [run.created_at.day for run in runs] == [20, 19, 18]
    assert [run.ended_at - run.created_at for run in runs if run.ended_at] == [timedelta(hours=1)] * 3
    assert desk.keys.runs_of("arn:other") == []


def test_a_row_of_a_job_whose_end_was_never_read_says_so(desk: Desk) -> None:
    """It was deleted before; a row that Describe gave while the job was being deleted is another matter."""
    gone, row = JobStatus.DELETING, a_row()
    rows = (row, replace(row, status=gone), replace(row, status=gone, pricing=PricingStatus.UNPRICED))
    for day, written in zip(("18", "19", "20"), rows, strict=True):
        desk.ledger.put(replace(written, created_at=f"2026-11-{day}T00:00:00Z"))

    assert [run.missed for run in desk.keys.runs_of(a_job().arn)] == [True, False, False]


def test_a_days_rows_are_read_by_the_time_of_their_end(desk: Desk) -> None:
    """Those of other days are not."""
    for number, ended_at in enumerate(("2026-11-20T23:59:59Z", "2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z")):
        desk.ledger.put(a_row(resource_arn=f"arn:{number}", ended_at=ended_at, ended_on=ended_at[:10]))

    assert [row.resource_arn for row in desk.rows.of_day("2026-11-20")] == ["arn:1", "arn:0"]
    assert len(list(desk.rows.amounts_of_day("2026-11-20"))) == 2
    assert list(desk.rows.of_day("2026-11-22")) == []


def test_a_row_is_read_as_it_was_written(desk: Desk) -> None:
    """Exact amounts, typed words, and nothing where nothing is known."""
    desk.ledger.put(a_row(cost_usd=Decimal("0.4716666667"), spot_savings_usd=Decimal("1.5")))
    [row] = desk.rows.of_day("2026-11-20")

    assert (row.cost_usd, row.spot_savings_usd) == (Decimal("0.4716666667"), Decimal("1.5"))
    assert (row.kind, row.status, row.pricing) == (ResourceKind.TRAINING, JobStatus.COMPLETED, PricingStatus.PRICED)
    assert (row.billable_seconds, row.owner, row.parent_arn, row.rollup_usd) == (3600, "ana@example.com", None, None)


def test_an_owners_rows_are_read_between_two_days_that_both_count(desk: Desk) -> None:
    """It marks no other total."""
    for day in ("2026-10-31", "2026-11-01", "2026-11-30", "2026-12-01"):
        desk.ledger.put(a_row(resource_arn=f"arn:{day}", ended_at=f"{day}T23:59:59Z", ended_on=day))
    desk.ledger.put(a_row(resource_arn="arn:bo", owner="bo"))

    assert [row.ended_on for row in desk.rows.of_owner("ana@example.com", "2026-11-01", "2026-11-30")] == [
        "2026-11-01",
        "2026-11-30",
    ]


def test_a_roll_up_is_written_into_a_row_of_its_job(desk: Desk) -> None:
    """The newest row comes first, each with the job's own parent."""
    desk.ledger.put(a_row(resource_arn="arn:t", kind=ResourceKind.TUNING, created_at="2026-11-01T00:00:00Z"))
    desk.ledger.put(a_row(resource_arn="arn:t", kind=ResourceKind.TUNING, parent_arn="arn:auto"))
    desk.ledger.put(a_row(resource_arn="arn:c", parent_arn="arn:t"))
    total = RollUp(jobs=1, cost_usd=Decimal("0.46"), unpriced_jobs=0)

    [row, earlier] = desk.roll_ups.of("arn:t")
    assert earlier == RollUpRow("arn:t", "2026-11-01T00:00:00Z", "2026-11-20T11:00:00Z", None)
    assert isinstance(row, RollUpRow)
    assert row == RollUpRow("arn:t", "2026-11-20T09:58:00Z", "2026-11-20T11:00:00Z", "arn:auto")
    desk.roll_ups.save(row, total)
    [written] = desk.rows.amounts_of_children("arn:auto", row.created_at, row.ended_at)
    assert (written.rollup_usd, written.rollup_jobs) == (Decimal("0.46"), 1)
    desk.roll_ups.save(row, RollUp(jobs=1, unpriced_jobs=1))
    [written] = desk.rows.amounts_of_children("arn:auto", row.created_at, row.ended_at)
    assert (written.rollup_usd, written.rollup_unpriced_jobs) == (None, 1)


def test_only_children_that_ended_since_a_time_are_told(desk: Desk) -> None:
    """A tuning job of the same name may have had others."""
    desk.ledger.put(a_row(resource_arn="arn:old", parent_arn="arn:t", ended_at="2026-11-20T09:57:59Z"))
    desk.ledger.put(a_row(resource_arn="arn:new", parent_arn="arn:t", cost_usd=Decimal(1)))
    desk.ledger.put(a_row(resource_arn="arn:next", parent_arn="arn:t", ended_at="2026-11-20T11:00:01Z"))

    found = desk.rows.amounts_of_children("arn:t", "2026-11-20T09:58:00Z", "2026-11-20T11:00:00Z")
    assert [row.cost_usd for row in found] == [Decimal(1)]


def test_a_row_marks_its_totals_and_those_of_the_row_that_it_replaces(desk: Desk) -> None:
    """The better one may be of another day, and without the parent. A row that is refused marks nothing."""
    auto = "arn:aws:sagemaker:us-east-1:1:automl-job/a"
    unpriced = a_row(pricing=PricingStatus.UNPRICED, ended_on="2026-11-19", parent_arn=auto)
    assert desk.ledger.put(unpriced)
    assert _marked(desk) == {DayKey("2026-11-19"), RollUpKey(auto)}

    assert desk.ledger.put(a_row(ended_on="2026-11-18"))
    assert _marked(desk) == {DayKey("2026-11-19"), RollUpKey(auto), DayKey("2026-11-18")}
    assert not desk.ledger.put(unpriced)
    assert not desk.ledger.put(a_row(ended_on="2026-11-18"))
    assert _marked(desk) == set()


def test_the_day_that_is_not_over_is_marked_too(desk: Desk) -> None:
    """By the first row of each writer; the mark stays until the day is over."""
    assert [desk.ledger.put(a_row(resource_arn=f"arn:{number}")) for number in range(3)] == [True, True, True]
    assert _marked(desk) == {DayKey("2026-11-20")}


def _marked(desk: Desk) -> set[Sum]:
    """The marks that are set; they are removed."""
    marks = desk.marks.all(young=True)
    for mark in marks:
        desk.marks.remove(mark)
    return {mark.sum for mark in marks}


def test_a_roll_up_of_a_job_that_has_no_row_yet_is_let_go(desk: Desk) -> None:
    """It still runs; its own row asks again."""
    assert list(desk.roll_ups.of("arn:t")) == []


def test_open_jobs_are_told_by_region_with_what_describes_them(desk: Desk) -> None:
    """And whether they wait for a final row."""
    running = a_job(status=JobStatus.IN_PROGRESS)
    desk.open_jobs.add(running)
    desk.open_jobs.add(replace(running, name="p", role_arn=None, groups=(), arn=f"{running.arn}-p"), provisional=True)
    desk.open_jobs.add(replace(running, region="eu-west-1", arn=running.arn.replace("us-east-1", "eu-west-1")))

    found = list(desk.open_jobs.of_region("us-east-1"))
    assert [(entry.job.name, entry.provisional) for entry in found] == [("Fraud-XGB-01", False), ("p", True)]
    assert {(entry.job.kind, entry.job.account, entry.job.created_at) for entry in found} == {
        (ResourceKind.TRAINING, "111122223333", CREATED)
    }
    assert [(entry.job.role_arn, entry.job.groups) for entry in found] == [
        (running.role_arn, running.groups),
        (None, ()),
    ]


def test_regions_in_use_are_noted(desk: Desk) -> None:
    """Once is enough."""
    for region in ("eu-west-1", "us-east-1", "eu-west-1"):
        desk.regions.add(region)

    assert desk.regions.in_use() == {"eu-west-1", "us-east-1"}


def test_a_checkpoint_is_kept_to_the_second_downwards(desk: Desk) -> None:
    """Jobs of the same second are listed again rather than missed."""
    assert desk.checkpoints.read("sweep#x") is None
    desk.checkpoints.save("sweep#x", Checkpoint(NOW.replace(microsecond=999_999), low=CREATED, floor=CREATED))
    assert desk.checkpoints.read("sweep#x") == Checkpoint(NOW, CREATED, CREATED)
    desk.checkpoints.save("sweep#x", Checkpoint(NOW))

    assert desk.checkpoints.read("sweep#x") == Checkpoint(NOW)


def test_marks_are_worked_off_unless_they_were_set_again(desk: Desk) -> None:
    """A row may land while its day is being summed."""
    day, roll_up = DayKey("2026-11-19"), RollUpKey("arn:t")
    desk.marks.add(day)
    desk.marks.add(roll_up)
    desk.now += timedelta(minutes=1)
    taken = {mark.sum: mark for mark in desk.marks.all()}
    assert set(taken) == {day, roll_up}
    desk.marks.add(day)
    for mark in taken.values():
        desk.marks.remove(mark)
    desk.now += timedelta(minutes=1)

    assert [mark.sum for mark in desk.marks.all()] == [day]
    desk.marks.remove(StaleTotal(roll_up, "gone"))


def spend(number: int) -> Spend:
    """Some money."""
    return Spend(jobs=number, cost_usd=Decimal(f"{number}.0000000001"), failed_jobs=1, failed_usd=Decimal("0.5"))


@pytest.mark.parametrize("cells", [0, 1, 2500])
def test_a_total_of_any_size_is_read_as_it_was_kept(desk: Desk, cells: int) -> None:
    """Owners with names and jobs without an owner; an item of DynamoDB holds 400 KB."""
    total = DayTotal(
        "2026-11-20",
        {Cell(ResourceKind.TRAINING, f"o-{number}" if number else None): spend(number) for number in range(cells)},
    )
    desk.totals.save(total)

    assert desk.totals.between("2026-11-20", "2026-11-20") == {"2026-11-20": total}


def test_a_total_keeps_its_accounts_in_a_way_that_earlier_releases_can_read(aws: Aws, tables: tuple[str, str]) -> None:
    """They read the cells, one for each kind and owner, and have never read the split."""
    client, training = aws.client("dynamodb"), Cell(ResourceKind.TRAINING, "ana")
    totals = DynamoTotalStore(client, tables[1])
    split = DayTotal("2026-11-20", {training: spend(3)}, {"111122223333": spend(1), "222233334444": spend(2)})
    totals.save(split)
    [item] = client.scan(TableName=tables[1])["Items"]

    assert totals.between("2026-11-20", "2026-11-20") == {"2026-11-20": split}
    assert [(cell["M"]["kind"]["S"], cell["M"]["jobs"]["N"]) for cell in item["cells"]["L"]] == [("training", "3")]
    client.put_item(TableName=tables[1], Item={name: value for name, value in item.items() if name != "accounts"})
    assert totals.between("2026-11-20", "2026-11-20") == {"2026-11-20": DayTotal("2026-11-20", {training: spend(3)})}


def test_a_total_that_became_shorter_is_read_without_its_old_rest(desk: Desk) -> None:
    """The newer total counts."""
    long = DayTotal("2026-11-20", {Cell(ResourceKind.TRAINING, f"o-{number}"): spend(number) for number in range(2500)})
    short = DayTotal("2026-11-20", {Cell(ResourceKind.TRAINING, "ana"): spend(1)})
    desk.totals.save(long)
    desk.totals.save(short)

    assert desk.totals.between("2026-11-20", "2026-11-20") == {"2026-11-20": short}


def test_totals_are_read_across_months_and_years(desk: Desk) -> None:
    """Both ends count, and nothing outside."""
    for day in ("2026-10-31", "2026-11-30", "2026-12-31", "2027-01-01", "2027-01-02"):
        desk.totals.save(DayTotal(day, {Cell(ResourceKind.TRANSFORM, None): spend(1)}))

    assert sorted(desk.totals.between("2026-11-30", "2027-01-01")) == ["2026-11-30", "2026-12-31", "2027-01-01"]


def test_a_total_that_was_kept_before_an_amount_was_is_none(aws: Aws, tables: tuple[str, str]) -> None:
    """A day without a total is summed again when it is read: unknown is not 0."""
    client = aws.client("dynamodb")
    totals = DynamoTotalStore(client, tables[1])
    totals.save(DayTotal("2026-11-20", {Cell(ResourceKind.TRAINING, "ana"): spend(1)}))
    client.update_item(
        TableName=tables[1],
        Key={"pk": {"S": "totals#2026-11"}, "sk": {"S": "2026-11-20#000"}},
        UpdateExpression="REMOVE cells[0].spot_cost_usd",
    )

    assert totals.between("2026-11-20", "2026-11-20") == {}


def test_a_total_that_is_being_kept_is_not_there_yet(aws: Aws, tables: tuple[str, str]) -> None:
    """Its first item is written last."""
    client = aws.client("dynamodb")
    totals = DynamoTotalStore(client, tables[1])
    totals.save(
        DayTotal("2026-11-20", {Cell(ResourceKind.TRAINING, f"o-{number}"): spend(number) for number in range(251)})
    )
    client.delete_item(TableName=tables[1], Key={"pk": {"S": "totals#2026-11"}, "sk": {"S": "2026-11-20#000"}})

    assert totals.between("2026-11-20", "2026-11-20") == {}


def test_the_longest_owners_fit_into_an_item(aws: Aws, tables: tuple[str, str]) -> None:
    """A tag value has up to 256 characters, each up to 4 bytes; moto refuses items above 400 KB as DynamoDB does."""
    owners = {Cell(ResourceKind.TRAINING, f"{number:03}{chr(0x1F600) * 253}"): spend(number) for number in range(250)}
    totals = DynamoTotalStore(aws.client("dynamodb"), tables[1])
    totals.save(DayTotal("2026-11-20", owners))

    assert len(totals.between("2026-11-20", "2026-11-20")["2026-11-20"].cells) == 250


def test_a_mark_waits_until_the_indexes_have_followed(aws: Aws, tables: tuple[str, str]) -> None:
    """Some seconds."""
    moments = [NOW]
    marks = DynamoStaleTotals(aws.client("dynamodb"), tables[1], lambda: moments[-1])
    marks.add(DayKey("2026-11-19"))
    young = list(marks.all())
    moments.append(NOW + timedelta(seconds=5))

    assert (young, [mark.sum for mark in marks.all()]) == ([], [DayKey("2026-11-19")])


def counted(client: Any) -> list[str]:
    """The operations a client calls from now on."""
    calls: list[str] = []
    client.meta.events.register("before-call.dynamodb.*", lambda model, **_: calls.append(model.name))
    return calls


def test_regions_that_the_operator_named_are_in_use_before_anything_ran_there(
    aws: Aws, tables: tuple[str, str]
) -> None:
    """They are not written, so a name that is withdrawn is gone at once."""
    client, (_, state) = aws.client("dynamodb"), tables
    named = DynamoRegions(client, state, lambda: NOW, ["us-west-2", "eu-west-1"])
    named.add("eu-central-1")

    assert named.in_use() == {"us-west-2", "eu-west-1", "eu-central-1"}
    assert DynamoRegionReader(client, state, ["us-west-2"]).in_use() == {"us-west-2", "eu-central-1"}
    assert DynamoRegionReader(client, state).in_use() == {"eu-central-1"}


def test_an_environment_marks_today_and_notes_a_region_once(aws: Aws, tables: tuple[str, str]) -> None:
    """A closed day is marked every time, for its mark may have been worked off in between."""
    client = aws.client("dynamodb")
    calls = counted(client)
    marks, regions = DynamoStaleTotals(client, tables[1], lambda: NOW), DynamoRegions(client, tables[1], lambda: NOW)
    for _ in range(3):
        marks.add(DayKey("2026-11-20"))
        regions.add("us-east-1")
    assert calls == ["PutItem"] * 2
    for _ in range(3):
        marks.add(DayKey("2026-11-19"))

    assert calls == ["PutItem"] * 5


def test_an_environment_that_lives_past_midnight_marks_the_day_that_closed(aws: Aws, tables: tuple[str, str]) -> None:
    """A row that lands late must correct its total."""
    moments = [NOW]
    client = aws.client("dynamodb")
    marks = DynamoStaleTotals(client, tables[1], lambda: moments[-1])
    marks.add(DayKey("2026-11-20"))
    moments.append(NOW + timedelta(days=1))
    [mark] = marks.all()
    marks.remove(mark)
    marks.add(DayKey("2026-11-20"))

    assert [mark.sum for mark in marks.all(young=True)] == [DayKey("2026-11-20")]


NOWHERE: list[tuple[str, Callable[[Any], object]]] = [
    ("dynamodb:BatchGetItem on the ledger", lambda client: DynamoLedgerKeys(client, "nowhere").recorded([listed(1)])),
    (
        "dynamodb:Query on the ledger ByDay",
        lambda client: list(DynamoLedgerRows(client, "nowhere").of_day("2026-11-20")),
    ),
    ("dynamodb:Query on the ledger", lambda client: DynamoRollUps(client, "nowhere").of("arn:t")),
    (
        "dynamodb:UpdateItem on the ledger",
        lambda client: DynamoRollUps(client, "nowhere").save(RollUpRow("arn:t", "x", "x", None), RollUp()),
    ),
    ("dynamodb:GetItem on the checkpoints", lambda client: DynamoCheckpoints(client, "nowhere").read("x")),
    ("dynamodb:Query on the state", lambda client: DynamoStaleTotals(client, "nowhere", lambda: NOW).all()),
    (
        "dynamodb:DeleteItem on the marks",
        lambda client: DynamoStaleTotals(client, "nowhere", lambda: NOW).remove(StaleTotal(DayKey("x"), "t")),
    ),
    (
        "dynamodb:PutItem on the totals",
        lambda client: DynamoTotalStore(client, "nowhere").save(DayTotal("2026-11-20", {})),
    ),
]


@pytest.mark.parametrize(("action", "call"), NOWHERE)
def test_what_fails_names_its_action(aws: Aws, action: str, call: Callable[[Any], object]) -> None:
    """A typed error, and a retry."""
    with pytest.raises(UnavailableError, match=action):
        call(aws.client("dynamodb"))
