"""Queues the alerts about a notebook: the announced stop, its outcome, and other news."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from sagewatch.alerts.base import alert_id, as_text
from sagewatch.alerts.edits import MessageEdits
from sagewatch.alerts.ports import AlertArchive, AlertQueue, Lease
from sagewatch.clock import Clock, iso
from sagewatch.errors import StateChangedError
from sagewatch.formatting import clock_time, dated, money
from sagewatch.idle.alerts import NotebookAlert, NotebookNews
from sagewatch.idle.decision import hold_of
from sagewatch.idle.evidence import Idle
from sagewatch.idle.inspection import Inspection
from sagewatch.idle.rates import HourlyRates
from sagewatch.idle.state import OpenMessage, PendingStop
from sagewatch.owners.owner import tagged_owner
from sagewatch.pricing.book import for_time
from sagewatch.sagemaker.notebooks import Notebook
from sagewatch.sagemaker.tags import IDLE_AFTER_TAG, route_of

FOUR_HOURS = timedelta(hours=4)
_NAMED = 20  # notebooks in a sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class NotebookAnnouncements:
    """Queues alerts about notebooks, and edits the messages they became."""

    archive: AlertArchive
    alerts: AlertQueue
    rates: HourlyRates
    clock: Clock
    owner_tag_keys: tuple[str, ...]
    enforce: bool

    @property
    def _messages(self) -> MessageEdits[NotebookAlert]:
        return MessageEdits(NotebookAlert, self.archive, self.alerts)

    def plan(self, inspection: Inspection, warn: timedelta | None) -> OpenMessage:
        """Name and archive a new announcement of a stop in that time, or of no stop where ``warn`` is ``None``.

        Its time is part of its identity, so no two announcements share one. It is archived before anyone knows of it:
        so a later end of the run can close it, although it may not have been queued yet.
        """
        now, arn, since = self.clock(), inspection.notebook.arn, inspection.session.since
        message = OpenMessage(alert_id=alert_id("notebook-idle", arn, iso(since), iso(now)), sent_at=now, planned=True)
        self._archived(inspection, message, now + warn if warn else None)
        return message

    def announce(self, inspection: Inspection, message: OpenMessage, stop_at: datetime | None) -> PendingStop:
        """Queue a planned announcement of a stop, or of no stop where ``stop_at`` is ``None``.

        Queued again after a crash, it is the same alert. Raises ``StateChangedError`` if it was closed meanwhile.
        """
        alert = self.find(message.alert_id) or self._archived(inspection, message, stop_at)
        if alert.open:
            self.alerts.send(alert)
        if not alert.open or not self._is_still_open(alert.alert_id):
            raise StateChangedError(f"the run of {alert.name} ended before its warning", retry_after=1)
        idle = [reading for reading in inspection.readings if isinstance(reading, Idle)]
        return PendingStop(
            alert_id=alert.alert_id,
            warned_at=message.sent_at,
            stop_at=alert.stop_at or message.sent_at,
            idle_since=alert.idle_since,
            held=hold_of(inspection.notebook, idle),
            trial=alert.observe,
            sources=tuple(reading.source.value for reading in idle),
        )

    def _archived(self, inspection: Inspection, message: OpenMessage, stop_at: datetime | None) -> NotebookAlert:
        alert = self._idle_alert(inspection, message, stop_at)
        self.archive.archive(alert.alert_id, alert.model_dump_json())
        return alert

    def _idle_alert(self, inspection: Inspection, message: OpenMessage, stop_at: datetime | None) -> NotebookAlert:
        notebook, session = inspection.notebook, inspection.session
        since, hourly = inspection.decision.idle_since or session.since, self.rates.of_notebook(inspection.notebook)
        one_way = notebook.stop_is_one_way
        return NotebookAlert(
            alert_id=message.alert_id,
            account=notebook.account,
            region=notebook.region,
            instances=notebook.instance_type,
            name=notebook.name,
            arn=notebook.arn,
            owner=self._owner(notebook),
            route=route_of(notebook.tags),
            reason=inspection.decision.reason,
            idle_since=since,
            hourly_usd=as_text(hourly),
            idle_usd=None if hourly is None else f"{for_time(hourly, self.clock() - since):.6f}",
            stop_at=stop_at,
            observe=not self.enforce,
            advice=None if stop_at else _advice(notebook, one_way=one_way),
            one_way=one_way,
        )

    def send_again(self, announcement: str) -> None:
        """Queue an announcement again that is not in Slack yet. Delivery posts it once, however often it is queued."""
        alert = self.find(announcement)
        if alert:
            self.alerts.send(alert)

    def find(self, announcement: str) -> NotebookAlert | None:
        """Load an announcement; one that another release wrote and this one cannot read is not known."""
        return self._messages.find(announcement)

    def update_message(  # noqa: PLR0913 - what an edit shows
        self,
        announcement: str,
        outcome: str,
        *,
        by: str | None = None,
        still_open: bool,
        at: datetime | None = None,
        repeat: bool = False,
    ) -> bool:
        """Put what became of an announcement into its message; return whether that message is known and open.

        A closed message is final, and what is older than what an open one shows is left out. ``at`` is since when that
        is so: it is part of the edit's identity, because a message may show the same state twice. ``repeat`` sends the
        edit even if it was the last one.
        """
        since = at or self.clock()
        name = alert_id("notebook-edit", announcement, outcome, by or "", since.isoformat(), str(repeat))

        def newer(alert: NotebookAlert) -> NotebookAlert:
            changed = alert.answered(outcome, since, by=by, still_open=still_open)
            if changed is alert:
                return alert
            return changed.model_copy(update={"idle_usd": _idled(alert, outcome, self.clock())})

        return self._messages.edit(announcement, name, newer, repeat=repeat)

    def _is_still_open(self, announcement: str) -> bool:
        """Whether no one closed an announcement before it was queued. If so, its end is queued again, behind it."""
        name = alert_id("notebook-edit", announcement, "announced")
        return self._messages.edit(announcement, name, lambda alert: alert.model_copy(update={"open": True}))

    def show_end(self, announcement: str, at: datetime) -> None:
        """Queue the end of a closed message once more: an interrupted press of that time may have queued another."""
        self._messages.edit(
            announcement,
            alert_id("notebook-edit", announcement, "late press", iso(at)),
            lambda alert: alert if alert.open else alert.model_copy(update={"open": True}),
        )

    def renew(self, announcement: str) -> None:
        """Store an open message again, and edit it without a change, so that nothing stored of it expires."""
        name = alert_id("notebook-renewal", announcement, iso(self.clock()))
        self._messages.edit(announcement, name, lambda alert: alert, repeat=True)

    def reschedule(self, announcement: str, stop_at: datetime) -> None:
        """Put a later time of the stop into the message: it came to Slack late."""
        name = alert_id("notebook-edit", announcement, "rescheduled", iso(stop_at))

        def later(alert: NotebookAlert) -> NotebookAlert:
            known = alert.outcome or (alert.stop_at and alert.stop_at >= stop_at)
            return alert if known else alert.model_copy(update={"stop_at": stop_at})

        self._messages.edit(announcement, name, later)

    def show_lease(self, announcement: str, lease: Lease, *, repeat: bool = False) -> bool:
        """Put a lease into the message; return whether that announcement is known."""
        words, at = kept_until(lease), lease.written_at
        return self.update_message(announcement, words, by=lease.author, still_open=True, at=at, repeat=repeat)

    def notify(self, notebook: Notebook, headline: str, sentence: str, *identity: str, **more: str | None) -> None:
        """Queue news about a notebook: a message of its own, or a reply to an announcement."""
        self.alerts.send(
            NotebookNews(
                alert_id=alert_id("notebook-news", notebook.arn, headline, *identity),
                account=notebook.account,
                region=notebook.region,
                instances=notebook.instance_type,
                name=notebook.name,
                owner=self._owner(notebook),
                route=route_of(notebook.tags),
                headline=headline,
                sentence=sentence,
                **more,
            )
        )

    def notify_unknown(self, inspection: Inspection) -> None:
        """Report once a day that its use is unknown, in the announcement's thread where there is one."""
        pending = inspection.state.pending
        hourly = self.rates.of_notebook(inspection.notebook)
        price = "at an unknown price" if hourly is None else f"at {money(hourly)}/h"
        sentence = (
            f"{inspection.decision.reason}, so SageWatch will not stop the notebook. It keeps running {price}. "
            "If you are done with it, stop it"
        )
        headline = f"Cannot tell whether {inspection.notebook.name} is in use"
        thread = pending.alert_id if pending else None
        self.notify(inspection.notebook, headline, sentence, iso(self.clock())[:10], thread=thread)

    def notify_tag(self, notebook: Notebook, fault: str) -> None:
        """Report a tag that cannot be read, once for each value."""
        tag = (notebook.tags or {}).get(IDLE_AFTER_TAG, "")
        self.notify(notebook, f"Notebook {notebook.name} has a tag that cannot be read", fault, tag)

    def notify_too_many(self, inspections: Sequence[Inspection], most: int) -> None:
        """Report once a day that more stops are due than a sweep may make."""
        now, first = self.clock(), inspections[0].notebook
        region = min(inspection.notebook.region for inspection in inspections)  # other accounts are swept by region
        names = ", ".join(inspection.notebook.name for inspection in inspections[:_NAMED])
        more = f" and {len(inspections) - _NAMED} more" if len(inspections) > _NAMED else ""
        self.alerts.send(
            NotebookNews(
                alert_id=alert_id("too-many-stops", first.account, region, iso(now)[:10]),
                account=first.account,
                region=first.region,
                instances=None,
                name=None,
                owner=None,
                headline=f"SageWatch stopped none of {len(inspections)} idle notebooks, because that is more than its "
                f"safety limit of {most} at once",
                sentence="press Stop now in each notebook's own message, which has its price, or let SageWatch's "
                "operator raise the limit (MaxStopsPerSweep). "
                f"They keep running until then. Due since {clock_time(now, now)}: {names}{more}",
            )
        )

    def _owner(self, notebook: Notebook) -> str | None:
        owner = tagged_owner(notebook.tags, self.owner_tag_keys)
        return owner.name if owner else None


def _idled(alert: NotebookAlert, outcome: str, at: datetime) -> str | None:
    """What idling has cost: until the stop or the end of a trial where that is now, else as it was announced."""
    if alert.hourly_usd is None or not outcome.startswith(("stopped at", "trial mode")):
        return alert.idle_usd
    return f"{for_time(Decimal(alert.hourly_usd), at - alert.idle_since):.6f}"


def _advice(notebook: Notebook, *, one_way: bool) -> str:
    if one_way:
        platform = notebook.platform or "an unknown platform"
        return (
            f"SageWatch leaves it running because its old platform ({platform}) cannot be started again. "
            "If you stop it, switch it to AL2023 before starting it"
        )
    return (
        "SageWatch did not ask Jupyter, so it only knows that the notebook is quiet. "
        "A cell may still be running or waiting"
    )


def kept_until(lease: Lease) -> str:
    """Say what a lease means."""
    if lease.until is None:
        return "SageWatch will not stop this notebook until someone presses another button"
    how = "for 4 h" if lease.until - lease.written_at.replace(microsecond=0) == FOUR_HOURS else "until tomorrow morning"
    return f"kept {how}, until {dated(lease.until)}"
