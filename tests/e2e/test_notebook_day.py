"""Twelve hours of sixty notebooks whose states change, on a deployed stack whose clock is moved from sweep to sweep.

Every process of the cloud, the functions' own included, lives by the moved clock (``local.stack.clock``); nothing in
the product knows. It is deployed as a user would: ``Mode=enforce``, four hours idle, an hour's notice. Its schedules
are taken away, for here the test says when a sweep runs.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from local.stack.clock import MOVES, Clock
from tests.e2e.clocked import clocked_cloud, deploy_without_schedules
from tests.e2e.conftest import Account
from tests.e2e.team import Team

pytestmark = [
    pytest.mark.skipif(not MOVES, reason="libfaketime is there for Linux on x86_64"),
    pytest.mark.timeout(600),  # a cloud of its own, and a whole day on it
]

SWEEPS = (0, 1.5, 4, 5.25, 6.5, 8, 9.5, 10.75, 12.25)
DAY = (datetime.now(UTC) + timedelta(days=1)).replace(hour=6, minute=0, second=0, microsecond=0)
NOTICE, LIMIT = timedelta(hours=1), timedelta(hours=4)
Told = dict[str, Any]


def at(hour: float) -> datetime:
    """That hour of the day."""
    return DAY + timedelta(hours=hour)


def idle(since: float, **more: object) -> Told:
    """A kernel that last ran then."""
    kernel = {"id": "k", "name": "python3", "execution_state": "idle", "last_activity": at(since).isoformat()}
    return {"kernels": [kernel | more]}


def busy(since: float) -> Told:
    """A kernel that has been running since then."""
    return idle(since, execution_state="busy")


def terminal(used: float) -> Told:
    """A terminal that was used."""
    return {"terminals": [{"name": "1", "last_activity": at(used).isoformat()}]}


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A number of equal notebooks: Jupyter's answers by hour, and the expected result.

    ``stopped`` is the sweep that stops them; ``told`` are the messages that name one, in order, by a part of each;
    ``edited`` what the first of them says in the end.
    """

    number: int
    states: Mapping[float, Told]
    tags: dict[str, str] = field(default_factory=dict)
    platform: str = "notebook-al2023-v1"
    presses: tuple[float, str, str] | None = None
    stopped: float | None = None
    told: tuple[str, ...] = ()
    edited: str = ""


IDLE, OVER, STOPPED = "Notebook idle: ", "Notebook: ", "is stopped"
STOPS: Mapping[str, Any] = {"told": (OVER, STOPPED), "edited": "Stopped at"}
KINDS: Mapping[str, Kind] = {
    "busy": Kind(number=8, states={-1: busy(-40)}),
    "forgotten": Kind(number=8, states={-1: idle(-5)}, stopped=1.5, **STOPS),
    "tab": Kind(
        number=6, states={-1: idle(-6, connections=2) | {"last_activity": at(0).isoformat()}}, stopped=1.5, **STOPS
    ),
    "finishes": Kind(number=6, states={-1: busy(-2), 3: idle(3)}, stopped=9.5, **STOPS),
    "returns": Kind(
        number=5,
        states={-1: idle(-5), 1.4: busy(1.4), 6: idle(6)},
        stopped=12.25,
        told=(OVER, OVER, STOPPED),
        edited="it is in use again",
    ),
    "types": Kind(
        number=4,
        states={-1: terminal(-1.2), **{hour - 0.1: terminal(hour - 0.2) for hour in SWEEPS[1:]}},
    ),
    "leased": Kind(
        number=4,
        states={-1: idle(-5)},
        presses=(0.5, "keep_4h", "U0ANA"),
        stopped=6.5,
        told=(OVER, OVER, STOPPED),
        edited="Kept for 4 h",
    ),
    "never": Kind(
        number=2,
        states={-1: idle(-5)},
        presses=(0.5, "never_stop", "U0BO"),
        told=(IDLE,),
        edited="SageWatch will not stop this notebook until someone presses another button",
    ),
    "dies": Kind(
        number=4,
        states={-1: idle(-2), 1: {"status": 500}, 6: idle(-2)},
        stopped=8,
        told=("Cannot tell whether", OVER, STOPPED),
    ),
    "fast": Kind(number=2, states={-1: idle(-1 + 1 / 6) | {"clock_skew": 600}}, stopped=5.25, **STOPS),
    "wrong": Kind(number=1, states={-1: idle(-1 + 3) | {"clock_skew": 3 * 3600}}, told=("Cannot tell whether",)),
    "patient": Kind(number=2, states={-1: idle(-1)}, tags={"sagewatch:idle-after": "PT10H"}, stopped=10.75, **STOPS),
    "ignored": Kind(number=3, states={-1: idle(-9)}, tags={"sagewatch:ignore": "true"}),
    "protected": Kind(number=2, states={-1: idle(-9)}, tags={"sagewatch:protect": ""}),
    "old": Kind(number=2, states={-1: idle(-9)}, platform="notebook-al2-v3", told=(IDLE,)),
    "stuck": Kind(number=1, states={-1: idle(-5)}, told=(IDLE, "could not be stopped")),
}
NAMES = {kind: [f"{kind}-{number}" for number in range(facts.number)] for kind, facts in KINDS.items()}


@dataclass
class Day:
    """The cloud, its clock, and its notebooks."""

    clock: Clock
    team: Team
    swept: dict[float, Told] = field(default_factory=dict)

    def begin(self) -> None:
        """Sixty notebooks in their state before the day."""
        for kind, facts in KINDS.items():
            for name in NAMES[kind]:
                self.team.start(name, facts.states[-1], facts.tags, facts.platform)
        self.team.orders("stuck-0", {"StopError": {"code": "ValidationException", "message": "It is looked after."}})

    def pass_by(self) -> None:
        """Sweeps and presses, by the clock. Jupyter's answer changes before the sweep that sees it first."""
        presses = {facts.presses[0] for facts in KINDS.values() if facts.presses}
        before = -1.0
        for hour in sorted({*SWEEPS, *presses}):
            self._works(before, hour)
            self.clock.move_to(at(hour))
            self._answers(hour)
            if hour in SWEEPS:
                self.swept[hour] = self.team.sweep()
            before = hour

    def _works(self, after: float, until: float) -> None:
        for name, facts in every().items():
            for hour, told in facts.states.items():
                if after < hour <= until:
                    self.team.orders(name, {"Jupyter": told})

    def _answers(self, hour: float) -> None:
        for name, facts in every().items():
            if facts.presses and facts.presses[0] == hour:
                assert self.team.press(name, *facts.presses[1:])["status"] == 200


@pytest.fixture(scope="module")
def day() -> Iterator[Day]:
    """A cloud of its own, for no other test's clock may be moved; the day has gone by."""
    with clocked_cloud("day") as (cloud, clock):
        deploy_without_schedules(cloud, "Mode=enforce")
        cloud.warm()
        made = Day(clock, Team(Account(cloud)))
        made.begin()
        made.pass_by()
        yield made


def test_exactly_the_right_ones_are_stopped_in_the_right_sweep(day: Day) -> None:
    """Once each. Their sessions end then, and say by whom."""
    hours = {name: [(when - DAY) / timedelta(hours=1) for when in day.team.stopped_at(name)] for name in every()}
    wanted = {name: [] if facts.stopped is None else [facts.stopped] for name, facts in every().items()}

    assert {name: [max(h for h in SWEEPS if h <= hour) for hour in found] for name, found in hours.items()} == wanted
    assert all(hour - max(h for h in SWEEPS if h <= hour) < 0.1 for found in hours.values() for hour in found)
    rows = {
        row["resource_name"]: row["stopped_by"]
        for row in day.team.account.stage.ledger()
        if row["resource_name"] in wanted
    }
    assert rows == {name: "sagewatch" for name, stops in wanted.items() if stops}


def test_each_was_announced_for_an_hour_and_had_idled_for_its_limit_when_it_was_stopped(day: Day) -> None:
    """None was busy at the moment of the call."""
    for name, facts in every().items():
        for when in day.team.stopped_at(name):
            told = [datetime.fromtimestamp(float(message["ts"]), UTC) for message in roots(day, name)]
            assert when - max(told) >= NOTICE, name
            assert [span for span in works(facts) if span[0] <= when < span[1] + LIMIT] == [], name


def test_every_stop_keep_and_refusal_is_in_slack_once(day: Day) -> None:
    """Notebooks that need no message get none."""
    for name, facts in every().items():
        texts = [message["text"] for message in day.team.told(name)]
        assert len(texts) == len(facts.told), (name, texts)
        assert [text for text, said in zip(texts, facts.told, strict=True) if said not in text] == [], name
        if facts.edited:
            assert facts.edited in json.dumps(roots(day, name)[0]["blocks"]), name
    stuck = day.team.story("stuck-0")
    assert (stuck["stops"], stuck["refused_stops"] > 1) == ([], True)


def test_every_sweep_came_to_its_end(day: Day) -> None:
    """With nothing left over, and no failure."""
    assert [(told["failures"], told["postponed"], told["carried_over"]) for told in day.swept.values()] == [
        ([], [], 0)
    ] * len(SWEEPS)
    assert day.swept[0]["in_service"] == 60


def every() -> Mapping[str, Kind]:
    """All sixty."""
    return {name: facts for kind, facts in KINDS.items() for name in NAMES[kind]}


def roots(day: Day, name: str) -> list[Told]:
    """The messages that announced it."""
    return [message for message in day.team.told(name) if message["text"].startswith((IDLE, OVER))]


def works(facts: Kind) -> Iterator[tuple[datetime, datetime]]:
    """From when to when a kernel was busy."""
    for (begin, told), (end, _) in pairwise([*sorted(facts.states.items()), (99.0, {})]):
        if told.get("kernels", [{}])[0].get("execution_state") == "busy":
            yield at(begin), at(end)
