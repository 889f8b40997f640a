"""Random histories: stores fail, events are lost, notebooks are used, kept, restarted and recreated.

Safety: a busy, just started, unannounced, leased, protected or unknown notebook is never stopped. Liveness: once the
world is calm, an idle notebook is stopped. Every message has ended, where no store failed.
"""

import os
import random
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import pytest

from sagewatch.errors import SageWatchError, UnavailableError
from sagewatch.idle.evidence import Active, Idle, Source, Unknown
from sagewatch.sagemaker.notebooks import Notebook, NotebookStatus
from sagewatch.sagemaker.ports import Stop
from tests.worlds.builders import no_time_limit
from tests.worlds.notebooks import OWNER, NotebookWorld, a_notebook

HISTORIES = int(os.environ.get("HISTORIES", "300"))
MINUTE, LIMIT, NOTICE = timedelta(minutes=1), timedelta(hours=4), timedelta(hours=1)


class History:
    """One notebook, what truly happened to it, and a world that watches it."""

    def __init__(self, seed: int) -> None:
        self.random, self.world = random.Random(seed), NotebookWorld()  # noqa: S311 - a history, no secret
        self.failing, self.used, self.started, self.kept_until = 0.0, *[self.world.now] * 3
        self.busy = self.unknown = self.protected = False
        self.wrong: list[str] = []
        self._stop = self.world.notebooks.stop
        object.__setattr__(self.world.sweeper.notebook_stop, "stops", self)
        for store, names in (
            (self.world.alerts, ("send",)),
            (self.world.states, ("save", "archive", "read", "of_region")),
            (self.world.leases, ("grant", "claim_stop")),
            (self.world.sessions, ("get", "begin", "amend", "succeed", "end", "open_sessions")),
            (self.world.ledger, ("put",)),
        ):
            for name in names:
                setattr(store, name, self._may_fail(getattr(store, name)))
        self.start(recreated=True)

    def _may_fail(self, call: Callable[..., object]) -> Callable[..., object]:
        def answer(*args: object, **more: object) -> object:
            if self.random.random() < self.failing:
                raise UnavailableError("no answer")
            return call(*args, **more)

        return answer

    @property
    def found(self) -> Notebook:
        """The notebook as SageMaker has it."""
        return self.world.notebooks.found["us-east-1", "Lab-One"]

    def start(self, *, recreated: bool) -> None:
        """Start it, or another of that name; no event reports it."""
        now = self.world.now
        created = now if recreated else self.found.created_at
        self.world.has(a_notebook(created_at=created, modified_at=now))
        self.used, self.started, self.busy = now, now, False
        self.kept_until = now if recreated else self.kept_until
        self.says()

    def says(self) -> None:
        """Let Jupyter say what is so, and tags what people want."""
        since = None if self.used == self.started else self.used
        quiet = Idle(Source.JUPYTER, since, "no kernel has run")
        seen = Active(Source.JUPYTER, None, "busy") if self.busy else quiet
        self.world.says("Lab-One", Unknown(Source.JUPYTER, "no answer") if self.unknown else seen)
        self.world.notebooks.tagged[self.found.arn] = {**OWNER, **({"sagewatch:protect": ""} if self.protected else {})}

    def stop(self, notebook: Notebook) -> Stop:
        """See ``NotebookStops.stop``; whatever forbids a stop is noted here."""
        now, posted = self.world.now, self.world.deliveries.posted
        if self.found.status is NotebookStatus.IN_SERVICE:
            shown = [posted[alert.alert_id].posted_at for alert in self.world.announced if alert.alert_id in posted]
            fine = {
                "in use, unknown or protected": not any((self.busy, self.unknown, self.protected)),
                "not idle for long enough": now - self.used >= LIMIT,
                "leased": self.kept_until <= now,
                "not announced in this run": any(self.used <= moment <= now - NOTICE for moment in shown),
            }
            self.wrong += [reason for reason, is_so in fine.items() if not is_so]
        outcome = self._stop(notebook)
        if outcome is Stop.STOPPING:
            self.world.has(a_notebook(created_at=self.found.created_at, modified_at=now, status=NotebookStatus.STOPPED))
        return outcome

    def step(self) -> None:
        """Let time pass and something happen."""
        self.world.now += self.random.choice([1, 15, 60, 61, 241, 600]) * MINUTE
        running = self.found.status is NotebookStatus.IN_SERVICE
        match self.random.randrange(10):
            case 0 if running:
                self.busy, self.used = not self.busy, self.world.now
            case 1:
                self.unknown = not self.unknown
            case 2:
                self.protected = not self.protected
            case 3:
                self.start(recreated=False)
            case 4:
                self.start(recreated=True)
            case 5 if running:
                self.world.has(
                    a_notebook(
                        created_at=self.found.created_at, modified_at=self.world.now, status=NotebookStatus.STOPPED
                    )
                )
            case 6 if running and self.world.announced:
                self.press()
            case _:
                pass
        self.says()
        self.sweep()

    def press(self) -> None:
        """Keep it for four hours, unless the press fails."""
        try:
            pressed = self.world.press("keep_4h")
        except SageWatchError:
            return
        if pressed.effect.startswith("kept"):
            self.kept_until = self.world.now + timedelta(hours=4)

    def sweep(self) -> None:
        """Sweep, and deliver most of the time."""
        with suppress(SageWatchError):
            self.world.sweeper.sweep(no_time_limit)
        if self.random.random() > self.failing:
            self.world.deliver()


@pytest.mark.parametrize("block", range(10))
def test_no_history_stops_a_notebook_wrongly_and_none_idles_for_ever(block: int) -> None:
    """Twenty steps of whatever may happen, then three calm days."""
    for seed in range(block * HISTORIES // 10, (block + 1) * HISTORIES // 10):
        history = History(seed)
        for _ in range(20):
            history.failing = history.random.choice([0, 0.05, 0.3]) if seed % 2 else 0
            history.step()
        history.failing, history.busy, history.unknown, history.protected = 0, False, False, False
        history.says()
        for _ in range(4 * 24):
            history.world.now += 15 * MINUTE
            history.sweep()

        assert history.wrong == [], f"history {seed}"
        assert history.found.status is NotebookStatus.STOPPED, f"history {seed}"
        ended = {edit.edits for edit in history.world.edits if not edit.open}
        # An announcement that was queued and could not be remembered may outlive its run.
        assert seed % 2 or {alert.alert_id for alert in history.world.announced} <= ended, f"history {seed}"
