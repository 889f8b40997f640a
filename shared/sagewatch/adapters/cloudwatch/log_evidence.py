"""Jupyter's log in CloudWatch, where the notebook's role may write it."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, ClassVar, override

from botocore.exceptions import ClientError

from sagewatch.adapters.aws_errors import code_of, translated
from sagewatch.adapters.evidence_guard import unknown_on_error
from sagewatch.errors import UnavailableError
from sagewatch.formatting import clock_time
from sagewatch.idle.evidence import Idle, Reading, Source, Unknown
from sagewatch.idle.ports import EvidenceSource
from sagewatch.sagemaker.notebooks import Notebook

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_logs.type_defs import FilteredLogEventTypeDef


_GROUP = "/aws/sagemaker/NotebookInstances"
_PAGES = 10  # a page may hold ten thousand lines, or none though more follow
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
        self, client_for: "Callable[[str], CloudWatchLogsClient]", lookback: timedelta = timedelta(hours=24)
    ) -> None:
        """``lookback`` is how far to read back at least."""
        self._client_for = client_for
        self._lookback = lookback

    @override
    def read(self, notebook: Notebook, now: datetime, back_to: datetime) -> Reading:
        return unknown_on_error(Source.LOG, lambda: self._read(notebook, now, min(back_to, now - self._lookback)))

    def _read(self, notebook: Notebook, now: datetime, start: datetime) -> Reading:
        worked = [event["timestamp"] for event in self._events(notebook, start, _PATTERN) if _is_work(event["message"])]
        if worked:
            since = min(datetime.fromtimestamp(max(worked) / 1000, UTC), now)
            return Idle(Source.LOG, since, f"the log's last line of work is from {clock_time(since, now)}", start)
        if next(self._events(notebook, start), None) is None:
            return Unknown(Source.LOG, "it writes no log")
        return Idle(Source.LOG, None, f"the log has no line of work since {clock_time(start, now)}", start)

    def _events(self, notebook: Notebook, start: datetime, pattern: str = "") -> "Iterator[FilteredLogEventTypeDef]":
        """Yield the events since then, oldest first, those ahead of our clock included."""
        pages = (
            self._client_for(notebook.scope)
            .get_paginator("filter_log_events")
            .paginate(
                logGroupName=_GROUP,
                logStreamNames=[f"{notebook.name}/jupyter.log"],
                startTime=int(start.timestamp() * 1000),
                filterPattern=pattern,
            )
        )
        more = False
        with translated(f"logs:FilterLogEvents of {notebook.name}"):
            try:
                for page in islice(pages, _PAGES):
                    more = bool(page.get("nextToken"))
                    yield from page["events"]
            except ClientError as exc:
                if code_of(exc) != "ResourceNotFoundException":
                    raise
        if more:
            raise UnavailableError("its log is too long to be read to its end")


def _is_work(line: str) -> bool:
    at = min((line.find(term) for term in _WORK if term in line), default=-1)
    return at >= 0 and not any(noise in line[:at].lower() for noise in _NOISE)
