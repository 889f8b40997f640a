"""Reads the logs of notebooks together: FilterLogEvents takes a hundred streams, and five calls a second.

Who asks while a call is made waits for the next one, which reads all that were asked for meanwhile. One thread makes
the calls for the others, and hands over to one of them once its own answer is there.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from threading import Lock
from typing import TYPE_CHECKING, Any, ClassVar

from botocore.exceptions import ClientError

from sagewatch.adapters.aws_errors import code_of, text_of, translated
from sagewatch.errors import AccessDeniedError, ThrottledError, UnavailableError
from sagewatch.sagemaker.scopes import Scope

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient

_GROUP, _LOG = "/aws/sagemaker/NotebookInstances", "/jupyter.log"
_PAGES = 10  # a page may hold ten thousand lines, or none though more follow
_MOST = 100  # streams in a call

Line = tuple[int, str]
"""A line's time, in milliseconds since 1970, and its text."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """A stream, the time to begin at in milliseconds, and the answer to come, which may be to lead."""

    stream: str
    start: int
    lines: Future[Sequence[Line] | None] = field(default_factory=Future)
    turn: Future[bool] = field(default_factory=Future)


@dataclass(slots=True)
class _Queue:
    """The requests that wait, and whether a thread makes the calls."""

    waiting: list[_Asked] = field(default_factory=list)
    led: bool = False


class NotebookLogLines:
    """Reads lines of ``jupyter.log``, from any number of threads."""

    PERMISSIONS: ClassVar = ("logs:FilterLogEvents",)

    def __init__(
        self, client_for: "Callable[[Scope], CloudWatchLogsClient]", pace: Callable[[Scope], None] = lambda _: None
    ) -> None:
        """``pace`` waits for a call's turn. Who asks meanwhile is answered by that call."""
        self._client_for = client_for
        self._pace = pace
        self._queues: dict[tuple[Scope, str], _Queue] = defaultdict(_Queue)
        self._missing: set[tuple[Scope, str]] = set()  # asked for alone: a call with them fails
        self._lock = Lock()

    def matching(self, notebook: str, scope: Scope, start: datetime, pattern: str) -> Sequence[Line] | None:
        """Return the lines of a notebook that match the pattern, from ``start`` on, those ahead of our clock included.

        Without a pattern, return one line at least, if there is one; ``None`` if the notebook has no log. Raises
        ``SageWatchError``.
        """
        asked = _Asked(f"{notebook}{_LOG}", int(start.timestamp() * 1000))
        queue = self._queue(scope, pattern)
        with self._lock:
            leads = not queue.led
            queue.led = True
            queue.waiting.append(asked)
        if leads or asked.turn.result():
            self._lead(queue, asked, scope, pattern)
        return asked.lines.result()

    def _queue(self, scope: Scope, pattern: str) -> _Queue:
        with self._lock:
            return self._queues[scope, pattern]

    def _lead(self, queue: _Queue, own: _Asked, scope: Scope, pattern: str) -> None:
        """Make calls until the own answer is there, then let the next one that waits lead."""
        while not own.lines.done():
            self._pace(scope)
            with self._lock:
                batch, queue.waiting = queue.waiting[:_MOST], queue.waiting[_MOST:]
            try:
                self._answer(batch, scope, pattern)
            finally:  # whatever happens, no one waits for ever
                for asked in batch:
                    if not asked.lines.done():
                        asked.lines.set_exception(UnavailableError("its log was not read"))
                    if asked is not own:
                        asked.turn.set_result(False)
        with self._lock:
            queue.led = bool(queue.waiting)
            heir = queue.waiting[0] if queue.waiting else None
        if heir:
            heir.turn.set_result(True)

    def _answer(self, batch: Sequence[_Asked], scope: Scope, pattern: str) -> None:
        """Answer each: all together, or one by one if that fails, because a stream is missing or has too many lines."""
        missing = {asked.stream for asked in batch if (scope, asked.stream) in self._missing}  # it may change meanwhile
        alone = [asked for asked in batch if asked.stream in missing]
        together = [asked for asked in batch if asked.stream not in missing]
        if len(together) <= 1 or not self._read(together, scope, pattern):
            alone += together
        for asked in alone:
            self._read_alone(asked, scope, pattern)

    def _read(self, batch: Sequence[_Asked], scope: Scope, pattern: str) -> bool:
        """Read several streams in one call; say whether that worked."""
        try:
            found = self._lines(batch, scope, pattern)
        except _MissingError as exc:
            if not exc.all_of_them:
                return False
            found = dict.fromkeys(asked.stream for asked in batch)
        except (ThrottledError, AccessDeniedError, UnavailableError) as exc:
            if isinstance(exc, _TooLongError):
                return False
            for asked in batch:  # asked for one by one, each would wait for the failures of all before it
                asked.lines.set_exception(exc)
            return True
        except Exception:  # noqa: BLE001 - each is asked for alone then, and has the error as its own answer
            return False
        for asked in batch:
            asked.lines.set_result(found[asked.stream])
        return True

    def _read_alone(self, asked: _Asked, scope: Scope, pattern: str) -> None:
        try:
            found = self._lines([asked], scope, pattern)
        except _MissingError:
            self._missing.add((scope, asked.stream))
            asked.lines.set_result(None)
        except Exception as exc:  # noqa: BLE001 - it is raised where it was asked for
            asked.lines.set_exception(exc)
        else:
            self._missing.discard((scope, asked.stream))
            asked.lines.set_result(found[asked.stream])

    def _lines(self, batch: Sequence[_Asked], scope: Scope, pattern: str) -> dict[str, list[Line] | None]:
        """Read page by page, each stream from its own start. Raises ``_MissingError``, and what ``translated`` does."""
        starts = {asked.stream: min(other.start for other in batch if other.stream == asked.stream) for asked in batch}
        found: dict[str, list[Line] | None] = {}
        lines: dict[str, list[Line]] = {stream: [] for stream in starts}
        for event in self._events(starts, scope, pattern):
            stream = event.get("logStreamName", next(iter(starts)))
            if event["timestamp"] >= starts[stream]:
                lines[stream].append((event["timestamp"], event["message"]))
            if not pattern and all(lines.values()):
                break
        found.update(lines)
        return found

    def _events(self, starts: Mapping[str, int], scope: Scope, pattern: str) -> Iterator[Any]:
        pages = (
            self._client_for(scope)
            .get_paginator("filter_log_events")
            .paginate(
                logGroupName=_GROUP,
                logStreamNames=sorted(starts),
                startTime=min(starts.values()),
                filterPattern=pattern,
            )
        )
        more = False
        with translated(f"logs:FilterLogEvents of {min(starts).removesuffix(_LOG)}"):
            try:
                for page in islice(pages, _PAGES):
                    more = bool(page.get("nextToken"))
                    yield from page["events"]
            except ClientError as exc:
                if code_of(exc) != "ResourceNotFoundException":
                    raise
                raise _MissingError(all_of_them="log group" in text_of(exc)) from exc
        if more:
            raise _TooLongError("its log is too long to be read to its end")


class _TooLongError(UnavailableError):
    """There are more pages than are read."""


class _MissingError(Exception):
    """A stream of those asked for is missing, or all are, because the group is."""

    def __init__(self, *, all_of_them: bool) -> None:
        super().__init__()
        self.all_of_them = all_of_them
