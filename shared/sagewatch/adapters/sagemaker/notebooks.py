"""SageMaker's calls for notebook instances, each in its account and region. Three classes, for three permissions."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, override

from botocore.exceptions import ClientError

from sagewatch.adapters.aws_errors import code_of, is_role_refused, text_of, translated, without_act_role
from sagewatch.adapters.sagemaker.jobs import is_gone, read_tags
from sagewatch.errors import NotebookNotFoundError, StopRefusedError
from sagewatch.patterns import lazy_pattern
from sagewatch.redaction import redact
from sagewatch.sagemaker.notebook_models import read_notebook
from sagewatch.sagemaker.notebooks import Notebook, NotebookStatus
from sagewatch.sagemaker.ports import NotebookLists, Notebooks, NotebookStops, Stop
from sagewatch.sagemaker.scopes import Scope, region_of

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient


_PAGE = 100  # the API's most; its default is 10
# "Status (Stopped) not in ([InService]). Unable to transition to (Stopping) for Notebook Instance (arn...)": the code
# is ValidationException, which has no finer one.
_WRONG_STATUS = lazy_pattern(r"Status \((\w+)\) not in")
# Their instances are not billed any more, which is all that a stop is for. Pending and Updating ones are yet to run.
_AT_REST = frozenset({NotebookStatus.STOPPING, NotebookStatus.STOPPED, NotebookStatus.FAILED, NotebookStatus.DELETING})


class SageMakerNotebooks(Notebooks):
    """The ``Notebooks`` port on the SageMaker API."""

    PERMISSIONS: ClassVar = ("sagemaker:DescribeNotebookInstance", "sagemaker:ListTags")

    def __init__(self, client_for: "Callable[[str], SageMakerClient]") -> None:
        self._client_for = client_for

    @override
    def describe(self, name: str, region: str, account: str) -> Notebook:
        with translated(f"sagemaker:DescribeNotebookInstance of {name} in {region}"):
            try:
                answer = self._client_for(f"{account}/{region}").describe_notebook_instance(NotebookInstanceName=name)
            except ClientError as exc:
                if is_gone(exc):
                    raise NotebookNotFoundError(f"notebook instance {name} is not in {region}") from exc
                raise
        return read_notebook(answer, account=account, region=region)

    @override
    def tags(self, arn: str, scope: Scope) -> Mapping[str, str]:
        """Never cached: the owner may have just protected the notebook."""
        return read_tags(self._client_for(scope), arn)


class SageMakerNotebookLists(NotebookLists):
    """The ``NotebookLists`` port on the SageMaker API. ``pace`` is called with the region before every page."""

    PERMISSIONS: ClassVar = ("sagemaker:ListNotebookInstances",)

    def __init__(self, client_for: "Callable[[str], SageMakerClient]", pace: Callable[[str], None]) -> None:
        self._client_for = client_for
        self._pace = pace

    @override
    def in_service(self, region: str) -> Iterator[Sequence[Notebook]]:
        """A page may be empty and not the last."""
        return self._pages(region, {"StatusEquals": "InService"})

    @override
    def of_region(self, region: str) -> Iterator[Sequence[Notebook]]:
        return self._pages(region, {})

    def _pages(self, region: str, wanted: Mapping[str, str]) -> Iterator[Sequence[Notebook]]:
        query: dict[str, Any] = {**wanted, "MaxResults": _PAGE}
        while True:
            self._pace(region)
            with translated(f"sagemaker:ListNotebookInstances in {region}"):
                page = self._client_for(region).list_notebook_instances(**query)
            yield [_listed(summary, region) for summary in page["NotebookInstances"]]
            if not page.get("NextToken"):
                return
            query["NextToken"] = page["NextToken"]


class SageMakerNotebookStops(NotebookStops):
    """The ``NotebookStops`` port on the SageMaker API."""

    PERMISSIONS: ClassVar = ("sagemaker:StopNotebookInstance",)

    def __init__(self, client_for: "Callable[[str], SageMakerClient]") -> None:
        self._client_for = client_for

    @override
    def stop(self, notebook: Notebook) -> Stop:
        with translated(f"sagemaker:StopNotebookInstance of {notebook.name} in {notebook.region}"):
            try:
                self._client_for(notebook.scope).stop_notebook_instance(NotebookInstanceName=notebook.name)
            except ClientError as exc:
                return _not_stopped(notebook, exc)
        return Stop.STOPPING


def _not_stopped(notebook: Notebook, error: ClientError) -> Stop:
    if is_role_refused(error):
        raise StopRefusedError(without_act_role(notebook.account)) from error
    if is_gone(error):
        return Stop.GONE
    if code_of(error) != "ValidationException":
        raise error
    found = _WRONG_STATUS.search(text_of(error))
    if found and found[1] in _AT_REST:
        return Stop.ALREADY
    sentence = redact(text_of(error)) or "no reason given"
    raise StopRefusedError(f"sagemaker:StopNotebookInstance of {notebook.name}: {sentence}") from error


def _listed(summary: Mapping[str, Any], region: str) -> Notebook:
    account = summary["NotebookInstanceArn"].split(":")[4]
    return read_notebook(summary, account=account, region=region_of(region))
