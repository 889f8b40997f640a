"""The decision about a notebook, row by row. ``NOW`` is noon, it has been in service for two days, its limit is 4 h."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sagewatch.alerts.ports import Lease
from sagewatch.idle.decision import IdleRules, Verdict, decide, rules_for
from sagewatch.idle.evidence import Active, Idle, Reading, Source, Unknown
from sagewatch.idle.state import Hold, NotebookState, PendingStop
from sagewatch.sagemaker.notebooks import Notebook, NotebookStatus
from tests.worlds.builders import ACCOUNT, NOW

RULES = IdleRules(idle_after=timedelta(hours=4), warn=timedelta(minutes=60))
ARN = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:notebook-instance/lab-one"
LAB = Notebook(
    name="Lab-One",
    arn=ARN,
    account=ACCOUNT,
    region="us-east-1",
    status=NotebookStatus.IN_SERVICE,
    instance_type="ml.g5.xlarge",
    platform="notebook-al2023-v1",
    tags={},
)


TWO_DAYS_AGO = NOW - timedelta(days=2)


def ago(**time: float) -> datetime:
    """A time before now."""
    return NOW - timedelta(**time)


def warned(**time: float) -> NotebookState:
    """A stop was announced so long ago, an hour before it."""
    at = ago(**time)
    return NotebookState(
        arn=ARN,
        announced=1,
        pending=PendingStop(alert_id="x", warned_at=at, stop_at=at + RULES.warn, idle_since=at - RULES.idle_after),
    )


def kept(until: datetime | None) -> NotebookState:
    """A state with a lease."""
    return NotebookState(arn=ARN, lease=Lease("U0ANA", until, ago(hours=5)))


def jupyter_idle(**time: float) -> Idle:
    """Jupyter says so."""
    return Idle(Source.JUPYTER, ago(**time), "no kernel has run")


def log_idle(**time: float) -> Idle:
    """The log says so."""
    return Idle(Source.LOG, ago(**time), "the log is quiet")


BUSY = Active(Source.JUPYTER, None, "kernel python3 is busy")
NOTHING_OPEN = Idle(Source.JUPYTER, None, "no kernel and no terminal is open")
REFUSED = Unknown(Source.JUPYTER, "it answered with a page instead of JSON")
HANGS = Unknown(Source.JUPYTER, "no answer within 5 s")
NO_LOG = Unknown(Source.LOG, "it writes no log")
NO_AGENT = Unknown(Source.AGENT, "it publishes no metrics")
AGENT_IDLE = Idle(Source.AGENT, ago(hours=5), "no processor has worked")


@dataclass(frozen=True)
class Row:
    """One row of the table: what is known, and what follows."""

    name: str
    readings: tuple[Reading, ...]
    verdict: Verdict
    says: str
    state: NotebookState = field(default_factory=lambda: NotebookState(arn=ARN))
    notebook: Notebook = LAB
    since: datetime = TWO_DAYS_AGO


TABLE = (
    Row("busy kernel for 3 days", (BUSY,), Verdict.KEEP, "busy", since=ago(days=3)),
    Row("kernel idle 5 h with open tab", (jupyter_idle(hours=5),), Verdict.WARN, "no kernel has run"),
    Row(
        "terminal active, no kernel",
        (Idle(Source.JUPYTER, ago(minutes=3), "terminal active"),),
        Verdict.KEEP,
        "terminal active",
    ),
    Row("nothing open since start", (NOTHING_OPEN,), Verdict.WARN, "no kernel and no terminal", since=ago(hours=4)),
    Row("started an hour ago", (NOTHING_OPEN,), Verdict.KEEP, "in service since 11:00 UTC", since=ago(hours=1)),
    Row("starting kernel stuck for a week", (replace(BUSY, words="kernel is starting"),), Verdict.KEEP, "starting"),
    Row("dead kernel, 5 h", (jupyter_idle(hours=5), NO_LOG), Verdict.WARN, "no kernel has run"),
    Row("Jupyter refuses", (REFUSED, NO_LOG, NO_AGENT), Verdict.KEEP_UNKNOWN, "instead of JSON"),
    Row("Jupyter hangs", (HANGS, NO_LOG), Verdict.KEEP_UNKNOWN, "no answer"),
    Row("Jupyter hangs, and the log is quiet", (HANGS, log_idle(hours=9)), Verdict.KEEP_UNKNOWN, "no answer"),
    Row("Jupyter hangs, and no processor worked", (HANGS, NO_LOG, AGENT_IDLE), Verdict.KEEP_UNKNOWN, "no answer"),
    Row("log stream missing, Jupyter idle", (jupyter_idle(hours=5), NO_LOG), Verdict.WARN, "no kernel has run"),
    Row("log stream missing, Jupyter not asked", (NO_LOG,), Verdict.KEEP_UNKNOWN, "no log"),
    Row("Jupyter not asked, the log is quiet", (log_idle(hours=9), NO_AGENT), Verdict.ADVISE, "quiet"),
    Row("nothing was asked", (), Verdict.KEEP_UNKNOWN, "nothing was asked"),
    Row(
        "sources that disagree: the log saw work",
        (jupyter_idle(hours=9), log_idle(minutes=20)),
        Verdict.KEEP,
        "quiet",
    ),
    Row(
        "sources that disagree: the agent sees work",
        (jupyter_idle(hours=9), Active(Source.AGENT, None, "CPU at 93 %")),
        Verdict.KEEP,
        "CPU at 93 %",
    ),
    Row("lease in force", (jupyter_idle(hours=9),), Verdict.KEEP, "U0ANA keeps it", state=kept(NOW + RULES.warn)),
    Row(
        "never stop",
        (jupyter_idle(hours=9),),
        Verdict.KEEP,
        "with no end, until a button is pressed again",
        state=kept(None),
    ),
    Row("lease ended one minute ago", (jupyter_idle(hours=9),), Verdict.WARN, "no kernel", state=kept(ago(minutes=1))),
    Row("warned, grace not over", (jupyter_idle(hours=5),), Verdict.KEEP, "no kernel", state=warned(minutes=59)),
    Row("warned, grace over", (jupyter_idle(hours=5),), Verdict.STOP, "no kernel", state=warned(minutes=60)),
    Row("warned then active", (BUSY,), Verdict.KEEP_ACTIVE_AGAIN, "busy", state=warned(minutes=90)),
    Row(
        "warned, used for a moment, idle again",
        (jupyter_idle(minutes=30),),
        Verdict.KEEP_ACTIVE_AGAIN,
        "no kernel",
        state=warned(minutes=90),
    ),
    Row(
        "warned a day ago, used since, and idle for 5 h",
        (jupyter_idle(hours=5),),
        Verdict.KEEP_ACTIVE_AGAIN,
        "no kernel",
        state=warned(hours=24),
    ),
    Row("warned then unknown", (HANGS, NO_LOG), Verdict.KEEP_UNKNOWN, "no answer", state=warned(minutes=90)),
    Row(
        "opted out",
        (jupyter_idle(hours=9),),
        Verdict.KEEP,
        "opts out",
        notebook=replace(LAB, tags={"sagewatch:ignore": "true"}),
    ),
    Row(
        "opt-out tag that says false",
        (jupyter_idle(hours=9),),
        Verdict.WARN,
        "no kernel",
        notebook=replace(LAB, tags={"sagewatch:ignore": "false"}),
    ),
    Row(
        "AL2", (jupyter_idle(hours=9),), Verdict.ADVISE, "no kernel", notebook=replace(LAB, platform="notebook-al2-v3")
    ),
    Row(
        "platform not told", (jupyter_idle(hours=9),), Verdict.ADVISE, "no kernel", notebook=replace(LAB, platform=None)
    ),
    Row(
        "protected",
        (jupyter_idle(hours=9),),
        Verdict.KEEP,
        "forbids",
        state=warned(hours=2),
        notebook=replace(LAB, tags={"sagewatch:protect": ""}),
    ),
    Row("clock skew of 10 minutes ahead", (jupyter_idle(minutes=-10),), Verdict.KEEP, "no kernel"),
    Row("clock a day ahead", (jupyter_idle(days=-1),), Verdict.KEEP_UNKNOWN, "ahead"),
    Row(
        "clock a day ahead, once warned",
        (jupyter_idle(days=-1),),
        Verdict.KEEP_UNKNOWN,
        "ahead",
        state=warned(hours=2),
    ),
    Row(
        "wrong time zone data",
        (Unknown(Source.JUPYTER, "a time without a zone"),),
        Verdict.KEEP_UNKNOWN,
        "without a zone",
    ),
    Row(
        "naive timestamps, and a quiet log",
        (replace(REFUSED, reason="naive"), log_idle(hours=9)),
        Verdict.KEEP_UNKNOWN,
        "naive",
    ),
    Row("last used before it was started", (jupyter_idle(days=9),), Verdict.KEEP, "in service", since=ago(hours=3)),
    Row("stopped meanwhile", (), Verdict.KEEP, "Stopped", notebook=replace(LAB, status=NotebookStatus.STOPPED)),
)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_the_decision_table(row: Row) -> None:
    """Each row names what follows from what is known, and why."""
    decision = decide(row.notebook, row.readings, row.state, row.since, RULES, NOW)

    assert (decision.verdict, row.says in decision.reason) == (row.verdict, True), decision.reason
    assert decision.next_check_at >= NOW


@pytest.mark.parametrize("readings", [(), (BUSY,), (REFUSED,), (HANGS, log_idle(days=30)), (NO_LOG, NO_AGENT)])
@pytest.mark.parametrize("state", [NotebookState(arn=ARN), warned(hours=30)])
def test_what_is_busy_or_unknown_is_never_stopped(readings: tuple[Reading, ...], state: NotebookState) -> None:
    """Whatever was announced before."""
    verdict = decide(LAB, readings, state, ago(days=30), RULES, NOW).verdict

    assert verdict not in {Verdict.STOP, Verdict.WARN, Verdict.ADVISE}


@pytest.mark.parametrize(
    ("text", "hours"), [("PT8H", 8), ("P1D", 24), ("PT90M", 1.5), (" PT4H30M ", 4.5), ("P2DT1H", 49)]
)
def test_a_tag_sets_a_notebooks_own_limit(text: str, hours: float) -> None:
    """As an ISO 8601 duration."""
    rules, fault = rules_for({"sagewatch:idle-after": text}, RULES)

    assert (rules, fault) == (IdleRules(timedelta(hours=hours), RULES.warn), None)


@pytest.mark.parametrize("text", ["", "4h", "8", "PT", "PT0S", "-PT4H", "PT1S", "P99D", "4:00:00", "PT4X"])
def test_a_malformed_tag_is_told_and_the_default_counts(text: str) -> None:
    """Not the shortest, not the longest, and not nothing."""
    rules, fault = rules_for({"sagewatch:idle-after": text}, RULES)

    assert rules == RULES
    assert fault
    assert "Until then the default of 4 h applies" in fault


def test_times_of_two_sources_name_their_zone_once() -> None:
    """In one sentence."""
    readings = [
        Idle(Source.JUPYTER, ago(hours=6), "no kernel has run since 06:00 UTC"),
        Idle(Source.LOG, ago(hours=5), "the log's last line of work is from 07:00 UTC"),
    ]
    decided = decide(LAB, readings, NotebookState(arn=ARN), TWO_DAYS_AGO, RULES, NOW)

    assert decided.reason == "no kernel has run since 06:00 UTC; the log's last line of work is from 07:00"


def minutes_ago(least: int, most: int) -> st.SearchStrategy[datetime]:
    """A time so many minutes ago."""
    return st.integers(least, most).map(lambda minutes: NOW - timedelta(minutes=minutes))


TIMES, LONG_AGO = minutes_ago(-30, 60 * 24 * 40), minutes_ago(60 * 9, 60 * 24)
SOURCES = st.sampled_from([Source.JUPYTER, Source.LOG, Source.AGENT])
# Most of what is drawn is idle, and due: else hardly any of it would be stopped.
QUIET = st.builds(Idle, SOURCES, st.none() | LONG_AGO, st.just("idle"), st.none() | LONG_AGO, st.integers(0, 1))
READINGS = st.one_of(
    QUIET,
    QUIET,
    QUIET,
    st.builds(Idle, SOURCES, st.none() | TIMES, st.just("idle"), st.none() | TIMES, st.integers(0, 1)),
    st.builds(Active, SOURCES, st.none(), st.just("busy")),
    st.builds(Unknown, SOURCES, st.just("no answer")),
)
PENDING = st.builds(
    PendingStop,
    alert_id=st.just("x"),
    warned_at=minutes_ago(60, 120) | TIMES,
    stop_at=minutes_ago(0, 60) | TIMES,
    idle_since=TIMES,
    held=st.none() | st.none() | st.sampled_from(Hold),
    trial=st.none() | st.booleans(),
    sources=st.just(()) | st.lists(SOURCES.map(lambda source: source.value)).map(tuple),
)


@settings(max_examples=500)
@given(
    readings=st.lists(READINGS, min_size=1, max_size=3, unique_by=lambda reading: reading.source),
    pending=PENDING,
    lease=st.none() | st.none() | st.builds(Lease, st.just("U0ANA"), st.none() | TIMES, TIMES),
    since=LONG_AGO | TIMES,
    enforce=st.booleans(),
    platform=st.sampled_from(["notebook-al2023-v1", "notebook-al2-v3", None]),
)
def test_what_is_stopped_could_also_be_announced_on_the_same_evidence(
    readings: list[Reading],
    pending: PendingStop,
    lease: Lease | None,
    since: datetime,
    enforce: bool,  # noqa: FBT001 - drawn
    platform: str | None,
) -> None:
    """And an announcement alone never makes up for what was not seen."""
    notebook, rules = replace(LAB, platform=platform), replace(RULES, enforce=enforce)
    state = NotebookState(arn=ARN, pending=pending, lease=lease)
    stopped = decide(notebook, readings, state, since, rules, NOW).verdict is Verdict.STOP
    fresh = decide(notebook, readings, replace(state, pending=None), since, rules, NOW)

    assert not stopped or fresh.verdict is Verdict.WARN
    assert not stopped or not (lease and lease.written_at > pending.warned_at)


STARVED = Unknown(Source.AGENT, "its CPU metrics have gaps")


@pytest.mark.parametrize(
    ("readings", "sources"),
    [
        ((log_idle(hours=9),), ("Jupyter", "jupyter.log")),
        ((log_idle(hours=9), STARVED), ("jupyter.log", "agent metrics")),
        ((jupyter_idle(hours=9), STARVED), ("Jupyter", "agent metrics")),
        ((AGENT_IDLE,), ("agent metrics",)),
    ],
)
def test_what_was_announced_on_more_than_is_known_now_is_not_stopped(
    readings: tuple[Reading, ...], sources: tuple[str, ...]
) -> None:
    """A source went silent or was switched off within the hour."""
    state = warned(minutes=90)
    assert state.pending
    state = replace(state, pending=replace(state.pending, sources=sources))

    assert decide(LAB, readings, state, TWO_DAYS_AGO, RULES, NOW).verdict is not Verdict.STOP


def held(hold: Hold, *, trial: bool, **time: float) -> NotebookState:
    """An announcement after which nothing followed."""
    state = warned(**time)
    assert state.pending
    return replace(state, pending=replace(state.pending, held=hold, trial=trial))


OBSERVE = replace(RULES, enforce=False)
AL2 = replace(LAB, platform="notebook-al2-v3")


@pytest.mark.parametrize(
    ("state", "rules", "notebook", "verdict"),
    [
        (held(Hold.TRIAL, trial=True, hours=9), OBSERVE, LAB, Verdict.KEEP),
        (held(Hold.TRIAL, trial=True, days=8), OBSERVE, LAB, Verdict.WARN),
        (held(Hold.TRIAL, trial=True, hours=9), RULES, LAB, Verdict.WARN),
        (held(Hold.ONE_WAY, trial=False, hours=9), RULES, AL2, Verdict.KEEP),
        (held(Hold.ONE_WAY, trial=False, days=8), RULES, AL2, Verdict.ADVISE),
        (held(Hold.ONE_WAY, trial=False, hours=9), RULES, LAB, Verdict.WARN),
        (held(Hold.UNPROVEN, trial=False, hours=9), RULES, LAB, Verdict.WARN),
    ],
)
def test_a_reason_not_to_stop_counts_only_while_it_is_true(
    state: NotebookState, rules: IdleRules, notebook: Notebook, verdict: Verdict
) -> None:
    """Trial mode ends, a platform changes, Jupyter is asked: then the stop is announced again."""
    readings = (Idle(Source.JUPYTER, ago(days=10), "no kernel has run"),)

    assert decide(notebook, readings, state, ago(days=12), rules, NOW).verdict is verdict


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, Verdict.STOP),
        ({"lease": Lease("U0ANA", ago(minutes=10), ago(hours=1))}, Verdict.WARN),
        ({"pending": warned(hours=30).pending}, Verdict.WARN),
        ({"pending": replace(warned(minutes=90).pending, trial=True)}, Verdict.WARN),  # type: ignore[type-var]
    ],
)
def test_an_announcement_is_answered_or_lapses(changes: dict[str, object], verdict: Verdict) -> None:
    """By a lease written after it, by time, or by the end of trial mode: then it is made again before anything else."""
    state = replace(warned(minutes=90), **changes)  # type: ignore[arg-type] # what a row is about

    assert decide(LAB, (jupyter_idle(days=2),), state, ago(days=3), RULES, NOW).verdict is verdict


TERMINAL = Idle(Source.JUPYTER, ago(hours=9), "1 terminal idle", silent_terminals=1)


@pytest.mark.parametrize(
    ("readings", "tags", "verdict"),
    [
        ((TERMINAL,), {}, Verdict.KEEP_UNKNOWN),
        ((TERMINAL, NO_AGENT), {}, Verdict.KEEP_UNKNOWN),
        ((TERMINAL, replace(AGENT_IDLE, covers_since=ago(hours=1))), {}, Verdict.KEEP_UNKNOWN),
        ((TERMINAL, replace(AGENT_IDLE, covers_since=ago(hours=6))), {}, Verdict.WARN),
        ((TERMINAL,), {"sagewatch:terminals": "ignore"}, Verdict.WARN),
        ((replace(TERMINAL, silent_terminals=0),), {}, Verdict.WARN),
        ((replace(TERMINAL, since=ago(minutes=10)),), {}, Verdict.KEEP),
    ],
)
def test_a_silent_terminal_is_unknown(readings: tuple[Reading, ...], tags: dict[str, str], verdict: Verdict) -> None:
    """Work with its output in a file would look the same, unless metrics or the owner say otherwise."""
    assert (
        decide(replace(LAB, tags=tags), readings, NotebookState(arn=ARN), TWO_DAYS_AGO, RULES, NOW).verdict is verdict
    )


@pytest.mark.parametrize("hours", [8, 48])
def test_a_window_that_was_looked_through_is_no_activity(hours: int) -> None:
    """A source that saw nothing for six hours does not say that something happened six hours ago."""
    rules = replace(RULES, idle_after=timedelta(hours=hours))
    quiet = Idle(Source.LOG, None, "the log has no line of work", covers_since=ago(hours=6))
    found = decide(LAB, (NOTHING_OPEN, quiet), NotebookState(arn=ARN), ago(days=20), rules, NOW)

    assert (found.verdict, found.idle_since) == (Verdict.WARN, ago(days=20))
