"""Reads a case of the corpus as SageWatch does, and compares the message with what the case expects.

A case is one JSON file in ``cases``: ``source``, ``kind``, either ``describe`` (an answer of a Describe call)
or ``reason``, and ``streams`` of the log by name. ``expect`` was written from the text alone: ``class``, ``step`` (a
pattern that the next step has to match), ``line`` (of the log, that has to be on the screen), ``hidden`` (what may not
be shown).
"""

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from slack_sdk.models.blocks import Block

from sagewatch.diagnostics.failure_context import FailureContext
from sagewatch.diagnostics.failure_log import NO_LOG, read_log
from sagewatch.diagnostics.ports import LogEvent
from sagewatch.failures.diagnosis import classify, diagnose
from sagewatch.failures.rules import Rule
from sagewatch.jobs.alerting import job_alert
from sagewatch.jobs.alerts import JobAlert
from sagewatch.ledger.records import RecordedBy, record_of
from sagewatch.pricing.job_cost import cost_of
from sagewatch.redaction import redact
from sagewatch.sagemaker.job_models import read_job
from sagewatch.sagemaker.kinds import ResourceKind
from sagewatch.sagemaker.resources import Job
from sagewatch.slack.messages.render import render
from tests.worlds.builders import BOOK, ENDED, a_failed_job

CASES = Path(__file__).parent / "cases"
COLUMNS = ("line", "class", "step", "secret")


@dataclass(frozen=True, slots=True)
class Answer:
    """What SageWatch says of one case: its class, its next step, the excerpt of the log, the whole message, the row."""

    failure_class: str
    step: str
    log: str
    message: str
    stored: str


def cases() -> list[str]:
    """Return the names of all cases."""
    return sorted(path.stem for path in CASES.glob("*.json"))


def load(name: str) -> dict[str, Any]:
    """Read one case."""
    case: dict[str, Any] = json.loads((CASES / f"{name}.json").read_text("utf-8"))
    return case


def answer(case: dict[str, Any]) -> Answer:
    """Put a case through the product: its log, its row, its alert and its message."""
    job, streams = _job(case), case.get("streams", {})
    log = read_log(sorted(streams), lambda name: list(map(LogEvent, streams[name])), None) if streams else NO_LOG
    row = record_of(job, cost_of(job, BOOK, Decimal(0)), None, now=ENDED, by=RecordedBy.EVENT)
    row = replace(row, failure_class=classify(job, log.text))
    alert = job_alert(job, row, FailureContext(log=log))
    assert isinstance(alert, JobAlert), "no alert"
    message = render(alert)
    shown = message.text + json.dumps([block.to_dict() for block in message.blocks], ensure_ascii=False)
    return Answer(
        str(alert.failure_class), step_of(message.blocks), log.text or "", shown, json.dumps(asdict(row), default=str)
    )


def rule_of(case: dict[str, Any]) -> Rule:
    """Return the rule that a case selects."""
    job, streams = _job(case), case.get("streams", {})
    log = read_log(sorted(streams), lambda name: list(map(LogEvent, streams[name])), None)
    return diagnose(
        job.kind,
        job.failure_reason,
        secondary=job.secondary_status,
        log=log.text,
        started=not job.never_launched,
    )


def step_of(blocks: Sequence[Block]) -> str:
    """Return the text under the heading of the next step."""
    texts = (block.to_dict().get("text", {}) for block in blocks)
    plain = (text.get("text", "") for text in texts if isinstance(text, dict))
    return next((text for text in plain if text.startswith("*Next step*")), "")


def _job(case: dict[str, Any]) -> Job:
    kind = ResourceKind(case["kind"])
    if "describe" in case:
        return read_job(kind, case["describe"], account="111122223333", region="us-east-1", described=True)
    return a_failed_job(kind=kind, failure_reason=redact(case["reason"]))


def mistakes(case: dict[str, Any], found: Answer) -> dict[str, str]:
    """Name what is wrong with the answer to a case, by column."""
    expect, wrong = case["expect"], dict[str, str]()
    if expect.get("line", "") not in found.log:
        wrong["line"] = expect["line"]
    if expect.get("class") not in {None, found.failure_class}:
        wrong["class"] = f"{found.failure_class}, not {expect['class']}"
    if not re.search(expect.get("step", ""), found.step, re.IGNORECASE):
        wrong["step"] = f"{found.step.partition(chr(10))[2]!r} lacks {expect['step']}"
    if shown := [word for word in expect.get("hidden", ()) if word in found.message + found.stored]:
        wrong["secret"] = ", ".join(shown)
    return wrong
