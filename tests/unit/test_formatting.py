"""How people read times: in UTC, said once in a sentence."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from sagewatch.formatting import clock_time, utc_once
from tests.worlds.builders import NOW

MORNING = datetime(2026, 11, 20, 9, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (MORNING, "09:12 UTC"),
        (MORNING.astimezone(timezone(timedelta(hours=-8))), "09:12 UTC"),
        (MORNING - timedelta(days=1), "2026-11-19 09:12 UTC"),
    ],
)
def test_a_time_names_its_zone(moment: datetime, text: str) -> None:
    """Readers are in others."""
    assert clock_time(moment, NOW) == text


@pytest.mark.parametrize(
    ("sentence", "read"),
    [
        (
            "ran at 09:12 UTC, and at 2026-11-19 08:40 UTC; at 07:00 UTC",
            "ran at 09:12 UTC, and at 2026-11-19 08:40; at 07:00",
        ),
        ("ran at 09:12 UTC", "ran at 09:12 UTC"),
        ("kernel UTC is busy, terminal UTC is not", "kernel UTC is busy, terminal UTC is not"),
        ("", ""),
    ],
)
def test_the_first_time_of_a_sentence_names_the_zone_of_all(sentence: str, read: str) -> None:
    """Nothing else is taken out."""
    assert utc_once(sentence) == read
