"""Rows about events: whether they arrive, whether SageWatch can read them, and whether they say what Describe says."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from botocore import xform_name

from sagewatch.sagemaker.kinds import KIND_FACTS, ResourceKind
from tools.operator.doctor.live import Account, CallFailedError, NotCheckedError
from tools.operator.doctor.rows import Check, Facts, Finding, confirmed, not_checked, refuted

DAYS = 7
_COMPARED = 5  # jobs
_WITHOUT_EVENTS = (ResourceKind.NOTEBOOK, ResourceKind.AUTOML)  # a notebook's are not those of jobs
_READERS = ("RecordJob", "TrackNotebook")
_UNREADABLE = "MalformedEventError"
_SHOWN = 3
_APART = 60  # seconds; more, and an event and Describe would be two jobs
# A job's times in the ledger, and in Describe's answer after the kind's own prefix.
_TIMES = {"created_at": "CreationTime", "started_at": "{}StartTime", "ended_at": "{}EndTime"}
_PREFIXES = {
    ResourceKind.TRAINING: "Training",
    ResourceKind.PROCESSING: "Processing",
    ResourceKind.TRANSFORM: "Transform",
}


def event_checks() -> Iterator[Check]:
    """The rows."""
    yield Check(
        name="jobs.events",
        assumption=f"Events report jobs that ended since the deployment (last {DAYS} days)",
        look=_look_events,
        judge=_judge_events,
        calls=DAYS,
    )
    yield Check(
        name="jobs.billed-seconds",
        assumption="BillableTimeInSeconds is final when the event arrives",
        look=_look_billed,
        judge=_judge_billed,
        calls=DAYS + _COMPARED,
    )
    yield Check(
        name="jobs.event-shapes",
        assumption=f"SageWatch can read every event (last {DAYS} days)",
        look=_look_shapes,
        judge=_judge_shapes,
        calls=DAYS + len(_READERS),
    )
    yield Check(
        name="jobs.event-times",
        assumption="Events date a job as Describe does, to the minute",
        look=_look_times,
        judge=_judge_times,
        calls=DAYS + _COMPARED,
    )


def recent_rows(account: Account) -> list[Mapping[str, Any]]:
    """The rows of the last days, newest first, at most a hundred a day."""
    today = account.clock().date()
    days = ((today - timedelta(days=back)).isoformat() for back in range(DAYS))
    return [row for day in days for row in account.query("CostLedgerName", "ByDay", ended_on=day)]


def _look_events(account: Account) -> Facts:
    """Sweeps record what ended before there was a rule, and AutoML jobs, which send no event."""
    created_at = account.stack.created_at
    jobs = [
        row
        for row in recent_rows(account)
        if row.get("kind") not in _WITHOUT_EVENTS
        and (created_at is None or datetime.fromisoformat(str(row["ended_at"])) > created_at)
    ]
    return {"recorded_by": Counter(str(row.get("recorded_by")) for row in jobs)}


def _judge_events(facts: Facts) -> Finding:
    by: Mapping[str, int] = facts["recorded_by"]
    if not by:
        said = "no job with an event has ended since the deployment"
        return not_checked(said, "Run a small training job, then this command.")
    said = ", ".join(f"{count} by {source}" for source, count in by.items())
    if by.get("event"):
        return confirmed(said)
    return refuted(said, "Check that EventSources contains aws.sagemaker, and that other regions forward their events.")


def _look_billed(account: Account) -> Facts:
    rows = [row for row in recent_rows(account) if row.get("kind") == "training" and row.get("recorded_by") == "event"]
    known = [row for row in rows if row.get("billable_seconds") is not None][:_COMPARED]
    pairs = []
    for row in known:
        name, region = str(row["resource_name"]), str(row["region"])
        answer = account.call("sagemaker", "describe_training_job", region, TrainingJobName=name)
        pairs.append([int(row["billable_seconds"]), answer.get("BillableTimeInSeconds")])
    return {"recorded_and_now": pairs}


def _judge_billed(facts: Facts) -> Finding:
    pairs = facts["recorded_and_now"]
    if not pairs:
        return not_checked("no training job was recorded by its event", "Run a small training job, then this command.")
    changed = [pair for pair in pairs if pair[0] != pair[1]]
    if not changed:
        return confirmed(f"unchanged since the event in {len(pairs)} jobs")
    return refuted(f"recorded and now: {changed}", "Report this row: the ledger's amounts of such jobs are too low.")


def _look_shapes(account: Account) -> Facts:
    """What the two functions that read events gave up as malformed: the reasons name fields, and show no value."""
    since, reasons = account.clock() - timedelta(days=DAYS), Counter[str]()
    for function in _READERS:
        answer = account.call(
            "logs", "filter_log_events", logGroupName=account.stack.resources[f"{function}Logs"].physical,
            filterPattern=f'"{_UNREADABLE}"', startTime=int(since.timestamp() * 1000), limit=50,
        )  # fmt: skip
        reasons.update(_reason(event["message"]) for event in answer["events"])
    read = Counter(str(row.get("kind")) for row in recent_rows(account) if row.get("recorded_by") == "event")
    return {"read": read, "unreadable": dict(reasons.most_common(_SHOWN)), "count": reasons.total()}


def _reason(line: str) -> str:
    with suppress(ValueError, AttributeError):
        return str(json.loads(line).get("reason", ""))
    return ""


def _judge_shapes(facts: Facts) -> Finding:
    read: Mapping[str, int] = facts["read"]
    said = ", ".join(f"{kind}: {count}" for kind, count in sorted(read.items()))
    if facts["count"]:
        why = "; ".join(reason for reason in facts["unreadable"] if reason)
        return refuted(
            f"{facts['count']} could not be read: {why}", "Report this row. `make redrive` has the events themselves."
        )
    if not read:
        return not_checked("no event was handled yet", "Run a small training job, then this command.")
    return confirmed(f"read without a fault: {said}")


def _look_times(account: Account) -> Facts:
    rows = [row for row in recent_rows(account) if row.get("recorded_by") == "event" and row.get("kind") in _PREFIXES]
    if not rows:
        raise NotCheckedError("no job was recorded by its event")
    return {"apart_seconds": {f"job {number}": _apart(account, row) for number, row in enumerate(rows[:_COMPARED], 1)}}


def _apart(account: Account, row: Mapping[str, Any]) -> dict[str, int]:
    """How many seconds each time of a row is from Describe's. A job that is gone has none."""
    kind = ResourceKind(row["kind"])
    facts = KIND_FACTS[kind]
    try:
        described = account.call(
            "sagemaker", xform_name(facts.describe_operation), str(row["region"]),
            **{facts.name_field: row["resource_name"]},
        )  # fmt: skip
    except CallFailedError as exc:
        if exc.denied:
            raise
        return {}
    pairs = ((name, row.get(name), described.get(form.format(_PREFIXES[kind]))) for name, form in _TIMES.items())
    return {
        name: round(abs((datetime.fromisoformat(str(recorded)) - told).total_seconds()))
        for name, recorded, told in pairs
        if recorded and isinstance(told, datetime)
    }


def _judge_times(facts: Facts) -> Finding:
    compared: Mapping[str, Mapping[str, int]] = facts["apart_seconds"]
    seconds = [apart for times in compared.values() for apart in times.values()]
    if not seconds:
        return not_checked("Describe no longer knows the jobs that events reported")
    said = f"at most {max(seconds)} s apart in {len(seconds)} times of {len(compared)} jobs"
    if max(seconds) <= _APART:
        return confirmed(said)
    return refuted(said, "Report this row: such a job would be recorded twice.")
