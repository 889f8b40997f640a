"""One notebook, what truly happened to it, SageMaker's events as they come, and a Slack that fails and forgets."""

import random
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import override

from sagewatch.alerts.ports import Lease, MessageRef
from sagewatch.delivery.ports import Channel
from sagewatch.delivery.registry import Alert
from sagewatch.errors import MessageGoneError, NoAnswerError, SageWatchError, ThrottledError, UnavailableError
from sagewatch.idle.alerts import NotebookAlert, NotebookNews
from sagewatch.idle.evidence import Active, Idle, Source, Unknown
from sagewatch.idle.ports import LeaseGrant
from sagewatch.ledger.records import RecordedBy
from sagewatch.sagemaker.notebooks import Notebook, NotebookStatus
from sagewatch.sagemaker.ports import Stop
from sagewatch.sagemaker.scopes import Scope
from tests.fakes.delivery import InMemoryAlertGroups
from tests.worlds.builders import no_time_limit
from tests.worlds.delivery import a_delivery
from tests.worlds.notebooks import OWNER, NotebookWorld, a_notebook

MINUTE = timedelta(minutes=1)
LIMIT, NOTICE, SWEEP = timedelta(hours=4), timedelta(hours=1), timedelta(minutes=15)
LONG = timedelta(days=2)  # a limit of its own
_KEPT_BY_TAG = frozenset({"sagewatch:protect", "sagewatch:ignore"})
_TAGS = ({"sagewatch:protect": "yes"}, {"sagewatch:ignore": "yes"}, {"sagewatch:idle-after": "P2D"})


@dataclass
class SlackModel(Channel):
    """The messages that people see, by their place. A call may fail before or after it had its effect."""

    chance: Callable[[], bool]
    clock: Callable[[], datetime]
    shown: dict[str, Alert] = field(default_factory=dict)
    deleted: set[str] = field(default_factory=set)
    posts: list[str] = field(default_factory=list)

    @override
    def post(self, alert: Alert, thread: MessageRef | None = None, to: str | None = None) -> MessageRef:
        if thread and thread.ts in self.deleted:
            raise MessageGoneError("thread_not_found")
        self._fails(ThrottledError("ratelimited"))
        place = MessageRef("C0", str(len(self.posts)), self.clock())
        self.posts.append(alert.edits or alert.alert_id)
        self.shown[place.ts] = alert
        self._fails(NoAnswerError("no answer"))
        return place

    @override
    def update(self, posted: MessageRef, alert: Alert) -> None:
        if posted.ts in self.deleted:
            raise MessageGoneError("message_not_found")
        self._fails(NoAnswerError("no answer"))
        self.shown[posted.ts] = alert

    @override
    def find(
        self, alert_id: str, since: datetime, thread: MessageRef | None = None, to: str | None = None
    ) -> MessageRef | None:
        self._fails(ThrottledError("ratelimited"))
        found = [ts for ts, alert in self.shown.items() if alert.alert_id == alert_id and ts not in self.deleted]
        return MessageRef("C0", found[0], self.clock()) if found else None

    def delete(self, ts: str) -> None:
        """A person deletes a message by hand."""
        self.deleted.add(ts)

    @property
    def warnings(self) -> list[NotebookAlert]:
        """The warnings that people see, as they are now."""
        seen = [alert for ts, alert in self.shown.items() if ts not in self.deleted]
        return [alert for alert in seen if isinstance(alert, NotebookAlert)]

    def _fails(self, error: SageWatchError) -> None:
        if self.chance():
            raise error


@dataclass(frozen=True)
class End:
    """How a run truly ended: when, and whether SageWatch's call did it.

    It is ``contested`` if a person was a moment faster than a call of SageWatch: AWS does not say whose it was. It is
    ``overtaken`` if the next run or the deletion came before two sweeps in which nothing failed.
    """

    at: datetime
    ours: bool
    contested: bool = False
    overtaken: bool = False


class History:
    """One notebook and a world that watches it."""

    def __init__(self, seed: int) -> None:
        """Begin with a new notebook; a third of the histories begin in trial mode."""
        self.random, self.world = random.Random(seed), NotebookWorld()  # noqa: S311 - a history, no secret
        self.failing, self.used, self.started = 0.0, *[self.world.now] * 2
        self.kept_until: datetime | None = self.world.now
        self.busy = self.unknown = self.terminal = self.slack_down = False
        self.tags: dict[str, str] = {}
        self.deleted: list[datetime] = []
        self.calm_sweeps, self.answered_at = 0, self.world.now
        self.wrong: list[str] = []
        self.ends: list[End] = []
        self.events: list[tuple[datetime, Notebook]] = []
        self.presses: list[tuple[str, str, datetime]] = []
        self.queued = 0
        self.waiting: list[Alert] = []
        self.in_flight: set[str] = set()
        self.slack = SlackModel(chance=self._slack_fails, clock=lambda: self.world.now)
        self.delivery = a_delivery(
            self.world.deliveries, InMemoryAlertGroups(), self.slack, self.world.alerts, lambda: self.world.now
        )
        self._stop = self.world.notebooks.stop
        self._granted, self.world.leases.grant = self.world.leases.grant, self._grant  # type: ignore[method-assign]
        object.__setattr__(self.world.sweeper.notebook_stop, "stops", self)
        self.world.deliver = self._deliver  # type: ignore[method-assign] # through the real delivery
        for store, names in (
            (self.world.alerts, ("send",)),
            (self.world.states, ("save", "archive", "replace", "load", "read", "read_region")),
            (self.world.leases, ("grant", "claim_stop")),
            (self.world.sessions, ("get", "begin", "amend", "succeed", "end", "open_sessions", "read_region")),
            (self.world.ledger, ("put",)),
            (self.world.notebooks, ("describe", "tags")),
            (self.world.deliveries, ("claim", "confirm", "find")),
        ):
            for name in names:
                setattr(store, name, self._may_fail(getattr(store, name)))
        self._known, self.world.known.of = self.world.known.of, self._may_know  # type: ignore[method-assign]
        self.world.alerts.send = self._judging(self.world.alerts.send)  # type: ignore[method-assign, assignment]
        self.trial(on=seed % 3 == 0)
        self.start(recreated=True)

    def trial(self, *, on: bool) -> None:
        """Deploy with ``Mode=observe`` or ``Mode=enforce``."""
        stop, inspector = self.world.sweeper.notebook_stop, self.world.sweeper.inspector
        for owner in (stop, stop.announcements):
            object.__setattr__(owner, "enforce", not on)
        object.__setattr__(inspector, "rules", replace(inspector.rules, enforce=not on))

    interruptions: Sequence[tuple[int, Callable[[], None]]] = ()
    calls = 0

    def _tick(self) -> None:
        """Let happen what was planned for this call."""
        self.calls += 1
        for number, happen in self.interruptions:
            if number == self.calls:
                self.world.now += timedelta(seconds=1)
                happen()
                self.world.now += timedelta(seconds=1)

    def _chance(self) -> bool:
        return self.random.random() < self.failing

    def _slack_fails(self) -> bool:
        return self.slack_down or self._chance()

    def _may_fail(self, call: Callable[..., object]) -> Callable[..., object]:
        def answer(*args: object, **more: object) -> object:
            self._tick()
            if self._chance():
                raise UnavailableError("no answer")
            return call(*args, **more)

        return answer

    def _may_know(self, arns: Iterable[str], scope: Scope) -> Mapping[str, Mapping[str, str]]:
        """See ``KnownTags.of``, which raises nothing."""
        self._tick()
        return {} if self._chance() else self._known(arns, scope)

    def _judging(self, send: Callable[[Alert], None]) -> Callable[[Alert], None]:
        """Note a warning of a notebook whose tags keep SageWatch from it."""

        def answer(alert: Alert) -> None:
            new = isinstance(alert, NotebookAlert) and not alert.edits and alert not in self.world.alerts.sent
            if new and self.tags.keys() & _KEPT_BY_TAG:
                self.wrong.append("warned against its tag")
            send(alert)

        return answer

    @property
    def found(self) -> Notebook:
        """The notebook as SageMaker has it."""
        return self.world.notebooks.found["us-east-1", "Lab-One"]

    @property
    def exists(self) -> bool:
        """Whether there is a notebook."""
        return bool(self.world.notebooks.found)

    @property
    def running(self) -> bool:
        """Whether it is in service."""
        return self.exists and self.found.status is NotebookStatus.IN_SERVICE

    @property
    def limit(self) -> timedelta:
        """How long it may be idle."""
        return LONG if "sagewatch:idle-after" in self.tags else LIMIT

    @property
    def hands_off(self) -> bool:
        """Whether it is in use, out of sight, or not SageWatch's to stop."""
        opted_out = self.tags.keys() & _KEPT_BY_TAG
        return bool(self.busy or self.unknown or self.terminal or opted_out)

    def change(self, notebook: Notebook) -> None:
        """Let SageMaker change it. Its event is lost, late, or comes more than once."""
        self.world.has(notebook)
        for _ in range(self.random.choice([0, 0, 1, 1, 1, 2, 3])):
            delay = self.random.choice([0, 0, 1, 16, 61, 300]) * MINUTE
            self.events.append((self.world.now + delay, notebook))

    def start(self, *, recreated: bool) -> None:
        """Start it, or another of that name, some minutes after it was stopped."""
        self._overtake()
        if self.running:
            self.ends.append(End(self.world.now, ours=False))
        if self.exists:
            self.world.now += 5 * MINUTE
        if recreated and self.exists:
            self.delete()
            self.world.now += MINUTE
        now = self.world.now
        created = now if recreated else self.found.created_at
        kind = self.random.choice(["ml.t3.medium", "ml.g5.xlarge"])
        self.change(a_notebook(created_at=created, modified_at=now, instance_type=kind))
        self.used, self.started, self.busy = now, now, False
        if recreated:
            self.kept_until = now
        self.says()

    def delete(self) -> None:
        """Delete it. Its last event comes like any other."""
        self._overtake()
        now = self.world.now
        self.change(replace(self.found, modified_at=now, status=NotebookStatus.DELETING))
        self.world.notebooks.found.clear()
        self.deleted.append(now)

    def _overtake(self) -> None:
        if self.ends and self.calm_sweeps < 2:
            self.ends[-1] = replace(self.ends[-1], overtaken=True)

    def ended(self, *, ours: bool) -> None:
        """Let it stop."""
        now, self.calm_sweeps = self.world.now, 0
        session = self.world.sessions.kept.get(self.found.arn)
        call = session.stop_call if session else None
        self.ends.append(End(now, ours, contested=not ours and call is not None and now - call.at < MINUTE))
        self.change(replace(self.found, modified_at=now, status=NotebookStatus.STOPPING))

    def _settle(self) -> None:
        """A stop takes some minutes. Its end is not dated, so that each end has one time."""
        if not self.exists:
            return
        found, now = self.found, self.world.now
        if found.status is NotebookStatus.STOPPING and found.modified_at and now - found.modified_at >= 5 * MINUTE:
            self.change(replace(found, status=NotebookStatus.STOPPED))

    def says(self) -> None:
        """Let Jupyter say what is so, and tags what people want."""
        since = None if self.used == self.started else self.used
        quiet = Idle(Source.JUPYTER, since, "no kernel has run", silent_terminals=int(self.terminal))
        seen = Active(Source.JUPYTER, None, "busy") if self.busy else quiet
        self.world.says("Lab-One", Unknown(Source.JUPYTER, "no answer") if self.unknown else seen)
        self.world.notebooks.tagged[a_notebook().arn] = {**OWNER, **self.tags}

    def stop(self, notebook: Notebook) -> Stop:
        """See ``NotebookStops.stop``; whatever forbids a stop is noted here. The answer may be lost."""
        self._tick()
        ran = self.running
        if ran and self.asked_at is None:
            self._judge()
        if ran and self.asked_at is not None and self.asked_at < self.started:
            self.wrong.append("started after the button was pressed")
        outcome = self._stop(notebook)
        if ran:
            self.ended(ours=True)
        elif self.ends and self.world.now - self.ends[-1].at < MINUTE:
            self.ends[-1] = replace(self.ends[-1], contested=True)
        if self._chance():
            raise UnavailableError("sagemaker:StopNotebookInstance: no answer")
        return outcome

    asked_at: datetime | None = None

    def _judge(self) -> None:
        now, posted = self.world.now, self.world.deliveries.posted
        shown = [posted[alert.alert_id].posted_at for alert in self.world.announced if alert.alert_id in posted]
        fine = {
            "in use, unknown or tagged": not self.hands_off,
            "not idle for long enough": now - self.used >= self.limit,
            "leased": self.kept_until is not None and self.kept_until <= now,
            "not announced in this run, or answered since": any(
                max(self.used, self.answered_at) <= moment <= now - NOTICE for moment in shown
            ),
        }
        self.wrong += [reason for reason, is_so in fine.items() if not is_so]

    def step(self) -> None:
        """Something happens, time passes, and sweeps come, during some of which someone presses a button."""
        self.failing = self.random.choice([0, 0, 0.05, 0.3])
        happen = self.random.choice(
            [self.use, self.cannot_tell, self.opens_terminal, self.tagged, self.restart, self.recreate]
            + [self.person_stops, self.person_deletes, self.lose_session, self.delete_message, self.mode]
            + [self.press] * 3
            + [self.slack_breaks]
            + [self.hands_in_lap] * 8
        )
        happen()
        for _ in range(self.random.choice([1, 2, 3])):
            self.world.now += self._pause()
            self.says()
            self._plan_a_press()
            self.sweep()
        self.interruptions = ()

    def _pause(self) -> timedelta:
        """Sweeps come every quarter of an hour, and some are hours late; often one comes when a stop is due."""
        state = self.world.states.kept.get(a_notebook().arn)
        minutes = [60, 61, 61, 75] if state and state.pending else []
        return self.random.choice([1, 15, 15, 60, 61, 241, 600, *minutes]) * MINUTE

    def _plan_a_press(self) -> None:
        """Let someone press a button at one of the sweep's calls."""
        number = self.calls + self.random.randint(1, 40)
        self.interruptions = [(number, self.press)] if self.random.random() < 0.2 else ()

    def use(self) -> None:
        """A cell begins or ends."""
        if self.running:
            self.busy, self.used = not self.busy, self.world.now

    def cannot_tell(self) -> None:
        """Jupyter answers no more, or again."""
        self.unknown = not self.unknown

    def opens_terminal(self) -> None:
        """Someone leaves a terminal open, in which a program may run, or closes it."""
        self.terminal = self.running and not self.terminal

    def tagged(self) -> None:
        """A tag comes or goes. What many notebooks' tags are read from takes it for older ones, or does not know it."""
        arn = a_notebook().arn
        self.world.known.late = self.random.choice([{}, {arn: None}, {arn: {**OWNER, **self.tags}}])
        self.tags = self.random.choice([{}, *_TAGS])

    def restart(self) -> None:
        """Stop and start, between two sweeps."""
        self.start(recreated=not self.exists)

    def recreate(self) -> None:
        """Delete it, and create another of its name."""
        self.start(recreated=True)

    def person_stops(self) -> None:
        """In the console."""
        if self.running:
            self.ended(ours=False)

    def person_deletes(self) -> None:
        """In the console, after a stop that took some minutes."""
        if not self.exists:
            return
        if self.running:
            self.ended(ours=False)
        self.delete()

    def lose_session(self) -> None:
        """The session is gone from the table, as after a restore of an older backup."""
        self.world.sessions.kept.clear()

    def mode(self) -> None:
        """Deploy in one mode or the other."""
        self.trial(on=self.random.random() < 0.3)

    def hands_in_lap(self) -> None:
        """Nothing runs any more, and everyone leaves it alone."""
        if self.busy:
            self.use()
        self.unknown = self.terminal = self.slack_down = False
        self.tags = {}

    def slack_breaks(self) -> None:
        """Slack is down for a while, or is back."""
        self.slack_down = not self.slack_down

    def delete_message(self) -> None:
        """Someone tidies up the channel."""
        if self.slack.shown:
            self.slack.delete(self.random.choice(list(self.slack.shown)))

    def press(self) -> None:
        """Press a button of the newest warning; now and then the queue delivers an earlier press again."""
        if not self.world.announced:
            return
        action = self.random.choice(["keep_4h", "keep_4h", "never_stop", "stop_now"])
        self.presses.append((action, self.random.choice(["U0ANA", "U0BO"]), self.world.now))
        self._answer()

    def _answer(self) -> None:
        """Handle the presses that wait, and one of the earlier ones once more."""
        for press in list(self.presses):
            action, user, at = press
            before, self.asked_at = self.asked_at, at if action == "stop_now" else None
            try:
                self.world.press(action, user=user, pressed_at=at)
            except SageWatchError:
                continue
            finally:
                self.asked_at = before  # this press may have come while another was handled
            if press in self.presses and self.random.random() < 0.7:  # else it is delivered again
                self.presses.remove(press)

    def _grant(self, arn: str, region: str, lease: Lease, now: datetime) -> LeaseGrant:
        """See ``Leases.grant``. A lease that is written counts, whatever becomes of the answer to the press."""
        granted = self._granted(arn, region, lease, now)
        created = self.found.created_at if self.exists else None
        if granted is LeaseGrant.GRANTED and lease.written_at >= (created or lease.written_at):
            self.kept_until, self.answered_at = lease.until, lease.written_at
        return granted

    def sweep(self) -> None:
        """Let events come, answer presses, sweep, deliver."""
        now = self.world.now
        self._settle()
        for event in [event for event in self.events if event[0] <= now]:
            self.events.remove(event)
            try:
                self.world.tracker.observe(event[1], by=RecordedBy.EVENT)
            except SageWatchError:
                self.events.append(event)
        self._answer()
        with suppress(SageWatchError):
            self.world.sweeper.sweep(no_time_limit)
        self.calm_sweeps += not self.failing
        self._deliver()

    def _deliver(self) -> None:
        """What is queued, in order within its group; an alert that was delivered may come again.

        While one of a group is being delivered, its queue holds the others back.
        """
        self.waiting += self.world.alerts.sent[self.queued :]
        self.queued = len(self.world.alerts.sent)
        stuck: set[str] = set()
        for alert in list(self.waiting):
            if alert.order in stuck | self.in_flight or not any(alert is each for each in self.waiting):
                continue
            self.in_flight.add(alert.order)
            try:
                self.delivery.deliver(alert)
            except SageWatchError:
                stuck.add(alert.order)
            else:
                self.waiting = [each for each in self.waiting if each is not alert]
            finally:
                self.in_flight.discard(alert.order)
        delivered = [alert for alert in self.world.alerts.sent if not any(alert is each for each in self.waiting)]
        if delivered and self._chance():
            with suppress(SageWatchError):
                self.delivery.deliver(self.random.choice(delivered))

    def calm(self) -> None:
        """Nothing fails any more, the notebook is there and idle, stops are made, and no press is left."""
        self.recover()
        if not self.exists:
            self.start(recreated=True)
        self.busy, self.unknown, self.terminal, self.tags = False, False, False, {}
        self.trial(on=False)
        self.says()

    def recover(self) -> None:
        """Nothing fails any more, and each press has had its answer. The notebook is as it is."""
        self.failing, self.slack_down, self.world.known.late = 0, False, {}
        while self.presses:
            self._answer()

    def end_lease(self) -> None:
        """Let the lease that has no end be over now."""
        self.kept_until, leases = self.world.now, self.world.states.leases
        leases.update({arn: replace(lease, until=self.world.now) for arn, lease in leases.items()})

    def sweeps(self, number: int) -> None:
        """Time passes, and nothing else happens."""
        for _ in range(number):
            self.world.now += SWEEP
            self.sweep()

    def untrue(self) -> list[str]:
        """What Slack says that is not so, once two sweeps have passed without a change."""
        ours = {f"{end.at:%H:%M}" for end in self.ends if end.ours or end.contested}
        others = {f"{end.at:%H:%M}" for end in self.ends if not end.ours}
        mistakes = []
        for alert in self.slack.warnings:
            words = alert.outcome or ""
            if alert.open and not self.running:
                mistakes.append(f"it does not run, and the message shows {words or 'a stop to come'}")
            if words.startswith(("stopped at", "stopped by SageWatch")) and not any(time in words for time in ours):
                mistakes.append(f"no stop of ours: {words}")
            if words.startswith("stopped by someone else") and not any(time in words for time in others):
                mistakes.append(f"no one else's stop: {words}")
            if words == "the notebook was deleted" and not any(alert.idle_since <= when for when in self.deleted):
                mistakes.append(words)
            if alert.open and alert.outcome is None and not alert.observe and self._is_over(alert.stop_at):
                mistakes.append("it is not stopped, and the message says that it is by now")
        return [*mistakes, *self._unsaid_lease(), *self._doubled(), *self._said_twice(), *self._unsaid()]

    def _is_over(self, stop_at: datetime | None) -> bool:
        """Whether two sweeps have come since that time of a stop."""
        return stop_at is not None and stop_at + 2 * SWEEP <= self.world.now

    def _unsaid_lease(self) -> list[str]:
        """The lease in force is what the open message says."""
        lease = self.world.states.leases.get(a_notebook().arn)
        created = self.found.created_at if self.exists else None
        if not self.running or lease is None or not lease.in_force(self.world.now):
            return []
        if created and lease.written_at < created:
            return []
        begins = "SageWatch will not stop" if lease.until is None else "kept"
        shown = [alert.outcome or "" for alert in self.slack.warnings if alert.open]
        wrong = [words for words in shown if not words.startswith(begins)]
        return [f"kept by {lease.author}, and the message shows {words}" for words in wrong]

    def _doubled(self) -> list[str]:
        """There is one warning with buttons."""
        shown = [alert.alert_id for alert in self.slack.warnings if alert.open]
        return [f"{len(shown)} warnings are open"] if len(shown) > 1 else []

    def _said_twice(self) -> list[str]:
        """Alerts in more messages than people deleted."""
        counts = Counter(self.slack.posts)
        gone = Counter(self.slack.posts[int(ts)] for ts in self.slack.deleted)
        return [f"posted {count} times: {name}" for name, count in counts.items() if count > 1 + gone[name]]

    def _unsaid(self) -> list[str]:
        """Stops of SageWatch that no message names; the message may have been deleted."""
        words = [alert.outcome or "" for alert in self.slack.warnings]
        words += [alert.sentence for alert in self.slack.shown.values() if isinstance(alert, NotebookNews)]
        said = any("stopped" in text for text in words)
        unsaid = [end for end in self.ends if end.ours and not end.overtaken and not said]
        return [] if self.slack.deleted else [f"no word of the stop at {end.at}" for end in unsaid]
