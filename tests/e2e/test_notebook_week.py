"""A week of sixty notebooks of 25 kinds on a deployed stack whose clock is moved from sweep to sweep.

It is the week of ``tests/worlds/week.py``, which a scenario plays in memory: a day of trial mode, then an update of the
stack to ``Mode=enforce``, and two days without Slack. Every process of the cloud, the functions' own included, lives by
the moved clock (``local.stack.clock``); nothing in the product knows. No event and no schedule is sent, so the sweeps
have to see what people do. There are few sweeps, and some are hours late.

On a slow machine a notebook may not answer within SageWatch's five seconds. It is then kept, and Slack says so; it is
stopped by a later pair of sweeps.
"""

import json
import os
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local.demo.player import get_json
from local.stack.clock import MOVES, Clock
from local.stack.cloud import LocalCloud
from sagewatch.idle.evidence import Active, Idle, Reading, Unknown
from tests.e2e.clocked import clocked_cloud, deploy_without_schedules
from tests.e2e.conftest import HANGS_SECONDS, Account
from tests.e2e.team import Team
from tests.worlds.builders import NOW
from tests.worlds.week import DOWN, ENFORCED, KINDS, NAMES, UP, Happening

pytestmark = [
    pytest.mark.skipif("WEEK" not in os.environ, reason="a quarter of an hour on a busy machine: WEEK=1 asks for it"),
    pytest.mark.skipif(not MOVES, reason="libfaketime is there for Linux on x86_64"),
    pytest.mark.timeout(HANGS_SECONDS),  # a cloud of its own, and a whole week on it
]

FIRST = (datetime.now(UTC) + timedelta(days=1)).replace(hour=12, minute=0, second=0, microsecond=0)
SWEEPS = (0, 1.25, 24, 25.25, 54.25, 80, 96.25, 98, 100.25, 104.25, 105.5, 131, 132.25, 167.5)
NOTICE, IDLE_FOR_SECONDS = timedelta(hours=1), 1.5
# The sweep, or the press, that stops each kind.
STOPS: Mapping[str, float] = {
    **dict.fromkeys(("forgotten", "fresh", "free-terminal", "tidied"), 25.25),
    "asked": 24.5,
    **dict.fromkeys(("finishes", "leased", "tomorrow"), 98),  # due while Slack was down
    "patient": 100.25,
    "dies": 104.25,
    **dict.fromkeys(("unkept", "maintained"), 105.5),
}
_SLOW = "no answer within"
_STARTING = "has been starting for over a day"
Raw = dict[str, Any]


def at(moment: datetime) -> datetime:
    """A time of the cast in this week."""
    return FIRST + (moment - NOW)


def hour(number: float) -> datetime:
    """That hour of this week."""
    return FIRST + timedelta(hours=number)


def kernel(state: str, since: datetime, **more: object) -> Raw:
    """A kernel as Jupyter shows it."""
    return {"id": "k", "name": "python3", "execution_state": state, "last_activity": since.isoformat(), **more}


def terminal(used: datetime) -> Raw:
    """A terminal as Jupyter shows it."""
    return {"name": "1", "last_activity": used.isoformat()}


def answers(reading: Reading) -> Raw:
    """What Jupyter answers so that SageWatch reads that."""
    match reading:
        case Active():
            return {"kernels": [kernel("busy", hour(-40))]}
        case Unknown():
            return {"status": 500}
        case Idle():
            last = at(reading.since or NOW)
            return {"kernels": [kernel("idle", last)], "terminals": [terminal(last)] * reading.silent_terminals}


# Other answers that mean the same as those of their kind.
_NINE_HOURS_AGO = hour(-9)
VARIANTS: Mapping[str, Raw] = {
    "forgotten-1": {"kernels": [kernel("idle", _NINE_HOURS_AGO, connections=2)], "last_activity": hour(0).isoformat()},
    "forgotten-2": {"kernels": [kernel("idle", _NINE_HOURS_AGO + timedelta(minutes=10))], "clock_skew": 600},
    "forgotten-3": {"kernels": [kernel("dead", _NINE_HOURS_AGO)]},
    "forgotten-4": {},
    "busy-1": {"kernels": [kernel("starting", hour(0))]},
    "terminal-1": {"kernels": [kernel("idle", hour(-6))], "clock_skew": 3 * 3600},
    "dies-1": {"html": True},
    "dies-2": {"refuse": True},
}
TYPES = "busy-2"  # someone types in its terminal before each sweep


@dataclass
class Week:
    """The cloud, its clock, and its notebooks."""

    cloud: LocalCloud
    clock: Clock
    team: Team
    swept: dict[float, Raw] = field(default_factory=dict)

    @classmethod
    def deployed(cls, cloud: LocalCloud, clock: Clock) -> "Week":
        """A new stack, in trial mode as is the default."""
        deploy_without_schedules(cloud)
        cloud.warm()
        return cls(cloud, clock, Team(Account(cloud)))

    def begin(self) -> None:
        """Sixty notebooks in their state before the week."""
        for name, kind in NAMES.items():
            self.team.start(name, VARIANTS.get(name, answers(kind.jupyter)), dict(kind.tags), kind.platform)
        self.team.orders("stuck-0", {"StopError": {"code": "ValidationException", "message": "It is looked after."}})

    def pass_by(self) -> None:
        """What happens, and sweeps, by the clock."""
        before = -1.0
        for now in sorted({*SWEEPS, *_changes()}):
            self._jupyters(before, now)
            if now >= UP:
                self.slack_is_down(times=0)
            self.clock.move_to(hour(now))
            if DOWN <= now < UP:
                self.slack_is_down(times=1_000_000)
            if now == ENFORCED:
                deploy_without_schedules(self.cloud, "Mode=enforce")
            for name, happening in _happen(now):
                self._happen(name, happening)
            if now in SWEEPS:
                self.swept[now] = self.team.account.invoke("SweepNotebooks", {})
                self.settle(now)
            before = now

    def slack_is_down(self, *, times: int) -> None:
        """Let so many calls of Slack fail."""
        self.team.account.fail_slack(status=503, times=times)

    def settle(self, now: float) -> None:
        """Wait until every queued alert is in Slack, or has been tried."""
        if not DOWN <= now < UP:
            assert self.team.settles()
            return
        size, since = -1, time.monotonic()
        while time.monotonic() - since < IDLE_FOR_SECONDS:
            time.sleep(0.1)
            if (made := self.cloud.calls.stat().st_size) != size:
                size, since = made, time.monotonic()

    def _jupyters(self, after: float, until: float) -> None:
        self.team.orders(TYPES, {"Jupyter": {"terminals": [terminal(hour(until - 0.2))]}})
        for name, kind in NAMES.items():
            for when, what in kind.happens.items():
                if after < when <= until and not isinstance(what, tuple):
                    self.team.orders(name, {"Jupyter": answers(what)})

    def _happen(self, name: str, what: Happening) -> None:
        """Something happens to a notebook, and no event reports it."""
        match what:
            case ("press", action, user):
                assert self.team.press(name, action, user)["status"] == 200
            case ("status", status):
                self.team.orders(name, {"NotebookInstanceStatus": status})
            case ("restart",):
                self.team.orders(name, {"LastModifiedTime": self.clock.now().isoformat()})
            case ("retype",):
                self.team.orders(name, {"InstanceType": "ml.g5.xlarge"})
            case ("tidy",):
                self.team.tidy(name)
            case ("delete",):
                self._delete(name)
            case ("recreate",):
                self._delete(name)
                kind = KINDS[name.rpartition("-")[0]]
                self.team.start(name, answers(kind.jupyter), dict(kind.tags), kind.platform, at=self.clock.now())

    def _delete(self, name: str) -> None:
        self.team.orders(name, {"NotebookInstanceStatus": "Stopped"})
        self.team.account.stage.client("sagemaker").delete_notebook_instance(NotebookInstanceName=name)


@pytest.fixture(scope="module")
def week() -> Iterator[Week]:
    """A cloud of its own, for no other test's clock may be moved; the week has gone by."""
    with clocked_cloud("week") as (cloud, clock):
        made = Week.deployed(cloud, clock)
        made.begin()
        made.pass_by()
        yield made


def test_exactly_the_right_ones_are_stopped_in_the_right_sweep(week: Week) -> None:
    """Once each, and none in trial mode. Their sessions end then, and say by whom."""
    found = {name: [_begun((when - FIRST) / timedelta(hours=1)) for when in stops] for name, stops in _stops(week)}
    wanted = {name: [STOPS[kind]] if (kind := name.rpartition("-")[0]) in STOPS else [] for name in NAMES}
    late = {name for name in NAMES if any(_SLOW in message["text"] for message in week.team.told(name))}

    assert {name: found[name] for name in NAMES if name not in late} == {
        name: wanted[name] for name in NAMES if name not in late
    }
    assert [name for name in late if len(found[name]) != len(wanted[name]) or found[name] < wanted[name]] == []
    assert wanted == {name: wanted[name] if kind.stops else [] for name, kind in NAMES.items()}
    rows = week.team.account.stage.ledger()
    ours = [row for row in rows if str(row.get("stopped_by", "")).startswith("sagewatch")]
    assert Counter(row["resource_name"] for row in ours) == Counter(name for name, hours in wanted.items() if hours)
    assert {row["stopped_by"] for row in ours} == {"sagewatch", "sagewatch for U0ANA"}


def test_each_was_announced_for_an_hour_before_it_was_stopped(week: Week) -> None:
    """By the time of its message in Slack. The person who asked for a stop needs no notice, and one message is gone."""
    for name, stops in _stops(week):
        shown = [datetime.fromtimestamp(float(message["ts"]), UTC) for message in week.team.roots(name)]
        for when in stops:
            assert name.startswith(("asked", "tidied")) or any(when - place >= NOTICE for place in shown), name


def test_every_stop_and_refusal_is_reported_once(week: Week) -> None:
    """By news in the thread of its warning; notebooks that need no message get none."""
    for name, kind in NAMES.items():
        texts = [message["text"] for message in week.team.told(name)]
        assert sum(f"Notebook {name} is stopped" in text for text in texts) == kind.stops, (name, texts)
        assert all(any(part in text for text in texts) for part in kind.news), (name, texts)
        if name.startswith(("busy", "ignored", "protected")):
            assert [text for text in texts if _SLOW not in text and _STARTING not in text] == [], name
    starting = [message["text"] for message in week.team.told("busy-1") if _STARTING in message["text"]]
    assert 1 <= len(starting) <= 7  # a kernel that starts for days, once a day
    stuck = [message["text"] for message in week.team.told("stuck-0")]
    assert sum("could not be stopped" in text for text in stuck) == 1


def test_slack_has_the_last_word_right(week: Week) -> None:
    """The newest warning shows what is so, and only the newest has buttons, while there is something to press."""
    for name, kind in NAMES.items():
        roots = week.team.roots(name)
        if kind.says:
            assert f"{kind.says[:1].upper()}{kind.says[1:]}" in json.dumps(roots[-1]["blocks"]), (name, roots[-1])
        pressable = [_has_buttons(message) for message in roots]
        assert not any(pressable[:-1]), name
        assert not (any(pressable) and (kind.stops or name.startswith(("person", "deleted", "old")))), name


def test_every_keep_stays_in_slack_with_who_pressed_it(week: Week) -> None:
    """Also when a newer warning follows."""
    for name, user in (("leased-0", "U0ANA"), ("tomorrow-0", "U0BO"), ("never-0", "U0BO"), ("unkept-0", "U0ANA")):
        shown = [json.dumps(message["blocks"]) for message in week.team.roots(name)]
        kept = [text for text in shown if "Kept " in text or "SageWatch will not stop this notebook until" in text]
        assert [f"<@{user}>" in text for text in kept] == [True], (name, shown)


def test_nothing_is_lost_or_in_slack_twice(week: Week) -> None:
    """Two days without Slack included."""
    messages = get_json(f"{week.team.slack}/messages")
    names = Counter(message["metadata"]["event_payload"]["alert_id"] for message in messages)
    assert [name for name, count in names.items() if count > 1] == []
    stage = week.team.account.stage
    for queue in ("AlertDeadLetterQueueUrl", "EventDeadLetterQueueUrl"):
        assert "Messages" not in stage.client("sqs").receive_message(QueueUrl=week.team.account.env[queue])


def test_every_sweep_came_to_its_end(week: Week) -> None:
    """With nothing left over, and no failure, without Slack too."""
    ends = {now: (told["failures"], told["postponed"], told["carried_over"]) for now, told in week.swept.items()}
    assert ends == dict.fromkeys(SWEEPS, ([], [], 0))
    assert week.swept[0]["in_service"] == 60
    assert {now for now, told in week.swept.items() if told["stops"].get("would have been stopped")} == {1.25}


def _changes() -> set[float]:
    """The hours in which more changes than an answer of Jupyter."""
    return {when for kind in KINDS.values() for when, what in kind.happens.items() if isinstance(what, tuple)}


def _happen(now: float) -> list[tuple[str, Happening]]:
    changes = [(name, kind.happens[now]) for name, kind in NAMES.items() if now in kind.happens]
    return [(name, what) for name, what in changes if isinstance(what, tuple)]


def _stops(week: Week) -> Iterator[tuple[str, list[datetime]]]:
    """The calls that stopped each notebook; one that was deleted has none."""
    for name in NAMES:
        yield name, [] if name.startswith("deleted") else week.team.stopped_at(name)


def _begun(number: float) -> float:
    """The sweep or press of a call, which begins at most six minutes before it."""
    begun = max(now for now in (*SWEEPS, *_changes()) if now <= number)
    return begun if number - begun < 0.1 else number


def _has_buttons(message: Raw) -> bool:
    return any(block["type"] == "actions" for block in message["blocks"])
