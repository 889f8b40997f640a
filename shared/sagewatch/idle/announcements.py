"""What a look at a notebook leads to, short of a stop: what is told, once, and what is remembered."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import assert_never

from sagewatch.alerts.base import alert_id, as_text
from sagewatch.alerts.ports import AlertQueue
from sagewatch.clock import Clock, iso
from sagewatch.formatting import clock_time
from sagewatch.idle.alerts import NotebookAlert, NotebookNews
from sagewatch.idle.decision import Verdict
from sagewatch.idle.inspection import Inspection
from sagewatch.idle.ports import NotebookStates
from sagewatch.idle.state import NotebookState, PendingStop
from sagewatch.pricing.book import Rates, for_time
from sagewatch.pricing.ports import Prices
from sagewatch.sagemaker.notebooks import Notebook
from sagewatch.sagemaker.resources import ResourceKind
from sagewatch.sagemaker.tags import IDLE_AFTER_TAG, route_of, tagged_owner

_NAMED = 20  # notebooks in a sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class NotebookAnnouncements:
    """Announces, takes back and remembers. An alert is queued before it is remembered: a crash repeats it."""

    watches: NotebookStates
    alerts: AlertQueue
    prices: Prices
    clock: Clock
    owner_tag_keys: tuple[str, ...]
    discount_percent: Decimal
    warn: timedelta
    enforce: bool

    def apply(self, case: Inspection) -> None:
        """Do what a decision short of a stop asks for."""
        if case.tag_fault:
            self._tell_tag(case, case.tag_fault)
        decision, watched = case.decision, decided(case, self._with_busy(case))
        match decision.verdict:
            case Verdict.KEEP | Verdict.STOP:
                watched = self._kept(case, watched)
            case Verdict.KEEP_UNKNOWN:
                self._tell_unknown(case)
            case Verdict.KEEP_ACTIVE_AGAIN:
                watched = self.close_message(watched, f"in use again, so it is not stopped: {decision.reason}")
            case Verdict.WARN | Verdict.ADVISE:
                watched = self._announce(case, watched)
            case _:
                assert_never(decision.verdict)
        self.watches.save(replace(watched, look_at=self._look_at(case, watched)), case.notebook.region)

    def _look_at(self, case: Inspection, watched: NotebookState) -> datetime:
        if case.decision.verdict is Verdict.WARN and watched.warned:
            return watched.warned.stop_at
        return case.decision.look_at

    def _kept(self, case: Inspection, watched: NotebookState) -> NotebookState:
        """Somebody, or a tag, keeps it: what was announced is off. The person's own message has been edited already."""
        if case.readings or watched.warned is None:
            return watched
        if watched.lease and watched.lease.until > self.clock():
            return replace(watched, warned=None)
        return self.close_message(watched, f"not stopped: {case.decision.reason}")

    def _with_busy(self, case: Inspection) -> NotebookState:
        if not case.readings:
            return case.watched
        since = case.watched.busy_since or self.clock()
        return replace(case.watched, busy_since=since if case.active else None)

    def _announce(self, case: Inspection, watched: NotebookState) -> NotebookState:
        """One incident, one message; its number names it, so that a crash cannot announce it twice."""
        now = self.clock()
        stop_at = None if case.decision.verdict is Verdict.ADVISE else now + self.warn
        alert = self._idle_alert(case, watched.incidents + 1, stop_at)
        self.watches.archive(alert.alert_id, alert.model_dump_json())
        self.alerts.send(alert)
        warned = PendingStop(
            alert_id=alert.alert_id,
            warned_at=now,
            stop_at=stop_at or now,
            idle_since=alert.idle_since,
            finished=stop_at is None,
        )
        return replace(watched, warned=warned, incidents=watched.incidents + 1)

    def _idle_alert(self, case: Inspection, number: int, stop_at: datetime | None) -> NotebookAlert:
        notebook, since = case.notebook, case.decision.idle_since or case.session.since
        hourly = self.hourly(notebook)
        one_way = notebook.stop_is_one_way
        return NotebookAlert(
            alert_id=alert_id("notebook-idle", notebook.arn, iso(case.session.since), str(number)),
            account=notebook.account,
            region=notebook.region,
            instances=notebook.instance_type,
            name=notebook.name,
            arn=notebook.arn,
            owner=self._owner(notebook),
            route=route_of(notebook.tags),
            reason=case.decision.reason,
            idle_since=since,
            hourly_usd=as_text(hourly),
            idle_usd=None if hourly is None else f"{for_time(hourly, self.clock() - since):.6f}",
            stop_at=stop_at,
            observe=not self.enforce,
            advice=None if stop_at else _advice(notebook, one_way=one_way),
            one_way=one_way,
        )

    def hourly(self, notebook: Notebook) -> Decimal | None:
        """What an hour of the notebook costs, after the discount; ``None`` where no price is known."""
        return self.rates(notebook.region).of_type(ResourceKind.NOTEBOOK, notebook.instance_type)

    def rates(self, region: str) -> Rates:
        """What an hour costs there, after the discount."""
        return Rates(self.prices.book(region), self.discount_percent)

    def close_message(self, watched: NotebookState, outcome: str, *, by: str | None = None) -> NotebookState:
        """Say in the incident's own message what has become of it; nothing is left to press."""
        if watched.warned is None:
            return watched
        self.update_message(watched.warned.alert_id, outcome, by=by, still_open=False)
        return replace(watched, warned=None)

    def update_message(self, incident: str, outcome: str, *, by: str | None = None, still_open: bool) -> bool:
        """Put what has become of an incident into its message, if it is known; say whether it is."""
        body = self.watches.load(incident)
        if body is None:
            return False
        told = NotebookAlert.model_validate_json(body)
        name = alert_id("notebook-edit", incident, outcome, by or "")
        news = {"alert_id": name, "edits": incident, "outcome": outcome, "by": by, "open": still_open}
        self.alerts.send(told.model_copy(update=news))
        return True

    def notify(self, notebook: Notebook, headline: str, sentence: str, *identity: str, **more: str | None) -> None:
        """Queue a piece of news of its own, or of an incident's thread."""
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

    def _tell_unknown(self, case: Inspection) -> None:
        """Once a day, in the incident's thread where there is one."""
        thread = case.watched.warned.alert_id if case.watched.warned else None
        sentence = f"nobody can tell whether it is used, so it is kept: {case.decision.reason}"
        headline = f"Notebook {case.notebook.name} is kept"
        self.notify(case.notebook, headline, sentence, iso(self.clock())[:10], thread=thread)

    def _tell_tag(self, case: Inspection, fault: str) -> None:
        tag = (case.notebook.tags or {}).get(IDLE_AFTER_TAG, "")
        self.notify(case.notebook, f"Notebook {case.notebook.name} has a tag that cannot be read", fault, tag)

    def notify_too_many(self, cases: Sequence[Inspection], most: int) -> None:
        """Once a day: a sweep that would stop more than that stops none."""
        now = self.clock()
        names = ", ".join(case.notebook.name for case in cases[:_NAMED])
        more = f" and {len(cases) - _NAMED} more" if len(cases) > _NAMED else ""
        self.alerts.send(
            NotebookNews(
                alert_id=alert_id("too-many-stops", cases[0].notebook.account, iso(now)[:10]),
                account=cases[0].notebook.account,
                region=cases[0].notebook.region,
                instances=None,
                name=None,
                owner=None,
                headline=f"{len(cases)} notebooks would be stopped at once, so none is",
                sentence=f"MaxStopsPerSweep is {most}; since {clock_time(now, now)} these wait: {names}{more}",
            )
        )

    def _owner(self, notebook: Notebook) -> str | None:
        owner = tagged_owner(notebook.tags, self.owner_tag_keys)
        return owner.name if owner else None


def decided(case: Inspection, watched: NotebookState) -> NotebookState:
    """Remember the decision, in the sentence people are told."""
    return replace(watched, verdict=case.decision.verdict.value, reason=case.decision.reason)


def _advice(notebook: Notebook, *, one_way: bool) -> str:
    if one_way:
        platform = notebook.platform or "an unknown platform"
        return f"on {platform} it could not be started again; move it to notebook-al2023-v1 first"
    return "only its log was asked, and a cell that runs without a word would not show there"
