"""Keeps the rows with the largest amounts, and states the amount that another row must exceed to be one of them."""

import heapq
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from sagewatch.ledger.totals import LedgerRow


@dataclass(slots=True)
class LargestRows:
    """At most ``count`` rows, those with the largest ``size``; of equal ones those that were added first."""

    count: int
    size: Callable[[LedgerRow], Decimal]
    _heap: list[tuple[Decimal, int, LedgerRow]] = field(default_factory=list)
    _added: int = 0

    def add(self, rows: Iterable[LedgerRow]) -> None:
        """Add rows. Each is compared as it comes, so that ``least`` is right for the next page of a query."""
        for row in rows:
            self._added += 1
            entry = (self.size(row), -self._added, row)
            if len(self._heap) < self.count:
                heapq.heappush(self._heap, entry)
            else:
                heapq.heappushpop(self._heap, entry)

    def least(self) -> Decimal | None:
        """Return the smallest of these amounts; ``None`` while there are fewer rows than ``count``."""
        return self._heap[0][0] if len(self._heap) == self.count else None

    def rows(self) -> list[LedgerRow]:
        """Return the rows, the largest first."""
        return [row for _, _, row in sorted(self._heap, reverse=True)]
