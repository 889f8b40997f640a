"""What Jupyter's lists of kernels and terminals say."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagewatch.adapters.jupyter.activity import read_jupyter
from sagewatch.idle.evidence import Active, Idle, Reading, Source, Unknown

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
LONG_AGO = "2026-11-20T09:12:33Z"
NO_SKEW = timedelta(0)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30) | st.datetimes().map(str),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["name", "execution_state", "last_activity", "id"]), inner, max_size=4)
    ),
    max_leaves=12,
)


def a_kernel(state: object = "idle", last_activity: object = LONG_AGO, **other: Any) -> dict[str, Any]:
    """One of /api/kernels."""
    return {
        "id": "b9d1c1f0",
        "name": "python3",
        "execution_state": state,
        "last_activity": last_activity,
        "connections": 1,
    } | other


def a_terminal(last_activity: object = "2026-11-20T08:40:00Z", **other: Any) -> dict[str, Any]:
    """One of /api/terminals."""
    return {"name": "1", "last_activity": last_activity} | other


def reading(kernels: object, terminals: object = (), *, skew: timedelta = NO_SKEW) -> Reading:
    """What is read of both answers."""
    return read_jupyter(kernels, terminals, NOW, skew)


def at(hour: int, minute: int, second: int = 0) -> datetime:
    """A time of today."""
    return NOW.replace(hour=hour, minute=minute, second=second)


@pytest.mark.parametrize(
    ("kernels", "words"),
    [
        ([a_kernel("busy")], "kernel python3 is busy"),
        ([a_kernel("starting")], "kernel python3 is starting"),
        ([a_kernel("restarting")], "kernel python3 is restarting"),
        ([a_kernel("autorestarting")], "kernel python3 is autorestarting"),
        ([a_kernel("idle"), a_kernel("busy", name="R")], "kernel R is busy"),
        ([a_kernel("busy"), a_kernel("idle"), a_kernel("starting")], "kernel python3 is busy, and 1 more run"),
        ([a_kernel("never heard of"), a_kernel("busy")], "kernel python3 is busy"),
        ([a_kernel("idle", None), a_kernel("busy", None)], "kernel python3 is busy"),
    ],
)
def test_a_kernel_that_runs_is_active_whatever_else_there_is(kernels: list[Any], words: str) -> None:
    """A busy kernel counts whatever else is unclear."""
    assert reading(kernels, [a_terminal(None)]) == Active(Source.JUPYTER, None, words)


@pytest.mark.parametrize(
    ("kernels", "terminals", "since", "words"),
    [
        ([], [], None, "no kernel and no terminal is open"),
        ([], None, None, "no kernel and no terminal is open"),
        ([a_kernel()], [], at(9, 12, 33), "no kernel has run since 09:12 UTC"),
        ([a_kernel()], None, at(9, 12, 33), "no kernel has run since 09:12 UTC"),
        ([], [a_terminal()], at(8, 40), "no kernel is open, 1 terminal idle since 08:40 UTC"),
        (
            [a_kernel(), a_kernel("idle", "2026-11-20T07:00:00Z")],
            [a_terminal(), a_terminal("2026-11-20T08:39:00Z")],
            at(9, 12, 33),
            "no kernel has run since 09:12 UTC, 2 terminals idle since 08:40",
        ),
        ([a_kernel()], [a_terminal("2026-11-20T11:00:00Z")], at(11, 0), None),
        ([a_kernel("dead")], [], at(9, 12, 33), None),
        (
            [a_kernel(last_activity="2026-11-19T12:00:00Z")],
            [],
            NOW - timedelta(days=1),
            "no kernel has run since 2026-11-19 12:00 UTC",
        ),
    ],
)
def test_what_rests_is_idle_since_the_last_of_all_activity(
    kernels: object, terminals: object, since: datetime | None, words: str | None
) -> None:
    """Of kernels in any state, and of terminals; terminals that are disabled are none."""
    found = reading(kernels, terminals)

    assert isinstance(found, Idle)
    assert words in {None, found.words}
    assert found.since == since


@pytest.mark.parametrize(
    "spelling",
    ["2026-11-20T09:12:00Z", "2026-11-20T09:12:00.000000+00:00", "2026-11-20T14:42:00+05:30", "2026-11-19T23:12-10:00"],
)
def test_every_zone_is_the_same_time(spelling: str) -> None:
    """With and without a fraction, a second even."""
    assert reading([a_kernel(last_activity=spelling)]) == Idle(
        Source.JUPYTER, at(9, 12), "no kernel has run since 09:12 UTC"
    )


@pytest.mark.parametrize(
    ("kernels", "terminals", "reason"),
    [
        ([a_kernel("pondering")], [], "kernel python3 is in an unknown state: pondering"),
        ([a_kernel("unknown")], [], "kernel python3 is in an unknown state: unknown"),
        ([a_kernel(None)], [], "kernel python3 is in an unknown state: none"),
        ([{"last_activity": LONG_AGO}], [], "kernel without a name is in an unknown state: none"),
        ([a_kernel(), a_kernel(7)], [], "kernel python3 is in an unknown state: none"),
        ([a_kernel(last_activity="2026-11-20T09:12:33")], [], "Jupyter reports a time without a zone"),
        ([a_kernel()], [a_terminal("2026-11-20 09:12:33")], "Jupyter reports a time without a zone"),
        ([a_kernel(last_activity="this morning")], [], "kernel python3 has a last activity that cannot be read"),
        (
            [a_kernel(last_activity="0001-01-01T00:00:00+14:00")],
            [],
            "kernel python3 has a last activity that cannot be read",
        ),
        ([a_kernel(last_activity=None)], [], "kernel python3 does not report its last activity"),
        ([a_kernel(last_activity=1795168800)], [], "kernel python3 does not report its last activity"),
        ([a_kernel("dead", None)], [], "kernel python3 does not report its last activity"),
        ([], [{"name": "1"}], "terminal 1 does not report its last activity"),
        ({"kernels": []}, [], "Jupyter's list of kernels or terminals cannot be read"),
        (None, [], "Jupyter's list of kernels or terminals cannot be read"),
        (["python3"], [], "Jupyter's list of kernels or terminals cannot be read"),
        ([], {}, "Jupyter's list of kernels or terminals cannot be read"),
        ([], "", "Jupyter's list of kernels or terminals cannot be read"),
    ],
)
def test_what_cannot_be_told_is_unknown(kernels: object, terminals: object, reason: str) -> None:
    """Never idle: a guess at a zone alone may be off by hours."""
    assert reading(kernels, terminals) == Unknown(Source.JUPYTER, reason)


@pytest.mark.parametrize(
    ("told", "skew", "since"),
    [
        ("2026-11-20T09:00:00Z", timedelta(minutes=20), at(8, 40)),
        ("2026-11-20T09:00:00Z", -timedelta(minutes=20), at(9, 20)),
        ("2026-11-20T12:15:00Z", NO_SKEW, NOW),
        ("2026-11-20T11:55:00Z", -timedelta(minutes=10), NOW),
        ("2026-11-20T12:59:00Z", timedelta(hours=1), at(11, 59)),
    ],
)
def test_times_are_ours(told: str, skew: timedelta, since: datetime) -> None:
    """Corrected by how far Jupyter's clock is ahead, and never later than now."""
    found = reading([a_kernel(last_activity=told)], skew=skew)

    assert isinstance(found, Idle)
    assert found.since == since


@pytest.mark.parametrize(("told", "minutes"), [("2026-11-20T12:16:00Z", 16), ("2026-11-20T14:00:30Z", 120)])
def test_a_clock_far_ahead_is_believed_nothing(told: str, minutes: int) -> None:
    """The size of the error is unknown."""
    assert reading([a_kernel(last_activity=told)]) == Unknown(Source.JUPYTER, f"its clock is {minutes} min ahead")


def test_names_are_shown_short_and_printable() -> None:
    """People choose them, and what they choose goes into messages."""
    found = reading([a_kernel("busy", name="a\x1b[31m\nb" + "c" * 100)])

    assert isinstance(found, Active)
    assert found.words == f"kernel a[31mb{'c' * 34} is busy"


@given(kernels=JSON, terminals=JSON, hours=st.integers(-100_000, 100_000))
def test_nothing_is_raised_whatever_is_answered(kernels: Any, terminals: Any, hours: int) -> None:
    """And what is known is never in the future."""
    found = read_jupyter(kernels, terminals, NOW, timedelta(hours=hours))

    assert not isinstance(found, Idle) or found.since is None or found.since <= NOW
