"""What the family's successful runs say about a failure."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from sagewatch.delivery.registry import read_alert
from sagewatch.diagnostics.failure_context import FailureContext, FailureContextReader
from sagewatch.jobs.alerting import job_alert
from sagewatch.ledger.families import family_of
from sagewatch.sagemaker.kinds import ResourceKind
from sagewatch.sagemaker.resources import Job, JobStatus, Key
from sagewatch.slack.messages.render import render
from tests.fakes.ledger import InMemoryLedger
from tests.worlds.builders import ENDED, a_failed_job, a_job, a_row

NAME = "fraud-xgb"
KILLED, LATE = "AlgorithmError: , exit code: 137", "MaxRuntimeExceeded"


class CountedLedger(InMemoryLedger):
    """Counts the calls that read rows."""

    reads = 0

    def instances(self, keys: Sequence[Key]) -> Sequence[str]:
        """Count the read, then answer."""
        self.reads += 1
        assert len(keys) <= 12
        return super().instances(keys)


def a_family(fleets: Sequence[str], minutes: Sequence[int] = ()) -> CountedLedger:
    """A ledger with successful runs, newest first, on these instances."""
    ledger = CountedLedger()
    for number, fleet in enumerate(fleets):
        ended = ENDED - timedelta(hours=number + 1)
        ran = timedelta(minutes=minutes[number] if minutes else 30)
        job = a_job(name=f"{NAME}-{number}", arn=f"arn:{number}", started_at=ended - ran, ended_at=ended)
        row = replace(a_row(job), family=family_of(ResourceKind.TRAINING, NAME), instances=fleet)
        ledger.put(row)
    return ledger


def killed(**changes: object) -> Job:
    """A job of the family that memory was short for."""
    return a_failed_job(name=f"{NAME}-99", **{"failure_reason": KILLED, **changes})


def worked(ledger: CountedLedger, job: Job) -> str | None:
    """What the message would say."""
    return FailureContextReader(ledger, None).background(job, None).worked


def test_a_job_that_was_short_of_memory_is_told_what_worked() -> None:
    """The newest twelve, in one read."""
    ledger = a_family(["1 x ml.g5.2xlarge"] * 14)

    assert worked(ledger, killed()) == "The last 12 successful runs used 1 x ml.g5.2xlarge."
    assert ledger.reads == 1
    assert worked(a_family(["1 x ml.m5.xlarge"]), killed()) == "The last successful run used 1 x ml.m5.xlarge."


@pytest.mark.parametrize("fleets", [[], ["1 x ml.m5.xlarge", "1 x ml.g5.xlarge"]])
def test_runs_that_differ_or_are_not_there_say_nothing(fleets: Sequence[str]) -> None:
    """A number that is not the same for all is no number."""
    assert worked(a_family(fleets), killed()) is None


def test_another_kind_of_failure_reads_no_rows() -> None:
    """What a run ran on does not help a script's own error."""
    ledger = a_family(["1 x ml.m5.xlarge"])

    assert worked(ledger, killed(failure_reason="AlgorithmError: exit code: 1")) is None
    assert ledger.reads == 0


def test_a_job_that_hit_its_time_limit_is_told_how_long_others_took() -> None:
    """Without a further call."""
    ledger = a_family(["1 x ml.m5.xlarge"] * 3, [30, 95, 40])
    stopped = killed(status=JobStatus.STOPPED, secondary_status=LATE, failure_reason=None)

    assert worked(ledger, stopped) == "The last 3 successful runs took at most 1 h 35 min."
    assert ledger.reads == 0


def test_the_message_says_it_and_earlier_versions_can_read_the_alert() -> None:
    """On the wire it is a second line of a field that they show; its name is not there."""
    said = "The last 12 successful runs used 1 x ml.g5.2xlarge."
    job = killed()
    alert = job_alert(job, a_row(job), FailureContext(worked=said))
    assert alert is not None
    wire = alert.model_dump_json()

    assert '"worked"' not in wire
    assert f"\\n{said}" in wire
    assert read_alert(wire) == alert
    step = next(
        block.to_dict()["text"]["text"] for block in render(alert).blocks if "Next step" in str(block.to_dict())
    )
    assert step.endswith(said)
