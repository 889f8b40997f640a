"""The queues: where alerts go, and where a function's own messages come from and end."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final

from sagewatch.adapters.aws_errors import translated
from sagewatch.alerts.base import AlertBase
from sagewatch.runtime.ports import QueueMessage
from sagewatch.slack.interactions.payloads import AnyPress

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


_COUNTS: Final = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
_REASON_LIMIT = 1000  # characters; an attribute counts towards the message's own limit


class SqsAlertQueue:
    """The ``AlertQueue`` port on SQS: a FIFO queue, so that no alert overtakes another of its thread."""

    PERMISSIONS: ClassVar = ("sqs:SendMessage",)

    def __init__(self, client: "SQSClient", url: str) -> None:
        """Keep the client and the queue."""
        self._client = client
        self._url = url

    def send(self, alert: AlertBase) -> None:
        """See ``AlertQueue.send``."""
        with translated("sqs:SendMessage to the alert queue"):
            self._client.send_message(
                QueueUrl=self._url,
                MessageBody=alert.model_dump_json(),
                MessageGroupId=alert.order,
                MessageDeduplicationId=alert.alert_id,
            )


class SqsPressQueue:
    """The ``PressQueue`` port on SQS."""

    PERMISSIONS: ClassVar = ("sqs:SendMessage",)

    def __init__(self, client: "SQSClient", url: str) -> None:
        """Keep the client and the queue."""
        self._client = client
        self._url = url

    def send(self, press: AnyPress) -> None:
        """See ``PressQueue.send``."""
        with translated("sqs:SendMessage to the press queue"):
            self._client.send_message(QueueUrl=self._url, MessageBody=press.model_dump_json())


class SqsInbox:
    """The ``Inbox`` port on SQS."""

    PERMISSIONS: ClassVar = ("sqs:ChangeMessageVisibility", "sqs:SendMessage")

    def __init__(self, client: "SQSClient", *, url: str, dead_letter_url: str) -> None:
        """Keep the client, the queue, and the dead-letter queue behind it."""
        self._client = client
        self._url = url
        self._dead_letter_url = dead_letter_url

    def retry_later(self, message: QueueMessage, seconds: int) -> None:
        """See ``Inbox.retry_later``."""
        with translated("sqs:ChangeMessageVisibility"):
            self._client.change_message_visibility(
                QueueUrl=self._url, ReceiptHandle=message.receipt_handle, VisibilityTimeout=seconds
            )

    def dead_letter(self, message: QueueMessage, error: Exception) -> None:
        """See ``Inbox.dead_letter``. The body stays as it was, so that a redrive can send it again."""
        attributes = {"ErrorType": type(error).__name__, "Reason": _printable(str(error)) or "no reason given"}
        order: dict[str, Any] = {
            "MessageGroupId": message.group or "no-group",
            "MessageDeduplicationId": message.message_id,
        }
        with translated("sqs:SendMessage to the dead-letter queue"):
            self._client.send_message(
                QueueUrl=self._dead_letter_url,
                MessageBody=message.body,
                MessageAttributes={
                    name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
                },
                **(order if self._dead_letter_url.endswith(".fifo") else {}),
            )


class SqsDeadLetters:
    """The ``DeadLetters`` port on SQS. What somebody is looking at counts too."""

    PERMISSIONS: ClassVar = ("sqs:GetQueueAttributes",)

    def __init__(self, client: "SQSClient", urls: Mapping[str, str]) -> None:
        """Keep the client, and the queues by their names in the template."""
        self._client = client
        self._urls = urls

    def waiting(self) -> Mapping[str, int]:
        """See ``DeadLetters.waiting``."""
        return {name: self._depth(url) for name, url in self._urls.items()}

    def _depth(self, url: str) -> int:
        with translated("sqs:GetQueueAttributes of a dead-letter queue"):
            told = self._client.get_queue_attributes(QueueUrl=url, AttributeNames=list(_COUNTS))
        return sum(int(told["Attributes"].get(name, 0)) for name in _COUNTS)


def _printable(text: str) -> str:
    """SQS refuses most control characters."""
    return "".join(character for character in text if character.isprintable())[:_REASON_LIMIT]
