"""The alarm on sweeps: one metric of three functions, taken apart as CloudWatch does, over every hour of a day."""

import math
import random
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import pytest

from sagewatch.digest.health import EVERY
from sagewatch.outcomes import EmfMetric
from sagewatch.runtime.telemetry import STACK_DIMENSION
from sagewatch.sweeps import Sweep
from tests.template.test_alarms import FUNCTION, of_type

HOUR, DAY = 60, 24 * 60  # minutes
WINDOW = 75
PERIOD = EVERY // timedelta(minutes=1)
LATEST = 14  # minutes after it was due a sweep ends at most

type Finishes = Mapping[Sweep, list[int]]


@pytest.fixture
def alarm(template: dict[str, Any]) -> dict[str, Any]:
    """The alarm's properties."""
    found: dict[str, Any] = of_type(template, "AWS::CloudWatch::Alarm")["SweepsAlarm"]
    return found


def finishing(seed: int, *, without: Sweep | None = None, until: int = DAY) -> Finishes:
    """Sweeps of a day, each due at its own minute and ending when it likes; one of them only until some minute."""
    chance = random.Random(seed)  # noqa: S311 - times to try
    found: dict[Sweep, list[int]] = {}
    for sweep in Sweep:
        first = chance.randrange(PERIOD)
        due = range(first, DAY, PERIOD)
        latest = chance.choice((0, 1, LATEST))
        minutes = [minute + chance.randint(0, latest) for minute in due]
        found[sweep] = [minute for minute in sorted(minutes) if sweep is not without or minute <= until]
    return found


def values(alarm: dict[str, Any], total: int | None) -> dict[str, float]:
    """What each expression of the alarm makes of a sum; ``None`` is a time without a metric."""
    queries = {query["Id"]: query.get("Expression") for query in alarm["Metrics"]}
    functions = {"FLOOR": math.floor, "MIN": min, "FILL": lambda value, fill: fill if value is None else value}
    known: dict[str, Any] = {"m1": total}
    for name in reversed([query for query in queries if queries[query]]):  # each needs only those after it
        known[name] = eval(queries[name], {"__builtins__": {}, **functions}, known)  # noqa: S307 - of our template
    return known


def rings(alarm: dict[str, Any], finishes: Finishes) -> Iterator[int]:
    """The minutes at which the alarm's state is ALARM: it looks at five quarters of an hour before each."""
    for now in range(WINDOW, DAY):
        sums = [
            sweep.finish * (bisect_right(minutes, now) - bisect_right(minutes, now - WINDOW))
            for sweep, minutes in finishes.items()
        ]
        if values(alarm, sum(sums) or None)["fewest"] < alarm["Threshold"]:
            yield now


def test_it_reads_one_metric_of_five_quarters_of_an_hour(template: dict[str, Any], alarm: dict[str, Any]) -> None:
    """Of its own stack; a time in which five sweeps of each function were due."""
    [read] = [query["MetricStat"] for query in alarm["Metrics"] if "MetricStat" in query]
    schedules = [
        event["Properties"]["ScheduleExpression"]
        for name in Sweep
        for event in of_type(template, FUNCTION)[name]["Events"].values()
    ]

    assert (read["Period"], read["Stat"], alarm["EvaluationPeriods"]) == (5 * EVERY // timedelta(seconds=1), "Sum", 1)
    assert read["Period"] == WINDOW * 60
    assert read["Metric"]["MetricName"] == EmfMetric.SWEEPS_FINISHED
    assert read["Metric"]["Dimensions"] == [{"Name": STACK_DIMENSION, "Value": {"Ref": "AWS::StackName"}}]
    assert schedules == [f"rate({PERIOD} minutes)"] * len(Sweep)
    assert (alarm["ComparisonOperator"], alarm["TreatMissingData"]) == ("LessThanThreshold", "breaching")
    assert "EvaluationWindow" not in alarm  # CloudWatch's default slides


def test_its_graph_shows_each_function(alarm: dict[str, Any]) -> None:
    """Under its name; the sum of four of each is 4,004,004."""
    labels = {query["Label"]: query["Id"] for query in alarm["Metrics"] if "Expression" in query}
    found = values(alarm, 3 * Sweep.JOBS.finish + 4 * Sweep.NOTEBOOKS.finish + 5 * Sweep.RESOURCES.finish)

    assert [found[labels[sweep]] for sweep in Sweep] == [3, 4, 5]
    assert values(alarm, sum(4 * sweep.finish for sweep in Sweep))["sweeps"] == 4_004_004


@pytest.mark.parametrize("seed", range(20))
def test_sweeps_that_finish_are_no_alarm(alarm: dict[str, Any], seed: int) -> None:
    """However late in their quarter of an hour they end, and however that changes."""
    assert list(rings(alarm, finishing(seed))) == []


@pytest.mark.parametrize("seed", range(7))
@pytest.mark.parametrize("dead", Sweep)
def test_a_function_that_stays_away_is_an_alarm(alarm: dict[str, Any], dead: Sweep, seed: int) -> None:
    """From five quarters after its last sweep on, and until it finishes one; no sweep of another hides it."""
    finishes = finishing(seed, without=dead, until=6 * HOUR)
    last = finishes[dead][-1]

    assert list(rings(alarm, finishes)) == list(range(last + WINDOW, DAY))
    again = {**finishes, dead: [*finishes[dead], 20 * HOUR]}
    assert list(rings(alarm, again)) == [*range(last + WINDOW, 20 * HOUR), *range(20 * HOUR + WINDOW, DAY)]


@pytest.mark.parametrize("seed", range(50))
@pytest.mark.parametrize(("failed", "rung"), [(3, {False}), (4, {True, False}), (5, {True})])
def test_three_sweeps_may_fail_in_a_row(alarm: dict[str, Any], seed: int, failed: int, rung: set[bool]) -> None:
    """Whenever their ends lie; the next one does what they could not. Five may not."""
    finishes = finishing(seed)
    kept = [*finishes[Sweep.JOBS][:20], *finishes[Sweep.JOBS][20 + failed :]]

    assert bool(list(rings(alarm, {**finishes, Sweep.JOBS: kept}))) in rung


def test_sweeps_that_a_person_starts_hide_no_other(alarm: dict[str, Any]) -> None:
    """Each function has three digits, so a thousand of one in this time would be needed."""
    often = {Sweep.JOBS: sorted([*range(DAY)] * 10), Sweep.NOTEBOOKS: [], Sweep.RESOURCES: list(range(0, DAY, PERIOD))}

    assert list(rings(alarm, often)) == list(range(WINDOW, DAY))


def test_a_time_without_any_sweep_is_an_alarm(alarm: dict[str, Any]) -> None:
    """CloudWatch has no metric then."""
    assert list(rings(alarm, {sweep: [] for sweep in Sweep})) == list(range(WINDOW, DAY))
