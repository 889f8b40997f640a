"""Read notebook instances from events, listings and Describe answers."""

from pydantic import Field, ValidationError

from sagewatch.errors import MalformedEventError
from sagewatch.redaction import redact
from sagewatch.sagemaker.events import read_envelope
from sagewatch.sagemaker.fields import Arn, Name, Tags, Timestamp, field_errors
from sagewatch.sagemaker.kinds import KIND_FACTS, ResourceKind
from sagewatch.sagemaker.model_parts import MOST_GB, AwsModel
from sagewatch.sagemaker.notebooks import Notebook, NotebookStatus
from sagewatch.sagemaker.resources import partition_of, refuse_foreign_arn

_DETAIL_TYPE = "SageMaker Notebook Instance State Change"


class NotebookModel(AwsModel):
    """A notebook instance. Only Describe has the volume and the platform; listings have no role and no tags."""

    name: Name = Field(alias="NotebookInstanceName")
    arn: Arn | None = Field(None, alias="NotebookInstanceArn")
    status: NotebookStatus = Field(alias="NotebookInstanceStatus")
    instance_type: str | None = None
    creation_time: Timestamp = None
    last_modified_time: Timestamp = None
    volume_size_in_gb: int | None = Field(None, alias="VolumeSizeInGB", ge=0, le=MOST_GB)
    platform_identifier: str | None = None
    role_arn: str | None = None
    failure_reason: str | None = None
    tags: Tags = None

    def notebook(self, *, account: str, region: str) -> Notebook:
        """Become a ``Notebook`` of that account and region."""
        arn_type = KIND_FACTS[ResourceKind.NOTEBOOK].arn_type
        built = f"arn:{partition_of(region)}:sagemaker:{region}:{account}:{arn_type}/{self.name}"
        return Notebook(
            name=self.name,
            arn=(self.arn or built).lower(),
            account=account,
            region=region,
            status=self.status,
            instance_type=self.instance_type or None,
            created_at=self.creation_time,
            modified_at=self.last_modified_time,
            volume_gb=self.volume_size_in_gb,
            platform=self.platform_identifier,
            role_arn=self.role_arn,
            failure_reason=redact(self.failure_reason),
            tags=self.tags,
        )


def read_notebook(fields: object, *, account: str, region: str) -> Notebook:
    """Read an event's detail, a summary of a listing, or a Describe answer.

    Raises ``MalformedEventError``, which names the fields at fault.
    """
    try:
        return NotebookModel.model_validate(fields).notebook(account=account, region=region)
    except ValidationError as exc:
        raise MalformedEventError(f"notebook instance: {field_errors(exc)}") from exc


def read_notebook_event(event: object) -> Notebook:
    """Read a notebook instance from its state change event.

    Raises ``MalformedEventError`` for an envelope or a detail that cannot be understood, for every other kind of
    event, and for an unknown status.
    """
    envelope = read_envelope(event)
    if envelope.detail_type != _DETAIL_TYPE:
        raise MalformedEventError(f"not a notebook instance's state change: detail-type {envelope.detail_type[:80]!r}")
    notebook = read_notebook(envelope.detail, account=envelope.account, region=envelope.region)
    refuse_foreign_arn(notebook.arn, envelope.account, envelope.region)
    return notebook
