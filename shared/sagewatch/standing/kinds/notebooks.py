"""Notebook instances as standing resources: the instance while in service, and the volume for as long as it exists.

The listing says nothing of activity. Whether a notebook idles is decided by ``idle``, from its kernels, its log and its
agent; a survey shows that a notebook bills, and leaves its use unknown.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sagewatch.errors import MalformedEventError, SageWatchError
from sagewatch.idle.evidence import Source, Unknown
from sagewatch.owners.owner import role_owner
from sagewatch.pricing.book import component_of
from sagewatch.sagemaker.kinds import ResourceKind
from sagewatch.sagemaker.notebook_models import read_notebook
from sagewatch.sagemaker.notebooks import Notebook, NotebookStatus
from sagewatch.standing.evidence import Answered
from sagewatch.standing.ports import Fields, SageMakerReads, StandingKind
from sagewatch.standing.resources import BilledLine, BilledPart, EndCall, StandingResource, Unit

_COMPONENT = component_of(ResourceKind.NOTEBOOK)
UNSEEN = "a listing does not show its activity; SageWatch reports and stops idle notebooks by their kernels"
_STOPPING = "Stop it: only files in /home/ec2-user/SageMaker are kept. Its volume bills until it is deleted"


@dataclass(frozen=True, slots=True)
class Notebooks(StandingKind):
    """The notebook instances of a region."""

    kind: ResourceKind = ResourceKind.NOTEBOOK
    reads: tuple[str, ...] = ("ListNotebookInstances", "DescribeNotebookInstance")

    def find(self, api: SageMakerReads, now: datetime) -> Iterator[StandingResource | SageWatchError]:
        """Describe each, for the size of its volume and its role."""
        del now
        listed = list(api.pages("ListNotebookInstances", "NotebookInstances"))
        names: Sequence[str] = [summary["NotebookInstanceName"] for summary in listed]
        answers = api.each("DescribeNotebookInstance", [{"NotebookInstanceName": name} for name in names])
        for name, answer in zip(names, answers, strict=True):
            if isinstance(answer, SageWatchError):
                yield answer
            elif answer is not None:
                yield _read(name, answer)


def _read(name: str, answer: Fields) -> StandingResource | SageWatchError:
    arn = str(answer.get("NotebookInstanceArn", ""))
    try:
        notebook = read_notebook(answer, account=arn.split(":")[4], region=arn.split(":")[3])
    except MalformedEventError as exc:
        return exc
    except IndexError:
        return MalformedEventError(f"notebook instance {name}: its ARN is not one")
    return _resource(notebook)


def _resource(notebook: Notebook) -> StandingResource:
    return StandingResource(
        kind=ResourceKind.NOTEBOOK,
        arn=notebook.arn,
        name=notebook.name,
        status=notebook.status,
        since=notebook.modified_at if notebook.running else notebook.created_at,
        changed_at=notebook.modified_at,
        configuration=f"{notebook.instance_type or 'an unknown type'}, {notebook.volume_gb or '?'} GB",
        parts=(BilledPart(lines=tuple(_lines(notebook))),),
        evidence=Answered(Unknown(Source.DESCRIBE, UNSEEN if notebook.running else f"it is {notebook.status}")),
        stopping=_STOPPING,
        end=EndCall("StopNotebookInstance", {"NotebookInstanceName": notebook.name}) if notebook.running else None,
        owner=role_owner(notebook.role_arn),
    )


def _lines(notebook: Notebook) -> Iterator[BilledLine]:
    deleting = notebook.status is NotebookStatus.DELETING
    instance_type = (notebook.instance_type or "an unknown type") if notebook.running else None
    return billed_lines(instance_type, None if deleting else notebook.volume_gb)


def billed_lines(instance_type: str | None, volume_gb: int | None) -> Iterator[BilledLine]:
    """Yield what a notebook bills: its instance, if it has a type and so runs, and its volume, if its size is known."""
    if instance_type:
        yield BilledLine(_COMPONENT, instance_type, Decimal(1))
    if volume_gb:
        yield BilledLine(_COMPONENT, "", Decimal(volume_gb), Unit.GB_MONTH)
