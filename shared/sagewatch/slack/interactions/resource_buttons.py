"""Handles the buttons of idle standing resources: keep, scale, delete, stop, restore. All is read again first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sagewatch.alerts.ports import Lease
from sagewatch.clock import Clock
from sagewatch.idle.ports import LeaseGrant
from sagewatch.sagemaker.kinds import ResourceKind
from sagewatch.sagemaker.tags import PROTECT_TAG
from sagewatch.slack.actions import RESOURCE_ACTIONS, ActionId
from sagewatch.slack.interactions.dialogs import confirm_resource_view
from sagewatch.slack.interactions.objections import Against, resource_objections
from sagewatch.slack.interactions.payloads import PressOutcome, ResourcePress
from sagewatch.slack.interactions.people import GONE, People
from sagewatch.slack.interactions.resource_actions import ConfirmedActions, at_of
from sagewatch.slack.resource_words import button_of, consequence, doing
from sagewatch.standing.actions import ResourceAction
from sagewatch.standing.idling.alerts import StandingAlert, TakenAction
from sagewatch.standing.idling.ending import Ending, ResourceEnding, ended
from sagewatch.standing.idling.look import Look, ResourceLooks
from sagewatch.standing.idling.messages import StandingMessages, kept_until
from sagewatch.standing.idling.ports import ResourceLeases

_KEPT = {ActionId.KEEP_A_DAY: timedelta(days=1), ActionId.KEEP_A_MONTH: timedelta(days=30)}
_TRIAL = "trial mode: SageWatch changes nothing. Change it in the console, or ask SageWatch's operator for Mode=enforce"
_TOO_LATE = "too late to keep it: someone is changing it at this moment"
_CLOSED = "not changed: this message is closed"
_STOPPED = "it is stopped already, or no longer exists"
_UNKNOWN = "this message is too old: SageWatch does not know it any more. An operator can use make end"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceButtons:
    """Does what people press. A press that is handled twice does and says the same twice.

    What takes minutes is kept in the message as its action under way: whatever else is pressed meanwhile is refused.
    """

    messages: StandingMessages
    looks: ResourceLooks
    leases: ResourceLeases
    ending: ResourceEnding
    actions: ConfirmedActions
    people: People
    clock: Clock
    enforce: bool

    def handle(self, press: ResourcePress) -> PressOutcome:
        """Do what was pressed. Raises what the ports do, and ``OutOfTimeError`` while an endpoint takes its time."""
        alert = self.messages.find(press.root)
        if alert is None or alert.arn != press.arn:
            return self.people.reply(press, _UNKNOWN)
        if press.action in {*_KEPT, ActionId.KEEP_ALWAYS}:
            return self._keep(press, alert)
        action = RESOURCE_ACTIONS.get(press.action) or press.wanted
        if action is None or not self.enforce:
            return self.people.reply(press, _TRIAL)
        return self._act(press, alert, action)

    def _act(self, press: ResourcePress, alert: StandingAlert, action: ResourceAction) -> PressOutcome:
        taken = alert.taken if self._is_of(press, alert.taken, action) else None
        if taken and taken.done:
            return PressOutcome(press, alert.outcome or "")
        if under_way := alert.under_way(self.clock()):
            return self.actions.work_on(press, alert, taken) if taken else self._busy(press, under_way)
        if action not in alert.actions and not alert.closed:
            return self.people.reply(press, "not changed: this message does not offer that any more")
        return self._restore(press, alert) if action is ResourceAction.RESTORE else self._change(press, alert, action)

    def _keep(self, press: ResourcePress, alert: StandingAlert) -> PressOutcome:
        if alert.under_way(self.clock()):
            return self.people.reply(press, _TOO_LATE)
        at = at_of(press, self.clock)
        lease = Lease(press.user, at + _KEPT[press.action] if press.action in _KEPT else None, at)
        match self.leases.grant(press.arn, press.region, lease, self.clock()):
            case LeaseGrant.GRANTED:
                words = kept_until(lease)
                shown = self.messages.show_lease(press.root, lease)
                return PressOutcome(press, words) if shown else self.people.reply(press, words)
            case LeaseGrant.OVERTAKEN:
                return self.people.reply(press, "not kept by this press: another button was pressed after it")
            case LeaseGrant.STOPPING:
                return self.people.reply(press, _TOO_LATE)

    def _is_of(self, press: ResourcePress, taken: TakenAction | None, action: ResourceAction) -> bool:
        """Whether this very press has begun the action, and was interrupted, has to wait, or is delivered twice."""
        if taken is None or press.action is not ActionId.RESOURCE_SURE:
            return False
        return (taken.action, taken.by, taken.pressed_at) == (action, press.user, at_of(press, self.clock))

    def _busy(self, press: ResourcePress, taken: TakenAction) -> PressOutcome:
        return self.people.reply(press, f"not changed: it is {doing(taken.action)}, because someone confirmed that")

    def _change(self, press: ResourcePress, alert: StandingAlert, action: ResourceAction) -> PressOutcome:
        look = self.looks.look(alert)
        if look is None:
            return self._over(press, alert)
        if alert.closed:
            return self.people.reply(press, _CLOSED)
        if refusal := self._refusal(press, look, action):
            return self.people.reply(press, refusal)
        against = resource_objections(look, alert, press.user, self.clock())
        if self._has_to_be_asked(press, against):
            return self._ask(press, alert, action, against)
        if action is ResourceAction.END:
            return self._ended(press, alert, self.ending.end(look, press.root, press.user))
        return self.actions.begin(press, alert, action, look.state.stored_lease)

    def _over(self, press: ResourcePress, alert: StandingAlert) -> PressOutcome:
        """It is gone: by an interrupted try of this press, or by others."""
        if self.actions.keeps_recipe(alert):
            words, left = f"{GONE}, and its recipe is kept", {"actions": (ResourceAction.RESTORE,), "taken": None}
            self.messages.say(press.root, words, by=None, still_open=True, more=lambda _: left)
            return self.people.reply(press, words)
        ours = self.messages.done_before(press.root, f"{ended(alert.kind)} at ", press.user, at_of(press, self.clock))
        words = ours or (_STOPPED if alert.kind is ResourceKind.MLFLOW_SERVER else GONE)
        self.messages.close(press.root, words, by=press.user if ours else None)
        return self.people.reply(press, words)

    def _restore(self, press: ResourcePress, alert: StandingAlert) -> PressOutcome:
        if alert.closed:
            return self.people.reply(press, _CLOSED)
        if self._has_to_be_asked(press, ()):
            return self._ask(press, alert, ResourceAction.RESTORE, ())
        return self.actions.begin(press, alert, ResourceAction.RESTORE, self.looks.lease(alert))

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
        if lease and lease.in_force(self.clock()) and lease.written_at > at_of(press, self.clock):
            return "not changed: another button was pressed after this one"
        if action not in look.resource.actions:
            return f"not changed, because nothing is left to do: {look.resource.configuration}"
        return None

    def _has_to_be_asked(self, press: ResourcePress, against: Sequence[Against]) -> bool:
        """Every change is confirmed, with each reason against it as it is now."""
        confirmed = press.confirms((each.kind for each in against), self.clock())
        return press.action is not ActionId.RESOURCE_SURE or not confirmed

    def _ended(self, press: ResourcePress, alert: StandingAlert, what: Ending) -> PressOutcome:
        if what is Ending.ENDED:
            self.actions.end_lease(press, alert)
            return PressOutcome(press, what.value)
        return self.people.reply(press, what.value)
