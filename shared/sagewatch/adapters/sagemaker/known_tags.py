"""Tags of up to a hundred resources in one call to the Resource Groups Tagging API."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import batched
from typing import Any, ClassVar, override

from sagewatch.adapters.aws_errors import translated
from sagewatch.clock import Clock
from sagewatch.errors import AccessDeniedError, SageWatchError
from sagewatch.runtime.log_lines import make_logger
from sagewatch.sagemaker.ports import KnownTags
from sagewatch.sagemaker.scopes import Scope

MOST_ARNS = 100  # that GetResources takes; it answers them in one page
# A sweep begins every quarter of an hour and takes four minutes at most: one that got no answer asks no more.
_QUIET, _QUIET_IF_DENIED = timedelta(minutes=5), timedelta(hours=1)

logger = make_logger()


class TaggingApiTags(KnownTags):
    """The ``KnownTags`` port on GetResources.

    The call is a saving and never a need: who gets no answer reads the tags of each resource. So an error of it is no
    error, and its region of the account is not asked for some minutes; for an hour, if the role may not ask, because a
    spoke's role may be older than this release.
    """

    PERMISSIONS: ClassVar = ("tag:GetResources",)

    def __init__(self, client_for: Callable[[str], Any], clock: Clock) -> None:
        self._client_for = client_for
        self._clock = clock
        self._quiet_until: dict[Scope, datetime] = {}
        self._logged: set[tuple[Scope, type[SageWatchError]]] = set()

    @override
    def of(self, arns: Iterable[str], scope: Scope) -> Mapping[str, Mapping[str, str]]:
        found: dict[str, Mapping[str, str]] = {}
        for some in batched(arns, MOST_ARNS, strict=False):
            until = self._quiet_until.get(scope)
            if until is None or self._clock() >= until:
                found.update(self._read(some, scope))
        return found

    def _read(self, arns: Sequence[str], scope: Scope) -> Mapping[str, Mapping[str, str]]:
        try:
            with translated(f"tag:GetResources in {scope}"):
                answer = self._client_for(scope).get_resources(ResourceARNList=list(arns))
        except SageWatchError as error:
            self._rest(scope, error)
            return {}
        there = {each["ResourceARN"].lower(): each["Tags"] for each in answer["ResourceTagMappingList"]}
        return {arn: {tag["Key"]: tag["Value"] for tag in there[arn.lower()]} for arn in arns if arn.lower() in there}

    def _rest(self, scope: Scope, error: SageWatchError) -> None:
        quiet = _QUIET_IF_DENIED if isinstance(error, AccessDeniedError) else _QUIET
        self._quiet_until[scope] = self._clock() + quiet
        if (scope, type(error)) not in self._logged:
            self._logged.add((scope, type(error)))
            logger.warning("tags are read one by one", extra={"scope": scope, "reason": str(error)})
