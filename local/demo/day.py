"""A day in an ML team: what `make demo` plays."""

from dataclasses import replace

from local.demo.builders import Run, automl, processing, training, transform, tuning
from local.demo.failures import other_failures
from local.demo.player import PlayedJob

_ANA = {"sagewatch:owner": "ana@example.com", "team": "risk"}
_BO = {"owner": "bo@example.com", "team": "vision"}
_CHI = {"Owner": "chi@example.com", "team": "ads"}

# What containers write: progress bars, colours, and sometimes secrets.
_OUT_OF_MEMORY = (
    "\x1b[32mINFO\x1b[0m reading s3://ml-team-artifacts/churn as chi@example.com",
    "HF_TOKEN=hf_abcdefghijklmnopqrstuvwxyz012345",
    " 10%|#         | 1/10 [00:31<04:39, 31.0s/it]\r 20%|##        | 2/10 [01:02<04:08, 31.0s/it]",
    "Traceback (most recent call last):",
    '  File "/opt/ml/code/train.py", line 88, in <module>',
    "    loss = step(model, batch, token='hf_abcdefghijklmnopqrstuvwxyz012345')",
    '  File "/opt/ml/code/train.py", line 41, in step',
    "    return model(batch).loss",
    "torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.31 GiB (GPU 0; 22.19 GiB total capacity)",
    "2026-11-25 10:31:22,123 sagemaker-training-toolkit ERROR    Reporting training FAILURE",
)
_BAD_COLUMN = (
    "reading 12 files",
    "Traceback (most recent call last):",
    '  File "/opt/ml/processing/input/code/prep.py", line 23, in <module>',
    '    frame["```amount```"] = frame["amount"].astype(float)',
    "ValueError: could not convert string to float: '<!channel> & friends'",
)


# Of four GPUs and 48 vCPUs: 0 to 400, 0 to 400, 0 to 4800, and 0 to 100.
_ON_ONE_OF_FOUR = {
    "GPUUtilization": (38, 61, 12, 47),
    "GPUMemoryUtilization": (43.5, 44, 44),
    "CPUUtilization": (110, 140, 95),
    "MemoryUtilization": (4.1, 4.6),
    "DiskUtilization": (3, 4),
}


def a_day() -> tuple[PlayedJob, ...]:
    """Jobs of all five kinds that finish, fail, stop or hit a limit, with correct, damaged and missing events."""
    children = tuple(
        training(f"hpo-xgb-{number:03}", Run.ago(3.5, 18), {"ml.m5.xlarge": 1}, tags=_ANA) for number in (1, 2)
    )
    tuner, auto = (
        f"arn:aws:sagemaker:us-east-1:111122223333:{kind}/{name}"
        for kind, name in (("hyper-parameter-tuning-job", "hpo-xgb"), ("automl-job", "auto-churn"))
    )
    candidate = training("auto-churn-c1", Run.ago(2.2, 26), {"ml.m5.4xlarge": 1}, tags=_BO)
    return (
        training("fraud-xgb-0412", Run.ago(9, 58), {"ml.m5.xlarge": 2}, tags=_ANA, copies=6),
        training(
            "churn-lstm-gpu",
            Run.ago(8, 41),
            {"ml.g5.2xlarge": 1},
            status="Failed",
            reason="AlgorithmError: ExecuteUserScriptError: ExitCode 1\n"
            'ErrorMessage "torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.31 GiB"',
            tags=_CHI,
            log=_OUT_OF_MEMORY,
        ),
        training(
            "llm-finetune-p5",
            Run.ago(7.5, 0),
            {"ml.p5.48xlarge": 2},
            status="Failed",
            reason="CapacityError: Unable to provision requested ML compute capacity."
            " Please retry using a different ML instance type.",
            tags=_BO,
        ),
        processing(
            "features-daily",
            Run.ago(7, 22),
            {"ml.m5.4xlarge": 1},
            status="Failed",
            reason="AlgorithmError: <prep.py> & friends ended with exit code: 1 <!channel>",
            tags=_ANA,
            log=_BAD_COLUMN,
        ),
        training("vision-resnet-a", Run.ago(6, 95), {"ml.g5.xlarge": 1}, status="Stopped", tags=_BO),
        training(
            "recsys-two-tower",
            Run.ago(5, 24 * 60),
            {"ml.g5.12xlarge": 1},
            status="Stopped",
            secondary="MaxRuntimeExceeded",
            tags=_CHI,
            metrics=_ON_ONE_OF_FOUR,
        ),
        training("tabnet-spot", Run.ago(4.5, 120), {"ml.m5.2xlarge": 4}, billable=2520, spot=True, tags=_CHI),
        training("detector-mixed", Run.ago(4, 75), {"ml.g5.xlarge": 2, "ml.c5.2xlarge": 4}, tags=_BO),
        automl("auto-churn", Run.ago(2, 55), tags=_BO),
        replace(candidate, end={**candidate.end, "AutoMLJobArn": auto}),
        *(replace(child, end={**child.end, "TuningJobArn": tuner}) for child in children),
        tuning("hpo-xgb", Run.ago(3, 40), tags=_ANA),
        transform("score-nightly", Run.ago(2.5, 33), {"ml.m5.xlarge": 3}, tags=_CHI, late_start=True),
        transform(
            "score-archive",
            Run.ago(2, 6),
            {"ml.m5.large": 1},
            status="Failed",
            reason="ClientError: No S3 objects found under prefix",
            tags=_CHI,
        ),
        processing("drift-report", Run.ago(1.5, 12), {"ml.m5.xlarge": 1}, tags=_ANA),
        training(
            "ranker-lost-event",
            Run.ago(1.2, 47),
            {"ml.g5.xlarge": 1},
            status="Failed",
            reason="ClientError: Artifact upload failed: Access Denied",
            tags=_ANA,
            lost=True,
        ),
        training("moonshot", Run.ago(1, 180), {"ml.p9.48xlarge": 1}, tags=_BO),
        training("quick-check", Run.ago(0.2, 1.5), {"ml.m5.large": 1}),
        *other_failures(),
    )
