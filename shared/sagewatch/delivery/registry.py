"""Lists every kind of alert, and reads one from the queue. A kind is imported and built when one of it is read."""

from typing import TYPE_CHECKING, Literal, assert_never

from pydantic import ConfigDict, ValidationError

from sagewatch.alerts.grouping import GroupAlert
from sagewatch.errors import MalformedAlertError
from sagewatch.models import LazyModel
from sagewatch.sagemaker.fields import field_errors

if TYPE_CHECKING:
    from sagewatch.diagnostics.alerts import JobReport
    from sagewatch.digest.alerts import BudgetAlert, DigestAlert
    from sagewatch.idle.alerts import NotebookAlert, NotebookNews
    from sagewatch.jobs.alerts import JobAlert, JobRunsAlert, UnpricedAlert
    from sagewatch.spokes.alerts import AccountUnreadable
    from sagewatch.standing.idling.alerts import StandingAlert

type Alert = (
    JobAlert
    | JobRunsAlert
    | JobReport
    | UnpricedAlert
    | NotebookAlert
    | NotebookNews
    | StandingAlert
    | GroupAlert
    | DigestAlert
    | BudgetAlert
    | AccountUnreadable
)
Finding = Literal[
    "job-failed",
    "job-never-started",
    "job-hit-limit",
    "job-long-running",
    "job-report",
    "unpriced-type",
    "notebook-idle",
    "notebook-news",
    "standing-idle",
    "group",
    "digest",
    "budget",
    "account-unreadable",
]


class _Found(LazyModel):
    """The field that names the kind."""

    model_config = ConfigDict(defer_build=True, extra="ignore", hide_input_in_errors=True)

    finding: Finding


def read_alert(body: str) -> Alert:
    """Read an alert from a queue message. Raises ``MalformedAlertError``, which names the fields at fault."""
    try:
        return kind_of(_Found.model_validate_json(body).finding).model_validate_json(body)
    except ValidationError as exc:
        raise MalformedAlertError(f"alert: {field_errors(exc)}") from exc


def kind_of(finding: Finding) -> "type[Alert]":  # noqa: C901, PLR0911 - one case for each kind of alert
    """The model of a finding's alerts."""
    match finding:
        case "job-failed" | "job-never-started" | "job-hit-limit":
            from sagewatch.jobs.alerts import JobAlert

            return JobAlert
        case "job-long-running":
            from sagewatch.jobs.alerts import JobRunsAlert

            return JobRunsAlert
        case "unpriced-type":
            from sagewatch.jobs.alerts import UnpricedAlert

            return UnpricedAlert
        case "job-report":
            from sagewatch.diagnostics.alerts import JobReport

            return JobReport
        case "notebook-idle":
            from sagewatch.idle.alerts import NotebookAlert

            return NotebookAlert
        case "notebook-news":
            from sagewatch.idle.alerts import NotebookNews

            return NotebookNews
        case "standing-idle":
            from sagewatch.standing.idling.alerts import StandingAlert

            return StandingAlert
        case "group":
            return GroupAlert
        case "digest":
            from sagewatch.digest.alerts import DigestAlert

            return DigestAlert
        case "budget":
            from sagewatch.digest.alerts import BudgetAlert

            return BudgetAlert
        case "account-unreadable":
            from sagewatch.spokes.alerts import AccountUnreadable

            return AccountUnreadable
        case _:
            assert_never(finding)
