"""Counts the messages in the dead-letter queues."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Final, override

from sagewatch.adapters.aws_errors import translated
from sagewatch.digest.ports import DeadLetters

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


_COUNTS: Final = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")


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
