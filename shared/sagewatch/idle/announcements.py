"""What people read about a notebook in Slack: the announced stop, what became of it, and other news."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import ValidationError

from sagewatch.alerts.base import alert_id, as_text
from sagewatch.alerts.ports import AlertArchive, AlertQueue
from sagewatch.clock import Clock, iso
from sagewatch.formatting import clock_time
from sagewatch.idle.alerts import NotebookAlert, NotebookNews
from sagewatch.idle.decision import hold_of
from sagewatch.idle.evidence import Idle
from sagewatch.idle.inspection import Inspection
from sagewatch.idle.rates import HourlyRates
from sagewatch.idle.state import PendingStop
from sagewatch.pricing.book import for_time
from sagewatch.sagemaker.notebooks import Notebook
from sagewatch.sagemaker.tags import IDLE_AFTER_TAG, route_of, tagged_owner

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

    def announce(self, inspection: Inspection, number: int, stop_at: datetime | None) -> PendingStop:
        """Announce a stop, or that nothing will stop the notebook where ``stop_at`` is ``None``.

        ``number`` is part of the alert's identity, so that a crash cannot announce the same stop twice.
        """
        now, alert = self.clock(), self._idle_alert(inspection, number, stop_at)
        self.archive.archive(alert.alert_id, alert.model_dump_json())
        self.alerts.send(alert)
        idle = [reading for reading in inspection.readings if isinstance(reading, Idle)]
        return PendingStop(
            alert_id=alert.alert_id,
            warned_at=now,
            stop_at=stop_at or now,
            idle_since=alert.idle_since,
            held=hold_of(inspection.notebook, idle),
            trial=not self.enforce,
            sources=tuple(reading.source.value for reading in idle),
        )

    def _idle_alert(self, inspection: Inspection, number: int, stop_at: datetime | None) -> NotebookAlert:
        notebook, session = inspection.notebook, inspection.session
        since, hourly = inspection.decision.idle_since or session.since, self.rates.of_notebook(inspection.notebook)
        one_way = notebook.stop_is_one_way
        return NotebookAlert(
            alert_id=alert_id("notebook-idle", notebook.arn, iso(session.since), str(number)),
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

    def send_again(self, incident: str) -> None:
        """Queue an announcement again that is not in Slack yet. Delivery posts it once, however often it is queued."""
        alert = self._archived(incident)
        if alert:
            self.alerts.send(alert)

    def _archived(self, incident: str) -> NotebookAlert | None:
        """Load an announcement; one that another release wrote and this one cannot read is not known."""
        body = self.archive.load(incident)
        try:
            return NotebookAlert.model_validate_json(body) if body else None
        except ValidationError:
            return None

    def update_message(self, incident: str, outcome: str, *, by: str | None = None, still_open: bool) -> bool:
        """Put what became of an announcement into its message; return whether that announcement is known."""
        alert = self._archived(incident)
        if alert is None:
            return False
        name = alert_id("notebook-edit", incident, outcome, by or "")
        news = {"alert_id": name, "edits": incident, "outcome": outcome, "by": by, "open": still_open}
        self.alerts.send(alert.model_copy(update=news))
        return True

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
        sentence = f"{inspection.decision.reason}. So SageWatch keeps it running. Stop it yourself if you are done"
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
        names = ", ".join(inspection.notebook.name for inspection in inspections[:_NAMED])
        more = f" and {len(inspections) - _NAMED} more" if len(inspections) > _NAMED else ""
        self.alerts.send(
            NotebookNews(
                alert_id=alert_id("too-many-stops", first.account, iso(now)[:10]),
                account=first.account,
                region=first.region,
                instances=None,
                name=None,
                owner=None,
                headline=f"{len(inspections)} idle notebooks are due to be stopped, so SageWatch stopped none",
                sentence=f"the limit MaxStopsPerSweep is {most}. Stop them with their buttons, or raise the limit. "
                f"Waiting since {clock_time(now, now)}: {names}{more}",
            )
        )

    def _owner(self, notebook: Notebook) -> str | None:
        owner = tagged_owner(notebook.tags, self.owner_tag_keys)
        return owner.name if owner else None


def _advice(notebook: Notebook, *, one_way: bool) -> str:
    if one_way:
        platform = notebook.platform or "an unknown platform"
        return f"AWS starts no notebook again on {platform}. Stop it, change its platform to AL2023, then start it"
    return "Jupyter was not asked. A cell that runs silently, or waits for a job, shows in no log and uses no CPU"
