"""Returns messages from the dead-letter queues, for the operator's command. No function uses it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, override

from sagewatch.adapters.aws_errors import translated
from sagewatch.delivery.registry import read_alert
from sagewatch.errors import MalformedAlertError
from sagewatch.runtime.dead_letters import DeadLetter, DeadLetterQueues, Target, target_of

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

DEAD_LETTER_QUEUES: Final = ("EventDeadLetterQueueUrl", "AlertDeadLetterQueueUrl")
SOURCE_QUEUES: Final[tuple[Target, ...]] = (
    "JobEventQueueUrl",
    "NotebookEventQueueUrl",
    "PressQueueUrl",
    "AlertQueueUrl",
)
_HIDDEN: Final = 120  # seconds a listed message stays hidden if the command is killed


@dataclass(frozen=True, slots=True)
class SqsRedrive(DeadLetterQueues):
    """The ``DeadLetterQueues`` port on SQS. ``outputs`` are the stack's."""

    sqs: "SQSClient"
    outputs: Mapping[str, str]

    @override
    def letters(self) -> list[DeadLetter]:
        return [letter for queue in DEAD_LETTER_QUEUES for letter in self._receive(queue)]

    @override
    def give_back(self, letter: DeadLetter) -> None:
        if letter.target not in {None, "run"}:
            url = self.outputs[str(letter.target)]
            with translated("sqs:SendMessage to the source queue"):
                self.sqs.send_message(QueueUrl=url, MessageBody=letter.body, **_order(url, letter))
            self.discard(letter)

    @override
    def discard(self, letter: DeadLetter) -> None:
        with translated("sqs:DeleteMessage"):
            self.sqs.delete_message(QueueUrl=self.outputs[letter.queue], ReceiptHandle=letter.receipt)

    @override
    def release(self, letter: DeadLetter) -> None:
        with translated("sqs:ChangeMessageVisibility"):
            self.sqs.change_message_visibility(
                QueueUrl=self.outputs[letter.queue], ReceiptHandle=letter.receipt, VisibilityTimeout=0
            )

    def _receive(self, queue: str) -> Iterator[DeadLetter]:
        seen: set[str] = set()
        while fresh := [message for message in self._batch(queue) if message["MessageId"] not in seen]:
            seen.update(message["MessageId"] for message in fresh)
            yield from (self._letter(queue, message) for message in fresh)

    def _letter(self, queue: str, message: "MessageTypeDef") -> DeadLetter:
        said = message.get("MessageAttributes", {}).items()
        attributes = {name: value.get("StringValue", "") for name, value in said}
        target = self._source(attributes.get("SourceQueue", "")) or (
            "AlertQueueUrl" if queue == "AlertDeadLetterQueueUrl" else target_of(message["Body"])
        )
        return DeadLetter(queue, message["ReceiptHandle"], message["MessageId"], message["Body"], attributes, target)

    def _source(self, name: str) -> Target:
        """The output of the queue that a message names as its own; its content decides if it names none."""
        return next(
            (output for output in SOURCE_QUEUES if name and self.outputs[str(output)].endswith(f"/{name}")), None
        )

    def _batch(self, queue: str) -> "Sequence[MessageTypeDef]":
        with translated("sqs:ReceiveMessage"):
            answer = self.sqs.receive_message(
                QueueUrl=self.outputs[queue],
                MaxNumberOfMessages=10,
                VisibilityTimeout=_HIDDEN,
                WaitTimeSeconds=1,
                MessageAttributeNames=["All"],
            )
        return answer.get("Messages", [])


def _order(url: str, letter: DeadLetter) -> dict[str, Any]:
    """What a FIFO queue asks for: an alert goes back into the order of its own thread."""
    if not url.endswith(".fifo"):
        return {}
    group = letter.attributes.get("MessageGroup")
    try:
        group = group or read_alert(letter.body).order
    except MalformedAlertError:
        group = letter.message_id
    return {"MessageGroupId": group, "MessageDeduplicationId": letter.message_id}
