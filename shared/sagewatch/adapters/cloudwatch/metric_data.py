"""GetMetricData, page by page, for whoever reads metrics."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from sagewatch.adapters.aws_errors import translated
from sagewatch.errors import UnavailableError

_PAGES = 20
_BROKEN = frozenset({"InternalError", "Forbidden"})


class MetricData(Protocol):
    """What is needed of CloudWatch's client."""

    def get_metric_data(self, **request: Any) -> Mapping[str, Any]:
        """GetMetricData."""


def metric_results(client: MetricData, name: str, **request: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the results of every page; one metric's may be spread over several. ``name`` is for the error's sentence.

    Raises ``ThrottledError``, ``AccessDeniedError``, ``UnavailableError``; the last also for half an answer.
    """
    token = ""
    for _ in range(_PAGES):
        with translated(f"cloudwatch:GetMetricData of {name}"):
            answer = client.get_metric_data(**request, **({"NextToken": token} if token else {}))
        token = answer.get("NextToken", "")
        yield from _sound(answer["MetricDataResults"], last=not token)
        if not token:
            return
    raise UnavailableError("it has too many metrics to be read")


def _sound(results: Sequence[Mapping[str, Any]], *, last: bool) -> Sequence[Mapping[str, Any]]:
    """Results that are partial are followed by the rest, or something is amiss."""
    statuses = {result.get("StatusCode", "Complete") for result in results}
    if statuses & _BROKEN or (last and "PartialData" in statuses):
        raise UnavailableError("CloudWatch answered in part only")
    return results
