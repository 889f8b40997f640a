"""What diagnosing a job needs from the outside, as Protocols."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Protocol

from sagewatch.diagnostics.utilization import RawHosts, Window
from sagewatch.sagemaker.resources import Job


class JobUse(Protocol):
    """Somebody who can tell how far a job uses its instances."""

    def sentence(self, job: Job, now: datetime) -> str | None:
        """Say it of the last hour, without a full stop; ``None`` where nothing is known.

        Raises ``ThrottledError``, ``AccessDeniedError``, ``UnavailableError``.
        """


class JobMetrics(Protocol):
    """What CloudWatch is told of the hosts of jobs."""

    def read(self, job: Job, window: Window) -> RawHosts:
        """Answer with each host's metrics in that time; a host or a metric without any is not in it.

        Nobody else's hosts are, were their job's name to begin with this one's. Raises ``ThrottledError``,
        ``AccessDeniedError``, ``UnavailableError``.
        """


class JobLogs(Protocol):
    """What jobs wrote to their logs."""

    def tails(self, job: Job) -> Iterator[Sequence[str]]:
        """Yield the last events of a job's hosts, the first host's first, each in order; nothing where there is no log.

        At most two hosts are read. Raises ``ThrottledError``, ``AccessDeniedError``, ``UnavailableError``.
        """
