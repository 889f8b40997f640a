"""Items that this release cannot read: their notebook is left alone, counted, and named once a day."""

from collections.abc import Mapping
from dataclasses import dataclass

from sagewatch.errors import UnreadableError
from sagewatch.idle.outcomes import NotebookSweepReport
from sagewatch.jobs.ports import DailyNotices


@dataclass(frozen=True, slots=True)
class UnreadableItems:
    """Counts and names what cannot be read."""

    notices: DailyNotices

    def leave_out[T](self, found: Mapping[str, T | UnreadableError], report: NotebookSweepReport) -> Mapping[str, T]:
        """Return what can be read. Raises what ``DailyNotices.first_today`` does."""
        kept = {arn: item for arn, item in found.items() if not isinstance(item, UnreadableError)}
        for arn, problem in found.items():
            if isinstance(problem, UnreadableError):
                report.unreadable += 1
                report.left_alone.add(arn)
                if self.notices.first_today(str(problem)):
                    report.failures.append(f"cannot read {problem}")
        return kept
