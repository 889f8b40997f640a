"""The alert about an account that cannot be read."""

from datetime import datetime
from typing import Literal

from pydantic import AwareDatetime

from sagewatch.alerts.base import AlertBase, alert_id
from sagewatch.sagemaker.scopes import Scope, account_in, region_of
from sagewatch.spokes.ports import Problem, Trouble

STEPS = {
    Problem.ROLE: "For SageWatch's operator: its read role there is missing or does not trust SageWatch. Deploy "
    "`spoke.yaml` there again (`make spoke-template`).",
    Problem.DENIED: "For an AWS administrator: look for a service control policy or permissions boundary that blocks "
    "SageWatch's read role.",
    Problem.REGION: "For SageWatch's operator: enable {region} in account {account} and in SageWatch's account. If "
    "that region is not in use, delete the stack of `spoke.yaml` there.",
    Problem.SILENT: "SageWatch tries again every 15 minutes. For its operator: if it lasts for a day, see AWS Health "
    "for that region.",
}


class AccountUnreadable(AlertBase):
    """SageWatch cannot read a region of an account; its jobs and notebooks are not swept until it can."""

    finding: Literal["account-unreadable"] = "account-unreadable"
    problem: Problem
    reason: str
    since: AwareDatetime

    @property
    def step(self) -> str:
        """What to do about it."""
        return STEPS[self.problem].format(region=self.region, account=self.account)


def account_unreadable(scope: Scope, trouble: Trouble, reason: str, now: datetime) -> AccountUnreadable:
    """Report an account once a day and problem, however many of its regions have it; a region that is off by itself."""
    account, region = account_in(scope) or "", region_of(scope)
    where = region if trouble.problem is Problem.REGION else ""
    identity = alert_id("account-unreadable", account, where, trouble.problem, f"{now:%Y-%m-%d}")
    return AccountUnreadable(
        alert_id=identity,
        account=account,
        region=region,
        instances=None,
        thread_key=alert_id("incident", "account", account),
        happened_at=now,
        problem=trouble.problem,
        reason=reason,
        since=trouble.since,
    )
