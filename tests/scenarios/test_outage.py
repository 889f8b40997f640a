"""A Slack that is in trouble for hours: the real entry, delivery and Slack client, and a queue whose time is turned.

SQS differs from the queue here in that it hands out messages of other groups at the same time; the order within a
group, and that a group waits for its first message, are the same.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from local.demo.player import get_json, post_json
from local.slack.app import Workspace, slack_app
from sagewatch.adapters.slack.api import SlackApi
from sagewatch.adapters.slack.channel import SlackChannel
from sagewatch.alerts.base import AlertBase
from sagewatch.delivery.registry import Alert
from sagewatch.failures.diagnosis import FailureClass
from sagewatch.runtime.handlers import QueueHandler
from sagewatch.runtime.ports import QueueMessage
from tests.contract.test_slack import Tokens
from tests.fakes.delivery import InMemoryAlertGroups, InMemoryDeliveries
from tests.fakes.slack import InMemoryChannelIds, InMemoryUserDirectory
from tests.unit.slack.messages.test_render import an_alert
from tests.worlds.delivery import a_delivery
from tests.worlds.servers import serving

BEGIN = datetime(2026, 11, 20, 8, tzinfo=UTC)
CLASSES = list(FailureClass)


@dataclass
class Queued:
    """A message of the queue."""

    alert: AlertBase
    visible_at: datetime
    receives: int = 0


@dataclass
class FifoQueue:
    """SQS FIFO, and the ``AlertQueue`` and ``Inbox`` ports on it, at a time that is turned."""

    now: datetime = BEGIN
    messages: list[Queued] = field(default_factory=list)
    buried: list[str] = field(default_factory=list)
    tries: int = 0

    def send(self, alert: AlertBase) -> None:
        """Queue the alert at the clock's time."""
        self.messages.append(Queued(alert, self.now))

    def retry_later(self, message: QueueMessage, seconds: int) -> None:
        """Hide the message for so many seconds of the clock."""
        self._held(message).visible_at = self.now + timedelta(seconds=seconds)

    def dead_letter(self, message: QueueMessage, error: Exception) -> None:
        """Keep the message and the error as a line."""
        self.buried.append(f"{message.message_id}: {error}")

    def _held(self, message: QueueMessage) -> Queued:
        return next(queued for queued in self.messages if queued.alert.alert_id == message.message_id)

    def timestamp(self) -> float:
        """What Slack dates its messages by."""
        return self.now.timestamp()

    def heads(self) -> list[Queued]:
        """The first message of each group: the others wait."""
        first: dict[str, Queued] = {}
        for queued in self.messages:
            first.setdefault(queued.alert.order, queued)
        return sorted(first.values(), key=lambda queued: queued.visible_at)

    def hand_out(self, entry: QueueHandler) -> None:
        """Turn the clock to the next message that can be seen, and let it be worked on."""
        queued = self.heads()[0]
        self.now = max(self.now + timedelta(seconds=1), queued.visible_at)
        queued.receives += 1
        self.tries += 1
        record = {
            "messageId": queued.alert.alert_id,
            "receiptHandle": "handle",
            "body": queued.alert.model_dump_json(),
            "attributes": {"ApproximateReceiveCount": str(queued.receives)},
            "eventSource": "aws:sqs",
        }
        context: Any = Context()
        if not entry({"Records": [record]}, context)["batchItemFailures"]:
            self.messages.remove(queued)


class Context:
    """An invocation with time enough."""

    function_name = _function_name = "DeliverAlert"

    def get_remaining_time_in_millis(self) -> int:
        """Half a minute."""
        return 30_000


class Trouble:
    """A Slack, and when it is in which trouble."""

    def __init__(self, url: str) -> None:
        """For two hours it asks for patience, then it fails for ten minutes, then three posts hang when they are in."""
        self.url = url
        self.hangs = 3

    def at(self, now: datetime) -> None:
        """Order what Slack does at that time."""
        since = now - BEGIN
        if since < timedelta(hours=2):
            self._order(status=429, retry_after=1, times=99)
        elif since < timedelta(hours=2, minutes=10):
            self._order(status=500, times=99)
        else:
            self._order(hang=1.3, times=int(self.hangs > 0), method="chat.postMessage")
            self.hangs -= 1

    def _order(self, **order: float | str) -> None:
        post_json(f"{self.url}/fail", order)


@contextmanager
def a_desk() -> Iterator[tuple[FifoQueue, QueueHandler, Trouble]]:
    """Everything between the queue and the channel."""
    queue, deliveries = FifoQueue(), InMemoryDeliveries()
    workspace = Workspace(token="xoxb-right", signing_secret="s", clock=queue.timestamp)
    with serving(slack_app(workspace)) as url:
        channel = SlackChannel(
            SlackApi(token=Tokens("xoxb-right"), api_url=f"{url}/api/", timeout=1),
            channel="#sagewatch",
            ids=InMemoryChannelIds(),
            people=InMemoryUserDirectory(),
            clock=lambda: queue.now,
        )
        deliverer = a_delivery(
            deliveries=deliveries,
            groups=InMemoryAlertGroups(),
            channel=channel,
            alerts=queue,
            clock=lambda: queue.now,
        )
        yield queue, QueueHandler(deliverer.on_message, inbox=queue, max_receives=999), Trouble(url)


def an_alert_at(number: int, part: int, at: datetime) -> Alert:
    """One of three alerts of a thread."""
    changes: dict[str, Any] = {
        "alert_id": f"{number:02}-{part}",
        "thread_key": f"incident-{number}",
        "failure_class": CLASSES[number % len(CLASSES)],
        "happened_at": at,
    }
    return an_alert().model_copy(update=changes)


def test_every_alert_of_two_hours_is_in_the_channel_once_and_in_order() -> None:
    """429 for two hours, then 500, then posts that are taken and never answered, then it is back."""
    times = {(n, part): BEGIN + timedelta(minutes=11 * (n % 10) + part) for part in range(3) for n in range(20)}
    with a_desk() as (queue, entry, trouble):
        waiting = sorted(((at, an_alert_at(*name, at)) for name, at in times.items()), key=lambda entry: entry[0])
        while queue.messages or waiting:
            while waiting and (waiting[0][0] <= queue.now or not queue.messages):
                at, alert = waiting.pop(0)
                queue.now = max(queue.now, at)
                queue.send(alert)
            trouble.at(queue.now)
            queue.hand_out(entry)
        messages = get_json(f"{trouble.url}/messages")

    told = [message["metadata"]["event_payload"]["alert_id"] for message in messages]
    assert (sorted(told), queue.buried) == (sorted(f"{number:02}-{part}" for number, part in times), [])
    for number in range(20):
        mine = [message for message, name in zip(messages, told, strict=True) if name.startswith(f"{number:02}-")]
        assert [message["metadata"]["event_payload"]["alert_id"][-1] for message in mine] == ["0", "1", "2"]
        assert {message["thread_ts"] for message in mine[1:]} == {mine[0]["ts"]}
    assert trouble.hangs <= 0
    assert queue.tries < 60 * 40  # two hours of a Retry-After of one second are 7,200 for each thread


def test_a_week_without_slack_loses_nothing_and_floods_nobody() -> None:
    """Thirty alerts a day; what is older than a day is one message for each day."""
    with a_desk() as (queue, entry, trouble):
        for number in range(7 * 30):
            day, of_day = divmod(number, 30)
            queue.send(an_alert_at(number, 0, BEGIN - timedelta(days=7 - day) + timedelta(minutes=13 * of_day)))
        trouble.hangs = 0
        queue.now = BEGIN + timedelta(hours=3)
        while queue.messages:
            trouble.at(queue.now)
            queue.hand_out(entry)
        texts = [message["text"] for message in get_json(f"{trouble.url}/messages")]

    stale = [text for text in texts if "reported late" in text]
    counted = sum(int(text.split(" ")[0]) for text in stale)
    assert (counted + len(texts) - len(stale), queue.buried) == (210, [])
    assert len(stale) <= 8
    assert len(texts) < 40
