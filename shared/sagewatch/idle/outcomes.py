"""Reports what a sweep over notebooks decided and what happened. The two can differ."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import override

from sagewatch.idle.decision import Verdict
from sagewatch.outcomes import EmfMetric, nonzero
from sagewatch.sweeps import SweepReport, first_few


class StopOutcome(StrEnum):
    """What became of a stop that was wanted."""

    STOPPED = "stopped"
    WOULD_STOP = "would have been stopped"
    CHANGED = "not stopped: something changed since it was decided"
    NOT_ANNOUNCED = "not stopped: its announcement is not in Slack yet, or too new"
    OVERDUE = "not stopped: its warning has been missing in Slack for two hours"
    ALREADY = "was stopped before"
    REFUSED = "refused by AWS"


@dataclass(slots=True, kw_only=True)
class NotebookSweepReport(SweepReport):
    """Counts of notebooks in one sweep. The next run inspects those that were ``carried_over``.

    ``booked`` counts open sessions whose last months were written to the ledger.
    """

    in_service: int = 0
    repaired: int = 0
    booked: int = 0
    looked_at: int = 0
    carried_over: int = 0
    held_back: int = 0
    unreadable: int = 0
    left_alone: set[str] = field(default_factory=set)
    verdicts: Counter[Verdict] = field(default_factory=Counter)
    stops: Counter[StopOutcome] = field(default_factory=Counter)

    @override
    def to_log(self) -> Mapping[str, object]:
        left_alone = first_few(sorted(self.left_alone))
        return {
            **SweepReport.to_log(self),
            "left_alone": left_alone,
            "verdicts": dict(self.verdicts),
            "stops": dict(self.stops),
        }

    @override
    def metrics(self, sent_at: datetime | None = None) -> Mapping[EmfMetric, float]:
        """Return the numbers. Stops in trial mode do not count."""
        del sent_at
        happenings = {
            EmfMetric.SWEEPS_INCOMPLETE: int(not self.complete or self.carried_over > 0),
            EmfMetric.SWEEP_FAILURES: len(self.failures),
            EmfMetric.STOPS_ANNOUNCED: self.verdicts[Verdict.WARN],
            EmfMetric.NOTEBOOKS_STOPPED: self.stops[StopOutcome.STOPPED],
            EmfMetric.STOPS_REFUSED: self.stops[StopOutcome.REFUSED],
            EmfMetric.WARNINGS_OVERDUE: self.stops[StopOutcome.OVERDUE],
            EmfMetric.ITEMS_UNREADABLE: self.unreadable,
            EmfMetric.NOTEBOOKS_IN_SERVICE: self.in_service,
        }
        return nonzero(happenings)
