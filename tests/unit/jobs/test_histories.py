"""Random histories of jobs against an oracle: whatever is late, doubled, lost, cut off or killed, the money is right.

Rows, totals of days, the roll-ups of parents, and alerts are compared: of failures, of expensive jobs, of those that
run for long. Some jobs keep a warm pool, run on spot, or are children of a tuning job, and names are used again, within
a minute too. Some stored or listed items cannot be read, and some of Describe's answers.

Each history is named by its seed. ``make prove`` plays 20,000 of them, ``make test`` 300.
"""

import os

import pytest

from tests.worlds.job_histories import History

HISTORIES = int(os.environ.get("HISTORIES", "300"))
BATCH = 50


@pytest.mark.parametrize("first", range(0, HISTORIES, BATCH))
def test_rows_and_alerts_of_any_history_are_those_of_the_oracle(first: int) -> None:
    """Events late, doubled, lost and reordered; sweeps cut off; faults before and after each call; names reused."""
    for seed in range(first, first + BATCH):
        history = History(seed)
        history.play()

        assert not list(history.wrong()), f"seed {seed}"
