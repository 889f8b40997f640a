"""Groups as delivery composes them: many alerts of jobs, counted one after the other."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sagewatch.alerts.grouping import GroupAlert, group_of
from sagewatch.jobs.alerts import JobAlert
from sagewatch.sagemaker.resources import InstanceGroup
from tests.fakes.delivery import InMemoryAlertGroups
from tests.unit.slack.messages.samples.jobs import ended
from tests.worlds.builders import ACCOUNT, ENDED, NOW, a_failed_job

_HPO = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:hyper-parameter-tuning-job/hpo-7"
_MEMORY = {"failure_reason": "AlgorithmError: exit code: 137"}


def grouped(alerts: Sequence[JobAlert], now: datetime) -> GroupAlert:
    """What delivery makes of many alerts."""
    groups = InMemoryAlertGroups()
    for alert in alerts:
        group, member = group_of(alert, now), alert.member
        assert group
        assert member
        groups.add(group.group, alert.alert_id, member, now)
    assert group
    return group.model_copy(update={"alert_id": group.group, "summary": groups.read(group.group)})


def _failures(count: int, *, name: str = "etl", **changes: Any) -> list[JobAlert]:
    """Failures within four minutes; the fourth has no known price."""
    unknown = {"groups": (InstanceGroup("ml.p9.48xlarge", 1),)}
    return [
        ended(
            a_failed_job(
                **{
                    "name": f"{name}-{number:03}",
                    "arn": f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:training-job/{name}-{number:03}",
                    "started_at": ENDED + timedelta(seconds=number - 120),
                    "ended_at": ENDED + timedelta(seconds=number),
                    "billable_seconds": 120,
                    "training_seconds": 120,
                    **(unknown if number == 4 else {}),
                    **changes,
                }
            )
        )
        for number in range(1, count + 1)
    ]


GROUPS = {
    "tuning job": grouped(
        _failures(26, name="hpo-7", parent_arn=_HPO) + _failures(12, name="hpo-7-big", parent_arn=_HPO, **_MEMORY),
        NOW,
    ),
    "storm": grouped(_failures(30), NOW),
    "late": grouped(
        [*_failures(30), *_failures(4, name="big", **_MEMORY)],
        NOW + timedelta(days=3),
    ),
}
