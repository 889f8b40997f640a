"""Decides from evidence whether a notebook may be stopped, and gives the reason in one sentence. No I/O happens here.

The checks come in order of the harm they prevent. SageWatch never stops a notebook that a person keeps, that is busy,
or whose activity is unknown. It announces a stop before it makes it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import ValidationError

from sagewatch.alerts.ports import Lease
from sagewatch.formatting import clock_time, duration, utc_once
from sagewatch.idle.evidence import Active, Idle, Reading, Source, Unknown
from sagewatch.idle.state import Hold, NotebookState, PendingStop
from sagewatch.models import LazyAdapter
from sagewatch.sagemaker.notebooks import Notebook
from sagewatch.sagemaker.tags import IDLE_AFTER_TAG, IGNORE_TAG, PROTECT_TAG, TERMINALS_TAG

_NO = frozenset({"false", "no", "0"})
_SHORTEST, _LONGEST = timedelta(minutes=10), timedelta(days=31)
_DURATION: LazyAdapter[timedelta] = LazyAdapter(timedelta)
_SKEW = timedelta(minutes=15)  # clocks may differ by this much; the times of one further ahead are not used
_AGAIN = timedelta(hours=1)  # until the next check of tags, or of a source that gave no answer
_REPEATED = timedelta(days=7)  # an idle notebook that SageWatch will not stop is reported once a week
_LAPSES = timedelta(hours=6)  # an announcement lapses when its stop is this late, and is made again


class Verdict(StrEnum):
    """What is to be done about a notebook."""

    KEEP = "keep"
    KEEP_UNKNOWN = "keep, activity unknown"
    KEEP_ACTIVE_AGAIN = "keep, and cancel the announced stop"
    ADVISE = "advise"
    WARN = "warn"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class IdleRules:
    """How long a notebook may be idle, how long before its stop that is announced, and whether stops are made."""

    idle_after: timedelta
    warn: timedelta
    enforce: bool = True


@dataclass(frozen=True, slots=True)
class IdleDecision:
    """The verdict and its reason in one sentence; ``next_check_at`` is when the answer may change."""

    verdict: Verdict
    reason: str
    next_check_at: datetime
    idle_since: datetime | None = None


def rules_for(tags: Mapping[str, str], rules: IdleRules) -> tuple[IdleRules, str | None]:
    """Return the rules that a notebook's tags ask for. If its tag cannot be read: the default, and what is wrong."""
    text = tags.get(IDLE_AFTER_TAG)
    if text is None:
        return rules, None
    try:
        asked = _DURATION.validate_python(text.strip()) if text.strip().startswith("P") else None
    except ValidationError:
        asked = None
    if asked is None or not _SHORTEST <= asked <= _LONGEST:
        fault = f"the tag {IDLE_AFTER_TAG} is {text[:40]!r}, which is not an ISO 8601 duration from PT10M to P31D"
        limit = duration(int(rules.idle_after.total_seconds()))
        return rules, f"{fault}. Use, for example, PT4H for 4 hours. Until then the default of {limit} applies"
    return replace(rules, idle_after=asked), None


def decide_unseen(
    notebook: Notebook, state: NotebookState, since: datetime, rules: IdleRules, now: datetime
) -> IdleDecision | None:
    """Decide what needs no evidence; ``None`` where it does. ``since`` is when the notebook came into service."""
    if not notebook.running:
        return IdleDecision(Verdict.KEEP, f"it is {notebook.status}", now)
    tags = notebook.tags or {}
    if opts_out(tags):
        return IdleDecision(Verdict.KEEP, f"its tag {IGNORE_TAG} opts out", now + _AGAIN)
    if PROTECT_TAG in tags:
        return IdleDecision(Verdict.KEEP, f"its tag {PROTECT_TAG} forbids SageWatch to stop it", now + _AGAIN)
    if state.lease and state.lease.in_force(now):
        return _leased(state.lease, now)
    if now - since < rules.idle_after:
        return IdleDecision(
            Verdict.KEEP, f"it has been in service since {clock_time(since, now)}", since + rules.idle_after
        )
    return None


def opts_out(tags: Mapping[str, str]) -> bool:
    """Say whether the tags keep SageWatch from the notebook."""
    return tags.get(IGNORE_TAG, "false").strip().lower() not in _NO


def _leased(lease: Lease, now: datetime) -> IdleDecision:
    until = f"until {clock_time(lease.until, now)}" if lease.until else "with no end, until a button is pressed again"
    return IdleDecision(Verdict.KEEP, f"{lease.author} keeps it {until}", now + _AGAIN)


def decide(  # noqa: PLR0913, PLR0917 - what is known of it
    notebook: Notebook,
    readings: Sequence[Reading],
    state: NotebookState,
    since: datetime,
    rules: IdleRules,
    now: datetime,
) -> IdleDecision:
    """Decide about a notebook that came into service at ``since``.

    The checks that forbid a stop come before the announcement, so that only a stop that may happen is announced.
    """
    unseen = decide_unseen(notebook, state, since, rules, now)
    if unseen:
        return unseen
    active = [reading for reading in readings if isinstance(reading, Active)]
    if active:
        return _keep_active(active[0].words, state, now + rules.idle_after)
    unsure = _unanswered(readings, state, now)
    if unsure:
        return IdleDecision(Verdict.KEEP_UNKNOWN, unsure, now + _AGAIN)
    idle = [reading for reading in readings if isinstance(reading, Idle)]
    sightings = [min(reading.since, now) for reading in idle if reading.since]
    idle_since = max([since, *sightings, *([state.active_at] if state.active_at else [])])
    words = utc_once("; ".join(reading.words for reading in idle))
    if now - idle_since < rules.idle_after:
        return replace(_keep_active(words, state, idle_since + rules.idle_after), idle_since=idle_since)
    silent = _blind_spot(notebook, readings, rules, now)
    if silent:
        return IdleDecision(Verdict.KEEP_UNKNOWN, silent, now + _AGAIN)
    found = IdleDecision(Verdict.WARN, words, now + rules.warn, idle_since)
    hold = hold_of(notebook, idle)
    return _held(state, hold, found, now) if hold else _idle(state, found, rules, now)


def uncertainty(
    notebook: Notebook, readings: Sequence[Reading], state: NotebookState, rules: IdleRules, now: datetime
) -> str | None:
    """Say why it is unknown whether the notebook is in use, if it is."""
    return _unanswered(readings, state, now) or _blind_spot(notebook, readings, rules, now)


def _unanswered(readings: Sequence[Reading], state: NotebookState, now: datetime) -> str | None:
    return doubt(readings, now) or _lost_source(readings, state)


def hold_of(notebook: Notebook, idle: Sequence[Idle]) -> Hold | None:
    """Say why SageWatch will not stop an idle notebook, if there is a reason."""
    if notebook.stop_is_one_way:
        return Hold.ONE_WAY
    return None if any(reading.source.sees_silent_work for reading in idle) else Hold.UNPROVEN


def _keep_active(words: str, state: NotebookState, next_check_at: datetime) -> IdleDecision:
    return IdleDecision(Verdict.KEEP_ACTIVE_AGAIN if state.pending else Verdict.KEEP, words, next_check_at)


def doubt(readings: Sequence[Reading], now: datetime) -> str | None:
    """Say why the activity is unknown; ``None`` if it is known.

    If Jupyter was asked and gave no answer, the silence of other sources does not count: a cell can run without output
    and without CPU. A notebook without a log or an agent is not unknown for that reason.
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
    return "; ".join(map(_why, blind)) or "nothing was asked"


def _why(unknown: Unknown) -> str:
    """Name the source as the subject where the reason leaves it open."""
    if unknown.source is Source.JUPYTER and unknown.reason.startswith("it "):
        return f"{unknown.source}{unknown.reason.removeprefix('it')}"
    return f"{unknown.source}: {unknown.reason}"


def _lost_source(readings: Sequence[Reading], state: NotebookState) -> str | None:
    """Name a source that found it idle when the stop was announced, and gives no answer now."""
    spoke = state.pending.sources if state.pending else ()
    lost = [reading for reading in readings if isinstance(reading, Unknown) and reading.source.value in spoke]
    return f"{lost[0].source}: {lost[0].reason}" if lost else None


def _blind_spot(notebook: Notebook, readings: Sequence[Reading], rules: IdleRules, now: datetime) -> str | None:
    """Find an open terminal without output: ``nohup``, a redirected output and tmux look the same.

    Agent metrics that cover the whole limit settle it, and so does the owner's tag.
    """
    idle = [reading for reading in readings if isinstance(reading, Idle)]
    count = max((reading.silent_terminals for reading in idle), default=0)
    if not count or (notebook.tags or {}).get(TERMINALS_TAG, "").strip().lower() == "ignore":
        return None
    limit = now - rules.idle_after
    if any(reading.source is Source.AGENT and (reading.covers_since or limit) <= limit for reading in idle):
        return None
    which = "a terminal is open" if count == 1 else f"{count} terminals are open"
    return f"{which} without output, and a program that runs there silently cannot be seen from outside"


def _held(state: NotebookState, hold: Hold, found: IdleDecision, now: datetime) -> IdleDecision:
    """Report what SageWatch will not stop, and repeat that once a week."""
    pending = state.pending
    if pending and pending.held is hold and now - pending.warned_at < _REPEATED:
        reason = f"reported before, and not stopped by SageWatch: {found.reason}"
        return replace(found, verdict=Verdict.KEEP, reason=reason, next_check_at=now + _AGAIN)
    return replace(found, verdict=Verdict.ADVISE)


def _idle(state: NotebookState, found: IdleDecision, rules: IdleRules, now: datetime) -> IdleDecision:
    if state.pending and found.idle_since and found.idle_since > state.pending.warned_at:
        return replace(found, verdict=Verdict.KEEP_ACTIVE_AGAIN)
    pending = _in_force(state, rules, now)
    if pending is None:
        return found
    if pending.held:
        reason = f"trial mode reached its stop before: {found.reason}"
        return replace(found, verdict=Verdict.KEEP, reason=reason, next_check_at=now + rules.idle_after)
    if now < pending.stop_at:
        return replace(found, verdict=Verdict.KEEP, next_check_at=pending.stop_at)
    return replace(found, verdict=Verdict.STOP, next_check_at=now)


def _in_force(state: NotebookState, rules: IdleRules, now: datetime) -> PendingStop | None:
    """Return the announcement that still counts: of the same mode, not answered by a lease, and not too old."""
    pending = state.pending
    if pending is None or pending.trial is rules.enforce or pending.held in {Hold.ONE_WAY, Hold.UNPROVEN}:
        return None
    if state.lease and state.lease.written_at > pending.warned_at:
        return None
    if pending.held:
        return pending if not rules.enforce and now - pending.warned_at < _REPEATED else None
    late = _REPEATED if pending.refused else max(rules.warn, _LAPSES)  # what AWS refuses is reported once a week
    return pending if now <= pending.stop_at + late else None
