"""Reads a notebook's activity from Jupyter's lists of kernels and terminals. No I/O happens here.

Every open browser tab updates the server's own ``last_activity``, so only those of kernels and terminals count.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import BeforeValidator, ConfigDict, ValidationError

from sagewatch.adapters.jupyter.programs import DoubtError, Programs, read_programs
from sagewatch.formatting import clock_time, count_of, utc_once
from sagewatch.idle.evidence import Active, Idle, Reading, Source, Unknown
from sagewatch.models import LazyAdapter, LazyModel

_A_DAY = timedelta(days=1)
_AHEAD = timedelta(minutes=15)  # further in the future, a time is not a matter of clocks that run apart a little
_SHOWN = 40  # characters of a name people gave
_RUNNING = frozenset({"busy", "starting", "restarting", "autorestarting"})
# Nothing runs in a dead kernel; the time it last ran still counts. One whose state Jupyter does not know may be busy.
_RESTING = frozenset({"idle", "dead"})


def _shown(value: object) -> str:
    """Shorten a name that a user chose, and drop characters that cannot be shown."""
    text = value if isinstance(value, str) else ""
    return "".join(character for character in text if character.isprintable())[:_SHOWN] or "without a name"


def _state(value: object) -> str:
    return value if isinstance(value, str) else "none"


class _Open(LazyModel):
    """What is open: who, and when it last did something, which is read later and one by one."""

    model_config = ConfigDict(defer_build=True, extra="ignore", frozen=True, hide_input_in_errors=True)

    name: Annotated[str, BeforeValidator(_shown)] = "without a name"
    last_activity: object = None


class Terminal(_Open):
    """One of ``/api/terminals``."""

    @property
    def label(self) -> str:
        """What to call it."""
        return f"terminal {self.name}"


class Kernel(_Open):
    """One of ``/api/kernels``."""

    execution_state: Annotated[str, BeforeValidator(_state)] = "none"

    @property
    def label(self) -> str:
        """What to call it."""
        return f"kernel {self.name}"


_KERNELS: LazyAdapter[list[Kernel]] = LazyAdapter(list[Kernel])
_TERMINALS: LazyAdapter[list[Terminal]] = LazyAdapter(list[Terminal])


def read_jupyter(
    kernels: object, terminals: object, now: datetime, skew: timedelta, contents: object = None
) -> Reading:
    """Read the answers of ``/api/kernels`` and ``/api/terminals``, the latter ``None`` where terminals are disabled.

    ``contents`` is the answer for the lifecycle script's file, if there is one. ``skew`` is how far Jupyter's clock is
    ahead of ours. Nothing is raised: what cannot be read is unknown.
    """
    try:
        known = _KERNELS.validate_python(kernels)
        running = _running(known, now, skew)
        programs = None if running else read_programs(contents, now + skew)
        busy = running or _program(programs)
        return busy or _with_programs(_resting(known, _terminals(terminals), now, skew), programs, skew)
    except ValidationError:
        return Unknown(Source.JUPYTER, "Jupyter's list of kernels or terminals cannot be read")
    except DoubtError as exc:
        return Unknown(Source.JUPYTER, str(exc))


def _program(programs: Programs | None) -> Active | None:
    if programs is None or not programs.count:
        return None
    name = programs.running[0] if programs.running else "a program"
    others = f", and {programs.count - 1} more" if programs.count > 1 else ""
    return Active(Source.JUPYTER, None, f"program {name} runs outside the kernels{others}")


def _with_programs(found: Idle, programs: Programs | None, skew: timedelta) -> Idle:
    """No program runs now: so no open terminal hides one."""
    if programs is None:
        return found
    if programs.containers:
        what = count_of(programs.containers, "container runs", "containers run")
        raise DoubtError(f"{what} in Docker, and SageWatch cannot see its work")
    last = programs.last_sign - skew
    words = f"{found.words}, and no program runs outside the kernels"
    return replace(found, since=max(found.since or last, last), words=words, silent_terminals=0)


def _terminals(terminals: object) -> Sequence[Terminal]:
    return [] if terminals is None else _TERMINALS.validate_python(terminals)


def _running(kernels: Sequence[Kernel], now: datetime, skew: timedelta) -> Active | None:
    running = [kernel for kernel in kernels if kernel.execution_state in _RUNNING]
    if not running:
        return None
    if all(_stuck(kernel, now, skew) for kernel in running):
        raise DoubtError(f"{running[0].label} has been {running[0].execution_state} for over a day; shut it down")
    others = f", and {len(running) - 1} more run" if len(running) > 1 else ""
    return Active(Source.JUPYTER, None, f"{running[0].label} is {running[0].execution_state}{others}")


def _stuck(kernel: Kernel, now: datetime, skew: timedelta) -> bool:
    """Whether a kernel has been starting for over a day. It may never start."""
    if kernel.execution_state == "busy":
        return False
    try:
        return now - _when(kernel, now, skew) > _A_DAY
    except DoubtError:
        return False


def _resting(kernels: Sequence[Kernel], terminals: Sequence[Terminal], now: datetime, skew: timedelta) -> Idle:
    for kernel in kernels:
        if kernel.execution_state not in _RESTING:
            raise DoubtError(f"{kernel.label} is in an unknown state: {_shown(kernel.execution_state)}")
    ran, used = _last(kernels, now, skew), _last(terminals, now, skew)
    since = max((time for time in (ran, used) if time), default=None)
    return Idle(Source.JUPYTER, since, _words(ran, used, len(terminals), now), silent_terminals=len(terminals))


def _words(ran: datetime | None, used: datetime | None, terminals: int, now: datetime) -> str:
    if ran is None and used is None:
        return "no kernel and no terminal is open"
    kernels = f"no kernel has run since {clock_time(ran, now)}" if ran else "no kernel is open"
    if used is None:
        return kernels
    return utc_once(f"{kernels}, {terminals} terminal{'s' if terminals > 1 else ''} idle since {clock_time(used, now)}")


def _last(opened: Sequence[Kernel | Terminal], now: datetime, skew: timedelta) -> datetime | None:
    return max((_when(one, now, skew) for one in opened), default=None)


def _when(one: Kernel | Terminal, now: datetime, skew: timedelta) -> datetime:
    """By our clock, and never later than now."""
    try:
        moment = _aware(one).astimezone(UTC) - skew
    except OverflowError:
        raise DoubtError(f"{one.label} has a last activity that cannot be read") from None
    if moment - now > _AHEAD:
        raise DoubtError(f"its clock is {(moment - now) // timedelta(minutes=1)} min ahead")
    return min(moment, now)


def _aware(one: Kernel | Terminal) -> datetime:
    """Parse the last activity. A time without a zone is refused, because a guess may be off by hours."""
    if not isinstance(one.last_activity, str):
        raise DoubtError(f"{one.label} does not report its last activity")
    try:
        moment = datetime.fromisoformat(one.last_activity)
    except ValueError:
        raise DoubtError(f"{one.label} has a last activity that cannot be read") from None
    if moment.tzinfo is None:
        raise DoubtError("Jupyter reports a time without a zone")
    return moment
