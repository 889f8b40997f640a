"""`make backfill` and `make costs` as an operator runs them: programs with credentials, against the deployed stack."""

import csv
import functools
import io
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest

from local.demo.builders import Run, training
from local.stack.cloud import ROOT
from tests.e2e.conftest import HANGS_SECONDS, Account, eventually

REGION = "eu-central-1"  # ml.m5.xlarge: 0.276 USD an hour (prices/README.md)
PAST = 400


def start(account: Account, *arguments: str) -> "subprocess.Popen[str]":
    """Start one of the tools."""
    return subprocess.Popen(  # noqa: S603 - our own tool
        [sys.executable, "-m", *arguments],
        cwd=ROOT,
        env={**os.environ, **account.env, "PYTHONPATH": f"{ROOT}:{ROOT}/shared", "COLUMNS": "100"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def costs(account: Account, *arguments: str) -> str:
    """What `make costs` prints."""
    program = start(account, "tools.operator.costs", "--stack", account.env["STACK_NAME"], *arguments)
    out, problems = program.communicate(timeout=HANGS_SECONDS)
    assert program.returncode == 0, problems
    return out


def backfill(account: Account) -> "subprocess.Popen[str]":
    """`make backfill` for the region of this module."""
    return start(
        account,
        *("tools.operator.backfill", "--stack", account.env["STACK_NAME"], "--since", "2026-01-01", "--region", REGION),
    )


def recorded(account: Account) -> Counter[str]:
    """How many rows each job of the past has."""
    return Counter(row["resource_name"] for row in account.stage.ledger() if row["resource_name"].startswith("past-"))


def has_recorded(account: Account, least: int) -> bool:
    """Whether so many rows are there."""
    return sum(recorded(account).values()) >= least


@pytest.fixture(scope="module")
def past(account: Account) -> Account:
    """Jobs of the last ten weeks without events, one in ten of which failed."""

    def live(number: int) -> None:
        job = training(
            f"past-{number:04}",
            Run.ago(30 + 4 * number, 30),
            {"ml.m5.xlarge": 1},
            status="Failed" if number % 10 == 0 else "Completed",
            volume_gb=0,
            region=REGION,
            tags={"owner": f"past-owner-{number % 3}"},
        )
        account.stage.create(job)
        account.stage.finish(job)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(live, range(PAST)))
    return account


def test_a_backfill_that_is_stopped_twice_misses_nothing_and_repeats_nothing(past: Account) -> None:
    """It says how to continue, and the third run finishes."""
    for least in (PAST // 10, PAST // 2):
        program = backfill(past)
        assert eventually(functools.partial(has_recorded, past, least))
        program.send_signal(signal.SIGINT)
        _, said = program.communicate(timeout=HANGS_SECONDS)
        assert program.returncode == 130
        assert "Run the same command again" in said
        assert sum(recorded(past).values()) < PAST
    program = backfill(past)
    out, _ = program.communicate(timeout=HANGS_SECONDS)

    assert (program.returncode, set(recorded(past).values()), len(recorded(past))) == (0, {1}, PAST)
    assert " 0 are still running" in out
    assert past.messages("past-") == []


def test_costs_adds_up_by_owner(past: Account) -> None:
    """Half an hour at 0.276 USD is 0.138: each of 400 jobs."""
    rows = list(csv.DictReader(io.StringIO(costs(past, "--by", "owner", "--since", "2026-01-01", "--csv"))))
    mine = {row["owner"]: (int(row["jobs"]), Decimal(row["cost_usd"])) for row in rows if "past-" in row["owner"]}

    assert mine == {
        "past-owner-0": (134, Decimal("18.492")),
        "past-owner-1": (133, Decimal("18.354")),
        "past-owner-2": (133, Decimal("18.354")),
    }


def test_costs_finds_failed_money_and_the_dearest_jobs(past: Account) -> None:
    """As JSON, one object to a line; as a table for people."""
    owner = ("--owner", "past-owner-0", "--since", "2026-01-01")
    failed = [json.loads(line) for line in costs(past, "--only", "failed", "--json", *owner).splitlines()]
    table = costs(past, "--by", "job", "--top", "3", *owner)

    assert len(failed) == 14
    assert {job["cost_usd"] for job in failed} == {"0.138"}
    assert table.count("past-0") == 3
    assert "on-demand list price estimate" in " ".join(table.split())


def test_costs_writes_focus(past: Account) -> None:
    """One charge for each job, in the columns of FOCUS 1.2."""
    text = costs(past, "--focus", "--owner", "past-owner-1", "--since", "2026-01-01")
    charges = list(csv.DictReader(io.StringIO(text)))

    assert len(charges) == 133
    assert {(charge["BilledCost"], charge["PricingQuantity"], charge["RegionId"]) for charge in charges} == {
        ("0.138", "0.5", REGION)
    }


def test_a_stack_that_is_not_there_is_named(account: Account) -> None:
    """In one line."""
    program = start(account, "tools.operator.costs", "--stack", "elsewhere")
    _, said = program.communicate(timeout=HANGS_SECONDS)

    assert (program.returncode, said.strip().splitlines()[-1]) == (1, "There is no stack 'elsewhere' in us-east-1.")
