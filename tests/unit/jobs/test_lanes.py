"""The order of inspections: regions that fell behind catch up, and take not all turns."""

from sagewatch.jobs.lanes import caught_up
from sagewatch.jobs.ports import Cursor


def test_no_cursor_is_more_than_a_lap_behind() -> None:
    """A new region would otherwise take all turns until it had caught up."""
    assert caught_up([Cursor("a", 7), Cursor(None, 0), Cursor("b", 6)]) == [
        Cursor("a", 7),
        Cursor(None, 6),
        Cursor("b", 6),
    ]


def test_without_a_region_there_is_no_cursor() -> None:
    """Nothing to order is no error."""
    assert caught_up([]) == []
