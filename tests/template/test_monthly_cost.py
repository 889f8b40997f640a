"""What SageWatch costs a month: the formula, the page that shows it, and the template that it counts in."""

import re
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bench.monthly import (
    ALARM_METRICS,
    ASSUMED,
    CPU_AT,
    DIGEST_MEMORY,
    JOB_ITSELF,
    MEASURED,
    MEMORY,
    POLLERS,
    POLLS,
    PRICES,
    SWEEPS,
    Work,
    idle_parts,
    job_usd,
    monthly_usd,
    notebook_usd,
    table,
)
from sagewatch.sagemaker.kinds import JOB_KINDS
from sagewatch.wiring.clients import BETWEEN_LISTS

ROOT = Path(__file__).parent.parent.parent
HALVED = Decimal("2.20")  # it was some $4.30 at a36f5fc


def test_a_unit_of_work_costs_what_its_parts_do() -> None:
    """A second of a whole CPU, on a third of one, is three and a half seconds of half a gigabyte."""
    work = Work(cpu=1, calls=50, reads=8, writes=4, messages=3, log_bytes=0)
    seconds = 1769 / 512 + 0.5
    expected = Decimal(str(seconds)) / 2 * Decimal("0.0000166667") + Decimal("0.0000002")
    expected += Decimal("0.0000012") + Decimal("0.000001") + Decimal("0.0000025")

    assert work.seconds() == seconds
    assert abs(work.usd() - expected) < Decimal("1e-12")


def test_a_month_is_the_idle_stack_and_what_its_jobs_and_notebooks_add() -> None:
    """Jobs and notebooks cost in proportion to their number."""
    idle = sum(idle_parts().values(), Decimal(0))

    assert monthly_usd(0, 0) == idle
    assert monthly_usd(100, 10) == idle + 2 * PRICES["metric"] + job_usd(100) + notebook_usd(10)
    assert monthly_usd(100, 0) == idle + PRICES["metric"] + job_usd(100)
    assert job_usd(1_000_000) == job_usd(1000) * 1000


def test_an_idle_queue_is_polled_for_10_or_26_cents() -> None:
    """Two or five long polls of twenty seconds, all month."""
    price = PRICES["sqs request"]

    assert POLLS == 129_600
    assert [round(price * POLLS * pollers, 2) for pollers in (2, 5)] == [Decimal("0.10"), Decimal("0.26")]


def test_it_counts_what_the_template_has(template: dict[str, Any]) -> None:
    """Queues with a maximum concurrency or in order, metrics of alarms, schedules and memory. No account is watched."""
    resources = template["Resources"]
    functions = [one["Properties"] for one in resources.values() if one["Type"] == "AWS::Serverless::Function"]
    events = [event["Properties"] for one in functions for event in one.get("Events", {}).values()]
    alarms = [one["Properties"] for one in resources.values() if one["Type"] == "AWS::CloudWatch::Alarm"]
    quarters = [event for event in events if event.get("ScheduleExpression") == "rate(15 minutes)"]

    queues = {event["Queue"]["Fn::GetAtt"][0]: _pollers(event, resources) for event in events if "Queue" in event}

    assert queues == POLLERS
    assert sum(_metrics(alarm) for alarm in alarms) == ALARM_METRICS
    assert len(quarters) == 3
    assert SWEEPS == 30 * 96
    assert template["Globals"]["Function"]["MemorySize"] == MEMORY
    assert resources["SendDigest"]["Properties"]["MemorySize"] == DIGEST_MEMORY


@pytest.mark.parametrize("function", ["ReceivePress", "AnswerSlack"])
def test_a_person_who_waits_has_a_whole_cpu(template: dict[str, Any], function: str) -> None:
    """What answers a press is built in the event, where a CPU is as large as the memory."""
    assert template["Resources"][function]["Properties"]["MemorySize"] == CPU_AT


def _pollers(event: dict[str, Any], resources: dict[str, Any]) -> int:
    bounded = "MaximumConcurrency" in event.get("ScalingConfig", {})  # not under the condition of a hub
    ordered = resources[event["Queue"]["Fn::GetAtt"][0]]["Properties"].get("FifoQueue", False)
    return 5 if bounded or ordered else 2


def _metrics(alarm: dict[str, Any]) -> int:
    return sum("MetricStat" in metric for metric in alarm["Metrics"]) if "Metrics" in alarm else 1


def test_an_idle_stack_costs_half_of_what_it_did() -> None:
    """All its parts together."""
    assert sum(idle_parts().values(), Decimal(0)) <= HALVED


def test_every_unit_was_measured() -> None:
    """With CPU time, and the memory that it needed at most, which fits into half of what functions have."""
    date.fromisoformat(MEASURED["date"])
    for unit in MEASURED["units"].values():
        assert 0 < unit["cpu"] < 10
        assert 0 < unit["peak_mb"] < MEMORY / 2


def test_what_is_assumed_of_other_files_is_there() -> None:
    """Lists of jobs are apart by what wiring says, and the job that is compared costs what the shipped prices say."""
    prices = (ROOT / "prices/sagemaker_prices.csv").read_text(encoding="utf-8")

    assert ASSUMED["seconds between lists of jobs"] == round((len(JOB_KINDS) - 1) * BETWEEN_LISTS, 6)
    assert f"us-east-1,Training,ml.m5.xlarge,{JOB_ITSELF * 2:.2f}," in prices


def test_every_price_has_its_page() -> None:
    """Or the line before it has."""
    source = (ROOT / "bench/monthly.py").read_text(encoding="utf-8")
    lines = re.findall(r'^    "[\w -]+": Decimal.*$', source, flags=re.MULTILINE)

    assert len(lines) == len(PRICES)
    assert all("# https://aws.amazon.com/" in line or "# the same" in line for line in lines)


def test_the_page_shows_the_table() -> None:
    """As ``python -m bench.monthly`` prints it."""
    assert table() in (ROOT / "docs/performance.md").read_text(encoding="utf-8")
