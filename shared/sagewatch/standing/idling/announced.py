"""Ends a resource whose announced time has come, if everything still says so at this moment."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import override

from sagewatch.alerts.ports import PostedMessages
from sagewatch.clock import Clock
from sagewatch.outcomes import Outcome
from sagewatch.standing.hourly import HourlyPrice
from sagewatch.standing.idling.ending import Ending, ResourceEnding
from sagewatch.standing.idling.look import Look, ResourceLooks
from sagewatch.standing.idling.messages import StandingMessages
from sagewatch.standing.idling.orders import AnnouncedStop
from sagewatch.standing.idling.verdicts import EndRules, Judged, Verdict, decide_end, in_force


@dataclass(frozen=True, slots=True)
class AnnouncedOutcome(Outcome):
    """What became of an announced deletion."""

    stop: AnnouncedStop
    effect: str

    @override
    def to_log(self) -> Mapping[str, object]:
        return {"action": self.stop.action, "resource": self.stop.name, "effect": self.effect}


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnouncedEnding:
    """Ends what a sweep found due. It trusts nothing that the sweep saw: evidence, tags, lease and message are read."""

    messages: StandingMessages
    looks: ResourceLooks
    ending: ResourceEnding
    posted: PostedMessages
    rules: EndRules
    clock: Clock

    def handle(self, stop: AnnouncedStop) -> AnnouncedOutcome:
        """End it, or leave it to the next sweep. Raises what the ports do."""
        return AnnouncedOutcome(stop, self._end(stop))

    def _end(self, stop: AnnouncedStop) -> str:
        alert = self.messages.find(stop.root)
        if alert is None or not alert.open:
            return "its message is closed"
        look = self.looks.look(alert)
        if look is None:
            return self._over(stop)
        if against := self._against(look, stop):
            return f"kept: {against}"
        ended, pending = self.ending.end(look, stop.root, None), look.state.pending
        if ended is Ending.REFUSED and pending and not pending.refused:
            self.looks.remember(replace(look.state, pending=replace(pending, refused=True)), stop.region)
        return ended.value

    def _over(self, stop: AnnouncedStop) -> str:
        """An interrupted try of ours may have ended it: then the message says so."""
        warned = datetime.min.replace(tzinfo=UTC)
        ours = self.messages.done_before(stop.root, "deleted at ", None, warned)
        self.messages.close(stop.root, ours or Ending.GONE.value)
        return Ending.ENDED.value if ours else Ending.GONE.value

    def _against(self, look: Look, stop: AnnouncedStop) -> str | None:
        """Why it is not ended after all."""
        now, pending = self.clock(), look.state.pending
        judged = Judged(
            resource=look.resource, decision=look.decision, hourly=HourlyPrice(None), tags=look.tags, owner=None
        )
        decided = decide_end(judged, look.state, self.rules, now)
        if decided.verdict is not Verdict.STOP:
            return decided.reason
        if pending is None or pending.alert_id != stop.root or in_force(look.state, self.rules, now) is None:
            return "another message is in force"
        posted = self.posted.find(stop.root)
        return None if posted and posted.posted_at + self.rules.warn <= now else "its message is too new"
