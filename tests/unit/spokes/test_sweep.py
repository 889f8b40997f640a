"""One account that cannot be read is reported once a day, and never affects another."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from sagewatch.clock import TimeBudget
from sagewatch.errors import (
    AccessDeniedError,
    RegionDisabledError,
    RetryableError,
    RoleRefusedError,
    SweepIncompleteError,
    ThrottledError,
    UnavailableError,
)
from sagewatch.jobs.sweep_run import JobSweepReport
from sagewatch.outcomes import EmfMetric
from sagewatch.sagemaker.scopes import Scope
from sagewatch.spokes.alerts import AccountUnreadable
from sagewatch.spokes.ports import Problem
from sagewatch.spokes.sweep import FanOut, SpokeCheck, SpokeSweep
from tests.fakes.alerts import InMemoryAlertQueue
from tests.fakes.sagemaker import InMemoryRegions
from tests.fakes.spokes import InMemoryScopeQueue, InMemorySpokeStates
from tests.worlds.builders import ACCOUNT, NOW, no_time_limit

THEIRS = "222233334444/us-east-1"


@dataclass
class World:
    """A sweep whose accounts answer as the test says."""

    problems: dict[Scope, RetryableError] = field(default_factory=dict)
    now: datetime = NOW
    swept: list[Scope] = field(default_factory=list)
    states: InMemorySpokeStates = field(default_factory=InMemorySpokeStates)
    alerts: InMemoryAlertQueue = field(default_factory=InMemoryAlertQueue)
    failures: list[str] = field(default_factory=list)

    def probe(self, scope: Scope) -> None:
        """Answer, or not."""
        if scope in self.problems:
            raise self.problems[scope]

    def sweep(self, scope: Scope, more_time: TimeBudget) -> JobSweepReport:
        """Sweep nothing."""
        assert more_time()
        self.swept.append(scope)
        report = JobSweepReport(recorded=2, failures=self.failures)
        if self.failures:
            raise SweepIncompleteError("; ".join(self.failures), outcome=report)
        return report

    def run(self, scope: Scope = THEIRS, name: str = "SweepJobs") -> dict[EmfMetric, float]:
        """One message of the queue; the numbers of its outcome."""
        sweep = SpokeSweep(
            probe=self.probe,
            sweep=self.sweep,
            states=self.states,
            alerts=self.alerts,
            clock=lambda: self.now,
            name=name,
        )
        return dict(sweep.run(scope, no_time_limit).metrics())

    def reported(self) -> list[tuple[str, Problem]]:
        """What was reported, each once."""
        alerts = {alert.alert_id: alert for alert in self.alerts.sent if isinstance(alert, AccountUnreadable)}
        return [(alert.account, alert.problem) for alert in alerts.values()]


@pytest.mark.parametrize(
    ("error", "problem"),
    [
        (RoleRefusedError("sts:AssumeRole"), Problem.ROLE),
        (AccessDeniedError("with an explicit deny in a service control policy"), Problem.DENIED),
        (RegionDisabledError("UnrecognizedClientException"), Problem.REGION),
    ],
)
def test_an_account_that_refuses_is_reported_once_and_not_swept(error: RetryableError, problem: Problem) -> None:
    """By both sweeps, in two of its regions, for hours; the next account is swept as ever."""
    world = World(problems={THEIRS: error, "222233334444/eu-west-1": error})
    for _ in range(8):
        for name in ("SweepJobs", "SweepNotebooks"):
            for scope in (*world.problems, "333344445555/us-east-1"):
                world.run(scope, name)
        world.now += timedelta(minutes=15)

    regions = 2 if problem is Problem.REGION else 1
    assert world.reported() == [("222233334444", problem)] * regions
    assert set(world.swept) == {"333344445555/us-east-1"}
    assert world.run() == {EmfMetric.SWEEP_FAILURES: 1}


def test_an_account_that_is_still_refused_is_reported_each_day() -> None:
    """Once a day, however many sweeps there are; a message that scrolled away would else be the only one."""
    world = World(problems={THEIRS: RoleRefusedError("sts:AssumeRole")})
    for _ in range(3 * 4):
        world.run()
        world.now += timedelta(hours=6)

    days = {alert.happened_at.date() for alert in world.alerts.sent}
    assert len(world.reported()) == len(days) > 2


def test_a_single_call_without_an_answer_is_no_news_and_throttling_is_none_at_all() -> None:
    """A second sweep in a row without an answer is."""
    world = World(problems={THEIRS: UnavailableError("no answer")})
    world.run()
    assert world.reported() == []
    world.run()
    assert world.reported() == [("222233334444", Problem.SILENT)]

    throttled = World(problems={THEIRS: ThrottledError("Rate exceeded")})
    assert (throttled.run(), throttled.run()) == ({}, {})
    assert (throttled.reported(), throttled.states.all()) == ([], [])


def test_a_sweep_ends_the_trouble_and_later_trouble_is_news_again() -> None:
    """Under another identity, so that it is posted."""
    world = World(problems={THEIRS: RoleRefusedError("sts:AssumeRole")})
    world.run()
    error = world.problems.pop(THEIRS)
    world.run()
    [state] = world.states.all()
    assert (state.trouble, state.swept_at) == (None, NOW.replace(microsecond=0))

    world.now += timedelta(days=1)
    world.problems[THEIRS] = error
    world.run()
    assert world.reported() == [("222233334444", Problem.ROLE)] * 2


def test_a_failing_item_is_measured_and_the_alarm_on_the_own_account_hears_nothing() -> None:
    """A finished sweep of another account must not hide that the stack's own is not swept."""
    world = World(failures=["training job x: a fault"])

    assert world.run() == {EmfMetric.SWEEP_FAILURES: 1, EmfMetric.JOBS_RECORDED: 2}
    world.failures.clear()
    assert world.run() == {EmfMetric.JOBS_RECORDED: 2}


def test_accounts_that_were_seen_and_those_that_are_named_are_queued_once() -> None:
    """A quiet one in the stack's region and in the named ones; never the stack's own; who waited longest is first."""
    regions, queue, states = InMemoryRegions(home=ACCOUNT), InMemoryScopeQueue(), InMemorySpokeStates()
    states.swept("222233334444/us-east-1", "SweepJobs", NOW)
    states.swept("222233334444/us-west-2", "SweepJobs", NOW - timedelta(minutes=30))
    states.swept("222233334444/us-west-2", "SweepNotebooks", NOW)
    for scope in (f"{ACCOUNT}/us-east-1", "333344445555/eu-west-3", "222233334444/us-east-1"):
        regions.add(scope)
    fan_out = FanOut(
        regions=regions,
        queue=queue,
        states=states,
        name="SweepJobs",
        clock=lambda: NOW,
        home=ACCOUNT,
        home_region="us-east-1",
        named_accounts=["222233334444", ACCOUNT],
        named_regions=["us-west-2"],
    )

    assert fan_out.send() == 3
    assert queue.sent == ["333344445555/eu-west-3", "222233334444/us-west-2", "222233334444/us-east-1"]


def test_a_check_says_what_is_wrong_with_reading_and_with_stopping() -> None:
    """An operator sees both; a function that never stops anything says nothing of it."""
    world = World(problems={THEIRS: RoleRefusedError("sts:AssumeRole: AccessDenied")})

    def no_act_role(scope: Scope) -> None:
        raise RoleRefusedError(f"no act role in {scope}")

    assert SpokeCheck(probe=world.probe, assume_acting=no_act_role).run("333344445555/us-east-1") == {
        "read": "",
        "act": "no act role in 333344445555/us-east-1",
    }
    assert SpokeCheck(probe=world.probe, assume_acting=None).run(THEIRS) == {"read": "sts:AssumeRole: AccessDenied"}
