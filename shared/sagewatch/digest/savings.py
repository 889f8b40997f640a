"""Estimates what idle notebooks cost until SageWatch stopped them, and what the stops saved. Both estimates are low.

- Cost of idling: the instance's hourly price from the last activity to the stop. It counts on the day of the stop, for
  every notebook that SageWatch stopped.
- Saving of a stop: the hourly price from the stop to the next start (or deletion), for at most twelve hours. The owner
  might have stopped the notebook after that. Each period counts its own part of that time, so days add up to weeks.

The hourly price is the instance's alone, because the volume is billed either way. A stop without a known price is
counted, and is in no total.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from sagewatch.digest.periods import DateRange
from sagewatch.ledger.totals import LedgerRow
from sagewatch.notebooks.session import OURSELVES
from sagewatch.pricing.book import for_time
from sagewatch.sagemaker.kinds import ResourceKind

MOST_SAVED = timedelta(hours=12)
_ZERO = Decimal(0)
_ONE = "1 x "
_LAST_SECOND = timedelta(seconds=1)

Hourly = Callable[[LedgerRow], Decimal | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class IdleStops:
    """Totals of the stops of idle notebooks, in USD. ``unpriced`` stops are in no sum."""

    stops: int = 0
    idle_usd: Decimal = _ZERO
    saved_usd: Decimal = _ZERO
    saved_seconds: int = 0
    unpriced: int = 0


@dataclass(slots=True)
class IdleStopTally:
    """Adds up what idling cost and stops saved.

    It needs the rows in the order of their ends, from a day before the span on.
    It holds one entry for each notebook that is stopped at that moment.
    """

    span: DateRange
    hourly: Hourly
    _open: dict[str, tuple[datetime, Decimal]] = field(default_factory=dict)
    _sums: IdleStops = field(default_factory=IdleStops)

    def add(self, rows: Iterable[LedgerRow]) -> Iterator[LedgerRow]:
        """Yield the rows, and add up the notebooks among them."""
        for row in rows:
            if row.kind is ResourceKind.NOTEBOOK:
                self._add_row(row)
            yield row

    def sums(self) -> IdleStops:
        """Return the totals after the last row. A notebook without a later start counts as stopped until the end."""
        for arn in list(self._open):
            self._settle(arn, self.span.end)
        return self._sums

    def _add_row(self, row: LedgerRow) -> None:
        ended = datetime.fromisoformat(row.ended_at)
        if row.instances is not None:  # in service again before, should a row between be missing
            self._settle(row.resource_arn, datetime.fromisoformat(row.started_at or row.created_at))
        elif not _continues(ended):
            self._settle(row.resource_arn, ended)
        if row.instances is not None and (row.stopped_by or "").startswith(OURSELVES) and ended < self.span.end:
            self._stopped(row, ended)

    def _stopped(self, row: LedgerRow, at: datetime) -> None:
        counts, price = at >= self.span.start, self.hourly(row)
        if price is None:
            self._add(stops=int(counts), unpriced=int(counts))
            return
        self._open[row.resource_arn] = (at, price)
        idled = at - datetime.fromisoformat(row.idle_since) if row.idle_since else timedelta(0)
        self._add(stops=int(counts), idle_usd=for_time(price, idled) if counts else _ZERO)

    def _settle(self, arn: str, until: datetime) -> None:
        stopped = self._open.pop(arn, None)
        if stopped is None:
            return
        at, price = stopped
        saved = min(until, at + MOST_SAVED, self.span.end) - max(at, self.span.start)
        if saved > timedelta(0):
            self._add(saved_usd=for_time(price, saved), saved_seconds=int(saved.total_seconds()))

    def _add(
        self,
        *,
        stops: int = 0,
        idle_usd: Decimal = _ZERO,
        saved_usd: Decimal = _ZERO,
        saved_seconds: int = 0,
        unpriced: int = 0,
    ) -> None:
        sums = self._sums
        self._sums = IdleStops(
            stops=sums.stops + stops,
            idle_usd=sums.idle_usd + idle_usd,
            saved_usd=sums.saved_usd + saved_usd,
            saved_seconds=sums.saved_seconds + saved_seconds,
            unpriced=sums.unpriced + unpriced,
        )


def instance_type_of(row: LedgerRow) -> str | None:
    """Return the instance type of a notebook's row."""
    return row.instances.removeprefix(_ONE) if row.instances else None


def _continues(ended: datetime) -> bool:
    """Whether a stopped notebook's row ends only because its month does, and continues as another row."""
    return (ended + _LAST_SECOND).month != ended.month
