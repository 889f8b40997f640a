"""What jobs wrote to CloudWatch Logs."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from botocore.exceptions import ClientError

from sagewatch.adapters.aws_errors import code_of, translated
from sagewatch.sagemaker.resources import KIND_FACTS, Job

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient


_STREAMS = 50  # DescribeLogStreams gives no more at once; by name, so algo-1 is among them
_EVENTS, _HOSTS = 200, 2
_SKEW = timedelta(minutes=1)  # between the clocks that date a job and its log
_STARTED = re.compile(r"-\d{9,}$")
_DATA_LOG = "/data-log"  # of a transform job: what its model was asked


class CloudWatchJobLogs:
    """The ``JobLogs`` port: one call that finds the streams, one or two for each host, five in all at most.

    Streams are named ``<job>/<host>-<epoch>`` (SageMaker developer guide, "Log groups and streams"). A host that was
    started again has more than one: the newest counts. Tuning and AutoML jobs have none.
    """

    PERMISSIONS: ClassVar = ("logs:DescribeLogStreams", "logs:GetLogEvents")

    def __init__(self, client_for: "Callable[[str], CloudWatchLogsClient]") -> None:
        """Keep what answers with the client of a region."""
        self._client_for = client_for

    def tails(self, job: Job) -> Iterator[Sequence[str]]:
        """See ``JobLogs.tails``."""
        group = KIND_FACTS[job.kind].log_group
        if group is None or job.kind.is_rollup:
            return
        for stream in _hosts(self._streams(job, group), job)[:_HOSTS]:
            yield self._tail(job, group, stream)

    def _streams(self, job: Job, group: str) -> Sequence[Mapping[str, Any]]:
        """The slash keeps the streams of ``<job>-2`` out."""
        client = self._client_for(job.region)
        prefix = f"{job.name}/"
        with translated(f"logs:DescribeLogStreams of {job.name}"):
            try:
                found = client.describe_log_streams(logGroupName=group, logStreamNamePrefix=prefix, limit=_STREAMS)
            except ClientError as exc:
                if code_of(exc) == "ResourceNotFoundException":
                    return ()
                raise
        return found["logStreams"]

    def _tail(self, job: Job, group: str, stream: str) -> Sequence[str]:
        """The last page may be empty though there are events before it (GetLogEvents): it is asked for twice."""
        request: dict[str, Any] = {"logGroupName": group, "logStreamName": stream, "limit": _EVENTS}
        client = self._client_for(job.region)
        with translated(f"logs:GetLogEvents of {job.name}"):
            page = client.get_log_events(**request, startFromHead=False)
            if not page["events"] and "nextBackwardToken" in page:
                page = client.get_log_events(**request, startFromHead=False, nextToken=page["nextBackwardToken"])
        return [event["message"] for event in page["events"]]


def _hosts(streams: Sequence[Mapping[str, Any]], job: Job) -> Sequence[str]:
    """The newest stream of each host, by name: algo-1 comes first. A job of this name before this one is left out."""
    born = job.created_at and (job.created_at - _SKEW).timestamp() * 1000
    newest: dict[str, Mapping[str, Any]] = {}
    for stream in streams:
        name, created = stream["logStreamName"], stream.get("creationTime", 0)
        host = _STARTED.sub("", name.rpartition("/")[2])
        if name.endswith(_DATA_LOG) or (born and created < born):
            continue
        if host not in newest or created >= newest[host].get("creationTime", 0):
            newest[host] = stream
    return [newest[host]["logStreamName"] for host in sorted(newest)]
