"""``bench.answer`` keeps what each handler took."""

from bench.answer import STARTS


def test_each_handler_is_a_key_of_its_own() -> None:
    """Although its variables are a mapping."""
    assert len({start: [] for start in STARTS}) == len(STARTS)
