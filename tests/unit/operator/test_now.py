"""What `make now` writes for people and for other programs, in a hub and in a stack of one account."""

import csv
import json
from dataclasses import replace

import pytest

from sagewatch.standing.survey import SurveyReport
from tests.unit.standing.test_kept import THEIRS
from tests.unit.standing.test_other_accounts import OWN, Hub
from tools.operator.now import COLUMNS, write


def test_the_table_of_a_hub_has_the_times_below(capsys: pytest.CaptureFixture[str]) -> None:
    """All accounts are in it, and in the table by account."""
    report = Hub().run()
    write(report, "table", "account", hub=True)
    out, err = capsys.readouterr()
    table, _, below = out.partition("On-demand list prices.")
    rows = [line.split() for line in table.splitlines() if line.strip().startswith((THEIRS, OWN))]

    assert [row[:3] for row in rows] == [[THEIRS, "2", "$3.06"], [OWN, "1", "$0.23"]]
    for note in report.notes:
        assert note in below
    assert err == ""


def test_json_and_csv_of_a_hub_say_when_each_was_known(capsys: pytest.CaptureFixture[str]) -> None:
    """The sentences go to the error output, so that a program reads records alone."""
    report = Hub().run()
    write(report, "json", "resource", hub=True)
    out, err = capsys.readouterr()
    found = [json.loads(line) for line in out.splitlines()]
    write(report, "csv", "resource", hub=True)
    rows = list(csv.DictReader(capsys.readouterr().out.splitlines()))

    assert [each["as_of"] for each in found] == ["2026-11-27T09:20:00Z", "2026-11-27T09:20:00Z", "2026-11-27T09:30:00Z"]
    assert [row["as_of"] for row in rows] == [each["as_of"] for each in found]
    assert found[0]["account"] == THEIRS
    assert found[0]["usd_per_hour"] == "2.816"
    assert not {"status", "call", "stopping"} & found[0].keys()
    assert report.notes[0] in err


def test_a_stack_of_one_account_writes_what_it_always_did(capsys: pytest.CaptureFixture[str]) -> None:
    """No column and no field of a hub."""
    report = Hub(hub=False).run()
    write(report, "csv", "resource", hub=False)
    header = capsys.readouterr().out.splitlines()[0]
    write(report, "json", "resource", hub=False)
    out, err = capsys.readouterr()

    assert header == ",".join(COLUMNS)
    assert "as_of" not in header
    assert "as_of" not in out
    assert err == ""


def test_an_unknown_price_is_no_amount(capsys: pytest.CaptureFixture[str]) -> None:
    """Neither in a record nor in the table."""
    found = [each for each in Hub().run().found if each.resource.name == "e"]
    report = SurveyReport(found=[replace(found[0], hourly=replace(found[0].hourly, usd=None, reason="no price"))])
    write(report, "json", "resource", hub=True)
    [record] = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    write(report, "table", "account", hub=True)
    [row] = [line.split() for line in capsys.readouterr().out.splitlines() if line.strip().startswith(THEIRS)]

    assert "usd_per_hour" not in record
    assert record["price"] == "no price"
    assert row[-1] == "1"
