"""Alerts about jobs as production composes them: each job goes through the recorder or the sweep, with its log."""

from datetime import timedelta
from typing import Any

from sagewatch.diagnostics.alerts import JobReport
from sagewatch.diagnostics.host_metrics import HostMetric
from sagewatch.errors import AccessDeniedError
from sagewatch.jobs.alerts import JobAlert, JobRunsAlert, UnpricedAlert
from sagewatch.sagemaker.resources import InstanceGroup, Job, JobStatus
from tests.worlds.builders import ACCOUNT, ENDED, NOW, World, a_failed_job, a_job
from tests.worlds.jobs import JobWorld, a_running_job

_OWNER = {"sagewatch:owner": "ana@example.com"}
_TWO_GPUS = (InstanceGroup("ml.g5.xlarge", 2),)
_LOG = [
    "epoch 3 of 40",
    "Traceback (most recent call last):",
    '  File "train.py", line 12, in <module>',
    "    y = rows['label']",
    "KeyError: 'label'",
]


def ran(hours: float, **changes: Any) -> Job:
    """A failed job on two GPUs that ended after so many hours."""
    seconds, begun = int(hours * 3600), ENDED - timedelta(hours=hours)
    times = {"created_at": begun - timedelta(minutes=3), "started_at": begun}
    return a_failed_job(
        **{"groups": _TWO_GPUS, "billable_seconds": seconds, "training_seconds": seconds, **times, **changes}
    )


def ended(job: Job, *earlier: Job, world: World | None = None) -> JobAlert:
    """The first alert of a job whose end the sweep finds."""
    world = world or World()
    for known in (*earlier, job):
        world.has(known)
        world.sweep()
    return next(alert for alert in world.alerts.sent if isinstance(alert, JobAlert) and alert.name == job.name)


def _with_log(*lines: str) -> World:
    world = World()
    world.logs.written["fraud-xgb-7"] = [list(lines)]
    return world


def _without_log() -> World:
    world = World()
    world.logs.failure = AccessDeniedError("logs:DescribeLogStreams of fraud-xgb-7: AccessDeniedException")
    return world


def _earlier(hours: float, number: int) -> Job:
    """A failure of the same family, so many days before."""
    name, at = f"fraud-xgb-{number}", ENDED - timedelta(days=number)
    begun, arn = at - timedelta(hours=hours), f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:training-job/{name}"
    return ran(hours, name=name, arn=arn, ended_at=at, started_at=begun, created_at=begun - timedelta(minutes=3))


FAILED = {
    "with log and family": ended(ran(11, name="fraud-xgb-7"), _earlier(2, 1), _earlier(1, 2), world=_with_log(*_LOG)),
    "out of memory": ended(ran(3, name="fraud-xgb-7", failure_reason="AlgorithmError: exit code: 137")),
    "log not readable": ended(ran(11, name="fraud-xgb-7"), world=_without_log()),
    "never started": ended(
        a_failed_job(
            name="fraud-xgb-7",
            groups=_TWO_GPUS,
            started_at=None,
            billable_seconds=None,
            training_seconds=None,
            failure_reason="CapacityError: Unable to provision requested ML compute capacity",
        )
    ),
    "stopped by its time limit": ended(
        ran(
            24,
            name="fraud-xgb-7",
            status=JobStatus.STOPPED,
            secondary_status="MaxRuntimeExceeded",
            failure_reason=None,
            max_runtime_seconds=86_400,
        )
    ),
    "unknown cost and owner": ended(
        ran(5, name="fraud-xgb-7", groups=(InstanceGroup("ml.p9.48xlarge", 1),), tags={}, failure_reason=None)
    ),
}


def running(job: Job, world: JobWorld | None = None) -> JobRunsAlert:
    """The alert of a running job that the sweep finds."""
    world = world or JobWorld()
    world.has(job)
    world.jobs.tagged[job.arn] = _OWNER
    world.sweep()
    return world.told[-1]


def _busy(world: JobWorld, job: Job, **percent: float) -> JobWorld:
    """Let both hosts do the same in every minute of the last hour."""
    minutes = [NOW - timedelta(minutes=minute) for minute in range(1, 61)]
    for host in ("algo-1", "algo-2"):
        for name, value in percent.items():
            world.metrics.points[job.kind, job.name, host, HostMetric[name.upper()]] = dict.fromkeys(minutes, value)
    return world


def pressed(action: str, *, enforce: bool = True) -> JobRunsAlert:
    """The message after a button was pressed."""
    world = _busy(JobWorld(enforce=enforce), _LONG, cpu=101, memory=60, gpu=0, gpu_memory=87)
    running(_LONG, world)
    world.press(action, _LONG)
    return world.edits[-1]


_LONG = a_running_job(
    timedelta(hours=38), name="bert-large-3", groups=_TWO_GPUS, max_runtime_seconds=172_800, secondary_status="Training"
)
RUNNING = {
    "expensive and hung": running(_LONG, _busy(JobWorld(), _LONG, cpu=4, memory=60, gpu=0, gpu_memory=87)),
    "on spot, without metrics": running(a_running_job(timedelta(hours=30), name="bert-large-3", spot=True)),
    "near its limit": running(a_running_job(timedelta(hours=9.7), name="bert-large-3", max_runtime_seconds=36_000)),
    "snoozed": pressed("snooze_job"),
    "stopped": pressed("stop_job_sure"),
    "trial mode, Stop job pressed": pressed("stop_job_sure", enforce=False),
    "not started": running(
        a_running_job(
            name="bert-large-3",
            started_at=None,
            created_at=NOW - timedelta(hours=3),
            secondary_status="Pending",
            groups=_TWO_GPUS,
        )
    ),
    "unknown price": running(
        a_running_job(timedelta(hours=30), name="bert-large-3", groups=(InstanceGroup("ml.p9.48xlarge", 1),))
    ),
}


def _reported(job: Job, **percent: float) -> JobReport:
    world = World()
    world.has(job)
    minutes = int((ENDED - (job.started_at or ENDED)).total_seconds()) // 60
    times = [ENDED - timedelta(minutes=minute) for minute in range(1, minutes + 1)]
    for group in job.groups:
        for number in range(1, group.count + 1):
            for name, value in percent.items():
                key = (job.kind, job.name, f"algo-{number}", HostMetric[name.upper()])
                world.metrics.points[key] = dict.fromkeys(times, value)
    world.sweep()
    return next(alert for alert in world.alerts.sent if isinstance(alert, JobReport))


REPORTS = {
    "a smaller type would do": _reported(
        ran(
            25,
            name="fraud-xgb-7",
            status=JobStatus.COMPLETED,
            secondary_status="Completed",
            failure_reason=None,
            volume_gb=30,
            groups=(InstanceGroup("ml.g5.xlarge", 1),),
        ),
        cpu=40,
        memory=30,
        gpu=0,
        gpu_memory=1,
        disk=9,
    ),
    "well used, on spot": _reported(
        ran(
            25,
            name="fraud-xgb-7",
            status=JobStatus.COMPLETED,
            secondary_status="Completed",
            failure_reason=None,
            spot=True,
            billable_seconds=7 * 3600,
        ),
        cpu=380,
        memory=70,
        gpu=92,
        gpu_memory=80,
        disk=40,
    ),
    "failed": _reported(ran(11, name="fraud-xgb-7"), cpu=40, memory=30, gpu=70, gpu_memory=60, disk=9),
    "without metrics": _reported(
        ran(11, name="fraud-xgb-7", status=JobStatus.COMPLETED, secondary_status="Completed", failure_reason=None)
    ),
}


def _unpriced() -> UnpricedAlert:
    world = World()
    world.has(a_job(name="moonshot", groups=(InstanceGroup("ml.p9.48xlarge", 1),)))
    world.sweep()
    return next(alert for alert in world.alerts.sent if isinstance(alert, UnpricedAlert))


UNPRICED = {"training": _unpriced()}
