"""Why a job failed, as a class people can act on, from what SageMaker tells; and what to do next."""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import assert_never

from sagewatch.sagemaker.resources import Job, JobStatus


class FailureClass(StrEnum):
    """The classes of failure. ``LIMIT_EXCEEDED`` is the job's own time limit, ``ACCOUNT_QUOTA`` the account's."""

    OUT_OF_MEMORY = "out-of-memory"
    CAPACITY = "capacity"
    ACCOUNT_QUOTA = "account-quota"
    USER_CODE = "user-code"
    DATA_OR_PERMISSIONS = "data-or-permissions"
    INTERNAL = "internal"
    LIMIT_EXCEEDED = "limit-exceeded"
    SPOT_INTERRUPTED = "spot-interrupted"
    UNKNOWN = "unknown"


_KILLED = 137
# Above 128 it is 128 and the signal (bash manual, "Exit Status").
_EXIT_CODES: Mapping[int, str] = {
    126: "the command is not executable",
    127: "the command was not found",
    134: "aborted",
    _KILLED: "killed, usually for want of memory",
    139: "segmentation fault",
    143: "terminated from outside",
}
_EXIT_CODE = re.compile(r"""exit(?:ed with)?[ _-]?(?:code|status)["']?[:=]?\s{0,3}(\d{1,6})\b""", re.IGNORECASE)

# First match wins, so what is specific stands before what is general: an out-of-memory death is also an
# AlgorithmError, and a ClientError may tell of either. Texts: failure reasons seen in public issue threads and code.
_PATTERNS: tuple[tuple[FailureClass, re.Pattern[str]], ...] = tuple(
    (failure_class, re.compile(pattern, re.IGNORECASE))
    for failure_class, pattern in (
        (FailureClass.ACCOUNT_QUOTA, r"ResourceLimitExceeded|account-level service (limit|quota)|service quota"),
        (FailureClass.CAPACITY, r"^CapacityError|insufficient\w* ?capacity|unable to provision requested ML compute"),
        (
            FailureClass.OUT_OF_MEMORY,
            r"out[ -]?of[ -]?memory|\bOOM\b|MemoryError|type with more memory|use a larger instance|OOM-?Killed",
        ),
        (FailureClass.SPOT_INTERRUPTED, r"spot\b.*\b(interrupt|reclaim)"),
        (FailureClass.INTERNAL, r"^InternalServerError|^InternalError"),
        (
            FailureClass.DATA_OR_PERMISSIONS,
            r"access ?denied|not authorized|forbidden|NoSuchKey|NoSuchBucket|no S3 objects|(cannot|unable to) assume",
        ),
        (FailureClass.USER_CODE, r"^AlgorithmError|Traceback|ExecuteUserScriptError"),
    )
)
_CLIENT_ERROR = re.compile(r"^ClientError", re.IGNORECASE)


def classify(job: Job) -> FailureClass | None:
    """Name the class of a job's failure; ``None`` for a job that did not fail."""
    if job.hit_its_limit:
        return FailureClass.LIMIT_EXCEEDED
    if job.status is not JobStatus.FAILED:
        return None
    reason = job.failure_reason or ""
    if exit_code(reason) == _KILLED:
        return FailureClass.OUT_OF_MEMORY
    told = next((name for name, pattern in _PATTERNS if pattern.search(reason)), None)
    return told or _by_the_way_it_ended(job, reason)


def _by_the_way_it_ended(job: Job, reason: str) -> FailureClass:
    """DescribeTrainingJob, SecondaryStatus: Interrupted means that spot instances were taken back."""
    if job.secondary_status == "Interrupted":
        return FailureClass.SPOT_INTERRUPTED
    if exit_code(reason) is not None:
        return FailureClass.USER_CODE
    return FailureClass.DATA_OR_PERMISSIONS if _CLIENT_ERROR.search(reason) else FailureClass.UNKNOWN


def exit_code(reason: str | None) -> int | None:
    """The exit code a reason names, if it names one: ``exit code: 1``, ``ExitCode 1``."""
    found = _EXIT_CODE.search(reason or "")
    return int(found[1]) if found else None


def exit_meaning(code: int) -> str | None:
    """What an exit code usually means, where it means more than that something went wrong."""
    return _EXIT_CODES.get(code)


def next_step(failure_class: FailureClass) -> str:  # noqa: C901, PLR0911 - one sentence each
    """What to do about it, in one sentence."""
    match failure_class:
        case FailureClass.OUT_OF_MEMORY:
            return "Take an instance with more memory, or smaller batches or fewer data loaders."
        case FailureClass.CAPACITY:
            return "Start it again later, or with another instance type or in another availability zone."
        case FailureClass.ACCOUNT_QUOTA:
            return (
                "Ask for a higher quota in Service Quotas, or wait until other jobs of that instance type have ended."
            )
        case FailureClass.USER_CODE:
            return "Look at the log's last error, and try the fix on a small sample before the whole run."
        case FailureClass.DATA_OR_PERMISSIONS:
            return "Check that the S3 paths exist, and that the job's role may read them and use their KMS key."
        case FailureClass.INTERNAL:
            return "Start it again; if that fails too, open a case with AWS Support and name the job's ARN."
        case FailureClass.LIMIT_EXCEEDED:
            return "Raise its time limit, or find out what made it slow; with checkpoints it can go on where it was."
        case FailureClass.SPOT_INTERRUPTED:
            return "Start it again; with checkpoints it goes on where it was, and on demand it is not interrupted."
        case FailureClass.UNKNOWN:
            return "Open the job and its log: what SageMaker tells does not say what to do."
        case _:
            assert_never(failure_class)
