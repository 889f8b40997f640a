"""Queues the messages about idle standing resources, and edits them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sagewatch.alerts.base import alert_id, as_text
from sagewatch.alerts.edits import MessageEdits
from sagewatch.alerts.ports import AlertArchive, AlertQueue, Lease
from sagewatch.clock import Clock, iso
from sagewatch.formatting import dated
from sagewatch.idle.alerts import NotebookNews
from sagewatch.idle.state import OpenMessage
from sagewatch.sagemaker.tags import route_of
from sagewatch.standing.actions import ResourceAction
from sagewatch.standing.idling.alerts import StandingAlert
from sagewatch.standing.idling.verdicts import Judged

_NAMED = 20  # resources in a sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingMessages:
    """The messages of idle resources. Each edit has an identity, so that one that is queued twice is shown once."""

    archive: AlertArchive
    alerts: AlertQueue
    clock: Clock
    enforce: bool

    @property
    def _edits(self) -> MessageEdits[StandingAlert]:
        return MessageEdits(StandingAlert, self.archive, self.alerts)

    def plan(self, judged: Judged, warn: timedelta | None) -> OpenMessage:
        """Name and archive a message; with ``warn``, one that announces a deletion. It is not queued yet."""
        now = self.clock()
        alert = self._alert(judged, alert_id("standing-idle", judged.resource.arn.lower(), iso(now)), now, warn)
        self.archive.archive(alert.alert_id, alert.model_dump_json())
        return OpenMessage(alert_id=alert.alert_id, sent_at=now, planned=True)

    def send(self, root: str) -> None:
        """Queue a planned message. Delivery posts it once, however often it is queued."""
        alert = self.find(root)
        if alert and alert.open:
            self.alerts.send(alert)

    def find(self, root: str) -> StandingAlert | None:
        """Load a message; one that another release wrote and this one cannot read is not known."""
        return self._edits.find(root)

    def close(self, root: str, outcome: str, *, by: str | None = None) -> bool:
        """Say what became of it, and take its buttons away; return whether it was known and open."""
        return self.say(root, outcome, by=by, still_open=False)

    def say(  # noqa: PLR0913 - what an edit shows
        self,
        root: str,
        outcome: str,
        *,
        by: str | None,
        still_open: bool,
        at: datetime | None = None,
        more: Callable[[StandingAlert], Mapping[str, object]] | None = None,
    ) -> bool:
        """Put what became of it into the message; return whether it was known and open. ``more`` changes more of it."""
        since = at or self.clock()

        def changed(alert: StandingAlert) -> StandingAlert:
            answered = alert.answered(outcome, since, by=by, still_open=still_open)
            return answered.model_copy(update=more(alert)) if more else answered

        name = alert_id("standing-edit", root, outcome, by or "", iso(since))
        return self._edits.edit(root, name, changed, repeat=True)

    def interrupted(self, alert: StandingAlert) -> bool:
        """Name an action that has not ended in its time; say whether the message can restore what it deleted."""
        taken = alert.taken
        if taken is None or taken.done:
            return False
        undo = (ResourceAction.RESTORE,) if taken.action is ResourceAction.DELETE else ()
        left = {"actions": tuple(dict.fromkeys((*alert.actions, *undo))), "taken": None}
        words = "not finished: it was interrupted. Press the button again to continue"
        self.say(alert.root, words, by=taken.by, still_open=True, at=taken.begun_at, more=lambda _: left)
        return bool(undo)

    def take_back(self, before: StandingAlert, at: datetime) -> None:
        """Show a message as it was before an action that changed nothing."""
        shown = _shown(before)
        name = alert_id("standing-edit", before.root, "as before", iso(at))
        self._edits.edit(before.root, name, lambda alert: alert.model_copy(update=shown))

    def note(self, root: str, outcome: str, by: str | None) -> None:
        """Remember who does what before the call, without an edit: the second try of an interrupted press finds it."""
        now = self.clock()
        self._edits.note(root, lambda alert: alert.answered(outcome, now, by=by, still_open=True))

    def forget_note(self, before: StandingAlert) -> None:
        """Remember what was remembered before a note: the call was not made."""
        shown = _shown(before)
        self._edits.note(before.root, lambda alert: alert.model_copy(update=shown))

    def done_before(self, root: str, words: str, by: str | None, since: datetime) -> str | None:
        """Return what an interrupted try of the same person noted after ``since``, if it begins with these words."""
        alert = self.find(root)
        if alert is None or alert.by != by or not (alert.outcome or "").startswith(words):
            return None
        return alert.outcome if alert.outcome_at and alert.outcome_at >= since else None

    def reschedule(self, root: str, stop_at: datetime) -> None:
        """Put a later time of the deletion into the message: it came to Slack late."""

        def later(alert: StandingAlert) -> StandingAlert:
            known = alert.outcome or (alert.stop_at and alert.stop_at >= stop_at)
            return alert if known else alert.model_copy(update={"stop_at": stop_at})

        self._edits.edit(root, alert_id("standing-edit", root, "rescheduled", iso(stop_at)), later)

    def show_lease(self, root: str, lease: Lease) -> bool:
        """Put a lease into the message; return whether it was known and open."""
        return self.say(root, kept_until(lease), by=lease.author, still_open=True, at=lease.written_at)

    def notify_too_many(self, due: list[Judged], most: int) -> None:
        """Report once a day that more deletions are due than a sweep may make."""
        now, first = self.clock(), due[0].resource
        names = ", ".join(each.resource.name for each in due[:_NAMED])
        more = f" and {len(due) - _NAMED} more" if len(due) > _NAMED else ""
        self.alerts.send(
            NotebookNews(
                alert_id=alert_id("too-many-deletions", first.account, first.region, iso(now)[:10]),
                account=first.account,
                region=first.region,
                instances=None,
                name=None,
                owner=None,
                headline=f"SageWatch deleted none of {len(due)} idle Canvas sessions, because that is more than its "
                f"safety limit of {most} at once",
                sentence="press Delete the app in each session's own message, or let SageWatch's operator raise the "
                f"limit (MaxStopsPerSweep). They are billed until then: {names}{more}",
            )
        )

    def _alert(self, judged: Judged, name: str, now: datetime, warn: timedelta | None) -> StandingAlert:
        resource, price = judged.resource, judged.hourly
        return StandingAlert(
            alert_id=name,
            account=resource.account,
            region=resource.region,
            instances=None,
            owner=judged.owner,
            route=route_of(judged.tags),
            kind=resource.kind,
            name=resource.name,
            arn=resource.arn.lower(),
            keys=resource.keys,
            configuration=resource.configuration,
            stopping=resource.stopping,
            reason=judged.decision.reason,
            since=resource.since,
            last_use=judged.decision.last_use,
            hourly_usd=as_text(price.usd),
            price_note=price.reason,
            sent_at=now,
            stop_at=None if warn is None else now + warn,
            observe=not self.enforce,
            unproven=judged.unproven,
            actions=resource.actions if self.enforce else (),
        )


def _shown(alert: StandingAlert) -> Mapping[str, object]:
    return {"outcome": alert.outcome, "outcome_at": alert.outcome_at, "by": alert.by, "taken": alert.taken}


def kept_until(lease: Lease) -> str:
    """Say what a lease means."""
    if lease.until is None:
        return "kept until someone presses another button; SageWatch does nothing about it before then"
    return f"kept until {dated(lease.until)}; SageWatch does nothing about it before then"
