"""Jupyter's log in CloudWatch, where the notebook's role may write it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, ClassVar, override

from sagewatch.adapters.cloudwatch.log_lines import NotebookLogLines
from sagewatch.adapters.evidence_guard import unknown_on_error
from sagewatch.formatting import clock_time
from sagewatch.idle.evidence import Idle, Reading, Source, Unknown
from sagewatch.idle.ports import EvidenceSource
from sagewatch.sagemaker.notebooks import Notebook
from sagewatch.sagemaker.scopes import Scope

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient


# How jupyter_server and the classic notebook server speak of what people do.
_WORK = (
    "Kernel started",
    "Kernel restarted",
    "Kernel interrupted",
    "Kernel shutdown",
    "Saving file",
    "Creating new",
    "Copying",
    "Uploading",
    "New terminal",
    "POST /api/",
    "PUT /api/",
    "PATCH /api/",
    "DELETE /api/",
)
# Our own looks, other polls, and the scripts that stop idle notebooks, which write to the same log. They count where
# they lead a line: a file may well be called autostop.py.
_NOISE = ("autostop", "auto-stop", "authtoken", "no_track_activity", " get /")
_PATTERN = " ".join(f'?"{term}"' for term in _WORK)


class LogEvidence(EvidenceSource):
    """Jupyter's log in CloudWatch Logs.

    A log never says that something runs at this moment, since its lines arrive late and a line is about a moment only.
    And a cell may run for hours without a line. So all there is to know is that something was done at a time.
    """

    PERMISSIONS: ClassVar = ("logs:FilterLogEvents",)

    def __init__(
        self,
        client_for: "Callable[[str], CloudWatchLogsClient]",
        lookback: timedelta = timedelta(hours=24),
        pace: Callable[[Scope], None] = lambda _: None,
    ) -> None:
        """``lookback`` is how far to read back at least; ``pace`` is called with the scope before a call."""
        self._lines = NotebookLogLines(client_for, pace)
        self._lookback = lookback

    @override
    def read(self, notebook: Notebook, now: datetime, back_to: datetime) -> Reading:
        return unknown_on_error(Source.LOG, lambda: self._read(notebook, now, min(back_to, now - self._lookback)))

    def _read(self, notebook: Notebook, now: datetime, start: datetime) -> Reading:
        lines = self._lines.matching(notebook.name, notebook.scope, start, _PATTERN)
        worked = [moment for moment, line in lines or () if _is_work(line)]
        if worked:
            since = min(datetime.fromtimestamp(max(worked) / 1000, UTC), now)
            return Idle(Source.LOG, since, f"the log's last line of work is from {clock_time(since, now)}", start)
        if lines is None or not self._lines.matching(notebook.name, notebook.scope, start, ""):
            return Unknown(Source.LOG, "it writes no log")
        return Idle(Source.LOG, None, f"the log has no line of work since {clock_time(start, now)}", start)


def _is_work(line: str) -> bool:
    at = min((line.find(term) for term in _WORK if term in line), default=-1)
    return at >= 0 and not any(noise in line[:at].lower() for noise in _NOISE)
