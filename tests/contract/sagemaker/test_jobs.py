"""The jobs port on moto's SageMaker, extended as the local cloud extends it.

SageMaker differs from moto in the sentence for a missing job ("Requested resource not found."), which the adapter also
knows, and in that it throttles.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber
from flask import Flask, Response, jsonify
from moto.core.models import DEFAULT_ACCOUNT_ID

from local.demo.builders import Run, processing, training, transform, tuning
from local.demo.player import PlayedJob, Stage
from local.sagemaker.control import control_app
from sagewatch.adapters.sagemaker.jobs import SageMakerJobs, is_gone, read_tags
from sagewatch.errors import AccessDeniedError, JobNotFoundError, SageWatchError, ThrottledError, UnavailableError
from sagewatch.pricing.accrual import accrual_of
from sagewatch.pricing.book import Rates
from sagewatch.pricing.job_cost import PricingStatus, cost_of
from sagewatch.sagemaker.kinds import JOB_KINDS, ResourceKind
from sagewatch.sagemaker.resources import InstanceGroup, JobStatus
from sagewatch.sagemaker.tags import PROTECT_TAG
from tests.worlds.aws import Aws
from tests.worlds.builders import ACCOUNT, BOOK, CREATED, ENDED, STARTED, a_job
from tests.worlds.builders import NOW as MOMENT
from tests.worlds.servers import serving

NOW = Run.ago(1, 30)
PLAYED: list[PlayedJob] = [
    training("Contract-Train", NOW, {"ml.m5.xlarge": 2}, tags={"team": "risk"}),
    processing("Contract-Process", NOW, {"ml.m5.xlarge": 1}, tags={"team": "risk"}),
    transform("Contract-Transform", NOW, {"ml.m5.xlarge": 3}, tags={"team": "risk"}),
    tuning("Contract-Tune", NOW, tags={"team": "risk"}),
]


PREFERRED = {
    "InstancePreferences": [
        {"InstanceType": "ml.p5.48xlarge", "InstanceCount": 1},
        {"InstanceType": "ml.g5.xlarge", "InstanceCount": 4},
    ],
    "VolumeSizeInGB": 30,
}
FLEXIBLE: dict[str, Any] = {
    "TrainingJobName": "flexible",
    "TrainingJobArn": f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:training-job/flexible",
    "TrainingJobStatus": "InProgress",
    "SecondaryStatus": "Training",
    "CreationTime": CREATED,
    "ModelArtifacts": {"S3ModelArtifacts": "s3://bucket/model"},
    "StoppingCondition": {"MaxRuntimeInSeconds": 86400},
    "ResourceConfig": PREFERRED | {"SelectedInstanceType": "ml.g5.xlarge", "SelectedInstanceCount": 4},
}
FINISHED = {
    "TrainingJobStatus": "Completed",
    "TrainingStartTime": STARTED,
    "TrainingEndTime": ENDED,
    "BillableTimeInSeconds": 3600,
}


@pytest.fixture
def jobs(aws: Aws) -> SageMakerJobs:
    """The adapter."""
    return SageMakerJobs(lambda region: aws.client("sagemaker", region), lambda: datetime.now(UTC))


@pytest.fixture(scope="session")
def stage(aws_url: str) -> Iterator[Stage]:
    """What creates jobs."""
    env = {"AWS_ACCESS_KEY_ID": ACCOUNT, "AWS_SECRET_ACCESS_KEY": "local", "AWS_REGION": "us-east-1"}
    with serving(control_app(DEFAULT_ACCOUNT_ID, "us-east-1")) as control:
        yield Stage({**env, "AWS_ENDPOINT_URL": aws_url, "SAGEMAKER_CONTROL_URL": control})


@pytest.mark.parametrize("played", PLAYED, ids=lambda played: played.kind)
def test_every_kind_of_job_is_described(jobs: SageMakerJobs, stage: Stage, played: PlayedJob) -> None:
    """A job that was just created runs, and is named, dated and sized as it was asked for."""
    stage.create(played)
    found = jobs.describe(a_job(kind=played.kind, name=played.name))

    assert (found.name, found.status, found.kind) == (played.name, JobStatus.IN_PROGRESS, played.kind)
    assert found.created_at is not None
    assert found.ended_at is None
    assert found.arn.endswith(played.name.lower())
    expected = {"training": 2, "processing": 1, "transform": 3}.get(played.kind)
    assert found.groups == ((InstanceGroup("ml.m5.xlarge", expected),) if expected else ())
    assert jobs.tags(found.arn, "us-east-1") == {"team": "risk"}


@pytest.mark.parametrize("kind", JOB_KINDS)
def test_a_job_that_is_not_there_is_not_found(jobs: SageMakerJobs, kind: ResourceKind) -> None:
    """Whichever of its two errors SageMaker chooses."""
    with pytest.raises(JobNotFoundError):
        jobs.describe(a_job(kind=kind, name="nobody"))


def test_a_job_is_looked_for_in_its_own_region(jobs: SageMakerJobs, stage: Stage) -> None:
    """And not in the function's."""
    stage.create(training("Contract-Ireland", NOW, {"ml.m5.xlarge": 1}, region="eu-west-1"))

    assert jobs.describe(a_job(name="Contract-Ireland", region="eu-west-1")).region == "eu-west-1"
    with pytest.raises(JobNotFoundError):
        jobs.describe(a_job(name="Contract-Ireland", region="us-east-1"))


def test_a_job_that_is_gone_has_no_tags(jobs: SageMakerJobs) -> None:
    """Deleted between two calls."""
    assert jobs.tags(f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:training-job/nobody", "us-east-1") == {}


def test_a_parents_tags_are_asked_for_once_in_five_minutes(aws: Aws, stage: Stage) -> None:
    """However many children it has."""
    asked: list[str] = []

    def client_for(region: str) -> Any:
        asked.append(region)
        return aws.client("sagemaker", region)

    moments = [MOMENT]
    jobs = SageMakerJobs(client_for, lambda: moments[-1])
    stage.create(tuning("contract-parent", NOW, tags={"owner": "ana"}))
    arn = f"arn:aws:sagemaker:us-east-1:{DEFAULT_ACCOUNT_ID}:hyper-parameter-tuning-job/contract-parent"
    seen = [jobs.tags(arn, "us-east-1") for _ in range(3)]
    moments.append(moments[-1] + timedelta(minutes=5))
    seen.append(jobs.tags(arn, "us-east-1"))

    assert seen == [{"owner": "ana"}] * 4
    assert len(asked) == 2


@pytest.mark.parametrize(
    ("code", "message", "gone"),
    [
        ("ValidationException", "Requested resource not found.", True),
        ("ValidationException", "Could not find job to update with name x", True),
        ("ResourceNotFound", "", True),
        ("ValidationException", "1 validation error detected: Value '' at 'trainingJobName'", False),
        ("ThrottlingException", "Rate exceeded", False),
        ("AccessDeniedException", "not found in the policy", False),
    ],
)
def test_gone_is_told_from_refused(code: str, message: str, gone: bool) -> None:  # noqa: FBT001 - a parameter
    """The service has no finer code than ValidationException."""
    assert is_gone(ClientError({"Error": {"Code": code, "Message": message}}, "DescribeTrainingJob")) is gone


def test_no_answer_is_unavailable() -> None:
    """No server listens at that address."""

    def nobody(region: str) -> Any:
        return Aws("http://127.0.0.1:9").client("sagemaker", region)

    client_for: Callable[[str], Any] = nobody
    with pytest.raises(UnavailableError, match="EndpointConnectionError"):
        SageMakerJobs(client_for, lambda: MOMENT).describe(a_job())


@pytest.mark.parametrize(
    ("code", "expected"),
    [("ThrottlingException", ThrottledError), ("AccessDeniedException", AccessDeniedError)],
)
def test_a_service_that_refuses_for_now_is_told_apart(code: str, expected: type[SageWatchError]) -> None:
    """Rate exceeded, and a permission that is missing: the event goes back to its queue."""
    app = Flask("sagemaker")

    @app.post("/")
    def refuse() -> tuple[Response, int]:
        return jsonify(__type=code, message="Rate exceeded"), 400

    with serving(app) as url:
        jobs = SageMakerJobs(lambda region: Aws(url).client("sagemaker", region), lambda: MOMENT)
        with pytest.raises(expected, match=f"Fraud-XGB-01 in us-east-1: {code}: Rate exceeded"):
            jobs.describe(a_job())


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (FLEXIBLE | FINISHED, (PricingStatus.PRICED, Decimal("5.632"))),
        (FLEXIBLE | FINISHED | {"ResourceConfig": PREFERRED}, (PricingStatus.UNPRICED, None)),
        (FLEXIBLE | {"TrainingJobStatus": "Failed", "ResourceConfig": PREFERRED}, (PricingStatus.PRICED, Decimal(0))),
    ],
    ids=["selected", "selection unknown", "no capacity"],
)
def test_a_job_with_instance_preferences_costs_what_was_selected(
    aws: Aws, answer: dict[str, Any], expected: tuple[PricingStatus, Decimal | None]
) -> None:
    """Botocore's stubber checks that SageMaker may answer like this."""
    client = aws.client("sagemaker")
    with Stubber(client) as stubber:
        stubber.add_response("describe_training_job", answer)
        job = SageMakerJobs(lambda _: client, lambda: MOMENT).describe(a_job(name="flexible"))
    cost = cost_of(job, BOOK)

    assert (cost.pricing, cost.usd) == expected


def test_a_running_job_with_instance_preferences_accrues(aws: Aws) -> None:
    """Alerts about expensive jobs need its hourly price."""
    client = aws.client("sagemaker")
    with Stubber(client) as stubber:
        stubber.add_response("describe_training_job", FLEXIBLE | {"TrainingStartTime": STARTED})
        job = SageMakerJobs(lambda _: client, lambda: MOMENT).describe(a_job(name="flexible"))

    assert accrual_of(job, Rates(BOOK, Decimal(0)), ENDED).so_far == Decimal("5.632")


def test_tags_on_a_second_page_count() -> None:
    """AWS's own tags come on top of the user's fifty."""
    client = boto3.client("sagemaker", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
    stub = Stubber(client)
    pages = ([{"Key": f"aws:{number}", "Value": "v"} for number in range(50)], [{"Key": PROTECT_TAG, "Value": "yes"}])
    stub.add_response("list_tags", {"Tags": pages[0], "NextToken": "t"}, {"ResourceArn": a_job().arn})
    stub.add_response("list_tags", {"Tags": pages[1]}, {"ResourceArn": a_job().arn, "NextToken": "t"})
    with stub:
        tags = read_tags(client, a_job().arn)

    assert (len(tags), PROTECT_TAG in tags) == (51, True)
