"""Times and tags in every spelling AWS uses."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagewatch.sagemaker.fields import parse_tags, parse_timestamp

MOMENT = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
SECONDS = 1795168800


@pytest.mark.parametrize(
    "spelling",
    [
        SECONDS * 1000,
        SECONDS,
        float(SECONDS * 1000),
        str(SECONDS * 1000),
        f"{SECONDS}.0",
        "1.7951688e12",
        "2026-11-20T10:00:00Z",
        "2026-11-20T11:00:00+01:00",
        "2026-11-20T10:00:00",
        "2026-11-20 10:00:00",
        datetime(2026, 11, 20, 10, 0),  # noqa: DTZ001 - AWS's times without a zone are UTC
    ],
)
def test_every_spelling_of_a_time_is_the_same_time(spelling: object) -> None:
    """Integer, float and string epochs in seconds and milliseconds, ISO 8601 and datetimes."""
    assert parse_timestamp(spelling) == MOMENT


@pytest.mark.parametrize("nothing", [None, ""])
def test_an_absent_time_stays_absent(nothing: object) -> None:
    """Explicit nulls are normal: a job that never launched has no start."""
    assert parse_timestamp(nothing) is None


@pytest.mark.parametrize(
    "nonsense", [True, "soon", [], {}, float("inf"), 1e300, "1e400", float("nan"), 10**400, "0001-01-01T00:00:00+05:00"]
)
def test_what_is_no_time_is_refused(nonsense: object) -> None:
    """A typed refusal, never a wrong time."""
    with pytest.raises(ValueError, match=r"."):
        parse_timestamp(nonsense)


@given(st.integers(min_value=int(5e8), max_value=int(4e9)))
def test_milliseconds_and_seconds_are_told_apart(seconds: int) -> None:
    """For every second from 1985 to 2096."""
    assert parse_timestamp(seconds) == parse_timestamp(seconds * 1000)


@pytest.mark.parametrize(
    "spelling",
    [
        {"team": "risk"},
        [{"Key": "team", "Value": "risk"}],
        [{"key": "team", "value": "risk"}],
    ],
)
def test_every_spelling_of_tags_is_the_same(spelling: object) -> None:
    """Events carry an object, the API a list, the schema registry another list."""
    assert parse_tags(spelling) == {"team": "risk"}


def test_no_tags_told_is_not_no_tags() -> None:
    """Processing events have none, and then the API has to be asked."""
    assert parse_tags(None) is None
    assert parse_tags({}) == {}


@pytest.mark.parametrize("nonsense", ["team=risk", 7, [{"Key": "team"}], ["team"]])
def test_what_are_no_tags_is_refused(nonsense: object) -> None:
    """A typed refusal."""
    with pytest.raises(ValueError, match=r"."):
        parse_tags(nonsense)
