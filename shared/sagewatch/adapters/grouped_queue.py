"""An SQS client for sweeps, whose threads share calls: up to ten messages to one queue are one SendMessageBatch."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, cast

from botocore.exceptions import ClientError

from sagewatch.together import Together

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

_MOST, _BYTES = 10, 200_000  # messages, and their bytes: AWS takes 10, and 256 KiB
_MESSAGE = frozenset({"QueueUrl", "MessageBody", "MessageGroupId", "MessageDeduplicationId"})

type Message = Mapping[str, str]


class GroupedQueue:
    """Groups the messages of several threads; all else is the client's own.

    A thread sends its next message when its last one is queued, so those of one thread keep their order. A message
    that SQS refuses in a batch is sent by itself, so that its sender gets the answer.
    """

    PERMISSIONS: ClassVar = ("sqs:SendMessage",)

    def __init__(self, client: "SQSClient") -> None:
        self._client = client
        self._send = Together[Message](self._batch, self._alone, _may_join)

    def __getattr__(self, name: str) -> Any:
        """What is not grouped."""
        return getattr(self._client, name)

    def send_message(self, **message: Any) -> Any:
        """Send a message, together with those of other threads."""
        return self._send(message) if message.keys() <= _MESSAGE else self._client.send_message(**message)

    def _alone(self, message: Message) -> Any:
        return self._client.send_message(**cast("Any", message))

    def _batch(self, messages: Sequence[Message]) -> Sequence[Any]:
        entries: Any = [
            {"Id": str(number), **{name: value for name, value in message.items() if name != "QueueUrl"}}
            for number, message in enumerate(messages)
        ]
        try:
            answer = self._client.send_message_batch(QueueUrl=messages[0]["QueueUrl"], Entries=entries)
        except ClientError:
            return [None] * len(messages)
        sent = {entry["Id"]: entry for entry in answer.get("Successful", [])}
        return [sent.get(str(number)) for number in range(len(messages))]


def _may_join(taken: Sequence[Message], message: Message) -> bool:
    size = sum(len(each["MessageBody"].encode()) for each in (*taken, message))
    return len(taken) < _MOST and size <= _BYTES and message["QueueUrl"] == taken[0]["QueueUrl"]
