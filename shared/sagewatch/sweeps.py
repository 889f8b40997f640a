"""What both sweeps share: one thing's failure hinders no other, and what went wrong is told in few lines."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from sagewatch.errors import AccessDeniedError, OutOfTimeError, RetryableError, SageWatchError, ThrottledError

_TOLD = 20  # sentences of what went wrong


class SweepReport(Protocol):
    """Where a run notes what it could not do; see ``JobSweepReport``."""

    complete: bool
    failures: list[str]
    postponed: list[str]


def first_few(sentences: Sequence[str]) -> list[str]:
    """The first of them, and how many more there are: a log line and a message have limits."""
    more = [f"and {len(sentences) - _TOLD} more"] if len(sentences) > _TOLD else []
    return [*sentences[:_TOLD], *more]


@contextmanager
def continue_on_error(swept: SweepReport, what: str, *, may_throttle: bool = True) -> Iterator[None]:
    """Let one thing's failure hinder no other. A throttled SageMaker is left alone, and asked again by the next run."""
    try:
        yield
    except (OutOfTimeError, ThrottledError):
        swept.complete = False
        if not may_throttle:
            raise
    except AccessDeniedError as exc:
        swept.failures.append(f"{what}: {exc}")
    except RetryableError as exc:
        swept.complete = False
        swept.postponed.append(f"{what}: {exc}")
    except SageWatchError as exc:
        swept.failures.append(f"{what}: {exc}")
