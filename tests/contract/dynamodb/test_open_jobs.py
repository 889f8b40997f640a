"""What is remembered of open jobs, in memory and on moto's DynamoDB with the template's own table."""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from sagewatch.adapters.dynamodb.ledger_writer import DynamoLedger
from sagewatch.adapters.dynamodb.open_jobs import DynamoOpenJobs, DynamoSnoozes
from sagewatch.adapters.dynamodb.stale_totals import DynamoStaleTotals
from sagewatch.alerts.ports import Lease
from sagewatch.errors import UnreadableError
from sagewatch.jobs.ports import OpenJob, OpenJobs, Snoozes
from sagewatch.ledger.ports import Ledger
from sagewatch.pricing.job_cost import unbilled_as
from sagewatch.sagemaker.resources import JobStatus
from tests.fakes.jobs import InMemoryOpenJobs
from tests.fakes.ledger import InMemoryLedger
from tests.worlds.aws import Aws
from tests.worlds.builders import CREATED, NOW, a_job, a_row

JOB = a_job(status=JobStatus.IN_PROGRESS, role_arn="arn:aws:iam::111122223333:role/team")
LEASE = Lease("U0ANA", NOW + timedelta(hours=24), NOW)


@dataclass
class Index:
    """The ports of one index."""

    ledger: Ledger
    open_jobs: OpenJobs
    snoozes: Snoozes

    def only(self) -> OpenJob:
        """The only entry."""
        [entry] = self.open_jobs.of_region("us-east-1")
        return entry


@pytest.fixture(params=["in_memory", "dynamodb"])
def index(request: pytest.FixtureRequest) -> Index:
    """The same ports, twice."""
    if request.param == "in_memory":
        ledger = InMemoryLedger()
        open_jobs = InMemoryOpenJobs(ledger)
        return Index(ledger, open_jobs, open_jobs)
    table, state = request.getfixturevalue("tables")
    client = request.getfixturevalue("aws").client("dynamodb")
    return Index(
        DynamoLedger(client, table, DynamoStaleTotals(client, state, lambda: NOW)),
        DynamoOpenJobs(client, state=state, ledger=table, clock=lambda: NOW),
        DynamoSnoozes(client, state),
    )


def test_what_was_told_comes_with_the_index(index: Index) -> None:
    """What came later is added to it, and twice is once."""
    index.open_jobs.add(JOB)
    before = index.only()
    assert index.open_jobs.mark_alerted(JOB, ["burn#100", "long#24h"])
    assert index.open_jobs.mark_alerted(JOB, ["burn#200", "long#24h"])

    assert (before.alerted, before.snooze) == (frozenset(), None)
    assert index.only() == replace(before, alerted=frozenset({"burn#100", "burn#200", "long#24h"}))


def test_a_snooze_comes_with_the_index_and_the_last_counts(index: Index) -> None:
    """With author and time, to the second."""
    index.open_jobs.add(JOB)
    later = Lease("U0BO", NOW + timedelta(hours=25), NOW + timedelta(hours=1))
    assert index.snoozes.snooze(JOB, LEASE)
    first = index.only().snooze
    assert index.snoozes.snooze(JOB, later)

    assert (first, index.only().snooze) == (LEASE, later)


def test_one_job_is_found_as_the_index_has_it(index: Index) -> None:
    """By name and creation; none for another."""
    index.open_jobs.add(JOB, provisional=True)
    index.open_jobs.mark_alerted(JOB, ["limit"])

    assert index.snoozes.find(JOB) == index.only()
    assert index.snoozes.find(replace(JOB, created_at=CREATED + timedelta(hours=1))) is None


def test_a_job_is_marked_provisional_while_it_is_in_and_keeps_the_rest(index: Index) -> None:
    """The mark comes after the row: a job that was taken out meanwhile is not put in again."""
    index.open_jobs.add(JOB, backfilled_at=NOW)
    index.open_jobs.mark_alerted(JOB, ["pending"])
    before = index.only()
    index.ledger.put(a_row(JOB))

    assert index.open_jobs.mark_provisional(JOB) is True
    assert index.only() == replace(before, provisional=True)
    index.open_jobs.remove(JOB)
    assert index.open_jobs.mark_provisional(JOB) is False


def test_a_job_that_is_put_in_again_keeps_what_was_told_and_its_snooze(index: Index) -> None:
    """Every change of its secondary status writes it again; the other fields are those of the last event."""
    index.open_jobs.add(JOB, backfilled_at=NOW)
    index.open_jobs.mark_alerted(JOB, ["pending"])
    index.snoozes.snooze(JOB, LEASE)
    index.open_jobs.add(replace(JOB, role_arn=None, groups=()), provisional=True)
    entry = index.only()

    assert (entry.alerted, entry.snooze) == (frozenset({"pending"}), LEASE)
    assert (entry.job.role_arn, entry.job.groups) == (None, ())
    assert (entry.provisional, entry.backfilled_at) == (True, None)


def test_nothing_brings_a_job_back_that_has_ended(index: Index) -> None:
    """A sweep and a press may come a moment after its row."""
    index.open_jobs.add(JOB)
    index.ledger.put(a_row(JOB))
    index.open_jobs.remove(JOB)

    assert index.open_jobs.mark_alerted(JOB, ["limit"]) is False
    assert index.snoozes.snooze(JOB, Lease("U0ANA", None, NOW)) is False
    assert index.snoozes.find(JOB) is None
    assert list(index.open_jobs.of_region("us-east-1")) == []


def test_what_was_told_does_not_outlive_the_job_of_that_name(index: Index) -> None:
    """A name used again is a new job."""
    index.open_jobs.add(JOB)
    index.open_jobs.mark_alerted(JOB, ["limit"])
    index.open_jobs.remove(JOB)
    index.open_jobs.add(replace(JOB, created_at=CREATED + timedelta(hours=1)))

    assert index.only().alerted == frozenset()


def test_each_of_them_is_one_call(aws: Aws, tables: tuple[str, str]) -> None:
    """And the index brings all of it in the query it always was."""
    client, calls = aws.client("dynamodb"), Counter[str]()
    open_jobs = DynamoOpenJobs(client, state=tables[1], ledger=tables[0], clock=lambda: NOW)
    open_jobs.add(JOB)
    client.meta.events.register("before-call.*.*", lambda model, **_: calls.update([model.name]))
    open_jobs.mark_alerted(JOB, ["burn#100", "long#24h", "family"])
    DynamoSnoozes(client, tables[1]).snooze(JOB, LEASE)
    list(open_jobs.of_region("us-east-1"))

    assert calls == {"UpdateItem": 2, "Query": 1}


@pytest.mark.parametrize("changes", [{"training_plan_arn": "arn:plan"}, {"serverless": True}])
def test_a_job_without_billed_hours_is_remembered_as_such(index: Index, changes: dict[str, Any]) -> None:
    """A listing, which knows no plan, does not forget it."""
    job = a_job(status=JobStatus.IN_PROGRESS, **changes)
    index.open_jobs.add(job)
    index.open_jobs.add(a_job(status=JobStatus.IN_PROGRESS))

    assert index.only().unbilled == unbilled_as(job) is not None


def test_the_index_is_read_from_behind_a_key_on(index: Index) -> None:
    """In the order of the keys, whether the key's own item is still there or not."""
    jobs = [replace(JOB, name=f"j-{number}", arn=f"{JOB.arn}-{number}") for number in range(4)]
    for job in jobs:
        index.open_jobs.add(job)
    found = list(index.open_jobs.after("us-east-1", None))
    index.open_jobs.remove(jobs[1])

    assert [entry.job.name for _, entry in found if isinstance(entry, OpenJob)] == ["j-0", "j-1", "j-2", "j-3"]
    assert [key for key, _ in index.open_jobs.after("us-east-1", found[1][0])] == [key for key, _ in found[2:]]
    assert list(index.open_jobs.after("us-east-1", found[3][0])) == []


def test_an_item_that_cannot_be_read_is_named_and_the_others_are_read(aws: Aws, tables: tuple[str, str]) -> None:
    """A kind of a later release, a missing fact, an ARN that is none, a time that is none; the item stays."""
    client = aws.client("dynamodb")
    open_jobs = DynamoOpenJobs(client, state=tables[1], ledger=tables[0], clock=lambda: NOW)
    open_jobs.add(JOB)
    good = client.query(
        TableName=tables[1],
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": "open-job#us-east-1"}},
    )["Items"][0]
    bad: list[dict[str, Any]] = [{"kind": {"S": "compilation"}}, {"region": {"N": "1"}}, {"resource_arn": {"S": "x"}}]
    bad += [{"created_at": {"S": "soon"}}, {"snooze": {"M": {}}}, {"groups": {"L": [{"S": "x"}]}}]
    for number, change in enumerate(bad):
        client.put_item(TableName=tables[1], Item={**good, **change, "sk": {"S": f"bad-{number}"}})
    read = [entry for _, entry in open_jobs.after("us-east-1", None)]

    problems = [str(entry) for entry in read if isinstance(entry, UnreadableError)]
    assert len(problems) >= 5
    assert all(problem.startswith("open job open-job#us-east-1 bad-") for problem in problems)
    assert [entry.job.name for entry in open_jobs.of_region("us-east-1")][:1] == [JOB.name]
    assert len(read) == len(bad) + 1


def test_many_are_put_in_as_each_of_them_would_be(index: Index) -> None:
    """One that the ledger has and one that is named twice keep no other one out."""
    jobs = [a_job(status=JobStatus.IN_PROGRESS, name=f"job-{n}", arn=f"{JOB.arn}-{n:02}") for n in range(60)]
    index.ledger.put(a_row(resource_arn=jobs[3].arn))
    index.open_jobs.add_all([*jobs[:59], jobs[7]], backfilled_at=NOW)
    index.open_jobs.add_all([])

    entries = list(index.open_jobs.of_region("us-east-1"))
    assert [entry.job.arn for entry in entries] == [job.arn for job in jobs[:59] if job is not jobs[3]]
    assert {entry.backfilled_at for entry in entries} == {NOW}
