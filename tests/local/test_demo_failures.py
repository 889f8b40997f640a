"""What `make demo` shows of failures: at least twelve kinds, each with its own next step."""

from local.demo.builders import Run
from local.demo.day import a_day
from local.demo.failures import other_failures
from local.demo.player import PlayedJob
from sagewatch.diagnostics.failure_log import read_log
from sagewatch.diagnostics.ports import LogEvent
from sagewatch.failures.diagnosis import classify, diagnose
from sagewatch.failures.rules import Rule
from sagewatch.sagemaker.job_models import read_job
from sagewatch.sagemaker.kinds import KIND_FACTS


def _rule(job: PlayedJob) -> Rule | None:
    name = {f"{KIND_FACTS[job.kind].api_name}Name": job.name}
    found = read_job(job.kind, {**name, **job.end}, account="111122223333", region="us-east-1", described=True)
    log = read_log(["algo-1"], lambda _: [LogEvent(line) for line in job.log], None).text if job.log else None
    if classify(found, log) is None:
        return None
    return diagnose(
        found.kind,
        found.failure_reason,
        secondary=found.secondary_status,
        log=log,
        started=not found.never_launched,
    )


def test_a_newcomer_sees_twelve_kinds_of_failure() -> None:
    """Each of the further ones has a rule of its own, and none of them is a general one."""
    further = [rule for job in other_failures() if (rule := _rule(job))]
    rules = {rule.name for job in a_day() if (rule := _rule(job))}

    assert len(rules) >= 12
    assert len({rule.name for rule in further}) == len(further) == 9
    assert not any(rule.general for rule in further)


def test_the_job_that_was_short_of_memory_has_a_family_that_worked() -> None:
    """So that its message can name the instances."""
    names = [job.name for job in other_failures() if job.name.startswith("ranker-nightly") and _rule(job) is None]

    assert len(names) == 3
    assert Run.ago(1, 5).minutes == 5
