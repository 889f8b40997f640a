"""Every message with its variants, for snapshots and the gallery."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from sagewatch.alerts.grouping import GroupKind
from sagewatch.delivery.registry import Alert
from sagewatch.diagnostics.cost_report import job_report
from sagewatch.digest.alerts import BudgetAlert, DigestAlert, ImageRef
from sagewatch.digest.budgets import EVERYBODY, BudgetState
from sagewatch.idle.alerts import NotebookNews
from sagewatch.jobs.alerts import UnpricedAlert
from sagewatch.sagemaker.failures import FailureClass
from sagewatch.sagemaker.kinds import ResourceKind
from tests.unit.slack.messages.test_digests import DAY, QUIET, a_week
from tests.unit.slack.messages.test_groups import ARN, a_group
from tests.unit.slack.messages.test_job_running import ALERT as RUNNING
from tests.unit.slack.messages.test_notebooks import ALERT as IDLE
from tests.unit.slack.messages.test_render import an_alert
from tests.worlds.builders import ACCOUNT, NOW, a_failed_job, a_row

_LOG = "Traceback (most recent call last):\n  File \"train.py\", line 12, in <module>\nKeyError: 'label'"
_FAMILY = {"name": "fraud-xgb", "count": 3, "cost_usd": "41.2", "unknown": 0, "more": False}
_BASE = {"account": ACCOUNT, "region": "us-east-1", "instances": None, "happened_at": NOW}
_PENDING = "it was created 3 h ago and has not started: SageMaker does not say why; waiting is not billed"
_ONE_WAY = (
    "AWS cannot restart a notebook on notebook-al2-v2. After a stop, change its platform to AL2023, then start it"
)
NOTEBOOK = IDLE.model_copy(
    update={
        "idle_since": NOW - timedelta(hours=5),
        "stop_at": NOW + timedelta(hours=1),
        "reason": "no kernel has run since 07:00 UTC, 2 terminals idle since 06:40",
    }
)
_NEWS = NotebookNews(
    alert_id="news-1",
    name="Lab-One",
    owner="ana@example.com",
    headline="Cannot tell whether Lab-One is in use",
    sentence="Jupyter refused the check (HTTP 403). So SageWatch keeps it running. Stop it yourself if you are done",
    **_BASE,
)


def _digest(**changes: object) -> DigestAlert:
    return DigestAlert(alert_id="digest-1", digest=a_week(), **_BASE).model_copy(update=changes)


CATALOGUE: Mapping[str, Mapping[str, Alert]] = {
    "failed job": {
        "with log and family": an_alert(family=_FAMILY, log=_LOG),
        "out of memory": an_alert(failure_class=FailureClass.OUT_OF_MEMORY, reason="AlgorithmError: exit code: 137"),
        "log not readable": an_alert(log_trouble="logs:GetLogEvents: AccessDeniedException"),
        "never started": an_alert(
            finding="job-never-started",
            failure_class=FailureClass.CAPACITY,
            reason="CapacityError: Unable to provision requested ML compute capacity",
            ran_seconds=None,
            cost_usd="0",
            pricing_reason="it never launched, so nothing is billed",
            prices=None,
        ),
        "stopped by its time limit": an_alert(
            finding="job-hit-limit",
            failure_class=FailureClass.LIMIT_EXCEEDED,
            reason=None,
            secondary_status="MaxRuntimeExceeded",
        ),
        "unknown cost and owner": an_alert(
            cost_usd=None,
            pricing="unpriced",
            owner=None,
            reason=None,
            pricing_reason="no price is known for ml.m5.xlarge (training) in us-east-1",
            prices=None,
        ),
    },
    "running job": {
        "open": RUNNING,
        "snoozed": RUNNING.model_copy(update={"outcome": "snoozed until Sat 2026-11-21 12:00 UTC", "by": "U0ANA"}),
        "stopped": RUNNING.model_copy(update={"outcome": "stopped at 12:00 UTC", "by": "U0ANA", "open": False}),
        "not started": RUNNING.model_copy(
            update={
                "started_at": None,
                "so_far_usd": None,
                "sentences": (_PENDING,),
                "use": None,
            }
        ),
    },
    "job report": {
        "failed job": job_report(a_failed_job(), a_row(a_failed_job())),
        "with utilization": job_report(
            a_failed_job(),
            a_row(a_failed_job()),
            ["CPUs: 3 % of 8 on average"],
            "ml.m5.large would have done: it has half the CPUs and costs half as much",
        ),
    },
    "unpriced type": {
        "training": UnpricedAlert(
            alert_id="u",
            finding="unpriced-type",
            account=ACCOUNT,
            region="us-east-1",
            instances="1 x ml.p9.48xlarge",
            kind=ResourceKind.TRAINING,
            instance_type="ml.p9.48xlarge",
            example="moonshot",
        )
    },
    "idle notebook": {
        "warning": NOTEBOOK,
        "trial mode": NOTEBOOK.model_copy(update={"observe": True}),
        "advice": NOTEBOOK.model_copy(
            update={
                "advice": _ONE_WAY,
                "one_way": True,
                "stop_at": None,
            }
        ),
        "kept": NOTEBOOK.model_copy(update={"outcome": "kept for 4 h, until 16:00 UTC", "by": "U0ANA"}),
        "stopped": NOTEBOOK.model_copy(update={"outcome": "stopped at 13:00 UTC", "open": False}),
        "unknown price": NOTEBOOK.model_copy(update={"hourly_usd": None, "idle_usd": None}),
    },
    "notebook news": {"alone": _NEWS, "in a thread": _NEWS.model_copy(update={"thread": "notebook-idle-1"})},
    "group": {
        "tuning job": a_group(GroupKind.PARENT, parent_arn=f"{ARN}:hyper-parameter-tuning-job/hpo-7"),
        "storm": a_group(GroupKind.STORM, label="failed (user code)", since=NOW),
        "late": a_group(GroupKind.STALE, since=NOW - timedelta(days=3)),
    },
    "digest": {
        "week": _digest(health="2 sweeps were missed this week"),
        "with chart": _digest(picture=ImageRef(image_id="F0ABCDEF12", alt_text="Bars of spending per day.")),
        "without chart": _digest(no_picture="Slack refused the picture: missing_scope"),
        "quiet day": _digest(digest=replace(QUIET, span=DAY)),
    },
    "budget": {
        "threshold": BudgetAlert(
            alert_id="b", state=BudgetState("ana", Decimal(1000), Decimal(812), NOW.date()), threshold=80, **_BASE
        ),
        "forecast": BudgetAlert(
            alert_id="b",
            state=BudgetState(EVERYBODY, Decimal(1000), Decimal(812), NOW.date(), Decimal(0), Decimal("1.41"), NOW),
            threshold=None,
            **_BASE,
        ),
    },
}
