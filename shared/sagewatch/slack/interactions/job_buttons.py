"""Handles the buttons of running jobs: snooze or stop. The message then shows who pressed what."""

from dataclasses import dataclass
from datetime import timedelta
from typing import assert_never
from zoneinfo import ZoneInfo

from sagewatch.alerts.base import alert_id
from sagewatch.alerts.edits import MessageEdits
from sagewatch.alerts.ports import AlertArchive, AlertQueue, Lease
from sagewatch.clock import Clock, iso
from sagewatch.errors import AccessDeniedError, JobNotFoundError, StopRefusedError
from sagewatch.formatting import clock_time, money
from sagewatch.jobs.alerts import JobRunsAlert
from sagewatch.jobs.ports import Snoozes
from sagewatch.jobs.reconcile import same_job
from sagewatch.pricing.accrual import accrual_of
from sagewatch.pricing.ports import Prices
from sagewatch.sagemaker.ports import Jobs, JobStops, Stop
from sagewatch.sagemaker.resources import Job, JobStatus
from sagewatch.sagemaker.tags import PROTECT_TAG
from sagewatch.slack.actions import ActionId
from sagewatch.slack.interactions.dialogs import confirm_job_stop_view
from sagewatch.slack.interactions.payloads import JobPress, PressOutcome
from sagewatch.slack.interactions.people import GONE, People

_SNOOZE = timedelta(hours=24)
_STOPPED = "stopped at "
_ENDING = frozenset({JobStatus.STOPPING, JobStatus.STOPPED})


@dataclass(frozen=True, slots=True, kw_only=True)
class JobButtons:
    """Snoozes and stops jobs. In trial mode it makes no call."""

    jobs: Jobs
    stops: JobStops
    snoozes: Snoozes
    archive: AlertArchive
    alerts: AlertQueue
    people: People
    prices: Prices
    clock: Clock
    zone: ZoneInfo
    enforce: bool

    def handle(self, press: JobPress) -> PressOutcome:
        """Do what was pressed. Raises what the ports do."""
        match press.action:
            case ActionId.SNOOZE_JOB:
                return self._snooze(press)
            case ActionId.STOP_JOB | ActionId.STOP_JOB_SURE:
                return self._stop(press, sure=press.action is ActionId.STOP_JOB_SURE)
            case _:
                assert_never(press.action)

    def _snooze(self, press: JobPress) -> PressOutcome:
        now, entry = press.at(self.clock), self.snoozes.find(press.job)
        until = now + _SNOOZE
        lease = Lease(press.user, until, now)
        if entry is None or entry.provisional or not self.snoozes.snooze(press.job, lease):
            return self._over(press, "it has already ended")
        words = f"snoozed until {until.astimezone(self.zone):%a %Y-%m-%d %H:%M %Z}; no alerts before then"
        if not self._edit(press, words, by=press.user, still_open=True):
            return self.people.reply(press, words)
        return PressOutcome(press, words)

    def _stop(self, press: JobPress, *, sure: bool) -> PressOutcome:
        found = self._find(press)
        if found is None:
            return self._over(press, GONE)
        stopped = self._finished(press, found)
        if stopped:
            return self._show_result(press, stopped, still_open=False)
        if found.status is JobStatus.STOPPING:
            return self._over(press, "it is already being stopped")
        if found.status is not JobStatus.IN_PROGRESS:
            return self._over(press, f"it has already ended ({found.status})")
        if PROTECT_TAG in self.jobs.tags(found.arn, found.scope):
            return self.people.reply(press, f"its tag {PROTECT_TAG} protects it; remove the tag first")
        return self._act(press, found) if sure else self._ask(press, found)

    def _find(self, press: JobPress) -> Job | None:
        """The job of the alert, not a later job of the same name."""
        try:
            found = self.jobs.describe(press.job)
        except JobNotFoundError:
            return None
        return found if same_job(press.job, found) else None

    def _ask(self, press: JobPress, found: Job) -> PressOutcome:
        cost = self._cost(found)
        return self.people.ask(press, confirm_job_stop_view(press, cost, enforce=self.enforce), cost)

    def _cost(self, found: Job) -> str:
        accrual = accrual_of(found, self.prices.rates(found.scope), self.clock())
        if accrual.so_far is None or accrual.hourly is None:
            return f"its cost so far is unknown: {accrual.note}"
        at_most = "at most " if found.spot else ""
        return f"it has cost {at_most}{money(accrual.so_far)} so far, at {money(accrual.hourly)}/h"

    def _act(self, press: JobPress, found: Job) -> PressOutcome:
        now = self.clock()
        if not self.enforce:
            when = clock_time(now, now)
            words = (
                f"trial mode: SageWatch would have stopped it at {when}. It is still running. Stop it in the console"
            )
            return self._show_result(press, words, still_open=True)
        words = f"{_STOPPED}{clock_time(now, now)}"
        self._note(press, words)
        try:
            what = self.stops.stop(found)
        except (StopRefusedError, AccessDeniedError) as exc:
            return self._show_result(press, f"AWS refused to stop it: {exc}", still_open=True)
        match what:
            case Stop.STOPPING:
                return self._show_result(press, words, still_open=False)
            case Stop.ALREADY:
                return self._over(press, "it had already ended or was being stopped")
            case Stop.GONE:
                return self._over(press, GONE)
            case _:
                assert_never(what)

    def _show_result(self, press: JobPress, words: str, *, still_open: bool) -> PressOutcome:
        """Show the result in the message; if it is unknown or closed, answer the user who pressed."""
        if not self._edit(press, words, by=press.user, still_open=still_open):
            return self.people.reply(press, words)
        return PressOutcome(press, words)

    def _over(self, press: JobPress, words: str) -> PressOutcome:
        """Answer a press that came too late. The message keeps naming the user who stopped the job, if one did."""
        self._edit(press, words, by=None, still_open=False)
        return self.people.reply(press, words)

    def _note(self, press: JobPress, words: str) -> None:
        """Record who stops the job before the call: the second try of an interrupted press finds it stopped."""
        self._messages.note(press.root, lambda alert: alert.model_copy(update={"outcome": words, "by": press.user}))

    def _finished(self, press: JobPress, found: Job) -> str | None:
        """Return the words of a stop that this user's interrupted press made and could not report."""
        alert = self._messages.find(press.root)
        mine = alert and alert.open and alert.by == press.user and (alert.outcome or "").startswith(_STOPPED)
        return alert.outcome if alert and mine and found.status in _ENDING else None

    @property
    def _messages(self) -> MessageEdits[JobRunsAlert]:
        return MessageEdits(JobRunsAlert, self.archive, self.alerts)

    def _edit(self, press: JobPress, outcome: str, *, by: str | None, still_open: bool) -> bool:
        """Put the outcome into the job's message; return whether the message is known and was open."""
        name = alert_id("job-edit", press.root, outcome, by or "", iso(self.clock()))
        changes = {"outcome": outcome, "by": by, "open": still_open}
        return self._messages.edit(press.root, name, lambda alert: alert.model_copy(update=changes), repeat=True)
