"""Jobs that fail in bulk and jobs that run too long, for `make demo`."""

from collections.abc import Sequence
from dataclasses import replace

from local.demo.builders import Run, processing, training, tuning
from local.demo.player import PlayedJob, Stage

_ANA = {"sagewatch:owner": "ana@example.com"}
_CHI = {"Owner": "chi@example.com"}
_SWEEP = "arn:aws:sagemaker:us-east-1:111122223333:hyper-parameter-tuning-job/hpo-lr"
# A hung job: four GPUs at 0 of 100, one busy thread of 48.
_HUNG = {
    "GPUUtilization": (0,),
    "GPUMemoryUtilization": (352,),
    "CPUUtilization": (101, 99),
    "MemoryUtilization": (12,),
    "DiskUtilization": (8,),
}


def a_rough_hour() -> tuple[PlayedJob, ...]:
    """A tuning job whose children mostly fail, many equal failures, and two ends reported two days late."""
    diverged = "AlgorithmError: loss is nan, exit code: 1"
    denied = "ClientError: Data download failed: Access Denied for s3://lake/raw"
    children = [
        training(f"hpo-lr-{n:03}", Run.ago(0.1, 12), {"ml.m5.xlarge": 1}, status="Failed", reason=diverged, tags=_ANA)
        for n in range(8)
    ]
    storm = [
        processing(f"ingest-{n:02}", Run.ago(0.05, 3), {"ml.m5.large": 1}, status="Failed", reason=denied, tags=_CHI)
        for n in range(7)
    ]
    late = [
        training(
            f"reported-late-{n}",
            Run.ago(50 + n, 90),
            {"ml.g5.12xlarge": 4},
            status="Failed",
            reason=diverged,
            tags=_CHI,
        )
        for n in range(2)
    ]
    return (
        tuning("hpo-lr", Run.ago(0.05, 30), tags=_ANA),
        *(replace(child, end={**child.end, "TuningJobArn": _SWEEP}) for child in children),
        *storm,
        *late,
    )


def what_runs() -> tuple[PlayedJob, ...]:
    """A job that has been hanging for thirty hours, and one that waits for capacity."""
    hung = training("bert-pretrain", Run.ago(0.05, 30 * 60), {"ml.g5.12xlarge": 1}, tags=_ANA, metrics=_HUNG)
    limit = {"StoppingCondition": {"MaxRuntimeInSeconds": 3 * 86400}}
    return (
        replace(hung, request={**hung.request, **limit}),
        training("waits-for-p5", Run.ago(0, 130), {"ml.p5.48xlarge": 1}, tags=_CHI),
    )


def begin(stage: Stage, jobs: Sequence[PlayedJob]) -> None:
    """Create jobs that are running or waiting, and send their events."""
    hung, waiting = jobs
    for job in jobs:
        stage.create(job)
    stage.control("training-job", hung.name, {"TrainingStartTime": hung.end["TrainingStartTime"]})
    stage.control("training-job", waiting.name, {"SecondaryStatus": "Pending"})
    for job in jobs:
        stage.announce(job, stage.detail(job))
    stage.measure(replace(hung, end={**hung.end, **Run.ago(0, 75).times("Training")}))
