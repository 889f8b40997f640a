"""Two of SageWatch's invocations meet, or one is killed: at each call that the first one makes, in turn.

Whatever meets, no notebook is stopped wrongly, and two sweeps later Slack's last word is true.
"""

import random
from collections.abc import Callable
from contextlib import suppress

import pytest

from sagewatch.errors import SageWatchError
from tests.worlds.builders import no_time_limit
from tests.worlds.histories import MINUTE, History

_MOST = 200  # calls of one invocation


class Killed(BaseException):
    """Lambda ends the invocation here."""


def kill() -> None:
    """End it."""
    raise Killed


def sweep(history: History) -> None:
    """Sweep, without the delivery that follows."""
    with suppress(SageWatchError):
        history.world.sweeper.sweep(no_time_limit)


def press(action: str) -> Callable[[History], None]:
    """Press a button of the newest warning, if there is one; what fails is tried again by its queue."""

    def pressed(history: History) -> None:
        if history.world.announced:
            history.presses.append((action, "U0ANA", history.world.now))
            history._answer()  # noqa: SLF001 - as its own steps do

    pressed.__name__ = action
    return pressed


def person_stops(history: History) -> None:
    """In the console."""
    history.person_stops()


def closes(history: History) -> None:
    """The run ends, and a sweep says so in the message."""
    history.person_stops()
    sweep(history)


def deliver(history: History) -> None:
    """Slack gets what is queued."""
    history.world.deliver()


ACTIONS = (sweep, closes, press("keep_4h"), press("never_stop"), press("stop_now"), person_stops, deliver)
FIRST = tuple(action for action in ACTIONS if action not in {closes, person_stops, deliver})
# When there are sweeps before, in minutes since the start, and when the first action happens.
MOMENTS = {
    "announced now": ((15,), 240),
    "announced": ((15, 240), 285),
    "stopped now": ((15, 240), 315),
    "used": ((15, 240), 285),
    "kept": ((15, 240, 285), 300),
    "kept before": ((15, 240, 285), 525),
    "trial reached": ((15, 240), 315),
}


def prepared(moment: str) -> History:
    """The world right before that moment. It idles from its start on, and is kept at 270 min or used at 280."""
    history, (sweeps, now) = History(1), MOMENTS[moment]
    history.trial(on=moment == "trial reached")
    begin = history.world.now
    for minutes in sweeps:
        if minutes == 285:
            history.world.now = begin + 270 * MINUTE
            press("keep_4h")(history)
        history.world.now = begin + minutes * MINUTE
        history.sweep()
    if moment == "used":
        history.use()
        history.says()
    history.world.now = begin + now * MINUTE
    return history


def settled(history: History) -> list[str]:
    """What is wrong once nothing more meets, and two sweeps have passed."""
    history.interruptions = ()
    while history.presses:
        history._answer()  # noqa: SLF001 - as its own steps do
    history.sweeps(3)
    return [*history.wrong, *history.untrue()]


def meet(history: History, first: Callable[[History], None], *others: tuple[int, Callable[[], None]]) -> int:
    """Let the first happen, and the others at its calls; return how many calls were made."""
    history.calls, history.interruptions = 0, others
    with suppress(Killed):
        first(history)
    return history.calls


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("first", FIRST, ids=lambda each: each.__name__)
def test_whatever_meets_at_whatever_call_ends_well(moment: str, first: Callable[[History], None]) -> None:
    """Each other action, and a kill, at each call of the first."""
    faults = []
    for other in (*ACTIONS, kill):
        for number in range(1, _MOST):
            history = prepared(moment)
            happen = kill if other is kill else lambda h=history, o=other: o(h)
            calls = meet(history, first, (number, happen))
            wrong = settled(history)
            faults += [f"{other.__name__} at call {number}: {each}" for each in wrong]
            if calls < number:
                break

    assert faults == []


def test_three_that_meet_at_random_end_well() -> None:
    """Nested, too."""
    dice = random.Random(7)  # noqa: S311 - no secret
    faults = []
    for number in range(300):
        moment, first = dice.choice(list(MOMENTS)), dice.choice(FIRST)
        history = prepared(moment)
        others = [dice.choice((*ACTIONS, kill)) for _ in range(3)]
        planned = [
            (dice.randint(1, 60), kill if other is kill else lambda h=history, o=other: o(h)) for other in others
        ]
        meet(history, first, *planned)
        names = [f"{other.__name__}@{at}" for other, (at, _) in zip(others, planned, strict=True)]
        faults += [f"{number}: {moment}, {first.__name__}, {names}: {each}" for each in settled(history)]

    assert faults == []
