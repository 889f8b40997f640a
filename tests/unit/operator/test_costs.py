"""What `make costs` writes for other programs, and what it says it left out."""

import csv
import re
from decimal import Decimal

import pytest

from sagewatch.ledger.queries import Filter
from sagewatch.pricing.job_cost import PricingStatus
from tests.unit.ledger.test_queries import MONTH, Ledger
from tools.operator import costs


def test_focus_says_how_to_list_what_it_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    """As many jobs as it names, and no more: those of a training plan are not unpriced, and are named apart."""
    ledger = Ledger()
    for number, pricing in enumerate(PricingStatus):
        known = pricing in {PricingStatus.PRICED, PricingStatus.PROVISIONAL}
        ledger.row(f"a{number}", pricing=pricing, cost_usd=Decimal("0.46") if known else None)
    costs._write_focus(ledger.spending, MONTH, Filter.ALL)  # noqa: SLF001 - without a stack
    written, said = capsys.readouterr()
    counted = re.search(r"Left out (\d+) jobs of unknown cost. --only unpriced lists them", said)

    assert counted is not None
    assert int(counted[1]) == len(list(ledger.spending.jobs(MONTH, Filter.UNPRICED)))
    assert "Left out 1 jobs that a prepaid training plan covers" in said
    assert len(list(csv.DictReader(written.splitlines()))) == 3


@pytest.mark.parametrize("owner", ["=HYPERLINK(1)", "+1", "-1", "@SUM(A1)", "\t=1"])
def test_text_of_a_job_is_no_formula_in_a_spreadsheet(owner: str, capsys: pytest.CaptureFixture[str]) -> None:
    """An owner is a tag that anybody may write."""
    costs._write_csv(("owner", "cost_usd"), [{"owner": owner, "cost_usd": "0.46"}])  # noqa: SLF001 - without a stack
    [record] = csv.DictReader(capsys.readouterr().out.splitlines())

    assert record == {"owner": f"'{owner}", "cost_usd": "0.46"}
