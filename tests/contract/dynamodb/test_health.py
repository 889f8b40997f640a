"""The records of SageWatch's own health, in memory and on moto's DynamoDB and SQS.

SQS differs from moto in that its counts are approximate, and may lag behind by a minute.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from sagewatch.adapters.dead_letters import SqsDeadLetters
from sagewatch.adapters.dynamodb.health import DynamoSweepLog, DynamoSweepTimes
from sagewatch.adapters.dynamodb.prices import DynamoPriceCache, DynamoPriceDates
from sagewatch.adapters.dynamodb.sweep_state import DynamoRegions
from sagewatch.adapters.sqs import SqsInbox
from sagewatch.digest.health import EVERY, SWEEPS, HealthReader, sentence
from sagewatch.digest.ports import DeadLetters, SweepTimes
from sagewatch.errors import MalformedEventError, UnavailableError
from sagewatch.pricing.price_list import ListedPrice
from sagewatch.runtime.ports import QueueMessage, SweepLog
from tests.fakes.digest import InMemoryDeadLetters, InMemorySweeps
from tests.worlds.aws import Aws
from tests.worlds.builders import NOW


@dataclass
class Book:
    """Where sweeps are noted, and read."""

    log: SweepLog
    times: SweepTimes


@pytest.fixture(params=["in_memory", "dynamodb"])
def book(request: pytest.FixtureRequest) -> Book:
    """The same ports, twice."""
    if request.param == "in_memory":
        sweeps = InMemorySweeps()
        return Book(sweeps, sweeps)
    _, state = request.getfixturevalue("tables")
    client = request.getfixturevalue("aws").client("dynamodb")
    return Book(DynamoSweepLog(client, state), DynamoSweepTimes(client, state))


def test_sweeps_are_read_by_function_and_in_order(book: Book) -> None:
    """Across days, in UTC, to the minute."""
    for hours in (5, -20, 0):
        book.log.record("SweepJobs", NOW + timedelta(hours=hours, seconds=59, microseconds=9))
    book.log.record("SweepNotebooks", NOW.astimezone(timezone(timedelta(hours=9))))

    assert book.times.of("SweepJobs") == [NOW + timedelta(hours=hours) for hours in (-20, 0, 5)]
    assert book.times.of("SweepNotebooks") == [NOW]
    assert book.times.of("Sweep") == []


def test_a_sweep_that_is_noted_twice_is_one(book: Book) -> None:
    """A call without an answer is tried again."""
    for _ in range(2):
        book.log.record("SweepJobs", NOW)

    assert book.times.of("SweepJobs") == [NOW]


def test_a_days_sweeps_expire_five_weeks_later_and_fit_an_item(aws: Aws, tables: tuple[str, str]) -> None:
    """One item a day, of a size that takes one write unit."""
    client = aws.client("dynamodb")
    log = DynamoSweepLog(client, tables[1])
    midnight = NOW.replace(hour=0, minute=0)
    for number in range(96):
        log.record("SweepJobs", midnight + number * EVERY)
    [item] = client.scan(TableName=tables[1])["Items"]

    assert len(item["minutes"]["NS"]) == 96
    assert item["expires_at"]["N"] == str(int((midnight + 95 * EVERY + timedelta(days=35)).timestamp()))
    assert len(str(item)) < 1024


def test_a_table_that_is_not_there_is_said_so(aws: Aws) -> None:
    """Typed, with the action that failed."""
    with pytest.raises(UnavailableError, match="dynamodb:UpdateItem on the sweeps"):
        DynamoSweepLog(aws.client("dynamodb"), "nowhere").record("SweepJobs", NOW)
    with pytest.raises(UnavailableError, match="dynamodb:Query"):
        DynamoSweepTimes(aws.client("dynamodb"), "nowhere").of("SweepJobs")


@pytest.fixture
def queues(aws: Aws) -> dict[str, str]:
    """Both dead-letter queues, empty."""
    sqs = aws.client("sqs")
    fifo = {"FifoQueue": "true"}
    return {
        "EventDeadLetterQueue": sqs.create_queue(QueueName=f"dead-{uuid4()}")["QueueUrl"],
        "AlertDeadLetterQueue": sqs.create_queue(QueueName=f"dead-{uuid4()}.fifo", Attributes=fifo)["QueueUrl"],
    }


@pytest.fixture(params=["in_memory", "sqs"])
def letters(request: pytest.FixtureRequest, aws: Aws) -> Iterator[DeadLetters]:
    """Two messages in one queue, none in the other."""
    if request.param == "in_memory":
        yield InMemoryDeadLetters({"EventDeadLetterQueue": 2, "AlertDeadLetterQueue": 0})
        return
    urls, sqs = request.getfixturevalue("queues"), aws.client("sqs")
    bury(sqs, urls["EventDeadLetterQueue"], 2)
    yield SqsDeadLetters(sqs, urls)


def bury(sqs: Any, url: str, count: int) -> None:
    """As functions do."""
    inbox = SqsInbox(sqs, url=url, dead_letter_url=url)
    for number in range(count):
        inbox.dead_letter(QueueMessage(f"id-{number}", "handle", "body", 1), MalformedEventError("no name"))


def test_dead_letters_are_counted_by_queue(letters: DeadLetters) -> None:
    """Empty ones too."""
    assert letters.waiting() == {"EventDeadLetterQueue": 2, "AlertDeadLetterQueue": 0}


def test_a_message_somebody_looks_at_still_counts(aws: Aws, queues: dict[str, str]) -> None:
    """It is out of sight for as long as it is looked at."""
    sqs = aws.client("sqs")
    bury(sqs, queues["AlertDeadLetterQueue"], 1)
    sqs.receive_message(QueueUrl=queues["AlertDeadLetterQueue"])

    assert SqsDeadLetters(sqs, queues).waiting() == {"EventDeadLetterQueue": 0, "AlertDeadLetterQueue": 1}


def test_a_queue_that_is_not_there_is_said_so(aws: Aws) -> None:
    """Never as empty."""
    with pytest.raises(UnavailableError, match="sqs:GetQueueAttributes"):
        SqsDeadLetters(aws.client("sqs"), {"EventDeadLetterQueue": "http://localhost/1/gone"}).waiting()


def test_the_sentence_is_made_from_what_the_stack_keeps(
    aws: Aws, tables: tuple[str, str], queues: dict[str, str]
) -> None:
    """The reader with its real adapters."""
    dynamodb, sqs, state = aws.client("dynamodb"), aws.client("sqs"), tables[1]
    for name in SWEEPS:
        for number in range(4):
            DynamoSweepLog(dynamodb, state).record(name, NOW - number * EVERY)
    price = ListedPrice("Training", "ml.m5.xlarge", Decimal("0.23"), "2026-11-19")
    DynamoPriceCache(dynamodb, state).save("us-east-1", [price], NOW - timedelta(hours=1))
    bury(sqs, queues["AlertDeadLetterQueue"], 3)
    reader = a_reader(dynamodb, sqs, state, queues)

    assert sentence(reader.read(NOW - timedelta(days=7))) == (
        "For SageWatch's operator: 3 messages are in AlertDeadLetterQueue (make redrive lists the reasons). "
        f"All 12 sweeps over jobs, notebooks and resources finished, prices are from {NOW:%Y-%m-%d}."
    )


def a_reader(dynamodb: Any, sqs: Any, state: str, queues: dict[str, str]) -> HealthReader:
    """As the wiring makes one."""

    def clock() -> datetime:
        return NOW

    return HealthReader(
        sweeps=DynamoSweepTimes(dynamodb, state),
        dead_letters=SqsDeadLetters(sqs, queues),
        prices=DynamoPriceDates(dynamodb, state),
        regions=DynamoRegions(dynamodb, state, clock),
        clock=clock,
        home_region="us-east-1",
    )
