"""Recompute totals after their rows changed: of a day once it is over, and of a parent job's children."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import assert_never

from sagewatch.clock import Clock, iso
from sagewatch.errors import UnreadableError
from sagewatch.ledger.ports import LedgerRows, RollUps, StaleTotal, StaleTotals, TotalStore
from sagewatch.ledger.totals import DayKey, RollUpKey, roll_up, total_of_day
from sagewatch.sagemaker.kinds import rolls_up
from sagewatch.sweeps import first_few

# Most of a day's rows are written by then; what comes later marks the day again.
_CLOSES_AFTER = timedelta(hours=1)
_LAST = "9999"  # after every time
_CHILDREN_END_WITHIN = timedelta(minutes=10)  # of the end of their parent, which waits for them


@dataclass(frozen=True, slots=True, kw_only=True)
class TotalsRefresh:
    """Recomputes marked totals. A mark that is set again meanwhile stays."""

    rows: LedgerRows
    roll_ups: RollUps
    totals: TotalStore
    marks: StaleTotals
    clock: Clock

    def ready(self) -> list[StaleTotal]:
        """Return the marks whose totals can be recomputed: all but those of days that are not over."""
        return [mark for mark in self.marks.all() if self._is_closed(mark)]

    def run(self, mark: StaleTotal) -> None:
        """Refresh the marked total. Raises ``UnreadableError``, after that, if rows had to be left out of it.

        A roll-up whose own row cannot be read is reported once too: the mark would fail every sweep.
        """
        self.rows.take_unreadable()
        unreadable: list[str] = []
        try:
            self._sum(mark)
        except UnreadableError as exc:
            unreadable.append(str(exc))
        self.marks.remove(mark)
        unreadable.extend(self.rows.take_unreadable())
        if unreadable:
            raise UnreadableError("; ".join(first_few(unreadable)))

    def _is_closed(self, mark: StaleTotal) -> bool:
        match mark.sum:
            case DayKey(day):
                return _is_over(day, self.clock())
            case RollUpKey():
                return True
            case _:
                assert_never(mark.sum)

    def _sum(self, mark: StaleTotal) -> None:
        match mark.sum:
            case DayKey(day):
                self.totals.save(total_of_day(day, self.rows.amounts_of_day(day)))
            case RollUpKey(arn):
                self._roll_up(arn)
            case _:
                assert_never(mark.sum)

    def _roll_up(self, arn: str) -> None:
        """Refresh the roll-up of each job of that name: a late row may belong to an earlier one.

        A parent without a row still runs. Its children ended after it was created, and before the next one was.
        """
        created_later, problems = _LAST, list[str]()
        for row in self.roll_ups.of(arn):
            if isinstance(row, UnreadableError):
                problems.append(str(row))
                continue
            until = min(created_later, iso(datetime.fromisoformat(row.ended_at) + _CHILDREN_END_WITHIN))
            self.roll_ups.save(row, roll_up(self.rows.amounts_of_children(arn, row.created_at, until)))
            created_later = row.created_at
            if row.parent_arn and rolls_up(row.parent_arn):
                self.marks.add(RollUpKey(row.parent_arn))
        if problems:
            raise UnreadableError("; ".join(problems))


def _is_over(day: str, now: datetime) -> bool:
    """Whether a day's total can be formed. A day that is none, or the last one of all, never ends."""
    try:
        return now >= datetime.fromisoformat(f"{day}T00:00:00Z") + timedelta(days=1) + _CLOSES_AFTER
    except (ValueError, OverflowError):
        return False
