"""The queue of alerts, in SQS."""

from typing import TYPE_CHECKING, ClassVar, override

from sagewatch.adapters.aws_errors import translated
from sagewatch.alerts.base import AlertBase
from sagewatch.alerts.ports import AlertQueue

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


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
