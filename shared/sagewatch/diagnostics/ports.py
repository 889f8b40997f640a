"""The ports of diagnostics: metrics and logs of jobs."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from sagewatch.diagnostics.utilization import RawHosts, Window
from sagewatch.sagemaker.resources import Job


class JobMetrics(Protocol):
    """The metrics that CloudWatch has of the hosts of jobs."""

    def read(self, job: Job, window: Window) -> RawHosts:
        """Return each host's metrics in that time; a host or a metric without points is left out.

        Hosts of other jobs are left out too, even if their name begins with this one's. Raises
        ``ThrottledError``, ``AccessDeniedError``, ``UnavailableError``.
        """


class JobLogs(Protocol):
    """The logs of jobs."""

    def tails(self, job: Job) -> Iterator[Sequence[str]]:
        """Yield the last events of a job's hosts, the first host's first, each in order; nothing where there is no log.

        At most two hosts are read. Raises ``ThrottledError``, ``AccessDeniedError``, ``UnavailableError``.
        """
