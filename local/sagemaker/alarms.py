"""moto's CloudWatch has the metrics of jobs, and answers for alarms too, which CloudFormation made in MiniStack."""

import os

import boto3
from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.responses import ActionResult


def extend_cloudwatch() -> None:
    """Add the alarms. Call it once, before the server starts; ``AWS_ENDPOINT_URL`` is MiniStack's."""
    setattr(CloudWatchResponse, "describe_alarms", _describe_alarms)  # noqa: B010 - moto's class


def _describe_alarms(self: CloudWatchResponse) -> ActionResult:
    """By name only."""
    client = boto3.client("cloudwatch", endpoint_url=os.environ["AWS_ENDPOINT_URL"], region_name=self.region)
    answer = client.describe_alarms(AlarmNames=self._get_param("AlarmNames", []))
    return ActionResult({"MetricAlarms": answer["MetricAlarms"], "CompositeAlarms": []})
