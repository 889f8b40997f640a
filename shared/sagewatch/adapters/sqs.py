"""SQS: the alert queue, the queue of button clicks, a function's own queue, and the dead-letter queues."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final, override

from sagewatch.adapters.aws_errors import translated
from sagewatch.alerts.base import AlertBase
from sagewatch.alerts.ports import AlertQueue
from sagewatch.digest.ports import DeadLetters
from sagewatch.runtime.ports import Inbox, QueueMessage
from sagewatch.slack.interactions.payloads import AnyPress
from sagewatch.slack.interactions.ports import PressQueue

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


_COUNTS: Final = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
_REASON_LIMIT = 1000  # characters; an attribute counts towards the message's own limit


class SqsAlertQueue(AlertQueue):
    """Sends alerts to a FIFO queue, so that no alert overtakes another one of its thread."""

    PERMISSIONS: ClassVar = ("sqs:SendMessage",)

    def __init__(self, client: "SQSClient", url: str) -> None:
        self._client = client
        self._url = url

    @override
    def send(self, alert: AlertBase) -> None:
        with translated("sqs:SendMessage to the alert queue"):
            self._client.send_message(
                QueueUrl=self._url,
                MessageBody=alert.model_dump_json(),
                MessageGroupId=alert.order,
                MessageDeduplicationId=alert.alert_id,
            )


class SqsPressQueue(PressQueue):
    """Sends button clicks to AnswerSlack's own queue."""

    PERMISSIONS: ClassVar = ("sqs:SendMessage",)

    def __init__(self, client: "SQSClient", url: str) -> None:
        self._client = client
        self._url = url

    @override
    def send(self, press: AnyPress) -> None:
        with translated("sqs:SendMessage to the press queue"):
            self._client.send_message(QueueUrl=self._url, MessageBody=press.model_dump_json())


class SqsInbox(Inbox):
    """Retries the messages of a function's queue later, or moves them to the dead-letter queue."""

    PERMISSIONS: ClassVar = ("sqs:ChangeMessageVisibility", "sqs:SendMessage")

    def __init__(self, client: "SQSClient", *, url: str, dead_letter_url: str) -> None:
        self._client = client
        self._url = url
        self._dead_letter_url = dead_letter_url

    @override
    def retry_later(self, message: QueueMessage, seconds: int) -> None:
        with translated("sqs:ChangeMessageVisibility"):
            self._client.change_message_visibility(
                QueueUrl=self._url, ReceiptHandle=message.receipt_handle, VisibilityTimeout=seconds
            )

    @override
    def dead_letter(self, message: QueueMessage, error: Exception) -> None:
        """Copy the body unchanged, so that a redrive can send it again."""
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


class SqsDeadLetters(DeadLetters):
    """Counts the messages of the dead-letter queues, those that a reader holds too. ``urls`` are by template name."""

    PERMISSIONS: ClassVar = ("sqs:GetQueueAttributes",)

    def __init__(self, client: "SQSClient", urls: Mapping[str, str]) -> None:
        self._client = client
        self._urls = urls

    @override
    def waiting(self) -> Mapping[str, int]:
        return {name: self._depth(url) for name, url in self._urls.items()}

    def _depth(self, url: str) -> int:
        with translated("sqs:GetQueueAttributes of a dead-letter queue"):
            answer = self._client.get_queue_attributes(QueueUrl=url, AttributeNames=list(_COUNTS))
        return sum(int(answer["Attributes"].get(name, 0)) for name in _COUNTS)


def _printable(text: str) -> str:
    """Drop control characters, most of which SQS rejects."""
    return "".join(character for character in text if character.isprintable())[:_REASON_LIMIT]
