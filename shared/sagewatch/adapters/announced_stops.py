"""Announced deletions that are due, in the queue of AnswerSlack."""

from typing import TYPE_CHECKING, ClassVar, override

from sagewatch.adapters.aws_errors import translated
from sagewatch.standing.idling.orders import AnnouncedStop
from sagewatch.standing.idling.ports import AnnouncedStops

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


class SqsAnnouncedStops(AnnouncedStops):
    """Sends what a sweep found due to AnswerSlack's queue: it alone may end resources."""

    PERMISSIONS: ClassVar = ("sqs:SendMessage",)

    def __init__(self, client: "SQSClient", url: str) -> None:
        self._client = client
        self._url = url

    @override
    def send(self, stop: AnnouncedStop) -> None:
        with translated("sqs:SendMessage to the press queue"):
            self._client.send_message(QueueUrl=self._url, MessageBody=stop.model_dump_json())
