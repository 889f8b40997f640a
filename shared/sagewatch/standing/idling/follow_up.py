"""What a sweep does about idle standing resources: reports, warns, cancels, and orders what is due."""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import assert_never

from sagewatch.alerts.ports import PostedMessages
from sagewatch.clock import Clock
from sagewatch.errors import UnreadableError
from sagewatch.formatting import clock_time
from sagewatch.idle.ports import NotebookStates
from sagewatch.idle.state import Hold, NotebookState, OpenMessage, PendingStop
from sagewatch.sagemaker.scopes import Scope
from sagewatch.standing.changes import RegionReading
from sagewatch.standing.idling.messages import StandingMessages
from sagewatch.standing.idling.orders import AnnouncedStop
from sagewatch.standing.idling.ports import AnnouncedStops
from sagewatch.standing.idling.verdicts import EndRules, Judged, Verdict, decide_end, remembered
from sagewatch.sweeps import SweepReport, continue_on_error

_NEW_MESSAGES = 20  # in a region at once, of the most expensive resources; the others follow in later sweeps
States = Mapping[str, NotebookState | UnreadableError]


@dataclass(frozen=True, slots=True, kw_only=True)
class IdleFollowUp:
    """Applies the verdicts. A message is remembered before it is queued: a crash repeats it, and none is forgotten.

    A region in which more than ``most`` deletions are due has none.
    """

    states: NotebookStates
    messages: StandingMessages
    posted: PostedMessages
    stops: AnnouncedStops
    clock: Clock
    rules: EndRules
    most: int

    def run(
        self, scope: Scope, judged: Sequence[Judged], reading: RegionReading, report: SweepReport
    ) -> AbstractSet[str]:
        """Apply the verdict about each resource, and close the messages of what is gone.

        Return the ARNs of those whose verdict was applied; the others are judged again. Raises what the stores do.
        """
        states, new = self.states.read_region(scope), iter(range(_NEW_MESSAGES))
        due, applied = [], set()
        for each in sorted(judged, key=lambda each: each.hourly.usd or 0, reverse=True):
            with continue_on_error(report, each.resource.name):
                if self._follow(each, states, new):
                    due.append(each)
                applied.add(each.resource.arn)
        with continue_on_error(report, f"announced deletions in {scope}"):
            self._order(due, states)
        for state in states.values():
            if isinstance(state, NotebookState) and state.message:
                with continue_on_error(report, state.arn):
                    self._close_if_over(state, state.message, reading)
        return applied

    def _follow(self, judged: Judged, states: States, new: Iterator[int]) -> bool:
        """Apply one verdict; say whether its deletion is due. A message that finds none left in ``new`` waits."""
        state = _state(judged, states)
        if self._is_being_changed(state):
            return False
        decided = decide_end(judged, state, self.rules, self.clock())
        match decided.verdict:
            case Verdict.KEEP:
                return False
            case Verdict.CLOSE:
                self._close(judged, state, decided.reason)
            case Verdict.REPORT | Verdict.WARN if next(new, None) is None:
                return False
            case Verdict.REPORT | Verdict.WARN:
                self._announce(judged, state, self.rules.warn if decided.verdict is Verdict.WARN else None)
            case Verdict.WOULD_STOP:
                self._would(judged, state)
            case Verdict.STOP:
                return self._is_announced(judged, state)
            case _:
                assert_never(decided.verdict)
        return False

    def _is_being_changed(self, state: NotebookState) -> bool:
        """Whether a person's action is under way; one that was interrupted is named, so that its message is true."""
        alert = self.messages.find(state.message.alert_id) if state.message else None
        if alert is None or alert.taken is None or alert.taken.done or alert.closed:
            return False
        if alert.under_way(self.clock()):
            return True
        self.messages.interrupted(alert)
        return False

    def _close(self, judged: Judged, state: NotebookState, outcome: str) -> None:
        """A message that can restore it stays as it is."""
        if (state.message or state.pending) and not self._can_be_restored(state.message):
            if state.message:
                self.messages.close(state.message.alert_id, outcome)
            self._save(judged, replace(state, message=None, pending=None))

    def _announce(self, judged: Judged, state: NotebookState, warn: timedelta | None) -> None:
        """Send a new message, or again the one that an interrupted sweep planned."""
        message = state.message if state.message and state.message.planned else None
        if message is None:
            if state.message and not self._can_be_restored(state.message):
                self.messages.close(state.message.alert_id, "not in force any more: a newer message follows")
            message = self.messages.plan(judged, warn)
            pending = self._pending(judged, message, warn) if warn is not None else None
            state = replace(state, message=message, pending=pending, announced=state.announced + 1)
            state = self._save(judged, state)
        self.messages.send(message.alert_id)
        self._save(judged, replace(state, message=replace(message, planned=False)))

    def _pending(self, judged: Judged, message: OpenMessage, warn: timedelta) -> PendingStop:
        return PendingStop(
            alert_id=message.alert_id,
            warned_at=message.sent_at,
            stop_at=message.sent_at + warn,
            idle_since=judged.decision.last_use or message.sent_at,
            trial=not self.rules.enforce,
        )

    def _would(self, judged: Judged, state: NotebookState) -> None:
        if state.pending is None:
            return
        now = self.clock()
        words = f"trial mode: SageWatch would have deleted it at {clock_time(now, now)}. It is still billed"
        self.messages.say(state.pending.alert_id, words, by=None, still_open=True, at=now)
        self._save(judged, replace(state, pending=replace(state.pending, held=Hold.TRIAL)))

    def _is_announced(self, judged: Judged, state: NotebookState) -> bool:
        """Whether its message has been in Slack for as long as it promises; if not, its deletion waits."""
        pending = state.pending
        posted = self.posted.find(pending.alert_id) if pending else None
        if pending is None or posted is None:
            return False
        until = posted.posted_at + self.rules.warn
        if until <= self.clock():
            return True
        self.messages.reschedule(pending.alert_id, until)
        self._save(judged, replace(state, pending=replace(pending, stop_at=until)))
        return False

    def _order(self, due: list[Judged], states: States) -> None:
        counted = [each for each in due if not _is_refused(_state(each, states))]
        if len(counted) > self.most:
            self.messages.notify_too_many(due, self.most)
            for each in due:
                self._postpone(each, _state(each, states))
            return
        for each in due:
            pending, resource = _state(each, states).pending, each.resource
            if pending:
                stop = AnnouncedStop(
                    arn=resource.arn.lower(), name=resource.name, region=resource.region, root=pending.alert_id
                )
                self.stops.send(stop)

    def _postpone(self, judged: Judged, state: NotebookState) -> None:
        """Its announcement stays in force for a week: the limit is reported once a day, and not by new messages."""
        if state.pending and not state.pending.postponed:
            self._save(judged, replace(state, pending=replace(state.pending, postponed=True)))

    def _can_be_restored(self, message: OpenMessage | None) -> bool:
        alert = self.messages.find(message.alert_id) if message else None
        return alert is not None and alert.open and alert.can_be_restored

    def _close_if_over(self, state: NotebookState, message: OpenMessage, reading: RegionReading) -> None:
        """What is gone, or bills nothing, has no message with buttons, unless it can be restored."""
        there = next((each for each in reading.found if each.arn.lower() == state.arn), None)
        if there and there.bills:
            return
        alert = self.messages.find(message.alert_id)
        if alert is None or alert.can_be_restored or alert.under_way(self.clock()):
            return
        if there:
            outcome = f"nothing is billed any more: {there.note or there.status}"
        elif alert.kind in reading.whole and reading.unread.isdisjoint(alert.name.split("/")):
            outcome = "it no longer exists"
        else:
            return
        if not there and self.messages.interrupted(alert):
            return
        self.messages.close(message.alert_id, outcome)
        self.states.save(replace(state, message=None, pending=None), alert.region)

    def _save(self, judged: Judged, state: NotebookState) -> NotebookState:
        told = replace(state, verdict=judged.decision.use.value, reason=judged.decision.reason)
        return self.states.save(told, judged.resource.region)


def _is_refused(state: NotebookState) -> bool:
    """Whether AWS has refused its deletion, so that it is not about to be made, as far as is known."""
    return state.pending is not None and state.pending.refused


def _state(judged: Judged, states: States) -> NotebookState:
    """What is remembered of a resource. Raises ``UnreadableError``."""
    arn = judged.resource.arn.lower()
    found = states.get(arn) or NotebookState(arn=arn)
    if isinstance(found, UnreadableError):
        raise found
    return remembered(judged.resource, found)
