"""Tags of up to a hundred resources in one call to the Resource Groups Tagging API."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import batched
from typing import Any, ClassVar, override

from sagewatch.adapters.aws_errors import translated
from sagewatch.errors import AccessDeniedError, SageWatchError
from sagewatch.sagemaker.ports import KnownTags
from sagewatch.sagemaker.scopes import Scope, account_in

MOST_ARNS = 100  # that GetResources takes; it answers them in one page


class TaggingApiTags(KnownTags):
    """The ``KnownTags`` port on GetResources.

    The call is a saving and never a need: who gets no answer reads the tags of each resource. So an error of it is no
    error. A role without the permission is asked once: a spoke's role may be older than this release.
    """

    PERMISSIONS: ClassVar = ("tag:GetResources",)

    def __init__(self, client_for: Callable[[str], Any]) -> None:
        self._client_for = client_for
        self._denied: set[str | None] = set()

    @override
    def of(self, arns: Iterable[str], scope: Scope) -> Mapping[str, Mapping[str, str]]:
        found: dict[str, Mapping[str, str]] = {}
        for some in batched(arns, MOST_ARNS, strict=False):
            if account_in(scope) not in self._denied:
                found.update(self._read(some, scope))
        return found

    def _read(self, arns: Sequence[str], scope: Scope) -> Mapping[str, Mapping[str, str]]:
        try:
            with translated(f"tag:GetResources in {scope}"):
                answer = self._client_for(scope).get_resources(ResourceARNList=list(arns))
        except AccessDeniedError:
            self._denied.add(account_in(scope))
            return {}
        except SageWatchError:
            return {}
        there = {each["ResourceARN"].lower(): each["Tags"] for each in answer["ResourceTagMappingList"]}
        return {arn: {tag["Key"]: tag["Value"] for tag in there[arn.lower()]} for arn in arns if arn.lower() in there}
