"""Failure classes, from texts seen in public threads and code."""

import pytest

from sagewatch.failures.diagnosis import FailureClass, classify, diagnose, exit_code, exit_meaning, rule_of_class
from sagewatch.failures.rules import RULES, UNKNOWN_RULE, Rule
from sagewatch.sagemaker.kinds import ResourceKind
from sagewatch.sagemaker.resources import Job, JobStatus
from tests.worlds.builders import ENDED, STARTED, a_failed_job, a_job


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("CapacityError: Unable to provision requested ML compute capacity.", FailureClass.CAPACITY),
        ("InternalServerError: We encountered an internal error. Please try again.", FailureClass.INTERNAL),
        ("AlgorithmError: Framework Error, exit code: 1", FailureClass.USER_CODE),
        ("AlgorithmError: ... exit code: 137", FailureClass.OUT_OF_MEMORY),
        ("AlgorithmError: torch.cuda.OutOfMemoryError: CUDA out of memory", FailureClass.OUT_OF_MEMORY),
        ("ClientError: Please use an instance type with more memory, or reduce", FailureClass.OUT_OF_MEMORY),
        ("ClientError: Artifact upload failed:ClientError: Out of Memory.", FailureClass.OUT_OF_MEMORY),
        ("ClientError: Data download failed: NoSuchKey", FailureClass.DATA_OR_PERMISSIONS),
        ("ClientError: Access denied when reading the channel", FailureClass.DATA_OR_PERMISSIONS),
        ("ClientError: Something else about the request", FailureClass.DATA_OR_PERMISSIONS),
        ("Spot capacity was reclaimed: the job was interrupted by Spot interruption", FailureClass.SPOT_INTERRUPTED),
        ("exit code: 1370", FailureClass.USER_CODE),
        ("AlgorithmError: , exit code: 139", FailureClass.USER_CODE),
        ("ExecuteUserScriptError:\nExitCode 137", FailureClass.OUT_OF_MEMORY),
        ("the container exited with status 2", FailureClass.USER_CODE),
        ("ClientError: the container exited with code 1", FailureClass.USER_CODE),
        (
            "ResourceLimitExceeded: The account-level service limit 'ml.p3 for training job usage'",
            FailureClass.ACCOUNT_QUOTA,
        ),
        ("ClientError: ResourceLimitExceeded", FailureClass.ACCOUNT_QUOTA),
        ("InsufficientCapacityError: none left", FailureClass.CAPACITY),
        ("ClientError: Cannot assume role arn:aws:iam::1:role/x", FailureClass.DATA_OR_PERMISSIONS),
        ("InternalServerError: exit code: 137", FailureClass.OUT_OF_MEMORY),
        ("Something nobody has seen", FailureClass.UNKNOWN),
        (None, FailureClass.UNKNOWN),
    ],
)
def test_a_failure_has_a_class(reason: str | None, expected: FailureClass) -> None:
    """What is specific wins over what is general."""
    assert classify(a_failed_job(failure_reason=reason)) is expected


@pytest.mark.parametrize("secondary", ["MaxRuntimeExceeded", "MaxWaitTimeExceeded"])
def test_a_training_job_stopped_by_its_own_limit_is_no_plain_stop(secondary: str) -> None:
    """AWS reports it as Stopped, which looks like a success to many."""
    assert classify(a_job(status=JobStatus.STOPPED, secondary_status=secondary)) is FailureClass.LIMIT_EXCEEDED


@pytest.mark.parametrize(
    "job",
    [
        a_job(),
        a_job(status=JobStatus.STOPPED, secondary_status="Stopped", max_runtime_seconds=3600),
        a_job(kind=ResourceKind.PROCESSING, status=JobStatus.STOPPED, max_runtime_seconds=3601),
        a_job(kind=ResourceKind.PROCESSING, status=JobStatus.STOPPED, max_runtime_seconds=None),
    ],
)
def test_a_success_or_a_persons_stop_has_no_class(job: Job) -> None:
    """Recorded, not alerted."""
    assert classify(job) is None


def test_a_processing_job_that_ran_its_whole_limit_was_stopped_by_it() -> None:
    """Only training has a secondary status that says so."""
    job = a_job(
        kind=ResourceKind.PROCESSING,
        status=JobStatus.STOPPED,
        started_at=STARTED,
        ended_at=ENDED,
        max_runtime_seconds=3600,
    )

    assert classify(job) is FailureClass.LIMIT_EXCEEDED


def test_a_job_whose_spot_instances_were_taken_back_says_so_in_its_secondary_status() -> None:
    """If the reason says more, the reason counts."""
    interrupted = a_failed_job(secondary_status="Interrupted", failure_reason=None)

    assert classify(interrupted) is FailureClass.SPOT_INTERRUPTED
    assert classify(a_failed_job(secondary_status="Interrupted")) is FailureClass.USER_CODE


@pytest.mark.parametrize("failure_class", FailureClass)
def test_every_class_has_a_next_step_in_one_sentence(failure_class: FailureClass) -> None:
    """Short enough to be read."""
    step = rule_of_class(failure_class).step

    assert (rule_of_class(failure_class) is UNKNOWN_RULE) == (failure_class is FailureClass.UNKNOWN)
    assert step.endswith(".")
    assert 20 < len(step) < 120
    assert ". " not in step


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        ("AlgorithmError: , exit code: 139", 139),
        ("ExitCode 1", 1),
        ("exit status 2", 2),
        ('"ExitCode": 3', 3),
        ("code 1", None),
        ("", None),
        (None, None),
    ],
)
def test_an_exit_code_is_read_where_there_is_one(reason: str | None, code: int | None) -> None:
    """However it is spelled."""
    assert exit_code(reason) == code


def test_exit_codes_that_say_more_are_explained() -> None:
    """1 says only that something went wrong."""
    assert (exit_meaning(139), exit_meaning(1)) == ("segmentation fault", None)


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.example], ids=lambda rule: rule.name)
def test_each_rules_example_selects_that_rule(rule: Rule) -> None:
    """So no rule hides another; and each step is one sentence that fits a phone."""
    assert diagnose(ResourceKind.TRAINING, rule.example).name == rule.name
    assert rule.step.endswith(".")
    assert ". " not in rule.step
    assert len(rule.step) < 140
    assert rule.seen.startswith("https://")


def test_the_log_decides_where_the_reason_says_only_where_it_failed() -> None:
    """A reason that is specific is not overruled."""
    told = "AlgorithmError: ExecuteUserScriptError:\nExitCode 1"

    assert diagnose(ResourceKind.TRAINING, told, log="train.sh: line 3: 345 Killed").name == "memory"
    assert diagnose(ResourceKind.TRAINING, told, log="loss=1").name == "script"
    assert diagnose(ResourceKind.TRAINING, "CapacityError: none", log="Killed").name == "capacity"


def test_spot_that_never_started_is_told_from_spot_that_was_interrupted() -> None:
    """Both end with the same secondary status."""
    never, later = (
        diagnose(ResourceKind.TRAINING, None, secondary="MaxWaitTimeExceeded", started=started)
        for started in (False, True)
    )

    assert (never.name, later.name) == ("spot-never-started", "spot-wait")


def test_every_class_has_a_label_of_its_own() -> None:
    """A message names the class; one without a label could not be rendered."""
    assert len({failure_class.label for failure_class in FailureClass}) == len(FailureClass)
