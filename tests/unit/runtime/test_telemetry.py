"""What functions measure, read from their stdout as CloudWatch reads it."""

import io
import json
import uuid
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest
from aws_lambda_powertools import Logger

from sagewatch.clock import Clock, TimeBudget
from sagewatch.errors import AccessDeniedError, MalformedEventError, SweepIncompleteError, ThrottledError
from sagewatch.idle.decision import Verdict
from sagewatch.idle.outcomes import NotebookSweepReport, StopOutcome
from sagewatch.jobs.sweep_run import JobSweepReport
from sagewatch.outcomes import Outcome
from sagewatch.pricing.refresh import PriceRefreshReport
from sagewatch.runtime.handlers import QueueHandler
from sagewatch.runtime.scheduled import ScheduledHandler
from sagewatch.sweeps import Sweep
from tests.fakes.alerts import InMemoryAlertQueue
from tests.fakes.delivery import InMemoryAlertGroups, InMemoryChannel, InMemoryDeliveries
from tests.fakes.digest import InMemorySweeps
from tests.fakes.runtime import InMemoryInbox
from tests.unit.runtime.test_handlers import Context, Done
from tests.unit.slack.messages.test_render import an_alert
from tests.worlds.builders import NOW
from tests.worlds.delivery import a_delivery
from tests.worlds.emf import Sent, sent

FUNCTION = {"Function": "sagewatch-Function-1"}

QUEUED = str(int((NOW - timedelta(seconds=90)).timestamp() * 1000))


def run(
    work: Callable[[TimeBudget], Outcome],
    log: io.StringIO | None = None,
    sweeps: InMemorySweeps | None = None,
    clock: Clock = lambda: NOW,
) -> None:
    """One invocation of a scheduled function."""
    logger = Logger(service=f"test-{uuid.uuid4()}", stream=log or io.StringIO(), level="INFO")
    sweep = Sweep.JOBS if sweeps is not None else None
    handler = ScheduledHandler(
        lambda _, more_time: work(more_time), logger=logger, log=sweeps, sweep=sweep, stack="ours", clock=clock
    )
    handler({}, Context())


def measured(outcome: Outcome, capsys: pytest.CaptureFixture[str]) -> dict[tuple[str, str], list[float]]:
    """What an outcome sends: one line of one namespace and one dimension."""
    run(lambda _: outcome)
    [line] = sent(capsys.readouterr().out)
    assert (line.namespace, line.dimensions) == ("SageWatch", FUNCTION)
    return line.values


def test_a_sweep_over_jobs_sends_what_it_found(capsys: pytest.CaptureFixture[str]) -> None:
    """Levels always, event counters only if they are not 0."""
    busy = JobSweepReport(listed=900, looked_at=8, recorded=2, still_open=6, complete=False)

    assert measured(busy, capsys) == {
        ("JobsOpen", "Count"): [6],
        ("JobsRecorded", "Count"): [2],
        ("SweepsIncomplete", "Count"): [1],
    }


def test_a_sweep_over_notebooks_sends_what_it_found(capsys: pytest.CaptureFixture[str]) -> None:
    """Stops that only would have been are none; what was carried over makes it incomplete."""
    swept = NotebookSweepReport(
        in_service=40,
        looked_at=9,
        carried_over=3,
        verdicts=Counter({Verdict.WARN: 2, Verdict.KEEP: 7}),
        stops=Counter({StopOutcome.STOPPED: 4, StopOutcome.REFUSED: 1, StopOutcome.WOULD_STOP: 5}),
    )

    assert measured(swept, capsys) == {
        ("NotebooksInService", "Count"): [40],
        ("SweepsIncomplete", "Count"): [1],
        ("StopsAnnounced", "Count"): [2],
        ("NotebooksStopped", "Count"): [4],
        ("StopsRefused", "Count"): [1],
    }


@pytest.mark.parametrize(
    ("swept", "expected"),
    [
        (JobSweepReport(recorded=1, failures=["a", "b"]), {"JobsRecorded": [1], "SweepFailures": [2]}),
        (
            NotebookSweepReport(failures=["a"], stops=Counter({StopOutcome.STOPPED: 1})),
            {"NotebooksStopped": [1], "SweepFailures": [1]},
        ),
    ],
)
def test_a_sweep_with_failures_has_not_finished_and_tells_what_it_did(
    swept: JobSweepReport | NotebookSweepReport, expected: dict[str, list[float]], capsys: pytest.CaptureFixture[str]
) -> None:
    """In the metrics and in the log, and the invocation fails."""
    log = io.StringIO()

    def sweep(more_time: TimeBudget) -> Outcome:
        del more_time
        raise SweepIncompleteError("something", outcome=swept)

    with pytest.raises(SweepIncompleteError):
        run(sweep, log)
    [line] = sent(capsys.readouterr().out)
    assert {name: values for (name, _), values in line.values.items()} == expected
    told = json.loads(log.getvalue())
    assert (told["message"], told["failures"]) == ("partly done", swept.failures)


@pytest.mark.parametrize(("sweep", "number"), [(Sweep.JOBS, 1), (Sweep.NOTEBOOKS, 1e3), (Sweep.RESOURCES, 1e6)])
def test_a_finished_sweep_is_counted_for_its_stack(
    sweep: Sweep, number: float, capsys: pytest.CaptureFixture[str]
) -> None:
    """In one metric of all functions, each with its own digits, next to the function's own numbers."""
    handler = ScheduledHandler(lambda *_: JobSweepReport(still_open=6), sweep=sweep, stack="ours")
    handler({}, Context())

    assert sent(capsys.readouterr().out) == [
        Sent("SageWatch", FUNCTION, {("JobsOpen", "Count"): [6]}),
        Sent("SageWatch", {"Stack": "ours"}, {("SweepsFinished", "Count"): [number]}),
    ]


@pytest.mark.parametrize("hours", [0, 30])
def test_a_refresh_sends_the_age_of_the_oldest_prices(hours: int, capsys: pytest.CaptureFixture[str]) -> None:
    """In seconds, CloudWatch's longest unit."""
    refreshed = PriceRefreshReport({"us-east-1": 1}, timedelta(hours=hours))

    assert measured(refreshed, capsys) == {("PricesAge", "Seconds"): [hours * 3600]}


def test_what_measures_nothing_sends_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """CloudWatch drops a line without metrics and counts it as broken. An unknown age is not 0."""
    run(lambda _: Done())
    run(lambda _: PriceRefreshReport({}))

    assert capsys.readouterr().out == ""


def batch(entry: QueueHandler, *bodies: str, sent_at: str | None = None) -> None:
    """One invocation by a queue."""
    times = {"SentTimestamp": sent_at} if sent_at else {}
    records = [
        {
            "messageId": f"id-{body}",
            "receiptHandle": "handle",
            "body": body,
            "attributes": {"ApproximateReceiveCount": "1", **times},
            "eventSource": "aws:sqs",
        }
        for body in bodies
    ]
    entry({"Records": records}, Context())


def an_entry(work: Callable[[str], Outcome]) -> QueueHandler:
    """A handler with a silent log."""
    logger = Logger(service=f"test-{uuid.uuid4()}", stream=io.StringIO(), level="INFO")
    return QueueHandler(work, inbox=InMemoryInbox(), max_receives=3, logger=logger)


def test_messages_that_are_buried_and_postponed_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    """Once for each, in one line for the batch; the next batch starts from 0."""

    def work(body: str) -> Done:
        if body.startswith("malformed"):
            raise MalformedEventError("no name")
        if body == "throttled":
            raise ThrottledError("slow down")
        return Done()

    entry = an_entry(work)
    batch(entry, "one", "malformed-1", "throttled", "malformed-2")
    batch(entry, "two")
    batch(entry, "throttled")

    postponed = ("MessagesPostponed", "Count")
    assert sent(capsys.readouterr().out) == [
        Sent("SageWatch", FUNCTION, {("MessagesDeadLettered", "Count"): [1, 1], postponed: [1]}),
        Sent("SageWatch", FUNCTION, {postponed: [1]}),
    ]


def test_a_retried_message_says_how_long_it_has_waited(capsys: pytest.CaptureFixture[str]) -> None:
    """SQS's own age leaves it out from the third receive on. An unknown age is not 0; a clock behind is no age."""

    def work(body: str) -> Done:
        raise ThrottledError(body)

    entry = QueueHandler(work, inbox=InMemoryInbox(), max_receives=3, clock=lambda: NOW)
    batch(entry, "old", sent_at=QUEUED)
    batch(entry, "young", sent_at=str(int((NOW + timedelta(seconds=5)).timestamp() * 1000)))
    batch(entry, "undated")

    waits = [line.values.get(("MessageWaits", "Seconds")) for line in sent(capsys.readouterr().out)]
    assert waits == [[90], [0], None]


def test_a_batch_of_any_size_is_sent(capsys: pytest.CaptureFixture[str]) -> None:
    """A line holds 100 values of a metric."""

    def work(body: str) -> Done:
        raise MalformedEventError(body)

    batch(an_entry(work), *(f"m-{number}" for number in range(250)))

    lines = sent(capsys.readouterr().out)
    assert [len(values) for line in lines for values in line.values.values()] == [100, 100, 50]


@pytest.mark.parametrize(
    ("minutes_ago", "queued", "expected"),
    [(10, QUEUED, [600]), (None, QUEUED, [90]), (None, None, []), (-1, QUEUED, [0]), (None, "soon", [])],
)
def test_a_delivery_is_as_old_as_what_it_tells_of_or_as_its_message(
    minutes_ago: int | None, queued: str | None, expected: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    """Measured once, when it is posted; a clock that is ahead makes nothing negative; what is not known is not 0."""
    deliveries = InMemoryDeliveries()
    deliverer = a_delivery(
        deliveries=deliveries,
        groups=InMemoryAlertGroups(),
        channel=InMemoryChannel(),
        alerts=InMemoryAlertQueue(),
        clock=lambda: NOW,
    )
    happened_at = None if minutes_ago is None else NOW - timedelta(minutes=minutes_ago)
    body = an_alert().model_copy(update={"happened_at": happened_at}).model_dump_json()
    entry = an_entry(deliverer.on_message)
    batch(entry, body, sent_at=queued)
    batch(entry, body, sent_at=queued)

    values = [line.values[("DeliveryAge", "Seconds")] for line in sent(capsys.readouterr().out)]
    assert values == ([expected] if expected else [])


def test_a_sweep_that_ended_well_is_noted_with_its_beginning() -> None:
    """A long one ends in another quarter of an hour."""
    sweeps, moments = InMemorySweeps(), [NOW]

    def sweep(more_time: TimeBudget) -> Outcome:
        del more_time
        moments.append(NOW + timedelta(minutes=9))
        return Done()

    run(sweep, sweeps=sweeps, clock=lambda: moments[-1])
    assert sweeps.of("SweepJobs") == [NOW]


def test_a_sweep_that_failed_is_not_noted() -> None:
    """A person has to look at it."""
    sweeps = InMemorySweeps()

    def sweep(more_time: TimeBudget) -> Outcome:
        del more_time
        raise SweepIncompleteError("no grant")

    with pytest.raises(SweepIncompleteError):
        run(sweep, sweeps=sweeps)
    assert sweeps.of("SweepJobs") == []


def test_a_note_that_fails_is_no_failure_of_the_sweep(capsys: pytest.CaptureFixture[str]) -> None:
    """The sweep did its work, and is measured; the log says what was not noted."""
    sweeps, log = InMemorySweeps(failure=AccessDeniedError("dynamodb:UpdateItem on the sweeps")), io.StringIO()

    run(lambda _: JobSweepReport(), log, sweeps)
    [line] = sent(capsys.readouterr().out)
    assert line.dimensions == {"Stack": "ours"}
    assert json.loads(log.getvalue().splitlines()[0])["reason"] == "dynamodb:UpdateItem on the sweeps"
