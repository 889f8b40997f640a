"""Reports from the field that are no failures: costs, notebooks, running jobs, Slack's answers, prices.

One file each in ``tests/corpus/others``, with the source, what people had and what they may expect.
"""

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from slack_sdk.web import SlackResponse

from sagewatch.adapters.jupyter.activity import read_jupyter
from sagewatch.adapters.slack.errors import error_of
from sagewatch.errors import RetryableError
from sagewatch.idle.decision import decide
from sagewatch.idle.state import NotebookState
from sagewatch.jobs.milestones import due_milestones
from sagewatch.pricing.job_cost import cost_of
from sagewatch.pricing.price_list import read_documents
from sagewatch.sagemaker.job_models import read_job
from sagewatch.sagemaker.kinds import ResourceKind
from sagewatch.sagemaker.resources import JobStatus
from tests.unit.idle.test_decision import ARN, LAB, RULES, TWO_DAYS_AGO
from tests.unit.pricing.test_price_list import a_document
from tests.worlds.builders import BOOK, NOW
from tests.worlds.jobs import RULES as MILESTONES
from tests.worlds.jobs import a_running_job

_REPORTS = Path(__file__).parents[1] / "corpus" / "others"


def _cost(report: Mapping[str, Any]) -> None:
    """The volume is part of the cost (here at $0.10 per GB and month), or the cost is not called the whole."""
    job = read_job(
        ResourceKind(report["kind"]), report["describe"], account="1" * 12, region="us-east-1", described=True
    )
    cost = cost_of(job, BOOK, Decimal(0))

    assert cost.usd is None or cost.usd >= Decimal(report["expect"]["least_usd"]) or "at least" in cost.reason


def _notebook(report: Mapping[str, Any]) -> None:
    """Work that cannot be seen is never idle."""

    def dated(one: Mapping[str, Any]) -> dict[str, Any]:
        ago = timedelta(minutes=one["last_activity"]["minutes_ago"])
        return {**one, "last_activity": (NOW - ago).isoformat()}

    jupyter = report["jupyter"]
    found = read_jupyter([*map(dated, jupyter["kernels"])], [*map(dated, jupyter["terminals"])], NOW, timedelta(0))
    verdict = decide(LAB, (found,), NotebookState(arn=ARN), TWO_DAYS_AGO, RULES, NOW).verdict

    assert verdict in report["expect"]["verdicts"]


def _running(report: Mapping[str, Any]) -> None:
    """A job that is stopping for a day is reported as one that runs."""
    job = a_running_job(
        timedelta(hours=report["ran_hours"]), status=JobStatus(report["status"]), secondary_status=report["secondary"]
    )
    due = due_milestones(job, (), Decimal(report["hourly_usd"]), MILESTONES, NOW, ())

    assert due
    assert all(report["expect"]["says"] in milestone.sentence for milestone in due)


def _slack(report: Mapping[str, Any]) -> None:
    """An answer that says that there was too much is tried again."""
    for answer in report["answers"]:
        response = SlackResponse(
            client=None, http_verb="POST", api_url="", req_args={}, data=answer["body"], headers={},
            status_code=answer["status"],
        )  # fmt: skip

        assert isinstance(error_of(response, "message"), RetryableError) is report["expect"]["retried"]


def _prices(report: Mapping[str, Any]) -> None:
    """An odd document is left out and named; the region's other prices are taken."""
    odd = json.loads(a_document(instanceName="ml.c5.large", instanceType="ml.c5.large-Training"))
    empty = {**odd, "terms": {}}
    odd["product"]["attributes"]["regionCode"] = None
    texts = {
        "contradiction": [a_document(), a_document(price={"USD": "9.9"})],
        "null attribute": [json.dumps(odd)],
        "no terms": [json.dumps(empty)],
        "another price": [a_document(usagetype="USE1-Train:ml.g5.xlarge", instanceName="ml.g5.xlarge")],
    }
    listing = read_documents((text for kind in report["documents"] for text in texts[kind]), "us-east-1")

    assert len(listing.prices) == report["expect"]["prices"]
    assert len(listing.problems) >= report["expect"]["problems"]


_AREAS: Mapping[str, Callable[[Mapping[str, Any]], None]] = {
    "cost": _cost,
    "notebook": _notebook,
    "running": _running,
    "slack": _slack,
    "prices": _prices,
}


@pytest.mark.parametrize("name", sorted(path.stem for path in _REPORTS.glob("*.json")))
def test_a_report_gets_its_expected_answer(name: str) -> None:
    """A new report is a new file."""
    report = json.loads((_REPORTS / f"{name}.json").read_text("utf-8"))

    _AREAS[report["area"]](report)
