"""A week of sixty notebooks of 25 kinds, with the real services, the real delivery, and stores and Slack in memory.

The first day is trial mode, then stops are made. Slack is down on the third and fourth day. No event reports what
people do: the sweeps have to see it. In the end every stop, keep, refusal and end is in Slack, once and true.
"""

from collections import Counter
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from sagewatch.delivery.registry import Alert
from sagewatch.errors import SageWatchError, StopRefusedError
from sagewatch.idle.alerts import NotebookAlert, NotebookNews
from sagewatch.idle.evidence import Active, Idle, Unknown
from sagewatch.sagemaker.notebooks import Notebook, NotebookStatus
from sagewatch.sagemaker.ports import Stop
from tests.fakes.delivery import InMemoryAlertGroups
from tests.worlds.builders import no_time_limit
from tests.worlds.delivery import a_delivery
from tests.worlds.histories import SlackModel
from tests.worlds.notebooks import OWNER, NotebookWorld, a_notebook
from tests.worlds.week import DOWN, END, ENFORCED, KINDS, NAMES, UP, Happening, at

SWEEPS = frozenset(quarter / 4 for quarter in range(int(END) * 4))
NOTICE = timedelta(hours=1)


class Week:
    """The account, and Slack as people see it."""

    def __init__(self) -> None:
        """Sixty notebooks in their state before the week."""
        self.world, self.down = NotebookWorld(max_stops=60), False
        self.slack = SlackModel(chance=lambda: self.down, clock=lambda: self.world.now)
        groups = InMemoryAlertGroups()
        self.delivery = a_delivery(self.world.deliveries, groups, self.slack, self.world.alerts, lambda: self.world.now)
        self.queued, self.waiting = 0, list[Alert]()
        self.world.deliver = self.deliver  # type: ignore[method-assign] # through the real delivery
        self.stops: list[tuple[str, datetime]] = []
        object.__setattr__(self.world.sweeper.notebook_stop, "stops", self)
        for name, kind in NAMES.items():
            self.world.has(a_notebook(name, tags={**OWNER, **kind.tags}, platform=kind.platform))
            self.world.says(name, kind.jupyter)
        self.world.notebooks.failures["stuck-0"] = StopRefusedError("It is looked after.")

    def stop(self, notebook: Notebook) -> Stop:
        """Stop it, and note what came of the call."""
        outcome = self.world.notebooks.stop(notebook)
        self.stops.append((notebook.name, self.world.now))
        self.change(notebook.name, status=NotebookStatus.STOPPED, modified_at=self.world.now)
        return outcome

    def pass_by(self) -> None:
        """What happens, and sweeps, by the clock."""
        hours = SWEEPS | {hour for kind in KINDS.values() for hour in kind.happens}
        for hour in sorted(hours):
            self.world.now, self.down = at(hour), DOWN <= hour < UP
            self.mode(enforce=hour >= ENFORCED)
            for name, kind in NAMES.items():
                if hour in kind.happens:
                    self.happen(name, kind.happens[hour])
            with suppress(SageWatchError):
                self.world.sweeper.sweep(no_time_limit)
            self.deliver()

    def mode(self, *, enforce: bool) -> None:
        """Deploy with ``Mode=observe`` or ``Mode=enforce``."""
        stop, inspector = self.world.sweeper.notebook_stop, self.world.sweeper.inspector
        for owner in (stop, stop.announcements):
            object.__setattr__(owner, "enforce", enforce)
        object.__setattr__(inspector, "rules", replace(inspector.rules, enforce=enforce))

    def happen(self, name: str, what: Happening) -> None:
        """Something happens to a notebook, and no event reports it."""
        now = self.world.now
        match what:
            case ("press", action, user):
                self.world.press(action, name, user)
            case ("status", status):
                self.change(name, status=NotebookStatus(status), modified_at=now)
            case ("delete",):
                del self.world.notebooks.found["us-east-1", name]
            case ("tidy",):
                newest = [ts for ts, alert in self.slack.shown.items() if getattr(alert, "name", None) == name][-1]
                self.slack.delete(newest)
            case (change,):
                more: dict[str, dict[str, object]] = {
                    "recreate": {"created_at": now},
                    "retype": {"instance_type": "ml.g5.xlarge"},
                }
                self.change(name, modified_at=now, **more.get(change, {}))
            case Active() | Idle() | Unknown():
                self.world.says(name, what)

    def change(self, name: str, **fields: object) -> None:
        """Let Describe and the listing answer something else."""
        found = self.world.notebooks.found["us-east-1", name]
        self.world.notebooks.found["us-east-1", name] = replace(found, **fields)  # type: ignore[arg-type] # a case

    def deliver(self) -> None:
        """What is queued, in order within its group."""
        self.waiting += self.world.alerts.sent[self.queued :]
        self.queued = len(self.world.alerts.sent)
        stuck: set[str] = set()
        for alert in list(self.waiting):
            if alert.order not in stuck:
                try:
                    self.delivery.deliver(alert)
                    self.waiting.remove(alert)
                except SageWatchError:
                    stuck.add(alert.order)

    def warnings(self, name: str) -> list[NotebookAlert]:
        """The warnings of a notebook that people see, oldest first."""
        return [alert for alert in self.slack.warnings if alert.name == name]

    def news(self, name: str) -> list[NotebookNews]:
        """What else people see of it."""
        return [each for each in self.slack.shown.values() if isinstance(each, NotebookNews) and each.name == name]


@pytest.fixture(scope="module")
def week() -> Week:
    """The week has gone by."""
    week = Week()
    week.pass_by()
    return week


def test_there_are_sixty_notebooks_of_25_kinds() -> None:
    """As many as a team has."""
    assert (len(NAMES), len(KINDS)) == (60, 25)


def test_exactly_the_right_ones_are_stopped_after_trial_mode_and_never_unannounced(week: Week) -> None:
    """None in trial mode, and none on a warning that Slack did not have for an hour."""
    counts = Counter(name for name, _ in week.stops if name != "stuck-0")

    assert counts == {name: kind.stops for name, kind in NAMES.items() if kind.stops}
    for name, when in week.stops:
        places = [week.world.deliveries.find(alert.alert_id) for alert in week.world.announced if alert.name == name]
        assert when >= at(ENFORCED), name
        assert name.startswith("asked") or any(place and when - place.posted_at >= NOTICE for place in places), name


def test_every_stop_and_refusal_is_reported_once(week: Week) -> None:
    """By news in the thread of its warning."""
    for name, kind in NAMES.items():
        told = Counter(news.headline for news in week.news(name))
        assert told[f"Notebook {name} is stopped"] == kind.stops, name
        assert all(any(part in headline for headline in told) for part in kind.news), (name, told)
    assert Counter(news.headline for news in week.news("stuck-0")) == {"Notebook stuck-0 could not be stopped": 1}


def test_slack_has_the_last_word_right(week: Week) -> None:
    """The newest warning shows what is so, and only the newest has buttons, while there is something to press."""
    for name, kind in NAMES.items():
        found = week.warnings(name)
        if kind.says is not None:
            assert (found[-1].outcome or "").startswith(kind.says), (name, found[-1].outcome)
        assert not any(alert.open for alert in found[:-1]), name
        ended = kind.stops or name.startswith(("person", "deleted"))
        assert not (ended and any(alert.open for alert in found)), name


def test_every_keep_stays_in_slack_with_who_pressed_it(week: Week) -> None:
    """Also when a newer warning follows."""
    for name, user in (("leased-0", "U0ANA"), ("tomorrow-0", "U0BO"), ("never-0", "U0BO"), ("unkept-0", "U0ANA")):
        kept = [
            alert
            for alert in week.warnings(name)
            if (alert.outcome or "").startswith(("kept", "SageWatch will not stop"))
        ]
        assert [alert.by for alert in kept] == [user], name


def test_nothing_is_lost_or_in_slack_twice(week: Week) -> None:
    """Two days without Slack included; what replaced a deleted message is no repetition."""
    gone = Counter(week.slack.posts[int(ts)] for ts in week.slack.deleted)
    assert week.waiting == []
    assert [name for name, count in Counter(week.slack.posts).items() if count > 1 + gone[name]] == []
