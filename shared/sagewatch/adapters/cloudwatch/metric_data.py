"""GetMetricData, page by page."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from sagewatch.adapters.aws_errors import translated
from sagewatch.errors import UnavailableError

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_cloudwatch.type_defs import MetricDataResultTypeDef

_PAGES = 20
_BROKEN = frozenset({"InternalError", "Forbidden"})


def metric_results(client: "CloudWatchClient", name: str, **request: Any) -> "Iterator[MetricDataResultTypeDef]":
    """Yield the results of every page; one metric's may be spread over several. ``name`` is for the error's sentence.

    Raises ``ThrottledError``, ``AccessDeniedError``, ``UnavailableError``; the last also for half an answer.
    """
    pages, more = client.get_paginator("get_metric_data").paginate(**request), True
    with translated(f"cloudwatch:GetMetricData of {name}"):
        for page in islice(pages, _PAGES):
            more = bool(page.get("NextToken"))
            yield from _sound(page["MetricDataResults"], last=not more)
    if more:
        raise UnavailableError("it has too many metrics to be read")


def _sound(results: "Sequence[MetricDataResultTypeDef]", *, last: bool) -> "Sequence[MetricDataResultTypeDef]":
    """Return the results, or raise if CloudWatch left something out for good."""
    statuses = {result.get("StatusCode", "Complete") for result in results}
    if statuses & _BROKEN or (last and "PartialData" in statuses):
        raise UnavailableError("CloudWatch answered in part only")
    return results
