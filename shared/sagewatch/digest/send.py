"""Queues the digest of a period once, with its chart, and alerts about budgets."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import override
from zoneinfo import ZoneInfo

from sagewatch.alerts.base import alert_id
from sagewatch.alerts.ports import AlertQueue, PostedMessages
from sagewatch.budgets.budget import Budget, BudgetState, findings, month_end, states_of
from sagewatch.clock import Clock, iso
from sagewatch.digest.alerts import BudgetAlert, DigestAlert, ImageRef, StudioFinding, StudioSummary
from sagewatch.digest.health import HealthReader, sentence
from sagewatch.digest.periods import DateRange, DigestPeriod, DigestRequest, InvalidRequest, read_request
from sagewatch.digest.ports import ChartRenderer, ImageUploads
from sagewatch.digest.running_now import RunningNowReader
from sagewatch.digest.savings import IdleStopTally, instance_type_of
from sagewatch.digest.summary import CHART_DAYS, TOP, Digest, alt_text, chart_of, digest_of, top_jobs
from sagewatch.errors import SageWatchError
from sagewatch.ledger.largest import LargestRows
from sagewatch.ledger.ports import RowFilter
from sagewatch.ledger.queries import LedgerQueries, LedgerQuery
from sagewatch.ledger.totals import DayTotal, LedgerRow
from sagewatch.outcomes import Outcome
from sagewatch.pricing.ports import Prices
from sagewatch.sagemaker.kinds import ResourceKind
from sagewatch.standing.studio.ports import AuditReader

_A_DAY = timedelta(days=1)
_ZERO = Decimal(0)
_STUDIO = 3  # findings of the audit in a digest


@dataclass(frozen=True, slots=True)
class DigestOutcome(Outcome):
    """What happened to a digest: whether it was queued, why it has no chart, and how many budgets were reported."""

    alert: str
    span: DateRange
    queued: bool
    no_picture: str | None = None
    budgets_alerted: int = 0

    @override
    def to_log(self) -> Mapping[str, object]:
        head = {"alert_id": self.alert, "effect": "queued" if self.queued else "posted before"}
        days = {"period": self.span.period, "first_day": f"{self.span.first}", "last_day": f"{self.span.last}"}
        return {**head, **days, "no_picture": self.no_picture, "budgets_alerted": self.budgets_alerted}


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestSender:
    """Writes digests.

    Delivery is that of every alert: the queue waits for Slack, and one ``alert_id`` is posted once, so that a digest
    that is asked for twice, or whose invocation died, is in the channel once.
    """

    spending: LedgerQueries
    running_now: RunningNowReader
    prices: Prices
    painter: ChartRenderer
    pictures: ImageUploads
    alerts: AlertQueue
    posted: PostedMessages
    health: HealthReader
    audits: AuditReader
    clock: Clock
    zone: ZoneInfo
    budgets: tuple[Budget, ...]
    account: str
    region: str

    def on_event(self, event: object) -> DigestOutcome | InvalidRequest:
        """Do what an invocation asks for. Raises what the ports raise, but for those of the picture."""
        asked = read_request(event, self.clock(), self.zone)
        return asked if isinstance(asked, InvalidRequest) else self._write(asked)

    def _write(self, asked: DigestRequest) -> DigestOutcome:
        span, name = asked.span, self._name(asked.span)
        wanted = not self.posted.find(name)
        day = self._budget_day(span)
        totals = self._totals(span, day) if wanted or asked.scheduled else ()
        states = self._budgets(totals, day) if wanted or asked.scheduled else ()
        alerted = self._alert_budgets(states) if asked.scheduled else 0
        if not wanted:
            return DigestOutcome(name, span, queued=False, budgets_alerted=alerted)
        digest = self._digest(span, totals, states)
        picture, trouble = self._picture(digest, totals)
        self._send(name, digest, picture, trouble)
        return DigestOutcome(name, span, queued=True, no_picture=trouble, budgets_alerted=alerted)

    def _name(self, span: DateRange) -> str:
        """A period that is not over can be requested again every hour."""
        so_far = iso(span.until)[:13] if span.until else ""
        return alert_id("digest", self.account, self.region, span.period, str(span.first), str(span.last), so_far)

    def _budget_day(self, span: DateRange) -> date:
        """Return the day that budgets are stated for: today if the period's month is not over, else its last day."""
        today = self.clock().astimezone(UTC).date()
        return today if (span.last.year, span.last.month) == (today.year, today.month) else span.last

    def _budgets(self, totals: Sequence[DayTotal], day: date) -> tuple[BudgetState, ...]:
        """State every budget, with the work in progress if that belongs to the month."""
        now = self.clock()
        if not self.budgets or day < now.astimezone(UTC).date() - _A_DAY:
            return states_of(self.budgets, totals, day)
        until = min(now, month_end(day))
        open_costs = list(self.running_now.open_costs(day, until))
        return states_of(self.budgets, totals, day, open_costs=open_costs, until=until)

    def _totals(self, span: DateRange, day: date) -> Sequence[DayTotal]:
        """The days of the chart, which hold the period and the one before; with budgets, those of the month too."""
        first, last = span.last - (CHART_DAYS - 1) * _A_DAY, span.last
        if self.budgets:
            first, last = min(first, day.replace(day=1)), max(last, day)
        days = self.spending.days(LedgerQuery(first_day=first, last_day=last))
        return [total.split(self.account) for total in days]

    def _digest(self, span: DateRange, totals: Sequence[DayTotal], states: tuple[BudgetState, ...]) -> Digest:
        """One pass over the rows that no total replaces: those of notebooks, and of the most expensive jobs."""
        tally, largest = IdleStopTally(span, self._hourly), LargestRows(TOP, _cost)
        first = span.first.isoformat()
        rows = tally.add(self._rows(span, totals, largest))
        largest.add(row for row in rows if row.cost_usd and row.ended_on >= first)
        return digest_of(
            span,
            totals,
            top_jobs=top_jobs(largest.rows()),
            idled=tally.sums(),
            running=self.running_now.read(),
            budgets=states,
        )

    def _rows(self, span: DateRange, totals: Sequence[DayTotal], largest: LargestRows) -> Iterator[LedgerRow]:
        """Read the notebooks from the day before on, too: what was stopped then may have saved something since."""
        before = span.first - _A_DAY
        if _may_have_notebooks(before, totals):
            day = LedgerQuery(first_day=before, last_day=before)
            yield from self.spending.jobs(day, wanted=RowFilter(kind=ResourceKind.NOTEBOOK))
        wanted = RowFilter(kind=ResourceKind.NOTEBOOK, above=lambda: largest.least() or _ZERO)
        yield from self.spending.jobs(LedgerQuery(first_day=span.first, last_day=span.last), wanted=wanted)

    def _hourly(self, row: LedgerRow) -> Decimal | None:
        return self.prices.rates(f"{row.account}/{row.region}").of_type(ResourceKind.NOTEBOOK, instance_type_of(row))

    def _picture(self, digest: Digest, totals: Sequence[DayTotal]) -> tuple[ImageRef | None, str | None]:
        """Draw and upload the chart. Whatever Slack has against it: the numbers do not wait for it."""
        if digest.quiet:
            return None, None
        chart = chart_of(digest.span, totals)
        words = alt_text(chart)
        try:
            name = f"spend-{digest.span.period}-{digest.span.last}.png"
            image = self.pictures.upload(name, self.painter.draw(chart), words)
            return ImageRef(image_id=image, alt_text=words), None
        except SageWatchError as exc:
            return None, str(exc)

    def _send(self, name: str, digest: Digest, picture: ImageRef | None, no_picture: str | None) -> None:
        self.alerts.send(
            DigestAlert(
                alert_id=name,
                account=self.account,
                region=self.region,
                instances=None,
                happened_at=self.clock(),
                digest=digest,
                picture=picture,
                no_picture=no_picture,
                health=self._health(digest.span),
                studio=self._studio(digest.span),
            )
        )

    def _health(self, span: DateRange) -> str | None:
        """State the health once a week, and in each digest what may have no alarm."""
        health = self.health.read(datetime.combine(span.first, time(), UTC))
        return sentence(health) if span.period is DigestPeriod.WEEKLY or health.unannounced else None

    def _studio(self, span: DateRange) -> StudioSummary | None:
        """State once a week what the audit of Studio found."""
        if span.period is not DigestPeriod.WEEKLY:
            return None
        audits = self.audits.all()
        found = sorted((each for audit in audits for each in audit.findings), key=lambda each: each.usd, reverse=True)
        if not found:
            return None
        return StudioSummary(
            count=sum(audit.count for audit in audits),
            usd=sum((each.usd for each in found), Decimal(0)),
            top=tuple(
                StudioFinding(
                    domain=each.domain, place=each.place, app_type=each.app_type, reason=each.reason, usd=each.usd
                )
                for each in found[:_STUDIO]
            ),
        )

    def _alert_budgets(self, states: Sequence[BudgetState]) -> int:
        """Queue the findings not reported this month; return how many."""
        alerted = 0
        for finding in findings(states):
            name = alert_id("budget", self.account, *finding.identity)
            if not self.posted.find(name):
                self.alerts.send(
                    BudgetAlert(
                        alert_id=name,
                        account=self.account,
                        region=self.region,
                        instances=None,
                        happened_at=self.clock(),
                        state=finding.state,
                        threshold=finding.threshold,
                    )
                )
                alerted += 1
        return alerted


def _cost(row: LedgerRow) -> Decimal:
    return row.cost_usd or _ZERO


def _may_have_notebooks(day: date, totals: Sequence[DayTotal]) -> bool:
    """Whether notebooks have rows on that day. Its total, if there is one, has a cell for them."""
    cells = next((total.cells for total in totals if total.day == day.isoformat()), None)
    return cells is None or any(cell.kind is ResourceKind.NOTEBOOK for cell in cells)
