"""Why a job failed, as a class people can act on, from the text SageMaker gives."""

import re
from enum import StrEnum

from sagewatch.resources import Job, JobStatus


class FailureClass(StrEnum):
    """The classes of failure. ``LIMIT_EXCEEDED`` is the job's own time limit, not an account quota."""

    OUT_OF_MEMORY = "out-of-memory"
    CAPACITY = "capacity"
    USER_CODE = "user-code"
    DATA_OR_PERMISSIONS = "data-or-permissions"
    INTERNAL = "internal"
    LIMIT_EXCEEDED = "limit-exceeded"
    SPOT_INTERRUPTED = "spot-interrupted"
    UNKNOWN = "unknown"


# First match wins, so what is specific stands before what is general: an out-of-memory death is also an
# AlgorithmError, and a ClientError may tell of either. Texts: failure reasons seen in public issue threads and code.
_PATTERNS: tuple[tuple[FailureClass, re.Pattern[str]], ...] = tuple(
    (failure_class, re.compile(pattern, re.IGNORECASE))
    for failure_class, pattern in (
        (FailureClass.CAPACITY, r"^CapacityError|insufficient capacity|unable to provision requested ML compute"),
        (
            FailureClass.OUT_OF_MEMORY,
            r"out[ -]?of[ -]?memory|\bOOM\b|MemoryError|type with more memory|use a larger instance|exit code:? 137\b",
        ),
        (FailureClass.SPOT_INTERRUPTED, r"spot\b.*\b(interrupt|reclaim)"),
        (FailureClass.INTERNAL, r"^InternalServerError|^InternalError"),
        (
            FailureClass.DATA_OR_PERMISSIONS,
            r"access ?denied|not authorized|forbidden|NoSuchKey|NoSuchBucket|no S3 objects found|cannot assume role",
        ),
        (FailureClass.USER_CODE, r"^AlgorithmError|exit code:? \d+|Traceback|ExecuteUserScriptError"),
        (FailureClass.DATA_OR_PERMISSIONS, r"^ClientError"),
    )
)


def classify(job: Job) -> FailureClass | None:
    """Name the class of a job's failure; ``None`` for a job that did not fail."""
    if job.hit_its_limit:
        return FailureClass.LIMIT_EXCEEDED
    if job.status is not JobStatus.FAILED:
        return None
    reason = job.failure_reason or ""
    return next((name for name, pattern in _PATTERNS if pattern.search(reason)), FailureClass.UNKNOWN)
