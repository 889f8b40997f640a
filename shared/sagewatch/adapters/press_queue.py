"""The queue of button clicks, in SQS."""

from typing import TYPE_CHECKING, ClassVar, override

from sagewatch.adapters.aws_errors import translated
from sagewatch.slack.interactions.payloads import AnyPress
from sagewatch.slack.interactions.ports import PressQueue

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


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
