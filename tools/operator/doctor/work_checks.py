"""Rows about jobs and prices: how AWS's answers, events, logs and metrics look on this account."""

from collections.abc import Iterator, Mapping
from typing import Any

from sagewatch.errors import JobNotFoundError, SageWatchError
from sagewatch.pricing.price_list import read_documents
from sagewatch.sagemaker.kinds import KIND_FACTS, ResourceKind
from sagewatch.sagemaker.resources import job_to_describe
from sagewatch.wiring.probes import probes
from tools.operator.doctor.event_checks import DAYS, event_checks, recent_rows
from tools.operator.doctor.live import Account, NotCheckedError
from tools.operator.doctor.notebook_checks import notebook_checks
from tools.operator.doctor.rows import Check, Facts, Finding, confirmed, judge_found, not_checked, refuted

_JOBS = (ResourceKind.TRAINING, ResourceKind.PROCESSING, ResourceKind.TRANSFORM)
_DESCRIBED = (*_JOBS, ResourceKind.TUNING, ResourceKind.AUTOML)
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
    yield from event_checks()
    yield Check(
        name="jobs.logs",
        assumption="The log streams of jobs have the names that SageWatch looks for",
        look=_look_logs,
        judge=judge_found,
        calls=DAYS + len(_JOBS),
    )
    yield Check(
        name="jobs.metrics",
        assumption="The metrics of jobs have the dimension Host with <job>/algo-1",
        look=_look_metrics,
        judge=judge_found,
        calls=DAYS + len(_JOBS),
    )
    yield from notebook_checks()
    yield Check(
        name="prices",
        assumption="The Price List of each region can be read, and prices the five components",
        look=_look_prices,
        judge=_judge_prices,
        calls=_PAGES * 2,
    )


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


def _newest(account: Account) -> Mapping[str, Mapping[str, Any]]:
    """The newest row of each kind of job that started. Raises ``NotCheckedError`` if there is none."""
    newest: dict[str, Mapping[str, Any]] = {}
    for row in recent_rows(account):
        if row.get("kind") in _JOBS and row.get("started_at"):
            newest.setdefault(str(row["kind"]), row)
    if not newest:
        raise NotCheckedError(f"no job ended in the last {DAYS} days")
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
