"""Random histories of a notebook: stores and Slack fail, events are lost, late and doubled, people press and delete.

Safety: a busy, just started, unannounced, leased, tagged or unknown notebook is never stopped, and Slack's last word is
true. Liveness: once the world is calm, an idle notebook is stopped within its limit, its notice and two sweeps. A
failure names its seed: ``SEED=123 pytest tests/scenarios/test_histories.py`` plays that history alone.
"""

import os
from collections.abc import Iterator

import pytest

from tests.worlds.histories import LIMIT, NOTICE, SWEEP, History

HISTORIES = int(os.environ.get("HISTORIES", "300"))
BLOCKS, STEPS = max(10, HISTORIES // 100), 20


def seeds(block: int) -> Iterator[int]:
    """The seeds of a block, or the one that was asked for."""
    if "SEED" in os.environ:
        yield from [int(os.environ["SEED"])] if block == 0 else []
        return
    yield from range(block * HISTORIES // BLOCKS, (block + 1) * HISTORIES // BLOCKS)


def lived(seed: int) -> History:
    """A history up to where nothing fails any more."""
    history = History(seed)
    for _ in range(STEPS):
        history.step()
    history.recover()
    return history


@pytest.mark.parametrize("block", range(BLOCKS))
def test_no_history_stops_a_notebook_wrongly_and_slack_has_the_last_word_right(block: int) -> None:
    """Two sweeps after the last failure nothing in Slack is untrue, and no alert was posted twice.

    Whether the notebook is busy, kept, unknown, tagged, idle or gone at that time.
    """
    for seed in seeds(block):
        history = lived(seed)
        history.sweeps(3)

        assert history.wrong == [], f"SEED={seed}"
        assert history.untrue() == [], f"SEED={seed}"


@pytest.mark.parametrize("block", range(BLOCKS))
def test_once_the_world_is_calm_an_idle_notebook_is_stopped_in_time_and_every_message_ends(block: int) -> None:
    """A lease that has no end is ended first."""
    for seed in seeds(block):
        history = lived(seed)
        history.calm()
        if history.kept_until is None:
            history.end_lease()
        idle_from = max(history.world.now, history.kept_until or history.world.now)
        while history.running and history.world.now <= idle_from + LIMIT + NOTICE + 2 * SWEEP:
            history.sweeps(1)

        assert not history.running, f"SEED={seed}"
        history.sweeps(8)
        assert [alert.outcome for alert in history.slack.warnings if alert.open] == [], f"SEED={seed}"
        assert history.untrue() == [], f"SEED={seed}"
        assert history.wrong == [], f"SEED={seed}"
