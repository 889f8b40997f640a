"""The report of a job that ended, as an alert."""

from typing import Annotated, Literal, override

from pydantic import Field

from sagewatch.alerts.base import GroupMember, Usd, from_text
from sagewatch.alerts.jobs import EndedJobAlert
from sagewatch.sagemaker.resources import JobStatus

_MOST_LINES = 20
_Line = Annotated[str, Field(max_length=400)]


class JobReport(EndedJobAlert):
    """A job ended and cost that much. ``use`` are lines on the utilization of its hosts; empty if not asked for."""

    finding: Literal["job-report"] = "job-report"
    status: JobStatus
    failed: bool = False
    spot_savings_usd: Usd | None
    use: tuple[_Line, ...] = Field(default=(), max_length=_MOST_LINES)
    suggestion: str | None = Field(default=None, max_length=600)

    @property
    @override
    def member(self) -> GroupMember | None:
        return GroupMember(self.name, f"ended as {self.status}", from_text(self.cost_usd), already_counted=self.failed)
