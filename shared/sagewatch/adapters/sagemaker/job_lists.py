"""SageMaker's List calls: jobs by their creation time, newest first, each kind in its own region."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, override

from sagewatch.adapters.aws_errors import translated
from sagewatch.adapters.sagemaker.calls import call, facts_of_job
from sagewatch.errors import UnreadableError
from sagewatch.sagemaker.kinds import JOB_KINDS, KIND_FACTS, ResourceKind
from sagewatch.sagemaker.ports import JobLists, ListedJob
from sagewatch.sagemaker.summaries import read_summary

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient


_PAGE = 100  # the API's most; its default is 10


class SageMakerLists(JobLists):
    """The ``JobLists`` port on the SageMaker API.

    ``pace`` is called with the region before every page: ListTrainingJobs allows two requests a second in each, for the
    whole account, the console included.
    """

    PERMISSIONS: ClassVar = tuple(f"sagemaker:{KIND_FACTS[kind].list_operation}" for kind in JOB_KINDS)

    def __init__(self, client_for: "Callable[[str], SageMakerClient]", pace: Callable[[str], None]) -> None:
        self._client_for = client_for
        self._pace = pace

    @override
    def created_since(
        self, kind: ResourceKind, region: str, since: datetime, before: datetime | None = None
    ) -> Iterator[Sequence[ListedJob | UnreadableError]]:
        """List from the newest job to the first older one.

        SageMaker filters pages after it cuts them, so a listing of newer jobs alone could walk through all older ones.
        """
        facts = facts_of_job(kind)
        query: dict[str, Any] = {"SortBy": "CreationTime", "SortOrder": "Descending", "MaxResults": _PAGE}
        if before is not None:
            query["CreationTimeBefore"] = before
        while True:
            self._pace(region)
            with translated(f"sagemaker:{facts.list_operation} in {region}"):
                page = call(self._client_for(region), facts.list_operation, query)
            listed = [read_summary(kind, summary) for summary in page[facts.summaries_field]]
            wanted = [job for job in listed if isinstance(job, UnreadableError) or job.created_at > since]
            yield wanted
            if len(wanted) < len(listed) or not page.get("NextToken"):
                return
            query["NextToken"] = page["NextToken"]
