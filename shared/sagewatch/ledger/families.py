"""Group the runs of one job into a family: their names without the parts that tools generate are equal.

Sources of the suffixes: the SageMaker Python SDK (``sagemaker.utils``: ``name_from_base``, ``unique_name_from_base``,
``sagemaker_short_timestamp``), the names that tuning jobs, pipelines and monitoring schedules give to what they start,
and what people append: dates, epochs, UUIDs, commit hashes, counters.
"""

import re
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from sagewatch.failures.diagnosis import FailureClass
from sagewatch.patterns import lazy_pattern
from sagewatch.sagemaker.kinds import ResourceKind
from sagewatch.sagemaker.resources import JobStatus, Key, seconds_between

_MONTH, _DAY, _HOUR, _SIXTIETH = "(?:0[1-9]|1[0-2])", "(?:0[1-9]|[12][0-9]|3[01])", "(?:[01][0-9]|2[0-3])", "[0-5][0-9]"
_STAMP = rf"""
    20\d\d-{_MONTH}-{_DAY} (?: [-T]{_HOUR}-{_SIXTIETH} (?: -{_SIXTIETH} (?: -\d{{1,6}} )? )? Z? )?
    | \d\d{_MONTH}{_DAY}-{_HOUR}{_SIXTIETH} (?:{_SIXTIETH})?
    | 20\d\d{_MONTH}{_DAY} (?: [-T]?{_HOUR}{_SIXTIETH} (?:{_SIXTIETH})? (?: -?\d{{3,6}} )? Z? )?
    | 1\d{{9}} (?:\d{{3}})? (?: -[0-9a-f]{{4}} )?  # epoch, in seconds or milliseconds
    """
_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
# Eight and a digit at least: ``feedback`` is no hash, nor is ``bf16``.
_HASH = r"(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{8,64}"
_COUNTER = r"\d{1,6}"
_MADE = rf"(?: {_UUID} | (?:{_STAMP}) (?:-{_COUNTER})? | \d{{3,4}}-[0-9a-f]{{8}} | {_HASH} )"
_FLAGS = re.VERBOSE | re.IGNORECASE
_SUFFIX = lazy_pattern(rf"(?P<base>.+?)-+{_MADE}", _FLAGS)
_WHOLLY_MADE = lazy_pattern(rf"{_MADE} | {_COUNTER}", _FLAGS)
_COUNTED = lazy_pattern(rf"(?P<base>.*[a-z].*?)-+{_COUNTER}", _FLAGS)
# Where a number names the model: resnet-18 and resnet-152 are two, and score-17 is the 17th run of one.
_MODELS = (
    "albert|bert|bloom|claude|convnext|dbrx|deepseek|deit|densenet|dino|distilbert|dolly|efficientnet|falcon|flan|gemma"
    "|glm|gpt|granite|inception|jamba|llama|mistral|mixtral|mobilenet|mpt|olmo|phi|pythia|qwen|regnet|resnest|resnet"
    "|resnext|roberta|sam|sdxl|squeezenet|starcoder|swin|t5|unet|vgg|vicuna|vit|whisper|xception|yolo|yolov"
)
_MODEL = lazy_pattern(rf"(?:.*-)?(?:wide-)?(?:{_MODELS})", _FLAGS)
_STEP = lazy_pattern(r"pipelines-[a-z0-9]{12}-(?P<step>.+?)-+[a-z0-9]{10}", _FLAGS)
# Debugger rules shorten the name of their training job, time included, and append their own.
_INNER_STAMP = lazy_pattern(rf"(?<=[^-])-20\d\d-{_MONTH}(?:-\d{{1,2}}){{1,4}}(?:-\d{{3}})?(?=-[a-z])", _FLAGS)


@dataclass(frozen=True, slots=True)
class PastRun:
    """One run of a family that has ended. ``cost_usd`` is USD; ``None`` is not known. ``key`` is that of its row."""

    ended_at: datetime
    status: JobStatus
    ran_seconds: int | None
    cost_usd: Decimal | None
    failure_class: FailureClass | None
    key: Key | None = field(default=None, compare=False)


def family_of(kind: ResourceKind, name: str) -> str:
    """The family of a job, for example ``training#fraud-xgb``: its kind and its name without times, hashes, counters.

    The same in every account and region. Never shortened to nothing: a name that is wholly made by a machine stays.
    """
    return f"{kind}#{_base(name)}"


def ran_seconds(started_at: datetime | None, ended_at: datetime, billable_seconds: int | None) -> int | None:
    """Return a run's elapsed seconds; without a start, its billed seconds, if known."""
    return billable_seconds if started_at is None else seconds_between(started_at, ended_at)


def family_name(family: str) -> str:
    """Return a family's name for people: ``fraud-xgb``."""
    return family.partition("#")[2]


def _base(name: str) -> str:
    if step := _STEP.fullmatch(name):
        return f"pipelines-{step['step']}"
    base = _INNER_STAMP.sub("", _without_suffixes(name))
    if base != name:
        return base  # a number before a time belongs to the name: llama-2-2026-11-25-10-31-22-123
    counted = _COUNTED.fullmatch(name)
    return counted["base"] if counted and not _MODEL.fullmatch(counted["base"]) else name


def _without_suffixes(name: str) -> str:
    while (found := _SUFFIX.fullmatch(name)) and not _WHOLLY_MADE.fullmatch(name):
        name = found["base"]
    return name
