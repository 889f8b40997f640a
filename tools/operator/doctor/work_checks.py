"""Rows about jobs and prices: how AWS's answers, events, logs and metrics look on this account."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from sagewatch.errors import JobNotFoundError, SageWatchError
from sagewatch.pricing.price_list import read_documents
from sagewatch.sagemaker.kinds import KIND_FACTS, ResourceKind
from sagewatch.sagemaker.resources import job_to_describe
from sagewatch.wiring.probes import probes
from tools.operator.doctor.live import Account, NotCheckedError
from tools.operator.doctor.notebook_checks import notebook_checks
from tools.operator.doctor.rows import Check, Facts, Finding, confirmed, judge_found, not_checked, refuted

_DAYS = 7
_COMPARED = 5  # training jobs
_JOBS = (ResourceKind.TRAINING, ResourceKind.PROCESSING, ResourceKind.TRANSFORM)
_DESCRIBED = (*_JOBS, ResourceKind.TUNING, ResourceKind.AUTOML)
_WITHOUT_EVENTS = (ResourceKind.NOTEBOOK, ResourceKind.AUTOML)  # a notebook's are not those of jobs
_PAGES = 15  # of the Price List, for one region


def work_checks() -> Iterator[Check]:
    """The rows."""
    yield Check(
        name="jobs.describe",
        assumption="SageMaker's answer about a job that does not exist is understood, for all five kinds",
        look=_look_describe,
        judge=_judge_describe,
        calls=len(_DESCRIBED),
    )
    yield Check(
        name="jobs.events",
        assumption=f"Events report jobs that ended since the deployment (last {_DAYS} days)",
        look=_look_events,
        judge=_judge_events,
        calls=_DAYS,
    )
    yield Check(
        name="jobs.billed-seconds",
        assumption="BillableTimeInSeconds is final when the event arrives",
        look=_look_billed,
        judge=_judge_billed,
        calls=_DAYS + _COMPARED,
    )
    yield Check(
        name="jobs.logs",
        assumption="The log streams of jobs have the names that SageWatch looks for",
        look=_look_logs,
        judge=judge_found,
        calls=_DAYS + len(_JOBS),
    )
    yield Check(
        name="jobs.metrics",
        assumption="The metrics of jobs have the dimension Host with <job>/algo-1",
        look=_look_metrics,
        judge=judge_found,
        calls=_DAYS + len(_JOBS),
    )
    yield from notebook_checks()
    yield Check(
        name="prices",
        assumption="The Price List of each region can be read, and prices the five components",
        look=_look_prices,
        judge=_judge_prices,
        calls=_PAGES * 2,
    )


def _rows(account: Account) -> list[Mapping[str, Any]]:
    """The rows of the last days, newest first, at most a hundred a day."""
    today = account.clock().date()
    days = ((today - timedelta(days=back)).isoformat() for back in range(_DAYS))
    return [row for day in days for row in account.query("CostLedgerName", "ByDay", ended_on=day)]


def _look_describe(account: Account) -> Facts:
    jobs, answers = probes(account.region).jobs, {}
    for kind in _DESCRIBED:
        place = f"arn:{account.stack.partition}:sagemaker:{account.region}:{account.stack.account}"
        arn = f"{place}:{KIND_FACTS[kind].arn_type}/sagewatch-doctor"
        job = job_to_describe(
            kind=kind, name="sagewatch-doctor", arn=arn, region=account.region, created_at=account.clock()
        )
        account.on_call(f"sagemaker Describe ({kind})")
        try:
            jobs.describe(job)
            answers[kind.value] = "found"
        except JobNotFoundError:
            answers[kind.value] = "not found"
        except SageWatchError as exc:
            answers[kind.value] = f"{type(exc).__name__}: {exc}"
    return {"answers": answers}


def _judge_describe(facts: Facts) -> Finding:
    odd = {kind: said for kind, said in facts["answers"].items() if said != "not found"}
    if not odd:
        return confirmed(f"{len(facts['answers'])} kinds answer `not found`")
    said = "; ".join(f"{kind}: {sentence}" for kind, sentence in odd.items())
    if all("AccessDenied" in sentence for sentence in odd.values()):
        return not_checked(said, "Allow the Describe calls of SageMaker jobs for your own credentials.")
    return refuted(said, "Report this row: SageWatch would retry deleted jobs instead of closing them.")


def _look_events(account: Account) -> Facts:
    """Sweeps record what ended before there was a rule, and AutoML jobs, which send no event."""
    created_at = account.stack.created_at
    jobs = [
        row
        for row in _rows(account)
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
    rows = [row for row in _rows(account) if row.get("kind") == "training" and row.get("recorded_by") == "event"]
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


def _newest(account: Account) -> Mapping[str, Mapping[str, Any]]:
    """The newest row of each kind of job that started. Raises ``NotCheckedError`` if there is none."""
    newest: dict[str, Mapping[str, Any]] = {}
    for row in _rows(account):
        if row.get("kind") in _JOBS and row.get("started_at"):
            newest.setdefault(str(row["kind"]), row)
    if not newest:
        raise NotCheckedError(f"no job ended in the last {_DAYS} days")
    return newest


def _look_logs(account: Account) -> Facts:
    found = {}
    for kind, row in _newest(account).items():
        group = KIND_FACTS[ResourceKind(kind)].log_group
        prefix = f"{row['resource_name']}/"
        answer = account.call(
            "logs", "describe_log_streams", str(row["region"]), logGroupName=group, logStreamNamePrefix=prefix, limit=5
        )
        found[kind] = len(answer["logStreams"])
    return {"found": found, "what": "log streams"}


def _look_metrics(account: Account) -> Facts:
    found = {}
    for kind, row in _newest(account).items():
        host = {"Name": "Host"} if kind == ResourceKind.TRANSFORM else {
            "Name": "Host", "Value": f"{row['resource_name']}/algo-1"}  # fmt: skip
        answer = account.call(
            "cloudwatch",
            "list_metrics",
            str(row["region"]),
            Namespace=KIND_FACTS[ResourceKind(kind)].log_group,
            Dimensions=[host],
        )
        metrics = answer["Metrics"]
        hosts = [one["Value"] for metric in metrics for one in metric["Dimensions"] if one["Name"] == "Host"]
        found[kind] = sum(value.startswith(f"{row['resource_name']}/") for value in hosts)
    return {"found": found, "what": "metrics"}


def _look_prices(account: Account) -> Facts:
    price_list, found = probes(account.region).price_list, {}
    if price_list is None:
        raise NotCheckedError("this partition has no Price List in US dollars: SageWatch uses the prices that it ships")
    for region in account.regions:
        account.on_call(f"pricing GetProducts for {region}")
        try:
            listing = read_documents(price_list.documents(region), region)
        except SageWatchError as exc:
            raise NotCheckedError(str(exc)) from exc
        components = sorted({price.component for price in listing.prices})
        found[region] = {"prices": len(listing.prices), "components": components, "problems": listing.problems[:5]}
    return {"regions": found}


def _judge_prices(facts: Facts) -> Finding:
    empty = [region for region, found in facts["regions"].items() if not found["prices"]]
    odd = [problem for found in facts["regions"].values() for problem in found["problems"]]
    said = ", ".join(f"{region}: {found['prices']} prices" for region, found in facts["regions"].items())
    if not empty and not odd:
        return confirmed(said)
    detail = f"; {odd[0]}" if odd else ""
    return refuted(f"{said}{detail}", "Report this row. Until then SageWatch uses the shipped prices.")
