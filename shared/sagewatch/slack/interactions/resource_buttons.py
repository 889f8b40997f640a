"""Handles the buttons of idle standing resources: keep, scale, delete, stop, restore. All is read again first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import assert_never

from sagewatch.alerts.ports import Lease
from sagewatch.clock import Clock
from sagewatch.errors import OutOfTimeError
from sagewatch.formatting import clock_time
from sagewatch.idle.ports import LeaseGrant
from sagewatch.notebooks.session import caller, whole_second
from sagewatch.sagemaker.tags import PROTECT_TAG
from sagewatch.slack.actions import RESOURCE_ACTIONS, ActionId
from sagewatch.slack.interactions.dialogs import confirm_resource_view
from sagewatch.slack.interactions.objections import Against, resource_objections
from sagewatch.slack.interactions.payloads import PressOutcome, ResourcePress
from sagewatch.slack.interactions.people import GONE, People
from sagewatch.slack.resource_words import button_of, consequence, doing
from sagewatch.standing.endpoints.runner import EndpointRunner
from sagewatch.standing.endpoints.steps import ActionResult, Ended
from sagewatch.standing.idling.alerts import StandingAlert
from sagewatch.standing.idling.ending import Ending, ResourceEnding, ended
from sagewatch.standing.idling.look import Look, ResourceLooks
from sagewatch.standing.idling.messages import StandingMessages, kept_until
from sagewatch.standing.idling.ports import ResourceLeases
from sagewatch.standing.resources import ResourceAction

_KEPT = {ActionId.KEEP_A_DAY: timedelta(days=1), ActionId.KEEP_A_MONTH: timedelta(days=30)}
_ANSWERED_WITHIN = timedelta(minutes=15)  # later, a dialog asks about a resource that may have changed
_LOOK_AGAIN = 60  # seconds; an endpoint takes minutes
_TRIAL = "trial mode: SageWatch changes nothing. Change it in the console, or ask SageWatch's operator for Mode=enforce"
_UNKNOWN = "this message is too old: SageWatch does not know it any more. An operator can use make end"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceButtons:
    """Does what people press. A press that is handled twice does and says the same twice."""

    messages: StandingMessages
    looks: ResourceLooks
    leases: ResourceLeases
    ending: ResourceEnding
    endpoints: EndpointRunner
    people: People
    clock: Clock
    enforce: bool

    def handle(self, press: ResourcePress) -> PressOutcome:
        """Do what was pressed. Raises what the ports do, and ``OutOfTimeError`` while an endpoint takes its time."""
        alert = self.messages.find(press.root)
        if alert is None or alert.arn != press.arn:
            return self.people.reply(press, _UNKNOWN)
        if press.action in {*_KEPT, ActionId.KEEP_ALWAYS}:
            return self._keep(press)
        action = RESOURCE_ACTIONS.get(press.action) or press.wanted
        if action is None or not self.enforce:
            return self.people.reply(press, _TRIAL)
        if self._is_begun(press, alert, action):
            return self._work(press, alert, action, again=True)
        if action not in alert.actions and not alert.closed:
            return self.people.reply(press, "not changed: this message does not offer that any more")
        return self._restore(press, alert) if action is ResourceAction.RESTORE else self._change(press, alert, action)

    def _keep(self, press: ResourcePress) -> PressOutcome:
        at = self._at(press)
        lease = Lease(press.user, at + _KEPT[press.action] if press.action in _KEPT else None, at)
        match self.leases.grant(press.arn, press.region, lease, self.clock()):
            case LeaseGrant.GRANTED:
                words = kept_until(lease)
                shown = self.messages.show_lease(press.root, lease)
                return PressOutcome(press, words) if shown else self.people.reply(press, words)
            case LeaseGrant.OVERTAKEN:
                return self.people.reply(press, "not kept by this press: another button was pressed after it")
            case LeaseGrant.STOPPING:
                return self.people.reply(press, "too late to keep it: someone is changing it at this moment")

    def _at(self, press: ResourcePress) -> datetime:
        """When it was pressed: a press that is handled twice happened once."""
        return whole_second(press.pressed_at or self.clock())

    def _is_begun(self, press: ResourcePress, alert: StandingAlert, action: ResourceAction) -> bool:
        """Whether this very press has begun the action, and was interrupted or has to wait."""
        sure = press.action is ActionId.RESOURCE_SURE and alert.by == press.user
        return sure and alert.outcome == doing(action) and alert.outcome_at == self._at(press)

    def _change(self, press: ResourcePress, alert: StandingAlert, action: ResourceAction) -> PressOutcome:
        look = self.looks.look(alert)
        if look is None:
            return self._over(press, alert)
        if alert.closed:
            return self.people.reply(press, "not changed: this message is closed")
        if refusal := self._refusal(press, look, action):
            return self.people.reply(press, refusal)
        against = resource_objections(look, alert, press.user, self.clock())
        if self._has_to_be_asked(press, against):
            return self._ask(press, alert, action, against)
        if action is ResourceAction.END:
            return self._ended(press, self.ending.end(look, press.root, press.user))
        return self._begin(press, alert, action, look.state.stored_lease)

    def _over(self, press: ResourcePress, alert: StandingAlert) -> PressOutcome:
        """It is gone: by an interrupted try of this press, or by others."""
        if alert.can_be_restored:
            words = f"{GONE}, and its recipe is kept"
            self.messages.say(press.root, words, by=None, still_open=True, actions=lambda _: (ResourceAction.RESTORE,))
            return self.people.reply(press, words)
        ours = self.messages.done_before(press.root, f"{ended(alert.kind)} at ", press.user, self._at(press))
        self.messages.close(press.root, ours or GONE, by=press.user if ours else None)
        return self.people.reply(press, ours or GONE)

    def _restore(self, press: ResourcePress, alert: StandingAlert) -> PressOutcome:
        if self._has_to_be_asked(press, ()):
            return self._ask(press, alert, ResourceAction.RESTORE, ())
        return self._begin(press, alert, ResourceAction.RESTORE, self.looks.lease(alert))

    def _ask(
        self, press: ResourcePress, alert: StandingAlert, action: ResourceAction, against: Sequence[Against]
    ) -> PressOutcome:
        words = consequence(action, alert, alert.stopping)
        why = "; ".join(each.words for each in against) or "every change is confirmed"
        submit = button_of(action, alert.kind)
        return self.people.ask(press, confirm_resource_view(press, action, submit, words, against, self.clock()), why)

    def _refusal(self, press: ResourcePress, look: Look, action: ResourceAction) -> str | None:
        """Say why a press changes nothing, even if the person confirms it."""
        lease = look.state.lease
        if PROTECT_TAG in look.tags:
            return f"its tag {PROTECT_TAG} protects it; remove the tag first"
        if lease and lease.in_force(self.clock()) and lease.written_at > self._at(press):
            return "not changed: another button was pressed after this one"
        if action not in look.resource.actions:
            return f"not changed, because nothing is left to do: {look.resource.configuration}"
        return None

    def _has_to_be_asked(self, press: ResourcePress, against: Sequence[Against]) -> bool:
        """Every change is confirmed, with each reason against it as it is now."""
        if press.action is not ActionId.RESOURCE_SURE or press.asked_at is None:
            return True
        late = self.clock() - press.asked_at > _ANSWERED_WITHIN
        return late or not {each.kind for each in against} <= set(press.against)

    def _begin(
        self, press: ResourcePress, alert: StandingAlert, action: ResourceAction, seen: Lease | None
    ) -> PressOutcome:
        """Claim it and say so, before the first call."""
        if not self.leases.claim(press.arn, press.region, caller(press.user), self.clock(), seen):
            return self.people.reply(press, Ending.CHANGED.value)
        self.messages.say(press.root, doing(action), by=press.user, still_open=True, at=self._at(press))
        return self._work(press, alert, action, again=False)

    def _work(self, press: ResourcePress, alert: StandingAlert, action: ResourceAction, *, again: bool) -> PressOutcome:
        scope = f"{alert.account}/{alert.region}"
        result = self.endpoints.run(action, alert.name, scope, press.user, again=again)
        match result.ended:
            case Ended.DONE:
                return self._done(press, action, result)
            case Ended.WAITING:
                raise OutOfTimeError(f"{alert.name}: {result.step}: {result.reason}", retry_after=_LOOK_AGAIN)
            case Ended.FAILED | Ended.REFUSED:
                return self._failed(press, alert, action, result)
            case _:
                assert_never(result.ended)

    def _done(self, press: ResourcePress, action: ResourceAction, result: ActionResult) -> PressOutcome:
        """A deleted endpoint can be restored; one that was scaled in can still be deleted."""
        now = self.clock()
        words = "; ".join((f"{result.reason} ({clock_time(now, now)})", *result.notes))
        left = (ResourceAction.RESTORE,) if action is ResourceAction.DELETE else None
        self.messages.say(
            press.root,
            words,
            by=press.user,
            still_open=action is not ResourceAction.RESTORE,
            actions=lambda alert: left or tuple(each for each in alert.actions if each is not action),
        )
        return PressOutcome(press, words)

    def _failed(
        self, press: ResourcePress, alert: StandingAlert, action: ResourceAction, result: ActionResult
    ) -> PressOutcome:
        """The message keeps its buttons: the same action continues where it stopped, and a restore undoes it."""
        self.leases.release(press.arn, press.region)
        step = f" in the step {result.step!r}" if result.step else ""
        words = f"not finished{step}: {result.reason}. Press the button again to continue"
        undo = action is ResourceAction.DELETE and self.endpoints.keeps(alert.name, f"{alert.account}/{alert.region}")
        actions = tuple(dict.fromkeys((*alert.actions, *((ResourceAction.RESTORE,) if undo else ()))))
        self.messages.say(press.root, words, by=press.user, still_open=True, actions=lambda _: actions)
        return self.people.reply(press, words)

    def _ended(self, press: ResourcePress, what: Ending) -> PressOutcome:
        if what is Ending.ENDED:
            return PressOutcome(press, what.value)
        return self.people.reply(press, what.value)
