"""A function's own queue, and its dead-letter queue, in SQS."""

from typing import TYPE_CHECKING, Any, ClassVar, override

from sagewatch.adapters.aws_errors import translated
from sagewatch.redaction import mask
from sagewatch.runtime.ports import Inbox, QueueMessage

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


_REASON_LIMIT = 1000  # characters; an attribute counts towards the message's own limit


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
        attributes = {
            "ErrorType": type(error).__name__,
            "Reason": _printable(mask(str(error))) or "no reason given",
            "SourceQueue": self._url.rpartition("/")[2],
            **({"MessageGroup": message.group} if message.group else {}),
        }
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


def _printable(text: str) -> str:
    """Drop control characters, most of which SQS rejects."""
    return "".join(character for character in text if character.isprintable())[:_REASON_LIMIT]
