"""Lists every kind of alert, and reads one from the queue."""

from typing import Annotated

from pydantic import Field, ValidationError

from sagewatch.alerts.grouping import GroupAlert
from sagewatch.diagnostics.cost_report import JobReport
from sagewatch.digest.alerts import BudgetAlert, DigestAlert
from sagewatch.errors import MalformedAlertError
from sagewatch.idle.alerts import NotebookAlert, NotebookNews
from sagewatch.jobs.alerts import JobAlert, JobRunsAlert, UnpricedAlert
from sagewatch.models import LazyAdapter
from sagewatch.sagemaker.fields import field_errors
from sagewatch.spokes.alerts import AccountUnreadable
from sagewatch.standing.idling.alerts import StandingAlert

Alert = (
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
_ALERT: LazyAdapter[Alert] = LazyAdapter(Annotated[Alert, Field(discriminator="finding")])


def read_alert(body: str) -> Alert:
    """Read an alert from a queue message. Raises ``MalformedAlertError``, which names the fields at fault."""
    try:
        return _ALERT.validate_json(body)
    except ValidationError as exc:
        raise MalformedAlertError(f"alert: {field_errors(exc)}") from exc
