"""What people ask the ledger: closed days from totals, the rest from rows, and nothing counted twice."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from sagewatch.failures.diagnosis import FailureClass
from sagewatch.ledger.focus import COLUMNS, charge, has_charge
from sagewatch.ledger.queries import Filter, GroupBy, LedgerQueries, LedgerQuery
from sagewatch.ledger.totals import UNOWNED, DayKey, LedgerRow
from sagewatch.pricing.job_cost import PricingStatus
from sagewatch.sagemaker.kinds import ResourceKind
from tests.worlds.builders import NOW, World, a_row

MONTH = LedgerQuery(first_day=date(2026, 11, 1), last_day=date(2026, 11, 30))


class Ledger(World):
    """A ledger of some days, and what was read of it."""

    def __init__(self) -> None:
        """Empty."""
        super().__init__()
        self.read: list[str] = []
        self.spending = LedgerQueries(rows=self.ledger, totals=self.totals, marks=self.marks, on_day=self.read.append)

    def row(self, name: str, day: str = "2026-11-20", **changes: object) -> None:
        """Put a row in, and mark its day as a recorder does."""
        row = replace(a_row(resource_arn=f"arn:{name}", resource_name=name), **changes)  # type: ignore[arg-type] # by name
        self.ledger.put(replace(row, ended_on=day, ended_at=f"{day}T11:00:00Z"))

    def usd(self, by: GroupBy, question: LedgerQuery = MONTH) -> dict[str, str]:
        """The sums by name."""
        return {name: f"{spend.cost_usd:f}" for name, spend in self.spending.grouped(question, by).items()}


def test_money_adds_up_by_day_owner_and_kind() -> None:
    """Days without jobs are not there; jobs without an owner have a place of their own."""
    ledger = Ledger()
    ledger.row("a")
    ledger.row("b", "2026-11-21", owner=None)
    ledger.row("c", "2026-11-21", kind=ResourceKind.PROCESSING)

    assert ledger.usd(GroupBy.DAY) == {"2026-11-20": "0.46", "2026-11-21": "0.92"}
    assert ledger.usd(GroupBy.OWNER) == {"ana@example.com": "0.92", "(no owner)": "0.46"}
    assert ledger.usd(GroupBy.KIND) == {"training": "0.92", "processing": "0.46"}


def test_roll_ups_and_unpriced_jobs_are_in_no_sum() -> None:
    """The first would count twice; the second is counted as unknown."""
    ledger = Ledger()
    ledger.row("a")
    ledger.row("t", kind=ResourceKind.TUNING, pricing=PricingStatus.NOT_INSTANCE_PRICED, cost_usd=None)
    ledger.row("u", pricing=PricingStatus.UNPRICED, cost_usd=None)
    [spend] = ledger.spending.grouped(MONTH, GroupBy.DAY).values()

    assert (spend.jobs, spend.cost_usd, spend.unpriced_jobs) == (2, Decimal("0.46"), 1)


def test_failed_money_and_spot_savings_are_told() -> None:
    """Next to the total."""
    ledger = Ledger()
    ledger.row("a", failure_class=FailureClass.USER_CODE)
    ledger.row("b", spot_savings_usd=Decimal("1.5"))
    ledger.row("c", pricing=PricingStatus.PROVISIONAL)
    [spend] = ledger.spending.grouped(MONTH, GroupBy.DAY).values()

    assert (spend.failed_jobs, spend.failed_usd, spend.spot_savings_usd) == (1, Decimal("0.46"), Decimal("1.5"))
    assert (spend.jobs, spend.cost_usd, spend.provisional_jobs) == (3, Decimal("1.38"), 1)


@pytest.mark.parametrize(
    ("question", "usd"),
    [
        pytest.param(replace(MONTH, owner="ana@example.com"), "0.46", id="owner"),
        pytest.param(replace(MONTH, owner="nobody"), None, id="nobody"),
        pytest.param(replace(MONTH, kind=ResourceKind.PROCESSING), "0.46", id="kind"),
        pytest.param(replace(MONTH, last_day=date(2026, 11, 20)), "0.92", id="its last day"),
        pytest.param(replace(MONTH, first_day=date(2026, 11, 21)), None, id="the day after"),
    ],
)
def test_a_question_has_limits(question: LedgerQuery, usd: str | None) -> None:
    """Owner, kind and days, both ends included."""
    ledger = Ledger()
    ledger.row("a")
    ledger.row("b", owner="bo", kind=ResourceKind.PROCESSING)

    assert list(ledger.usd(GroupBy.DAY, question).values()) == ([usd] if usd else [])


def test_closed_days_are_answered_without_reading_a_row_and_corrected_ones_are_read() -> None:
    """A day whose mark is still set is not right yet."""
    ledger = Ledger()
    ledger.now = NOW + timedelta(days=5)
    for day in ("2026-11-20", "2026-11-21"):
        ledger.row(day, day)
        ledger.marks.add(DayKey(day))
    ledger.sweep()
    question = LedgerQuery(first_day=date(2026, 11, 20), last_day=date(2026, 11, 21))
    assert ledger.usd(GroupBy.DAY, question) == {"2026-11-20": "0.46", "2026-11-21": "0.46"}
    assert ledger.read == []
    ledger.row("late", "2026-11-21")
    ledger.marks.add(DayKey("2026-11-21"))

    assert ledger.usd(GroupBy.DAY, question) == {"2026-11-20": "0.46", "2026-11-21": "0.92"}
    assert ledger.read == ["2026-11-21"]


def test_the_dearest_jobs_come_first_and_those_without_a_cost_last() -> None:
    """Spot jobs by what they saved."""
    ledger = Ledger()
    for name, usd in (("a", "1"), ("b", "3"), ("c", None), ("d", "2")):
        ledger.row(name, cost_usd=usd and Decimal(usd), spot_savings_usd=Decimal(len(name)))
    ledger.row("e", cost_usd=Decimal("0.1"), spot_savings_usd=Decimal(9))

    assert [row.resource_name for row in ledger.spending.most_expensive(MONTH, 3)] == ["b", "d", "a"]
    assert [row.resource_name for row in ledger.spending.most_expensive(MONTH, 9)][-1] == "c"
    assert [row.resource_name for row in ledger.spending.most_expensive(MONTH, 1, Filter.SPOT)] == ["e"]


@pytest.mark.parametrize(
    ("only", "names"), [(Filter.ALL, "abcd"), (Filter.FAILED, "b"), (Filter.SPOT, "c"), (Filter.UNPRICED, "d")]
)
def test_one_sort_of_jobs_can_be_asked_for(only: Filter, names: str) -> None:
    """Failed, spot, unpriced."""
    ledger = Ledger()
    ledger.row("a")
    ledger.row("b", failure_class=FailureClass.CAPACITY)
    ledger.row("c", spot_savings_usd=Decimal(1))
    ledger.row("d", pricing=PricingStatus.UNPRICED, cost_usd=None)

    assert "".join(sorted(row.resource_name for row in ledger.spending.jobs(MONTH, only))) == names


def test_jobs_without_an_owner_can_be_asked_for_by_the_name_they_are_listed_under() -> None:
    """It is no tag's value: they are found in their days."""
    ledger = Ledger()
    ledger.row("a")
    ledger.row("b", owner=None)
    question = replace(MONTH, owner=UNOWNED)

    assert [row.resource_name for row in ledger.spending.jobs(question)] == ["b"]
    assert ledger.usd(GroupBy.OWNER, question) == {UNOWNED: "0.46"}


def test_an_owners_jobs_are_read_from_the_owners_index() -> None:
    """No day is read for it."""
    ledger = Ledger()
    ledger.row("a")
    ledger.row("b", owner="bo")
    question = replace(MONTH, owner="bo")

    assert [row.resource_name for row in ledger.spending.jobs(question)] == ["b"]
    assert ledger.read == []


def read(**changes: object) -> LedgerRow:
    """A row as reports read it."""
    ledger = Ledger()
    ledger.row("fraud", **changes)  # type: ignore[arg-type] # by name
    [row] = ledger.spending.jobs(LedgerQuery(first_day=date(2026, 1, 1), last_day=date(2026, 12, 31)))
    return row


def test_a_row_is_a_charge_of_focus() -> None:
    """Two instances for an hour are two instance hours; a period's end is not in it."""
    written = charge(read())

    assert {name: value for name, value in written.items() if value} == {
        "BilledCost": "0.46",
        "BillingAccountId": "111122223333",
        "BillingAccountType": "Account",
        "BillingCurrency": "USD",
        "BillingPeriodStart": "2026-11-01T00:00:00Z",
        "BillingPeriodEnd": "2026-12-01T00:00:00Z",
        "ChargeCategory": "Usage",
        "ChargeDescription": "Training Job on 2 x ml.m5.xlarge: calculated from its billed time at the on-demand "
        "list price",
        "ChargeFrequency": "Usage-Based",
        "ChargePeriodStart": "2026-11-20T10:00:00Z",
        "ChargePeriodEnd": "2026-11-20T11:00:00Z",
        "ConsumedQuantity": "2.0",
        "ConsumedUnit": "Hours",
        "ContractedCost": "0.46",
        "EffectiveCost": "0.46",
        "InvoiceIssuerName": "AWS",
        "ListCost": "0.46",
        "PricingCategory": "Standard",
        "PricingQuantity": "2.0",
        "PricingUnit": "Hours",
        "ProviderName": "AWS",
        "PublisherName": "AWS",
        "RegionId": "us-east-1",
        "RegionName": "us-east-1",
        "ResourceId": "arn:fraud",
        "ResourceName": "fraud",
        "ResourceType": "Training Job",
        "ServiceCategory": "AI and Machine Learning",
        "ServiceName": "Amazon SageMaker",
        "ServiceSubcategory": "Machine Learning",
        "SubAccountId": "111122223333",
        "SubAccountName": "111122223333",
        "SubAccountType": "Account",
        "Tags": '{"owner": "ana@example.com"}',
        "x_CostBasis": "on-demand list price estimate",
        "x_JobStatus": "Completed",
        "x_Pricing": "priced",
    }


# FOCUS 1.2, columns of feature level Mandatory (the specification's own model of its rules).
MANDATORY = """BilledCost BillingAccountId BillingAccountName BillingCurrency BillingPeriodEnd BillingPeriodStart
ChargeCategory ChargeClass ChargeDescription ChargePeriodEnd ChargePeriodStart ContractedCost EffectiveCost
InvoiceIssuerName ListCost PricingQuantity PricingUnit ProviderName PublisherName ServiceCategory ServiceName"""


def test_every_mandatory_column_of_focus_is_there_and_custom_ones_come_last() -> None:
    """Custom columns begin with x_."""
    columns = list(charge(read()))
    assert tuple(columns) == COLUMNS

    assert set(MANDATORY.split()) <= set(columns)
    assert [name.startswith("x_") for name in columns] == sorted(name.startswith("x_") for name in columns)


@pytest.mark.parametrize(
    ("changes", "column", "value"),
    [
        ({"spot_savings_usd": Decimal("0.5")}, "PricingCategory", "Dynamic"),
        ({"spot_savings_usd": Decimal("0.5")}, "x_SpotSavings", "0.5"),
        ({"cost_usd": Decimal("0.4"), "list_cost_usd": Decimal("0.5")}, "ContractedCost", "0.4"),
        ({"cost_usd": Decimal("0.4"), "list_cost_usd": Decimal("0.5")}, "ListCost", "0.5"),
        ({"cost_usd": Decimal(0)}, "BilledCost", "0.0"),
        ({"cost_usd": Decimal(1200)}, "BilledCost", "1200.0"),
        ({"day": "2026-12-31"}, "BillingPeriodEnd", "2027-01-01T00:00:00Z"),
        ({"instances": "2 x ml.m5.xlarge + 3 x ml.g5.xlarge", "billable_seconds": 1800}, "ConsumedQuantity", "2.5"),
        ({"billable_seconds": None}, "PricingQuantity", ""),
        ({"billable_seconds": None}, "PricingUnit", ""),
        ({"owner": None}, "Tags", ""),
        ({"owner": 'a"b'}, "Tags", '{"owner": "a\\"b"}'),
        ({"started_at": None}, "ChargePeriodStart", "2026-11-20T09:58:00Z"),
    ],
)
def test_what_focus_is_told(changes: dict[str, object], column: str, value: str) -> None:
    """Plain decimals, empty where nothing is known."""
    assert charge(read(**changes))[column] == value


@pytest.mark.parametrize(
    ("pricing", "usd", "is_charge"),
    [
        (PricingStatus.PRICED, Decimal(0), True),
        (PricingStatus.PROVISIONAL, Decimal("0.46"), True),
        (PricingStatus.FREE, None, True),
        (PricingStatus.UNPRICED, None, False),
        (PricingStatus.COVERED, None, False),
        (PricingStatus.NOT_INSTANCE_PRICED, None, False),
    ],
)
def test_what_is_not_known_is_no_charge(pricing: PricingStatus, usd: Decimal | None, is_charge: bool) -> None:  # noqa: FBT001 - a case
    """FOCUS wants an amount, and unknown is never 0."""
    assert has_charge(read(pricing=pricing, cost_usd=usd)) is is_charge
