"""The shell: batches from a queue, each message for itself; one event by hand."""

import io
import json
import uuid
from collections.abc import Mapping
from typing import Any

import pytest
from aws_lambda_powertools import Logger

from sagewatch.clock import TimeBudget
from sagewatch.errors import AccessDeniedError, MalformedEventError, RetryableError, ThrottledError
from sagewatch.outcomes import Outcome
from sagewatch.runtime.handlers import QueueHandler, wait
from sagewatch.runtime.ports import LambdaContext, QueueMessage
from sagewatch.runtime.scheduled import Deadline, ScheduledHandler
from sagewatch.sweeps import LeftOut
from tests.fakes.runtime import InMemoryInbox


class Context:
    """An invocation with a minute left."""

    function_name = "sagewatch-Function-1"

    @staticmethod
    def get_remaining_time_in_millis() -> int:
        """Say so."""
        return 60_000


class LateContext:
    """An invocation that is nearly over."""

    function_name = "sagewatch-Function-1"

    @staticmethod
    def get_remaining_time_in_millis() -> int:
        """Say so."""
        return 19_000


class BrokenInbox(InMemoryInbox):
    """A queue that refuses every call."""

    def dead_letter(self, message: QueueMessage, error: Exception) -> None:
        """Refuse."""
        raise AccessDeniedError(f"sqs:SendMessage of {message.message_id} after {error}")


class Done(Outcome):
    """An outcome."""

    def to_log(self) -> Mapping[str, object]:
        """Say so."""
        return {"reason": "done"}


class Desk:
    """An entry whose work fails as its message says."""

    def __init__(self, inbox: InMemoryInbox | None = None) -> None:
        """An empty inbox and a log that can be read."""
        self.inbox = inbox or InMemoryInbox()
        self.worked: list[str] = []
        self.log = io.StringIO()
        logger = Logger(service=f"test-{uuid.uuid4()}", stream=self.log, level="INFO")
        self.entry = QueueHandler(self.work, inbox=self.inbox, max_receives=3, logger=logger)

    def work(self, body: str) -> Done:
        """Do what the message says."""
        match body:
            case "malformed":
                raise MalformedEventError("no name")
            case "throttled":
                raise ThrottledError("slow down", retry_after=7)
            case "bug":
                raise KeyError("oops")
        self.worked.append(body)
        return Done()

    def batch(self, *bodies: str, receives: int = 1, context: LambdaContext | None = None) -> list[str]:
        """Hand over a batch; answer with the ids of the messages that go back to the queue."""
        records = [
            {
                "messageId": f"id-{body}",
                "receiptHandle": f"handle-{body}",
                "body": body,
                "attributes": {"ApproximateReceiveCount": str(receives)},
                "messageAttributes": {},
                "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:us-east-1:111122223333:q",
                "awsRegion": "us-east-1",
                "md5OfBody": "",
            }
            for body in bodies
        ]
        response = self.entry({"Records": records}, context or Context())
        return [failure["itemIdentifier"] for failure in response["batchItemFailures"]]


def test_a_broken_message_holds_up_no_other() -> None:
    """The others are done once, and the broken one is dead-lettered."""
    desk = Desk()

    assert desk.batch("one", "malformed", "two") == []
    assert desk.worked == ["one", "two"]
    assert desk.inbox.buried == [("malformed", "MalformedEventError", "no name")]


def test_a_passing_error_sends_its_message_back_for_as_long_as_it_asks() -> None:
    """No sleeping in a paid Lambda."""
    desk = Desk()

    assert desk.batch("one", "throttled") == ["id-throttled"]
    assert desk.inbox.postponed == [("throttled", 7)]
    assert desk.inbox.buried == []


def test_a_passing_error_that_does_not_pass_is_buried_with_its_reason() -> None:
    """After the last of its tries."""
    desk = Desk()

    assert desk.batch("throttled", receives=3) == []
    assert desk.inbox.buried == [("throttled", "ThrottledError", "slow down")]


def test_a_bug_goes_back_to_the_queue_and_into_the_log() -> None:
    """Nothing is swallowed: the redrive policy ends it."""
    desk = Desk()

    assert desk.batch("bug", "one") == ["id-bug"]
    assert desk.worked == ["one"]
    assert "oops" in desk.log.getvalue()


def test_a_bug_that_comes_back_is_dead_lettered() -> None:
    """After five tries: in a FIFO queue everything behind it would wait for days."""
    desk = Desk()

    assert desk.batch("bug", "one", receives=4) == ["id-bug"]
    assert desk.batch("bug", "two", receives=5) == []
    assert desk.inbox.buried == [("bug", "UnexpectedError", "unexpected KeyError")]


def test_a_batch_of_nothing_but_failures_is_a_partial_failure_too() -> None:
    """The invocation itself succeeds, so a dead-lettered message does not come again."""
    assert Desk().batch("throttled", "bug") == ["id-throttled", "id-bug"]


def test_an_empty_batch_is_done_at_once() -> None:
    """A way to start an environment without work."""
    assert Desk().batch() == []


def test_an_event_invoked_by_hand_is_answered_with_its_outcome() -> None:
    """What `sam local invoke` prints."""
    desk = Desk()

    assert desk.entry({"detail-type": "x"}, Context()) == {"reason": "done"}
    assert json.loads(desk.worked[0]) == {"detail-type": "x"}


def test_an_event_invoked_by_hand_that_is_refused_fails_the_invocation() -> None:
    """Typed, for the person who reads the dead-letter queue."""

    def refuse(body: str) -> Done:
        raise MalformedEventError(body)

    entry = QueueHandler(refuse, inbox=InMemoryInbox(), max_receives=3)
    with pytest.raises(MalformedEventError):
        entry({}, Context())


@pytest.mark.parametrize(
    ("receives", "retry_after", "expected"),
    [
        (1, None, 5),
        (2, None, 10),
        (5, None, 80),
        (20, None, 900),
        (999, None, 900),
        (1, 2, 2),
        (1, 0, 1),
        (1, 86400, 900),
    ],
)
def test_waits_double_up_to_a_quarter_of_an_hour(receives: int, retry_after: int | None, expected: int) -> None:
    """Unless the other side says how long."""
    message = QueueMessage("", "handle", "body", receives)

    assert wait(message, RetryableError("later", retry_after=retry_after)) == expected


def test_messages_that_failed_together_come_back_apart() -> None:
    """By some seconds."""
    waits = {wait(QueueMessage(f"id-{n}", "h", "b", 1), RetryableError("later")) for n in range(20)}

    assert waits == {5, 6, 7, 8, 9}


def test_the_log_names_the_error_and_not_the_message() -> None:
    """A body may hold secrets."""
    desk = Desk()
    desk.batch("malformed", "throttled")

    lines: list[dict[str, Any]] = [json.loads(line) for line in desk.log.getvalue().splitlines()]
    assert [(line["message"], line["error"]) for line in lines] == [
        ("moved to the dead-letter queue", "MalformedEventError"),
        ("retried later", "ThrottledError"),
    ]
    assert all("handle" not in str(line) for line in lines)


def test_what_there_is_no_time_for_goes_back_untouched() -> None:
    """A timeout would send the whole batch back, also what is done."""
    desk = Desk()

    assert desk.batch("one", "two", context=LateContext()) == ["id-one", "id-two"]
    assert desk.worked == []
    assert len(desk.inbox.postponed) == 2


def test_a_burial_that_fails_is_told_and_loses_nothing() -> None:
    """Both reasons are in the log, and the message comes back."""
    desk = Desk(BrokenInbox())

    assert desk.batch("malformed", "one") == ["id-malformed"]
    assert desk.worked == ["one"]
    assert "no name" in desk.log.getvalue()
    assert "sqs:SendMessage" in desk.log.getvalue()


class Countdown:
    """An invocation whose time a test lets pass."""

    function_name = "sagewatch-Function-1"

    def __init__(self, seconds: int) -> None:
        """So much is left."""
        self.seconds = seconds

    def get_remaining_time_in_millis(self) -> int:
        """Say so."""
        return self.seconds * 1000


def test_a_deadline_keeps_back_what_is_needed_to_end_in_order() -> None:
    """Twenty seconds; a share is one of the rest."""
    context = Countdown(600)
    more_time = Deadline(context, 20_000)
    seen = []
    for left in (600, 311, 310, 21, 20, 0):
        context.seconds = left
        seen.append((left, more_time(0.5), more_time()))

    assert seen == [
        (600, True, True),
        (311, True, True),
        (310, False, True),
        (21, False, True),
        (20, False, False),
        (0, False, False),
    ]


def test_invoked_work_is_given_the_event_as_it_is_and_answers_with_its_outcome() -> None:
    """Which is logged; what the work raises fails the invocation."""
    given: list[object] = []
    log = io.StringIO()

    def work(event: object, _: TimeBudget) -> Done:
        if event is None:
            raise ThrottledError("later")
        given.append(event)
        return Done()

    invoked = ScheduledHandler(work, logger=Logger(service=f"test-{uuid.uuid4()}", stream=log, level="INFO"))

    assert invoked({"period": "daily"}, Countdown(60)) == {"reason": "done"}
    assert given == [{"period": "daily"}]
    assert json.loads(log.getvalue())["reason"] == "done"
    with pytest.raises(ThrottledError):
        invoked(None, Countdown(60))


def test_stored_items_that_were_left_out_are_counted_and_the_new_ones_named(capsys: pytest.CaptureFixture[str]) -> None:
    """Also when the work itself fails."""
    log = io.StringIO()

    def work(_: object, more_time: TimeBudget) -> Done:
        raise ThrottledError(f"no time: {more_time()}")

    handler = ScheduledHandler(
        work,
        left_out=lambda: LeftOut(2, ["stored item open-job#us-east-1 x: KeyError"]),
        logger=Logger(service=f"test-{uuid.uuid4()}", stream=log, level="INFO"),
    )
    with pytest.raises(ThrottledError):
        handler({}, Countdown(60))

    assert json.loads(capsys.readouterr().out)["ItemsUnreadable"] == [1.0, 1.0]
    assert json.loads(log.getvalue())["items"] == ["stored item open-job#us-east-1 x: KeyError"]


def test_scheduled_work_is_given_its_deadline_and_answers_with_its_outcome() -> None:
    """Whatever the schedule says."""
    given: list[TimeBudget] = []
    log = io.StringIO()

    def work(_: object, more_time: TimeBudget) -> Done:
        given.append(more_time)
        return Done()

    answer = ScheduledHandler(work, logger=Logger(service=f"test-{uuid.uuid4()}", stream=log, level="INFO"))(
        {}, Countdown(60)
    )

    assert answer == {"reason": "done"}
    assert given[0]()
    assert json.loads(log.getvalue())["reason"] == "done"
