"""Read the logs of jobs from CloudWatch Logs."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, override

from botocore.exceptions import ClientError

from sagewatch.adapters.aws_errors import code_of, translated
from sagewatch.diagnostics.log.limits import EVENTS_READ
from sagewatch.diagnostics.ports import JobLogs, LogEvent
from sagewatch.patterns import lazy_pattern
from sagewatch.sagemaker.kinds import KIND_FACTS
from sagewatch.sagemaker.resources import Job

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient


_STREAMS = 50  # DescribeLogStreams returns no more at once; by name, so algo-1 is among them
_SKEW = timedelta(minutes=1)  # between the clocks that date a job and its log
_STARTED = lazy_pattern(r"-\d{9,}(?=$|/)")


class CloudWatchJobLogs(JobLogs):
    """The ``JobLogs`` port: one call that finds the streams, one or two to read each.

    Streams are named ``<job>/<host>-<epoch>`` (SageMaker developer guide, "Log groups and streams"). Transform jobs
    have ``.../data-log`` too, where SageMaker writes what the model answered, and each container of a pipeline has its
    own. A host that was started again has more than one: the newest counts. Tuning and AutoML jobs have none.
    """

    PERMISSIONS: ClassVar = ("logs:DescribeLogStreams", "logs:GetLogEvents")

    def __init__(self, client_for: "Callable[[str], CloudWatchLogsClient]") -> None:
        self._client_for = client_for

    @override
    def streams(self, job: Job) -> Sequence[str]:
        group = KIND_FACTS[job.kind].log_group
        if group is None or job.kind.is_rollup:
            return ()
        return [name.removeprefix(f"{job.name}/") for name in _newest(self._found(job, group), job)]

    @override
    def tail(self, job: Job, stream: str) -> Sequence[LogEvent]:
        """Read the last page, and the one before if it is empty, which GetLogEvents allows."""
        request: dict[str, Any] = {
            "logGroupName": KIND_FACTS[job.kind].log_group,
            "logStreamName": f"{job.name}/{stream}",
            "limit": EVENTS_READ,
        }
        client = self._client_for(job.scope)
        with translated(f"logs:GetLogEvents of {job.name}"):
            page = client.get_log_events(**request, startFromHead=False)
            if not page["events"] and "nextBackwardToken" in page:
                page = client.get_log_events(**request, startFromHead=False, nextToken=page["nextBackwardToken"])
        return [LogEvent(event["message"], event.get("timestamp")) for event in page["events"]]

    def _found(self, job: Job, group: str) -> Sequence[Mapping[str, Any]]:
        """The slash keeps the streams of ``<job>-2`` out."""
        client = self._client_for(job.scope)
        prefix = f"{job.name}/"
        with translated(f"logs:DescribeLogStreams of {job.name}"):
            try:
                found = client.describe_log_streams(logGroupName=group, logStreamNamePrefix=prefix, limit=_STREAMS)
            except ClientError as exc:
                if code_of(exc) == "ResourceNotFoundException":
                    return ()
                raise
        return found["logStreams"]


def _newest(streams: Sequence[Mapping[str, Any]], job: Job) -> Sequence[str]:
    """The newest stream of each host and container, by name: algo-1 first, a data log behind its host's.

    CloudWatch dates a stream's last event up to an hour late, so which host ended first is only known from its events.
    An older job's streams of the same name are left out.
    """
    born = job.created_at and (job.created_at - _SKEW).timestamp() * 1000
    newest: dict[str, Mapping[str, Any]] = {}
    for stream in streams:
        name, created = stream["logStreamName"], stream.get("creationTime", 0)
        host = _STARTED.sub("", name)
        if born and created < born:
            continue
        if host not in newest or created >= newest[host].get("creationTime", 0):
            newest[host] = stream
    return [newest[host]["logStreamName"] for host in sorted(newest)]
