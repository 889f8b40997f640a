"""SQS and SSM behind their ports, on a server.

SQS differs from moto in that attributes count towards its size limit, hence the cut reason.
"""

from datetime import timedelta
from uuid import uuid4

import pytest

from sagewatch.adapters.alert_queue import SqsAlertQueue
from sagewatch.adapters.sqs import SqsInbox
from sagewatch.adapters.ssm import SsmSecret
from sagewatch.delivery.registry import read_alert
from sagewatch.errors import MalformedEventError, SecretMissingError
from sagewatch.runtime.ports import QueueMessage
from tests.unit.slack.messages.test_render import an_alert
from tests.worlds.aws import Aws
from tests.worlds.builders import NOW


@pytest.fixture
def queue_url(aws: Aws) -> str:
    """A new queue."""
    url: str = aws.client("sqs").create_queue(QueueName=f"queue-{uuid4()}")["QueueUrl"]
    return url


@pytest.fixture
def ordered_url(aws: Aws) -> str:
    """A new FIFO queue."""
    made = aws.client("sqs").create_queue(QueueName=f"queue-{uuid4()}.fifo", Attributes={"FifoQueue": "true"})
    return str(made["QueueUrl"])


def test_an_alert_goes_through_its_queue(aws: Aws, ordered_url: str) -> None:
    """And is the same on the other side."""
    sqs = aws.client("sqs")
    SqsAlertQueue(sqs, ordered_url).send(an_alert())

    [message] = sqs.receive_message(QueueUrl=ordered_url)["Messages"]
    assert read_alert(message["Body"]) == an_alert()


def test_alerts_of_one_thread_come_one_after_the_other(aws: Aws, ordered_url: str) -> None:
    """The second waits while the first is being delivered; one of another thread does not."""
    sqs = aws.client("sqs")
    queue = SqsAlertQueue(sqs, ordered_url)
    for name, thread in (("a-1", "a"), ("a-2", "a"), ("b-1", "b")):
        queue.send(an_alert().model_copy(update={"alert_id": name, "thread_key": thread}))
    received = [sqs.receive_message(QueueUrl=ordered_url).get("Messages", []) for _ in range(3)]

    assert [read_alert(message["Body"]).alert_id for messages in received for message in messages] == ["a-1", "b-1"]


@pytest.mark.parametrize("kind", ["queue_url", "ordered_url"])
def test_a_buried_message_keeps_its_body_and_says_why(aws: Aws, kind: str, request: pytest.FixtureRequest) -> None:
    """The reason is printable and short, whatever the error says."""
    sqs, queue_url = aws.client("sqs"), request.getfixturevalue(kind)
    inbox = SqsInbox(sqs, url=queue_url, dead_letter_url=queue_url)
    inbox.dead_letter(QueueMessage("id", "handle", "body", 1), MalformedEventError("no\x00 name" + "!" * 5000))

    [message] = sqs.receive_message(QueueUrl=queue_url, MessageAttributeNames=["All"])["Messages"]
    attributes = {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}
    assert message["Body"] == "body"
    assert attributes["ErrorType"] == "MalformedEventError"
    assert attributes["Reason"].startswith("no name!!!")
    assert len(attributes["Reason"]) == 1000


def test_a_dead_letter_keeps_its_group(aws: Aws) -> None:
    """So that, sent again, it waits for its own thread and holds back no other."""
    sqs = aws.client("sqs")
    url = sqs.create_queue(QueueName="dead.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    inbox = SqsInbox(sqs, url=url, dead_letter_url=url)
    for name in ("one", "two"):
        inbox.dead_letter(QueueMessage(name, "handle", name, 1, group=f"thread-{name}"), MalformedEventError("no"))
    messages = sqs.receive_message(QueueUrl=url, AttributeNames=["All"], MaxNumberOfMessages=10)["Messages"]

    assert {m["Body"]: m["Attributes"]["MessageGroupId"] for m in messages} == {
        "one": "thread-one",
        "two": "thread-two",
    }


def test_a_postponed_message_is_out_of_sight(aws: Aws, queue_url: str) -> None:
    """Until its wait is over."""
    sqs = aws.client("sqs")
    sqs.send_message(QueueUrl=queue_url, MessageBody="body")
    [message] = sqs.receive_message(QueueUrl=queue_url, VisibilityTimeout=0)["Messages"]
    inbox = SqsInbox(sqs, url=queue_url, dead_letter_url=queue_url)
    inbox.retry_later(QueueMessage("id", message["ReceiptHandle"], "body", 1), 900)

    assert "Messages" not in sqs.receive_message(QueueUrl=queue_url)


def test_a_secret_is_read_once_and_again_after_five_minutes(aws: Aws) -> None:
    """A rotated token is picked up without a deployment."""
    ssm = aws.client("ssm")
    moments = [NOW]
    secret = SsmSecret(ssm, "/token", lambda: moments[-1])
    ssm.put_parameter(Name="/token", Value="old", Type="SecureString", Overwrite=True)
    read = [secret()]
    ssm.put_parameter(Name="/token", Value="new", Type="SecureString", Overwrite=True)
    read.append(secret())
    moments.append(NOW + timedelta(minutes=5))
    read.append(secret())

    assert read == ["old", "old", "new"]


def test_a_secret_is_read_again_on_demand_once_a_minute(aws: Aws) -> None:
    """Slack signs with the new one at once; forged requests cause no more reads."""
    ssm, moments = aws.client("ssm"), [NOW]
    secret = SsmSecret(ssm, "/token", lambda: moments[-1])
    ssm.put_parameter(Name="/token", Value="old", Type="SecureString", Overwrite=True)
    read = [secret()]
    ssm.put_parameter(Name="/token", Value="new", Type="SecureString", Overwrite=True)
    soon = secret.recheck()
    moments.append(NOW + timedelta(minutes=1))

    assert (soon, secret.recheck()) == (False, True)
    assert [*read, secret()] == ["old", "new"]
    assert secret.recheck() is False


def test_a_missing_secret_is_asked_for_once_a_minute(aws: Aws) -> None:
    """Anybody can send requests to the endpoint of a stack that is not set up yet."""
    ssm, moments = aws.client("ssm"), [NOW]
    secret = SsmSecret(ssm, "/later", lambda: moments[-1])
    with pytest.raises(SecretMissingError):
        secret()
    ssm.put_parameter(Name="/later", Value="there", Type="SecureString", Overwrite=True)
    with pytest.raises(SecretMissingError):
        secret()
    moments.append(NOW + timedelta(minutes=1))

    assert secret() == "there"


def test_a_missing_secret_is_named(aws: Aws) -> None:
    """A missing secret has no value."""
    with pytest.raises(SecretMissingError, match="/nowhere does not exist"):
        SsmSecret(aws.client("ssm"), "/nowhere", lambda: NOW)()


def test_a_blank_secret_is_none(aws: Aws) -> None:
    """White space is no token."""
    ssm = aws.client("ssm")
    ssm.put_parameter(Name="/blank", Value="  ", Type="SecureString", Overwrite=True)

    with pytest.raises(SecretMissingError, match="/blank is empty"):
        SsmSecret(ssm, "/blank", lambda: NOW)()
