"""Delivers an alert: finds its channel and thread, and posts, edits or counts it."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from sagewatch.alerts.grouping import GroupAlert
from sagewatch.clock import Clock
from sagewatch.delivery.group import GroupDelivery
from sagewatch.delivery.outcomes import DeliveryEffect, DeliveryOutcome
from sagewatch.delivery.ports import AccountNames, Deliveries
from sagewatch.delivery.posting import MessagePosting
from sagewatch.delivery.registry import Alert, read_alert
from sagewatch.errors import SageWatchError


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertDelivery:
    """Delivers alerts: each one alone, or counted in its group. ``names`` are those of accounts, if it has any."""

    deliveries: Deliveries
    posting: MessagePosting
    groups: GroupDelivery
    clock: Clock
    names: AccountNames | None = None

    def on_message(self, body: str) -> DeliveryOutcome:
        """Deliver the alert in a queue message. Raises ``MalformedAlertError`` and what ``deliver`` raises."""
        alert = read_alert(body)
        return self.deliver(alert.model_copy(update={"account_names": dict(self._names(alert))}))

    def _names(self, alert: Alert) -> Iterator[tuple[str, str]]:
        """Yield each account of an alert with its name. An alert does not wait for a name."""
        for account in alert.accounts if self.names else ():
            with suppress(SageWatchError):
                if self.names and (name := self.names.name(account)):
                    yield account, name

    def deliver(self, alert: Alert) -> DeliveryOutcome:
        """Post an alert unless it has been posted. Raises what the ports raise, after giving its claim back."""
        if isinstance(alert, GroupAlert):
            return self.groups.refresh(alert)
        claim = self.deliveries.claim(alert.alert_id, self.clock())
        if claim.delivered:
            return DeliveryOutcome(alert.alert_id, DeliveryEffect.POSTED_BEFORE, claim.posted)
        with self.posting.claimed(alert.alert_id, claim):
            placement = self.groups.place(alert, self.posting.thread_of(alert, claim))
            if placement.counted:
                return DeliveryOutcome(alert.alert_id, DeliveryEffect.GATHERED, None)
            return self.posting.put(alert, claim, placement.thread)
