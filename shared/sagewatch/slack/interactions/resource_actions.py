"""Runs the actions on endpoints that people confirm in Slack, and says in the message how each goes."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, assert_never

from sagewatch.alerts.ports import Lease
from sagewatch.clock import Clock
from sagewatch.errors import OutOfTimeError, StateChangedError
from sagewatch.formatting import clock_time
from sagewatch.notebooks.session import caller, whole_second
from sagewatch.sagemaker.kinds import ResourceKind
from sagewatch.slack.interactions.payloads import PressOutcome, ResourcePress
from sagewatch.slack.interactions.people import People
from sagewatch.slack.resource_words import doing
from sagewatch.standing.actions import ResourceAction
from sagewatch.standing.endpoints.runner import EndpointRunner
from sagewatch.standing.endpoints.steps import ActionResult, Ended
from sagewatch.standing.idling.alerts import StandingAlert, TakenAction
from sagewatch.standing.idling.ending import Ending
from sagewatch.standing.idling.look import ResourceLooks
from sagewatch.standing.idling.messages import StandingMessages
from sagewatch.standing.idling.ports import ResourceLeases

_LOOK_AGAIN = 60  # seconds; an endpoint takes minutes
_PATIENCE = timedelta(minutes=30)  # then the message says so; a press is tried for 38 min in all


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmedActions:
    """Does what takes minutes. It is kept in the message as its action under way, which everything else respects."""

    messages: StandingMessages
    looks: ResourceLooks
    leases: ResourceLeases
    endpoints: EndpointRunner
    people: People
    clock: Clock

    def begin(
        self, press: ResourcePress, alert: StandingAlert, action: ResourceAction, seen: Lease | None
    ) -> PressOutcome:
        """Claim it and say so, before the first call. Raises what the ports do, and ``OutOfTimeError`` to try again."""
        if not self._claim(press, seen):
            return self.people.reply(press, Ending.CHANGED.value)
        at, now = at_of(press, self.clock), self.clock()
        taken = TakenAction(action=action, by=press.user, pressed_at=at, begun_at=now)
        self.messages.say(
            press.root, doing(action), by=press.user, still_open=True, at=at, more=lambda _: {"taken": taken}
        )
        return self._work(press, alert, taken, again=False)

    def work_on(self, press: ResourcePress, alert: StandingAlert, taken: TakenAction) -> PressOutcome:
        """Continue what this press has begun. Raises what ``begin`` does, and ``StateChangedError``."""
        return self._work(press, alert, taken, again=True)

    def _work(self, press: ResourcePress, alert: StandingAlert, taken: TakenAction, *, again: bool) -> PressOutcome:
        """Do it, or continue: then the claim is renewed, because the next try may be minutes away."""
        if again and not self._claim(press, self.looks.lease(alert)):
            raise StateChangedError(f"{alert.name}: someone else is changing it", retry_after=_LOOK_AGAIN)
        result = self.endpoints.run(taken.action, alert.name, _scope(alert), press.user, since=alert.since, again=again)
        match result.ended:
            case Ended.DONE:
                return self._done(press, alert, taken, result)
            case Ended.WAITING if self.clock() - taken.begun_at < _PATIENCE:
                raise OutOfTimeError(f"{alert.name}: {result.step}: {result.reason}", retry_after=_LOOK_AGAIN)
            case Ended.REFUSED if not (again or self._has_lost_parts(alert, taken)):
                return self._refused(press, alert, result)
            case Ended.FAILED | Ended.REFUSED | Ended.WAITING:
                return self._failed(press, alert, taken, result)
            case _:
                assert_never(result.ended)

    def _claim(self, press: ResourcePress, seen: Lease | None) -> bool:
        return self.leases.claim(press.arn, press.region, caller(press.user), self.clock(), seen)

    def keeps_recipe(self, alert: StandingAlert) -> bool:
        """Whether it is an endpoint that can be restored. Raises what ``Recipes.find`` does."""
        endpoint = alert.kind is ResourceKind.ENDPOINT
        return endpoint and self.endpoints.keeps(alert.name, _scope(alert), alert.since)

    def _has_lost_parts(self, alert: StandingAlert, taken: TakenAction) -> bool:
        """Whether a deletion has begun, now or earlier, so that it may be undone."""
        return taken.action is ResourceAction.DELETE and self.keeps_recipe(alert)

    def _done(
        self, press: ResourcePress, alert: StandingAlert, taken: TakenAction, result: ActionResult
    ) -> PressOutcome:
        """A deleted endpoint can be restored; one that was scaled in can still be deleted. No one keeps it any more."""
        self.end_lease(press, alert)
        now, action = self.clock(), taken.action
        words = "; ".join((f"{result.reason} ({clock_time(now, now)})", *result.notes))

        def shown(alert: StandingAlert) -> dict[str, Any]:
            left = (ResourceAction.RESTORE,) if action is ResourceAction.DELETE else alert.actions
            if action is not ResourceAction.DELETE:
                left = tuple(each for each in left if each is not action)
            return {"actions": left, "taken": taken.model_copy(update={"done": True})}

        still_open = action is not ResourceAction.RESTORE
        self.messages.say(press.root, words, by=press.user, still_open=still_open, more=shown)
        return PressOutcome(press, words)

    def end_lease(self, press: ResourcePress, alert: StandingAlert) -> None:
        """The claim is over, and what was kept until another button is pressed is not kept any more.

        Raises what the ports do.
        """
        self.leases.release(press.arn, press.region, caller(press.user))
        lease, at = self.looks.lease(alert), at_of(press, self.clock)
        if lease and lease.in_force(self.clock()):
            self.leases.grant(press.arn, press.region, Lease(press.user, at, at), self.clock())

    def _refused(self, press: ResourcePress, alert: StandingAlert, result: ActionResult) -> PressOutcome:
        """Nothing was changed, so the message is as before."""
        self.leases.release(press.arn, press.region, caller(press.user))
        self.messages.take_back(alert, at_of(press, self.clock))
        return self.people.reply(press, f"not changed: {result.reason}")

    def _failed(
        self, press: ResourcePress, alert: StandingAlert, taken: TakenAction, result: ActionResult
    ) -> PressOutcome:
        """The message keeps its buttons: the same action continues where it stopped, and a restore undoes it."""
        self.leases.release(press.arn, press.region, caller(press.user))
        step = f" in the step {result.step!r}" if result.step else ""
        hint = "" if result.ended is Ended.REFUSED else ". Press the button again to continue"
        words = f"not finished{step}: {result.reason}{hint}"
        undo = (ResourceAction.RESTORE,) if self._has_lost_parts(alert, taken) else ()
        left = {"actions": tuple(dict.fromkeys((*alert.actions, *undo))), "taken": None}
        self.messages.say(press.root, words, by=press.user, still_open=True, more=lambda _: left)
        return self.people.reply(press, words)


def at_of(press: ResourcePress, clock: Clock) -> datetime:
    """When it was pressed: a press that is handled twice happened once."""
    return whole_second(press.at(clock))


def _scope(alert: StandingAlert) -> str:
    return f"{alert.account}/{alert.region}"
