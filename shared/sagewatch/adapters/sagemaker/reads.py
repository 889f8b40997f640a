"""Read one region of SageMaker by the names of its operations: pages in turn, Describe calls side by side."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import batched
from typing import TYPE_CHECKING, ClassVar, override

from botocore.exceptions import ClientError

from sagewatch.adapters.aws_errors import translated
from sagewatch.adapters.sagemaker.calls import call
from sagewatch.adapters.sagemaker.jobs import is_gone
from sagewatch.errors import SageWatchError
from sagewatch.standing.idling.look import LISTED
from sagewatch.standing.ports import Fields, SageMakerReads, StandingKind
from sagewatch.standing.registry import STANDING_KINDS
from sagewatch.standing.sessions import has_sessions
from sagewatch.standing.studio.reading import STUDIO_READS

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient

_PAGE = 100  # the API's most; its default is 10
_SIDE_BY_SIDE = 8  # calls; botocore slows them down when SageMaker throttles
_BATCH = 40  # answers between two checks of Ctrl-C


SESSION_KINDS = tuple(kind for kind in STANDING_KINDS if has_sessions(kind.kind))


def _reads_of(kinds: Iterable[StandingKind]) -> tuple[str, ...]:
    operations = {"ListTags", *STUDIO_READS, *(operation for kind in kinds for operation in kind.reads)}
    return tuple(f"sagemaker:{operation}" for operation in sorted(operations))


class SageMakerApiReads(SageMakerReads):
    """The ``SageMakerReads`` port. ``check`` is called between batches, and may raise ``KeyboardInterrupt``."""

    PERMISSIONS: ClassVar[tuple[str, ...]] = ()  # those of what makes it

    def __init__(self, client: "SageMakerClient", check: Callable[[], None] = lambda: None) -> None:
        self._client = client
        self._check = check

    @override
    def pages(self, operation: str, field: str, request: Fields | None = None) -> Iterator[Fields]:
        query = {"MaxResults": _PAGE, **(request or {})}
        while True:
            self._check()
            with translated(f"sagemaker:{operation}"):
                page = call(self._client, operation, query)
            yield from page[field]
            if not page.get("NextToken"):
                return
            query["NextToken"] = page["NextToken"]

    @override
    def each(self, operation: str, requests: Sequence[Fields]) -> Iterator[Fields | SageWatchError | None]:
        with ThreadPoolExecutor(_SIDE_BY_SIDE) as pool:
            for some in batched(requests, _BATCH, strict=False):
                self._check()
                yield from pool.map(lambda request: self._one(operation, request), some)

    def _one(self, operation: str, request: Fields) -> Fields | SageWatchError | None:
        named = next(iter(request.values()), "")
        try:
            with translated(f"sagemaker:{operation} of {named}"):
                try:
                    return _answer(self._client, operation, request)
                except ClientError as exc:
                    if is_gone(exc):
                        return None
                    raise
        except SageWatchError as exc:
            return exc


def _answer(client: "SageMakerClient", operation: str, request: Fields) -> Fields:
    """One answer; of tags all pages in one, because a page may be short, and any tag may protect."""
    answer = call(client, operation, request)
    more = answer.get("NextToken") if operation == "ListTags" else None
    if not more:
        return answer
    rest = _answer(client, operation, {**request, "NextToken": more})
    return {**answer, "Tags": [*answer["Tags"], *rest["Tags"]]}


class SageMakerStandingReads:
    """Makes the reads of each region, for all kinds."""

    PERMISSIONS: ClassVar = _reads_of(STANDING_KINDS)

    def __init__(
        self, client_for: "Callable[[str], SageMakerClient]", check: Callable[[], None] = lambda: None
    ) -> None:
        self._client_for = client_for
        self._check = check

    def __call__(self, region: str) -> SageMakerReads:
        """Return the reads of a region."""
        return SageMakerApiReads(self._client_for(region), self._check)


class SageMakerLookReads(SageMakerStandingReads):
    """The same for one resource that people want to change: its listing is not read."""

    PERMISSIONS = tuple(
        permission
        for permission in _reads_of([kind for kind, _ in LISTED.values()])
        if permission.removeprefix("sagemaker:") not in {*STUDIO_READS, *(listing for _, listing in LISTED.values())}
        or permission in {"sagemaker:DescribeApp", "sagemaker:ListDomains"}
    )


class SageMakerSessionReads(SageMakerStandingReads):
    """The same for the kinds whose rows come from sessions."""

    PERMISSIONS = _reads_of(SESSION_KINDS)
