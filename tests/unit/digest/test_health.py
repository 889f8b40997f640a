"""The one sentence on the watch itself."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from sagewatch.digest.health import EVERY, SWEEPS, Health, HealthReader, gaps, sentence
from sagewatch.errors import AccessDeniedError
from tests.fakes.digest import InMemoryDeadLetters, InMemorySweeps
from tests.fakes.pricing import InMemoryPriceDates
from tests.fakes.sagemaker import InMemoryRegions

NOW = datetime.fromisoformat("2026-11-25T08:00:00Z")
WEEK = timedelta(days=7)
SINCE = NOW - WEEK


def quarters(start: datetime, end: datetime, *, leave_out: Sequence[int] = ()) -> list[datetime]:
    """A sweep every quarter of an hour, some of which are left out by their number."""
    count = (end - start) // EVERY + 1
    return [start + number * EVERY for number in range(count) if number not in leave_out]


def a_health(**facts: Any) -> Health:
    """A watch that is well."""
    sweeps = quarters(SINCE + timedelta(minutes=7), NOW)
    well: dict[str, Any] = {
        "sweeps": dict.fromkeys(SWEEPS, sweeps),
        "buried": {"EventDeadLetterQueue": 0, "AlertDeadLetterQueue": 0},
        "prices": {"us-east-1": NOW - timedelta(hours=2), "eu-west-1": NOW - timedelta(hours=20)},
    }
    return Health(since=SINCE, now=NOW, **(well | facts))


def test_a_watch_that_is_well_says_so_with_its_numbers() -> None:
    """A week of three sweeps, four times an hour."""
    assert sentence(a_health()) == (
        "SageWatch is well: all 2,016 sweeps over jobs, notebooks and resources finished, "
        "nothing is in the dead-letter queues, "
        "prices are from 2026-11-24."
    )


def test_sweeps_that_did_not_finish_are_named_with_their_time() -> None:
    """Of the function that missed them."""
    whole = quarters(SINCE, NOW)
    holed = quarters(SINCE, NOW, leave_out=(100, 101, 668))

    assert sentence(a_health(sweeps={"SweepJobs": whole, "SweepNotebooks": holed})).startswith(
        "For SageWatch's operator: 3 of 1,346 sweeps over jobs, notebooks and resources "
        "did not finish (SweepNotebooks between "
        "2026-11-19 08:45 UTC and 2026-11-19 09:30; SweepNotebooks between 06:45 and 07:15). Nothing is"
    )


def test_of_many_gaps_the_longest_are_told() -> None:
    """A sentence stays one."""
    holed = quarters(SINCE, NOW, leave_out=(10, 20, 30, 31, 32, 40, 41, 50))
    told = sentence(a_health(sweeps={"SweepJobs": holed}))

    assert told.count("between") == 3
    assert "2026-11-18 15:15 UTC and 2026-11-18 16:15; " in told
    assert "; and 2 more gaps)" in told


def test_a_watch_whose_sweeps_never_finished_is_not_well() -> None:
    """Nothing is not all."""
    assert "operator: no sweep of SweepNotebooks has finished in five weeks. " in sentence(
        a_health(sweeps={"SweepJobs": quarters(SINCE, NOW), "SweepNotebooks": []})
    )


def test_what_lies_in_the_dead_letter_queues_is_counted() -> None:
    """By queue; the messages themselves say why."""
    told = sentence(a_health(buried={"EventDeadLetterQueue": 1200, "AlertDeadLetterQueue": 1}))

    assert "operator: " in told
    assert (
        "1,200 messages are in EventDeadLetterQueue and 1 message is in AlertDeadLetterQueue "
        "(make redrive lists the reasons)"
    ) in told


def test_prices_that_are_stale_are_named_with_their_region() -> None:
    """After three days, as rows say it."""
    fresh, old = NOW - timedelta(hours=1), NOW - timedelta(days=3, minutes=1)

    assert "operator: " in sentence(a_health(prices={"us-east-1": fresh, "eu-west-1": old}))
    assert "prices of eu-west-1 are from 2026-11-22" in sentence(
        a_health(prices={"us-east-1": fresh, "eu-west-1": old})
    )
    assert "is well" in sentence(a_health(prices={"eu-west-1": old + timedelta(minutes=1)}))
    assert "no live prices of eu-west-1 have been read" in sentence(
        a_health(prices={"us-east-1": fresh, "eu-west-1": None})
    )


@pytest.mark.parametrize(
    ("times", "missed"),
    [
        (quarters(SINCE, NOW), 0),
        (quarters(SINCE + timedelta(minutes=14), NOW), 0),  # nothing is known before the first
        (quarters(NOW - timedelta(hours=1), NOW), 0),  # deployed an hour ago
        (quarters(SINCE - WEEK, NOW), 0),
        (quarters(SINCE - timedelta(minutes=1), NOW), 0),
        (quarters(SINCE - WEEK, SINCE - timedelta(hours=2)) + quarters(SINCE + timedelta(hours=1), NOW), 4),
        (quarters(SINCE + timedelta(minutes=1), NOW - timedelta(minutes=29)), 0),  # the last one may still be running
        (quarters(SINCE + timedelta(minutes=14), NOW - timedelta(minutes=31)), 1),
        (quarters(SINCE, NOW - timedelta(hours=3)), 11),
        (quarters(SINCE - WEEK, SINCE - timedelta(days=1)), 672),
        ([], 0),
    ],
)
def test_only_what_was_due_since_is_missed(times: list[datetime], missed: int) -> None:
    """Neither what was before the watch began, nor what an outage missed before the week."""
    assert sum(gap.missed for gap in gaps("SweepJobs", times, SINCE, NOW)) == missed


@pytest.mark.parametrize("seconds", [-60, -20, 20, 60])
def test_a_schedule_that_is_a_minute_off_misses_nothing(seconds: int) -> None:
    """EventBridge Scheduler is exact to the minute, and a note is cut to it."""
    times = [time + timedelta(seconds=seconds * (number % 2)) for number, time in enumerate(quarters(SINCE, NOW))]

    assert gaps("SweepJobs", times, SINCE, NOW) == []


def a_reader(sweeps: InMemorySweeps, letters: InMemoryDeadLetters) -> HealthReader:
    """At home in us-east-1, with eu-west-1 in use."""
    return HealthReader(
        sweeps=sweeps,
        dead_letters=letters,
        prices=InMemoryPriceDates({"us-east-1": NOW, "eu-west-1": NOW - timedelta(days=1)}),
        regions=InMemoryRegions({"eu-west-1"}),
        clock=lambda: NOW,
        home_region="us-east-1",
    )


def test_the_reader_reads_what_the_sentence_tells() -> None:
    """Of all regions in use."""
    sweeps = InMemorySweeps({name: set(quarters(SINCE, NOW)) for name in SWEEPS})
    letters = InMemoryDeadLetters({"EventDeadLetterQueue": 0})

    assert sentence(a_reader(sweeps, letters).read(SINCE)) == (
        "SageWatch is well: all 2,019 sweeps over jobs, notebooks and resources finished, "
        "nothing is in the dead-letter queues, "
        "prices are from 2026-11-24."
    )


def test_what_cannot_be_read_is_said_and_is_not_well() -> None:
    """A digest is not lost for it, and unknown is not fine."""
    denied = AccessDeniedError("sqs:GetQueueAttributes: AccessDenied")
    health = a_reader(InMemorySweeps(failure=denied), InMemoryDeadLetters(failure=denied)).read(SINCE)

    assert sentence(health) == (
        "For SageWatch's operator: it could not be read whether sweeps finished "
        "(sqs:GetQueueAttributes: AccessDenied), it could not be read what is in the dead-letter queues "
        "(sqs:GetQueueAttributes: AccessDenied). Prices are from 2026-11-24."
    )


def test_where_aws_has_no_price_list_prices_are_not_said_to_be_missing() -> None:
    """In GovCloud and China the shipped prices are used for ever; a daily digest has nothing to report."""
    sweeps = InMemorySweeps({name: set(quarters(SINCE, NOW)) for name in SWEEPS})
    letters = InMemoryDeadLetters({"EventDeadLetterQueue": 0})
    health = replace(a_reader(sweeps, letters), prices=None).read(SINCE)

    assert not health.unannounced
    assert sentence(health) == (
        "SageWatch is well: all 2,019 sweeps over jobs, notebooks and resources finished, "
        "nothing is in the dead-letter queues."
    )
