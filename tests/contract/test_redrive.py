"""`make redrive` on a server: each message goes back to the queue it came from, and nothing else does."""

import json
from pathlib import Path
from uuid import uuid4

import pytest

from sagewatch.adapters.redrive import SqsRedrive
from sagewatch.adapters.sqs import SqsInbox
from sagewatch.errors import MalformedEventError
from sagewatch.runtime.dead_letters import target_of
from sagewatch.runtime.ports import QueueMessage
from tests.unit.slack.messages.test_render import an_alert
from tests.worlds.aws import Aws
from tests.worlds.builders import EVENTS
from tools.operator.redrive import report

RUN = json.dumps({"requestContext": {"functionArn": "arn:aws:lambda:x"}, "requestPayload": {}, "version": "1.0"})


@pytest.fixture
def work(aws: Aws) -> SqsRedrive:
    """A stack's six queues, empty."""
    sqs = aws.client("sqs")
    names = ("JobEventQueue", "NotebookEventQueue", "PressQueue", "EventDeadLetterQueue")
    outputs = {f"{name}Url": sqs.create_queue(QueueName=f"{name}-{uuid4()}")["QueueUrl"] for name in names}
    for name in ("AlertQueue", "AlertDeadLetterQueue"):
        made = sqs.create_queue(QueueName=f"{name}-{uuid4()}.fifo", Attributes={"FifoQueue": "true"})
        outputs[f"{name}Url"] = made["QueueUrl"]
    return SqsRedrive(sqs, outputs)


def bury(work: SqsRedrive, body: str, queue: str = "EventDeadLetterQueueUrl", reason: str = "no field x") -> None:
    """Move a message to a dead-letter queue as the functions do."""
    inbox = SqsInbox(work.sqs, url=work.outputs[queue], dead_letter_url=work.outputs[queue])
    inbox.dead_letter(QueueMessage(str(uuid4()), "handle", body, 1), MalformedEventError(reason))


def bodies(work: SqsRedrive, queue: str) -> list[str]:
    """What a queue holds."""
    answer = work.sqs.receive_message(QueueUrl=work.outputs[queue], MaxNumberOfMessages=10, VisibilityTimeout=0)
    return [message["Body"] for message in answer.get("Messages", [])]


def event(name: str) -> str:
    """A captured event."""
    return Path(EVENTS / f"{name}.json").read_text(encoding="utf-8")


def test_each_message_goes_back_to_its_own_queue(work: SqsRedrive) -> None:
    """Job events, notebook events and alerts share two dead-letter queues, and part again."""
    job, notebook, alert = event("training-job-failed"), event("notebook-instance-stopped"), an_alert()
    bury(work, job)
    bury(work, notebook)
    bury(work, alert.model_dump_json(), "AlertDeadLetterQueueUrl")
    for letter in work.letters():
        work.give_back(letter)

    assert bodies(work, "JobEventQueueUrl") == [job]
    assert bodies(work, "NotebookEventQueueUrl") == [notebook]
    assert bodies(work, "AlertQueueUrl") == [alert.model_dump_json()]
    assert bodies(work, "EventDeadLetterQueueUrl") == bodies(work, "AlertDeadLetterQueueUrl") == []


def test_an_alert_returns_to_the_order_of_its_thread(work: SqsRedrive) -> None:
    """The group of the dead-letter queue would hold all alerts back behind the first that waits."""
    bury(work, an_alert().model_dump_json(), "AlertDeadLetterQueueUrl")
    [letter] = work.letters()
    work.give_back(letter)
    [message] = work.sqs.receive_message(QueueUrl=work.outputs["AlertQueueUrl"], AttributeNames=["All"])["Messages"]

    assert message["Attributes"]["MessageGroupId"] == an_alert().order


def test_a_message_that_no_one_can_read_returns_to_where_it_came_from(work: SqsRedrive) -> None:
    """The function that moved it named its queue and its group, so its content is not needed."""
    for source, dead in (
        ("PressQueueUrl", "EventDeadLetterQueueUrl"),
        ("NotebookEventQueueUrl", "EventDeadLetterQueueUrl"),
        ("AlertQueueUrl", "AlertDeadLetterQueueUrl"),
    ):
        inbox = SqsInbox(work.sqs, url=work.outputs[source], dead_letter_url=work.outputs[dead])
        inbox.dead_letter(QueueMessage(source, "handle", f"{{{source}", 1, group="thread-7"), MalformedEventError("no"))
    for letter in work.letters():
        work.give_back(letter)
    [alert] = work.sqs.receive_message(QueueUrl=work.outputs["AlertQueueUrl"], AttributeNames=["All"])["Messages"]

    assert bodies(work, "PressQueueUrl") == ["{PressQueueUrl"]
    assert bodies(work, "NotebookEventQueueUrl") == ["{NotebookEventQueueUrl"]
    assert alert["Attributes"]["MessageGroupId"] == "thread-7"
    assert bodies(work, "EventDeadLetterQueueUrl") == bodies(work, "AlertDeadLetterQueueUrl") == []


def test_a_listing_changes_nothing(work: SqsRedrive) -> None:
    """Every message is there again, and the reasons were shown without the bodies."""
    for number in range(23):
        bury(work, json.dumps({"detail-type": "SageMaker Training Job State Change", "number": number}))
    bury(work, "not json", reason="it is no JSON")
    letters = work.letters()
    lines = list(report(letters))
    for letter in letters:
        work.release(letter)

    assert len(work.letters()) == 24
    assert lines == [
        "   23  EventDeadLetterQueue  from JobEventQueue: no field x",
        "    1  EventDeadLetterQueue  not recognised: it is no JSON",
    ]


def test_what_has_no_queue_stays(work: SqsRedrive) -> None:
    """A record of a failed run, and what cannot be recognised."""
    bury(work, RUN)
    bury(work, "{}")
    for letter in work.letters():
        work.give_back(letter)
        work.release(letter)

    assert sorted(bodies(work, "EventDeadLetterQueueUrl")) == sorted([RUN, "{}"])


@pytest.mark.parametrize("path", sorted(EVENTS.glob("*.json")), ids=lambda path: path.stem)
def test_every_kind_of_event_is_recognised(path: Path) -> None:
    """Each event that a rule matches has a queue."""
    if not path.stem.startswith("miss-"):
        notebook = path.stem.startswith("notebook-")
        assert target_of(path.read_text("utf-8")) == ("NotebookEventQueueUrl" if notebook else "JobEventQueueUrl")
