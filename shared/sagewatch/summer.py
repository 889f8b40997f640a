"""Sums formed anew from rows, when rows they are made of were written: once a day is over, and once per roll-up."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import assert_never

from sagewatch.errors import OutOfTimeError
from sagewatch.ports import Clock, LedgerRows, Mark, Marks, MoreTime, RollUps, Totals
from sagewatch.resources import rolls_up
from sagewatch.totals import DaySum, RollUpSum, roll_up, total_of_day

# Most of a day's rows are written by then; what comes later marks the day again.
_CLOSES_AFTER = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Summer:
    """Works off the marks. A mark that is set again while its sum is formed stays."""

    rows: LedgerRows
    roll_ups: RollUps
    totals: Totals
    marks: Marks
    clock: Clock

    def sum_marked(self, more_time: MoreTime) -> int:
        """Form the marked sums anew, but for those of open days; answer with how many. Raises ``OutOfTimeError``."""
        ready = [mark for mark in self.marks.all() if self._is_closed(mark)]
        for mark in ready:
            if not more_time():
                raise OutOfTimeError("the next run sums the rest")
            self._sum(mark)
            self.marks.remove(mark)
        return len(ready)

    def _is_closed(self, mark: Mark) -> bool:
        match mark.sum:
            case DaySum(day):
                return self.clock() >= datetime.fromisoformat(f"{day}T00:00:00Z") + timedelta(days=1) + _CLOSES_AFTER
            case RollUpSum():
                return True
            case _:
                assert_never(mark.sum)

    def _sum(self, mark: Mark) -> None:
        match mark.sum:
            case DaySum(day):
                self.totals.keep(total_of_day(day, self.rows.of_day(day)))
            case RollUpSum(arn):
                parent = self.roll_ups.keep(arn, roll_up(self.rows.of_parent(arn)))
                if parent and rolls_up(parent):
                    self.marks.add(RollUpSum(parent))
            case _:
                assert_never(mark.sum)
