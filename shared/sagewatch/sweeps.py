"""What both sweeps share: their report, and a guard that lets the rest continue after one failure."""

import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import PurePath
from typing import override

from sagewatch.errors import (
    AccessDeniedError,
    OutOfTimeError,
    RegionDisabledError,
    RetryableError,
    SageWatchError,
    SweepIncompleteError,
    ThrottledError,
)
from sagewatch.outcomes import Outcome


class Sweep(StrEnum):
    """The functions that sweep, by their names in the template."""

    JOBS = "SweepJobs"
    NOTEBOOKS = "SweepNotebooks"
    RESOURCES = "SweepResources"

    @property
    def finish(self) -> int:
        """What a finished sweep adds to ``SweepsFinished``, whose sum has three digits for each function.

        So one metric counts each function for itself; ``SweepsAlarm`` in the template takes the sum apart.
        """
        return {Sweep.JOBS: 1, Sweep.NOTEBOOKS: 1_000, Sweep.RESOURCES: 1_000_000}[self]


_LISTED = 20  # sentences in a log line or a message
_KEPT = 1000  # sentences about items that were left out, until they are taken


@dataclass(frozen=True, slots=True)
class LeftOut:
    """How many stored items could not be read, and a sentence for each that was not named before today."""

    count: int = 0
    new: Sequence[str] = ()


class LeftOutItems:
    """Stored items that could not be read and were left out, each in one sentence. They stay where they are."""

    def __init__(self) -> None:
        self._sentences: dict[str, None] = {}

    def note(self, sentence: str) -> None:
        """Collect a fault, in one sentence."""
        if len(self._sentences) < _KEPT:
            self._sentences[sentence] = None

    def take(self) -> Sequence[str]:
        """Return what was noted since the last call."""
        taken, self._sentences = list(self._sentences), {}
        return taken


@dataclass(slots=True, kw_only=True)
class SweepReport(Outcome):
    """What a sweep could not do, each in one sentence.

    ``failures`` need a person. The next run retries what was ``postponed``. ``complete`` is false if the run left
    something for the next one: time ran out, or AWS throttled the calls.
    """

    complete: bool = True
    failures: list[str] = field(default_factory=list)
    postponed: list[str] = field(default_factory=list)

    @override
    def to_log(self) -> Mapping[str, object]:
        return {**asdict(self), "failures": first_few(self.failures), "postponed": first_few(self.postponed)}


def first_few(sentences: Sequence[str]) -> list[str]:
    """Return the first sentences and the number of the others: log lines and messages have limits."""
    more = [f"and {len(sentences) - _LISTED} more"] if len(sentences) > _LISTED else []
    return [*sentences[:_LISTED], *more]


def finished[R: SweepReport](report: R) -> R:
    """Return the report of a sweep. Raises ``SweepIncompleteError`` with it if something needs a person."""
    if report.failures:
        raise SweepIncompleteError("; ".join(first_few(report.failures)), outcome=report)
    return report


@contextmanager
def continue_on_error(report: SweepReport, subject: str, *, may_throttle: bool = True) -> Iterator[None]:
    """Note an item's failure in the report and continue. Without ``may_throttle``, throttling ends the caller too."""
    try:
        yield
    except (OutOfTimeError, ThrottledError):
        report.complete = False
        if not may_throttle:
            raise
    except RegionDisabledError as exc:
        report.postponed.append(f"{subject}: {exc}")
    except AccessDeniedError as exc:
        report.failures.append(f"{subject}: {exc}")
    except RetryableError as exc:
        report.complete = False
        report.postponed.append(f"{subject}: {exc}")
    except SageWatchError as exc:
        report.failures.append(f"{subject}: {exc}")
    except Exception as exc:  # noqa: BLE001 - a fault of ours in one item must not keep a sweep from the others
        report.failures.append(f"{subject}: unexpected {type(exc).__name__} in {_place(exc)}")


def _place(exc: Exception) -> str:
    """Name the innermost place an error comes from. Its text may hold what no log may: it is left out."""
    *_, frame = traceback.extract_tb(exc.__traceback__)
    return f"{PurePath(frame.filename).name}:{frame.lineno}"


def need_time(more_time: bool, otherwise: str) -> None:  # noqa: FBT001 - the answer itself
    """Raise ``OutOfTimeError`` without more time."""
    if not more_time:
        raise OutOfTimeError(otherwise)
