"""The ports of diagnostics: metrics and logs of jobs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from sagewatch.diagnostics.host_metrics import RawHosts, Window
    from sagewatch.sagemaker.resources import Job


class JobMetrics(Protocol):
    """The metrics that CloudWatch has of the hosts of jobs."""

    def read(self, job: Job, window: Window) -> RawHosts:
        """Return each host's metrics in that time; a host or a metric without points is left out.

        Hosts of other jobs are left out too, even if their name begins with this one's. Raises
        ``ThrottledError``, ``AccessDeniedError``, ``UnavailableError``.
        """


@dataclass(frozen=True, slots=True)
class LogEvent:
    """One event of a log, of one line or more. ``at`` is in epoch milliseconds, ``None`` if it is not known."""

    message: str
    at: int | None = None


class JobLogs(Protocol):
    """What jobs wrote to their logs."""

    def streams(self, job: Job) -> Sequence[str]:
        """Return the names of a job's streams behind the job's name, in the order in which to read them.

        One for each host, container or process; none where there is no log. Raises ``ThrottledError``,
        ``AccessDeniedError``, ``UnavailableError``.
        """

    def tail(self, job: Job, stream: str) -> Sequence[LogEvent]:
        """Return the last events of a stream, in order. Raises what ``streams`` does."""
