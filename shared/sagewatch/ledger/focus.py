"""Rows in the columns of FOCUS 1.2, the FinOps Open Cost and Usage Specification (https://focus.finops.org).

What FOCUS asks of a provider and a ledger of estimates cannot know stays empty, which is how FOCUS writes null: unit
prices and SKUs, because one job has prices for its instances, its volumes and its warm pool; invoices. What is a job's
own is in columns that begin with ``x_``. These are no billed amounts: do not load them together with the provider's
own FOCUS export.
"""

import json
from dataclasses import MISSING, fields
from decimal import Decimal
from typing import Any

from sagewatch.ledger.totals import LedgerRow
from sagewatch.patterns import lazy_pattern
from sagewatch.pricing.job_cost import PricingStatus
from sagewatch.sagemaker.kinds import KIND_FACTS, ResourceKind

VERSION = "1.2"
_HOUR = Decimal(3600)
_COUNTS = lazy_pattern(r"(\d+) x ")


def has_charge(row: LedgerRow) -> bool:
    """Whether the row is a charge: BilledCost may not be null, and unknown is never 0."""
    return row.cost_usd is not None or row.pricing is PricingStatus.FREE


def charge(row: LedgerRow) -> dict[str, str]:
    """Write one row as one charge, all columns in their order. Call it for rows that have one."""
    cost, listed = row.cost_usd or Decimal(0), row.list_cost_usd or Decimal(0)
    hours, resource_type = _instance_hours(row), KIND_FACTS[row.kind].focus_type
    return {
        "BilledCost": _number(cost),
        "BillingAccountId": row.account,
        "BillingAccountName": "",
        "BillingAccountType": "Account",
        "BillingCurrency": "USD",
        "BillingPeriodStart": f"{row.ended_on[:7]}-01T00:00:00Z",
        "BillingPeriodEnd": f"{_next_month(row.ended_on)}-01T00:00:00Z",
        "ChargeCategory": "Usage",
        "ChargeClass": "",
        "ChargeDescription": f"{resource_type} on {row.instances or 'no instances'}: {row.pricing_reason}",
        "ChargeFrequency": "Usage-Based",
        "ChargePeriodStart": row.started_at or row.created_at,
        "ChargePeriodEnd": row.ended_at,
        "ConsumedQuantity": hours,
        "ConsumedUnit": hours and "Hours",
        "ContractedCost": _number(cost),
        "ContractedUnitPrice": "",
        "EffectiveCost": _number(cost),
        "InvoiceId": "",
        "InvoiceIssuerName": "AWS",
        "ListCost": _number(listed),
        "ListUnitPrice": "",
        "PricingCategory": "Standard" if row.spot_savings_usd is None else "Dynamic",
        "PricingQuantity": hours,
        "PricingUnit": hours and "Hours",
        "ProviderName": "AWS",
        "PublisherName": "AWS",
        "RegionId": row.region,
        "RegionName": row.region,
        "ResourceId": row.resource_arn,
        "ResourceName": row.resource_name,
        "ResourceType": resource_type,
        "ServiceCategory": "AI and Machine Learning",
        "ServiceName": "Amazon SageMaker",
        "ServiceSubcategory": "Machine Learning",
        "SkuId": "",
        "SkuPriceId": "",
        "SubAccountId": row.account,
        "SubAccountName": row.account,
        "SubAccountType": "Account",
        "Tags": json.dumps({"owner": row.owner}) if row.owner else "",
        "x_CostBasis": "on-demand list price estimate",
        "x_FailureClass": row.failure_class or "",
        "x_JobStatus": row.status,
        "x_ParentId": row.parent_arn or "",
        "x_Pricing": row.pricing,
        "x_SpotSavings": "" if row.spot_savings_usd is None else _number(row.spot_savings_usd),
    }


def _instance_hours(row: LedgerRow) -> str:
    if row.billable_seconds is None or row.instances is None:
        return ""
    instances = sum(int(count) for count in _COUNTS.findall(row.instances))
    return _number((instances * row.billable_seconds / _HOUR).quantize(Decimal("1e-10")))


def _number(value: Decimal) -> str:
    """Write a decimal in plain notation; validators take a column of whole numbers for integers."""
    plain = f"{value.normalize():f}"
    return plain if "." in plain else f"{plain}.0"


def _next_month(day: str) -> str:
    year, month = int(day[:4]), int(day[5:7])
    return f"{year + 1}-01" if month == 12 else f"{year}-{month + 1:02}"  # noqa: PLR2004 - December


# What ``charge`` writes of any row, in that order.
_ANY: dict[str, Any] = {field.name: "" for field in fields(LedgerRow) if field.default is MISSING}
COLUMNS = tuple(
    charge(LedgerRow(**_ANY | {"kind": ResourceKind.TRAINING, "pricing": PricingStatus.FREE, "ended_on": "2026-01-01"}))
)
