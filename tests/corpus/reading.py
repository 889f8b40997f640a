"""Reads a case of the corpus as SageWatch does, and compares the message with what the case expects.

A case is one JSON file in ``cases``: ``source``, ``kind``, either ``describe`` (an answer of a Describe call)
or ``reason``, ``streams`` of the log by name, and ``expect``: ``rule``, ``line`` (on the screen), ``hidden``.
"""

import json
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from sagewatch.diagnostics.failure_context import FailureContext
from sagewatch.diagnostics.failure_log import NO_LOG, read_log
from sagewatch.jobs.alerts import JobAlert, job_alert
from sagewatch.ledger.records import RecordedBy, record_of
from sagewatch.pricing.job_cost import cost_of
from sagewatch.redaction import redact
from sagewatch.sagemaker.failures import classify, diagnose
from sagewatch.sagemaker.job_models import read_job
from sagewatch.sagemaker.kinds import ResourceKind
from sagewatch.sagemaker.resources import Job
from sagewatch.slack.messages.render import render
from tests.worlds.builders import BOOK, ENDED, a_failed_job

CASES = Path(__file__).parent / "cases"


@dataclass(frozen=True, slots=True)
class Answer:
    """What SageWatch says of one case."""

    rule: str
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
    log = read_log(sorted(streams), streams.__getitem__, None) if streams else NO_LOG
    row = record_of(job, cost_of(job, BOOK, Decimal(0)), None, now=ENDED, by=RecordedBy.EVENT)
    alert = job_alert(job, row, FailureContext(log=log))
    assert isinstance(alert, JobAlert), "no alert"
    message = render(alert)
    rule = diagnose(
        job.kind,
        row.failure_reason,
        secondary=job.secondary_status,
        log=log.text,
        started=alert.finding != "job-never-started",
    )
    shown = message.text + json.dumps([block.to_dict() for block in message.blocks], ensure_ascii=False)
    assert classify(job, log.text) is rule.failure_class or job.hit_its_limit
    return Answer(rule.name, log.text or "", shown, row.failure_reason or "")


def _job(case: dict[str, Any]) -> Job:
    kind = ResourceKind(case["kind"])
    if "describe" in case:
        return read_job(kind, case["describe"], account="111122223333", region="us-east-1", described=True)
    return a_failed_job(kind=kind, failure_reason=redact(case["reason"]))


def faults(case: dict[str, Any]) -> list[str]:
    """List what is wrong with the answer to a case: ``step``, ``line``, ``secret``."""
    found, expect = answer(case), case["expect"]
    wrong = [] if expect.get("rule") in {None, found.rule} else [f"step: {found.rule}, not {expect['rule']}"]
    if expect.get("line", "") not in found.log:
        wrong.append(f"line: {expect['line']}")
    return wrong + [f"secret: {word}" for word in expect.get("hidden", ()) if word in found.message + found.stored]
