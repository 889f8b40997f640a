"""Builders for played jobs, one for each kind: the create request and the Describe fields at the end."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from local.demo.player import PlayedJob
from sagewatch.sagemaker.kinds import ResourceKind

_ROLE = "arn:aws:iam::111122223333:role/DataScience"
_BUCKET = "s3://ml-team-artifacts"
_IMAGE = "111122223333.dkr.ecr.us-east-1.amazonaws.com/team:latest"


@dataclass(frozen=True)
class Run:
    """When a job ran. It was created two minutes before its start; ``minutes`` 0 means that it never started."""

    ended: datetime
    minutes: float

    def times(self, prefix: str) -> dict[str, Any]:
        """The Describe fields."""
        started = self.ended - timedelta(minutes=self.minutes)
        times: dict[str, Any] = {"CreationTime": (started - timedelta(minutes=2)).isoformat()}
        if self.minutes:
            times |= {f"{prefix}StartTime": started.isoformat(), f"{prefix}EndTime": self.ended.isoformat()}
        return times

    @classmethod
    def ago(cls, hours: float, minutes: float) -> "Run":
        """A run that ended that many hours ago."""
        return cls(datetime.now(UTC) - timedelta(hours=hours), minutes)


def training(  # noqa: PLR0913 - a play reads best on one line
    name: str,
    run: Run,
    instances: Mapping[str, int],
    *,
    status: str = "Completed",
    secondary: str | None = None,
    reason: str | None = None,
    billable: int | None = None,
    spot: bool = False,
    volume_gb: int = 30,
    **more: Any,
) -> PlayedJob:
    """A training job. ``billable`` defaults to its run time; give both for ``spot`` jobs."""
    groups = [
        {"InstanceGroupName": f"group-{number}", "InstanceType": kind, "InstanceCount": count}
        for number, (kind, count) in enumerate(instances.items())
    ]
    [(only_type, only_count), *_] = instances.items()
    fleet = {"InstanceGroups": groups} if len(groups) > 1 else {"InstanceType": only_type, "InstanceCount": only_count}
    ran = round(run.minutes * 60)
    seconds = {"BillableTimeInSeconds": ran if billable is None else billable, "TrainingTimeInSeconds": ran}
    return PlayedJob(
        kind=ResourceKind.TRAINING,
        name=name,
        request={
            "AlgorithmSpecification": {"TrainingImage": _IMAGE, "TrainingInputMode": "File"},
            "HyperParameters": {"max_depth": "6"},
            "RoleArn": _ROLE,
            "OutputDataConfig": {"S3OutputPath": f"{_BUCKET}/models"},
            "ResourceConfig": {**fleet, "VolumeSizeInGB": volume_gb},
            "StoppingCondition": {"MaxRuntimeInSeconds": 86400},
            "EnableManagedSpotTraining": spot,
        },
        end={
            "TrainingJobStatus": status,
            "SecondaryStatus": secondary or status,
            "FailureReason": reason,
            "ModelArtifacts": {"S3ModelArtifacts": f"{_BUCKET}/models/{name}/output/model.tar.gz"},
            **run.times("Training"),
            **(seconds if run.minutes else {}),
        },
        **more,
    )


def processing(
    name: str,
    run: Run,
    instances: Mapping[str, int],
    *,
    status: str = "Completed",
    reason: str | None = None,
    **more: Any,
) -> PlayedJob:
    """A processing job."""
    [(instance_type, count)] = instances.items()
    cluster = {"InstanceType": instance_type, "InstanceCount": count, "VolumeSizeInGB": 30}
    output = {"OutputName": "features", "AppManaged": False}
    place = {"S3Uri": f"{_BUCKET}/features/{name}", "LocalPath": "/opt/ml/out", "S3UploadMode": "EndOfJob"}
    return PlayedJob(
        kind=ResourceKind.PROCESSING,
        name=name,
        request={
            "AppSpecification": {"ImageUri": _IMAGE},
            "RoleArn": _ROLE,
            "ProcessingResources": {"ClusterConfig": cluster},
            "ProcessingOutputConfig": {"Outputs": [{**output, "S3Output": place}]},
            "StoppingCondition": {"MaxRuntimeInSeconds": 86400},
        },
        end={"ProcessingJobStatus": status, "FailureReason": reason, **run.times("Processing")},
        **more,
    )


def transform(
    name: str,
    run: Run,
    instances: Mapping[str, int],
    *,
    status: str = "Completed",
    reason: str | None = None,
    **more: Any,
) -> PlayedJob:
    """A batch transform job."""
    [(instance_type, count)] = instances.items()
    return PlayedJob(
        kind=ResourceKind.TRANSFORM,
        name=name,
        request={
            "ModelName": "churn",
            "TransformInput": {
                "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"{_BUCKET}/to-score"}}
            },
            "TransformOutput": {"S3OutputPath": f"{_BUCKET}/scores/{name}"},
            "TransformResources": {"InstanceType": instance_type, "InstanceCount": count},
        },
        end={"TransformJobStatus": status, "FailureReason": reason, **run.times("Transform")},
        **more,
    )


def tuning(name: str, run: Run, *, status: str = "Completed", reason: str | None = None, **more: Any) -> PlayedJob:
    """A hyperparameter tuning job; its training jobs are played separately."""
    limits = {"MaxNumberOfTrainingJobs": 2, "MaxParallelTrainingJobs": 2}
    times = {key: value for key, value in run.times("HyperParameterTuning").items() if "StartTime" not in key}
    return PlayedJob(
        kind=ResourceKind.TUNING,
        name=name,
        request={"HyperParameterTuningJobConfig": {"Strategy": "Bayesian", "ResourceLimits": limits}},
        end={"HyperParameterTuningJobStatus": status, "FailureReason": reason, **times},
        **more,
    )


def automl(name: str, run: Run, *, status: str = "Completed", reason: str | None = None, **more: Any) -> PlayedJob:
    """An AutoML job, which sends no event; the jobs it started are played separately."""
    place = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"{_BUCKET}/to-learn"}}
    return PlayedJob(
        kind=ResourceKind.AUTOML,
        name=name,
        request={
            "AutoMLJobInputDataConfig": [{"DataSource": place}],
            "OutputDataConfig": {"S3OutputPath": f"{_BUCKET}/automl"},
            "AutoMLProblemTypeConfig": {
                "TextClassificationJobConfig": {"ContentColumn": "text", "TargetLabelColumn": "label"}
            },
            "RoleArn": _ROLE,
        },
        end={
            "AutoMLJobStatus": status,
            "AutoMLJobSecondaryStatus": status,
            "FailureReason": reason,
            "CreationTime": (run.ended - timedelta(minutes=run.minutes)).isoformat(),
            "EndTime": run.ended.isoformat(),
        },
        lost=True,
        **more,
    )


def plain_job(kind: ResourceKind, name: str, run: Run, **more: Any) -> PlayedJob:
    """Return a job of any kind, on one small instance if its kind has any. Raises ``ValueError`` for what is no job."""
    match kind:
        case ResourceKind.TRAINING:
            return training(name, run, _SMALL, **more)
        case ResourceKind.PROCESSING:
            return processing(name, run, _SMALL, **more)
        case ResourceKind.TRANSFORM:
            return transform(name, run, _SMALL, **more)
        case ResourceKind.TUNING:
            return tuning(name, run, **more)
        case ResourceKind.AUTOML:
            return automl(name, run, **more)
        case _:
            raise ValueError(f"a {kind} is not a job")


_SMALL = {"ml.m5.xlarge": 1}
