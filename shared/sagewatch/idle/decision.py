"""Whether a notebook may be stopped: a pure decision on evidence, total, with one sentence that says why.

The order of the checks is the order of what must never happen: stopping what somebody keeps, what works, what nobody
can tell of; then announcing before acting; then acting.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import TypeAdapter, ValidationError

from sagewatch.alerts.ports import Lease
from sagewatch.formatting import clock_time, duration, utc_once
from sagewatch.idle.evidence import Active, Idle, Reading, Source, Unknown
from sagewatch.idle.state import NotebookState
from sagewatch.sagemaker.notebooks import Notebook
from sagewatch.sagemaker.tags import IDLE_AFTER_TAG, IGNORE_TAG, PROTECT_TAG

_NO = frozenset({"false", "no", "0"})
_SHORTEST, _LONGEST = timedelta(minutes=10), timedelta(days=31)
_DURATION: TypeAdapter[timedelta] = TypeAdapter(timedelta)
_SKEW = timedelta(minutes=15)  # a time this far ahead is a clock's fault; further ahead nothing it tells is believed
_AGAIN = timedelta(hours=1)  # until tags, or a source that could not tell, are looked at again


class Verdict(StrEnum):
    """What is to be done about a notebook."""

    KEEP = "keep"
    KEEP_UNKNOWN = "keep, for nobody can tell"
    KEEP_ACTIVE_AGAIN = "keep, and take the warning back"
    ADVISE = "advise"
    WARN = "warn"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class IdleRules:
    """How long a notebook may idle, and how long before its stop that is announced."""

    idle_after: timedelta
    warn: timedelta


@dataclass(frozen=True, slots=True)
class IdleDecision:
    """What is wanted and the one sentence that says why; ``next_check_at`` is when it is worth looking again."""

    verdict: Verdict
    reason: str
    next_check_at: datetime
    idle_since: datetime | None = None


def rules_for(tags: Mapping[str, str], rules: IdleRules) -> tuple[IdleRules, str | None]:
    """The rules a notebook's tags ask for, and what is wrong with its tag where it is: the default counts then."""
    text = tags.get(IDLE_AFTER_TAG)
    if text is None:
        return rules, None
    try:
        asked = _DURATION.validate_python(text.strip()) if text.strip().startswith("P") else None
    except ValidationError:
        asked = None
    if asked is None or not _SHORTEST <= asked <= _LONGEST:
        fault = f"{IDLE_AFTER_TAG} is no ISO 8601 duration from PT10M to P31D, for example PT4H"
        return rules, f"{fault}; {duration(int(rules.idle_after.total_seconds()))} count instead"
    return replace(rules, idle_after=asked), None


def decide_unseen(
    notebook: Notebook, state: NotebookState, since: datetime, rules: IdleRules, now: datetime
) -> IdleDecision | None:
    """Decide what needs no evidence; ``None`` where it does. ``since`` is when the notebook came into service."""
    if not notebook.running:
        return IdleDecision(Verdict.KEEP, f"it is {notebook.status}", now)
    tags = notebook.tags or {}
    if tags.get(IGNORE_TAG, "false").strip().lower() not in _NO:
        return IdleDecision(Verdict.KEEP, f"its tag {IGNORE_TAG} opts out", now + _AGAIN)
    if PROTECT_TAG in tags:
        return IdleDecision(Verdict.KEEP, f"its tag {PROTECT_TAG} forbids it to IAM", now + _AGAIN)
    if state.lease and state.lease.in_force(now):
        return _leased(state.lease, now)
    if now - since < rules.idle_after:
        return IdleDecision(
            Verdict.KEEP, f"it has been in service since {clock_time(since, now)}", since + rules.idle_after
        )
    return None


def _leased(lease: Lease, now: datetime) -> IdleDecision:
    until = clock_time(lease.until, now) if lease.until else "somebody changes that"
    return IdleDecision(Verdict.KEEP, f"{lease.author} keeps it until {until}", lease.until or now + _AGAIN)


def decide(  # noqa: PLR0913, PLR0917 - what is known of it
    notebook: Notebook,
    readings: Sequence[Reading],
    state: NotebookState,
    since: datetime,
    rules: IdleRules,
    now: datetime,
) -> IdleDecision:
    """Decide about a notebook that came into service at ``since``, whatever is known of it."""
    unseen = decide_unseen(notebook, state, since, rules, now)
    if unseen:
        return unseen
    active = [reading for reading in readings if isinstance(reading, Active)]
    if active:
        return _keep_active(active[0].words, state, now + rules.idle_after)
    unsure = doubt(readings, now)
    if unsure:
        return IdleDecision(Verdict.KEEP_UNKNOWN, unsure, now + _AGAIN)
    idle = [reading for reading in readings if isinstance(reading, Idle)]
    idle_since = max((min(reading.since, now) for reading in idle if reading.since), default=since)
    idle_since, words = max(idle_since, since), utc_once("; ".join(reading.words for reading in idle))
    if now - idle_since < rules.idle_after:
        return _keep_active(words, state, idle_since + rules.idle_after)
    return _idle(notebook, idle, state, IdleDecision(Verdict.WARN, words, now, idle_since), rules, now)


def _keep_active(words: str, state: NotebookState, next_check_at: datetime) -> IdleDecision:
    return IdleDecision(Verdict.KEEP_ACTIVE_AGAIN if state.pending else Verdict.KEEP, words, next_check_at)


def doubt(readings: Sequence[Reading], now: datetime) -> str | None:
    """Why nothing is known for sure.

    The log's silence counts only where Jupyter was not asked: where it was and could not tell, a cell may be running
    without a word. Agent metrics are extra: notebooks without an agent are no doubt.
    """
    ahead = [reading for reading in readings if isinstance(reading, Idle) and (reading.since or now) > now + _SKEW]
    if ahead:
        return f"{ahead[0].source}: its clock is ahead of ours, so its times mean nothing"
    known = {reading.source for reading in readings if isinstance(reading, Idle)}
    unknown = [reading for reading in readings if isinstance(reading, Unknown)]
    if any(source.sees_silent_work for source in known):
        return None
    blind = [reading for reading in unknown if not known or reading.source is Source.JUPYTER]
    if known and not blind:
        return None
    return "; ".join(f"{reading.source}: {reading.reason}" for reading in blind) or "nothing was asked"


def _idle(  # noqa: PLR0913, PLR0917 - what is known of it
    notebook: Notebook,
    idle: Sequence[Idle],
    state: NotebookState,
    found: IdleDecision,
    rules: IdleRules,
    now: datetime,
) -> IdleDecision:
    pending = state.pending
    if pending and found.idle_since and found.idle_since > pending.warned_at:
        return replace(found, verdict=Verdict.KEEP_ACTIVE_AGAIN)
    if pending is None:
        advise = notebook.stop_is_one_way or not any(reading.source.sees_silent_work for reading in idle)
        return replace(found, verdict=Verdict.ADVISE if advise else Verdict.WARN, next_check_at=now + rules.warn)
    if pending.finished:
        reason = f"told before, and not stopped by itself: {found.reason}"
        return replace(found, verdict=Verdict.KEEP, reason=reason, next_check_at=now + rules.idle_after)
    if now < pending.stop_at:
        return replace(found, verdict=Verdict.KEEP, next_check_at=pending.stop_at)
    return replace(found, verdict=Verdict.STOP, next_check_at=now)
