"""Read rows of the CostLedger table, each by itself: what this release cannot read is left out and named."""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields
from typing import Any

from sagewatch.adapters.dynamodb.stored_values import count_of, day_text_of, moment_of, moment_text_of, text_of, usd_of
from sagewatch.errors import UnreadableError
from sagewatch.failures.diagnosis import FailureClass
from sagewatch.ledger.families import PastRun, ran_seconds
from sagewatch.ledger.ports import RollUpRow
from sagewatch.ledger.totals import Amounts, LedgerRow
from sagewatch.pricing.job_cost import PricingStatus
from sagewatch.sagemaker.kinds import ResourceKind
from sagewatch.sagemaker.resources import JobStatus

_log = logging.getLogger(__name__)


COLUMNS, AMOUNTS = (tuple(field.name for field in fields(read)) for read in (LedgerRow, Amounts))
_FAILURE_CLASSES = frozenset(FailureClass)


def _failure_class(value: object) -> FailureClass:
    return FailureClass(text_of(value)) if value in _FAILURE_CLASSES else FailureClass.UNKNOWN


_READ: Mapping[str, Callable[[Any], object]] = {
    **dict.fromkeys(COLUMNS, text_of),
    **{name: usd_of for name in COLUMNS if name.endswith("_usd")},
    **dict.fromkeys(("created_at", "started_at", "ended_at", "idle_since"), moment_text_of),
    "ended_on": day_text_of,
    "kind": ResourceKind,
    "status": JobStatus,
    "pricing": PricingStatus,
    "failure_class": _failure_class,
    "billable_seconds": count_of,
    "rollup_jobs": count_of,
    "rollup_unpriced_jobs": count_of,
}


def readable_rows[T](
    items: Iterable[Mapping[str, Any]],
    read: Callable[[Mapping[str, Any]], T],
    partition: str,
    note: Callable[[str], None],
) -> Iterator[T]:
    """Read items one by one. One that this version cannot read is noted by its key and left out."""
    for item in items:
        try:
            value = read(item)
        except (ValueError, TypeError, LookupError, ArithmeticError, AttributeError) as exc:
            sentence = f"the row {item.get('resource_arn', 'of ' + partition)} cannot be read: {type(exc).__name__}"
            _log.warning(sentence)
            note(sentence)
        else:
            yield value


def row_of(item: Mapping[str, Any]) -> LedgerRow:
    """Read the columns that lists of jobs need."""
    return LedgerRow(**_typed(item))


def amounts_of(item: Mapping[str, Any]) -> Amounts:
    """Read the columns that totals need."""
    return Amounts(**_typed(item))


def _typed(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _READ[name](value) for name, value in item.items()}


def run_of(item: Mapping[str, Any]) -> PastRun:
    """Read a past run of a family."""
    started_at, billed = item.get("started_at"), item.get("billable_seconds")
    started, ended = started_at and moment_of(started_at), moment_of(item["ended_at"])
    failure_class, cost = item.get("failure_class"), item.get("cost_usd")
    return PastRun(
        ended_at=ended,
        status=JobStatus(item["status"]),
        ran_seconds=ran_seconds(started, ended, None if billed is None else count_of(billed)),
        cost_usd=None if cost is None else usd_of(cost),
        failure_class=_failure_class(failure_class) if failure_class else None,
        key=(item["resource_arn"], item["created_at"]),
    )


def roll_up_row_of(arn: str, item: Mapping[str, Any]) -> RollUpRow | UnreadableError:
    """Read what a roll-up needs of its row; one that cannot be read is the error that names it."""
    parent_arn = item.get("parent_arn")
    try:
        created_at, ended_at = (moment_text_of(item.get(name)) for name in ("created_at", "ended_at"))
        return RollUpRow(arn, created_at, ended_at, None if parent_arn is None else text_of(parent_arn))
    except (ValueError, TypeError) as exc:
        return UnreadableError(f"the row {arn} cannot be read: {type(exc).__name__}")
