"""The listings port on moto's SageMaker, as the local cloud extends it.

SageMaker differs from it in that it throttles: ListTrainingJobs above two requests a second.
"""

from datetime import UTC, datetime, timedelta

import pytest
from moto.core.models import DEFAULT_ACCOUNT_ID

from local.jobs import PlayedJob, Run, Stage, automl, processing, training, transform, tuning
from local.sagemaker import control_app
from sagewatch.adapters.sagemaker_lists import SageMakerLists
from sagewatch.ports import ListedJob
from sagewatch.resources import JobKind, JobStatus
from tests.builders import ACCOUNT
from tests.contract.conftest import Aws
from tests.servers import serving

REGION = "sa-east-1"  # a region of its own: other tests' jobs are in others
START = datetime(2026, 11, 1, tzinfo=UTC)


def a_played_job(kind: JobKind, number: int) -> PlayedJob:
    """A job created that many hours after ``START``."""
    run = Run(START + timedelta(hours=number, minutes=32), 30)
    name = f"{kind}-{number:03}"
    match kind:
        case JobKind.TRAINING:
            return training(name, run, {"ml.m5.xlarge": 1}, region=REGION)
        case JobKind.PROCESSING:
            return processing(name, run, {"ml.m5.xlarge": 1}, region=REGION)
        case JobKind.TRANSFORM:
            return transform(name, run, {"ml.m5.xlarge": 1}, region=REGION)
        case JobKind.TUNING:
            return tuning(name, run, region=REGION)
        case JobKind.AUTOML:
            return automl(name, Run(run.ended, 32), region=REGION)


@pytest.fixture(scope="module")
def stage(aws_url: str) -> Stage:
    """Three jobs of each kind, the newest first, and 205 training jobs more."""
    env = {"AWS_ACCESS_KEY_ID": ACCOUNT, "AWS_SECRET_ACCESS_KEY": "local", "AWS_REGION": REGION}
    with serving(control_app(DEFAULT_ACCOUNT_ID, REGION)) as control:
        stage = Stage({**env, "AWS_ENDPOINT_URL": aws_url, "SAGEMAKER_CONTROL_URL": control})
        for kind in JobKind:
            for number in (3, 2, 1):
                stage.create(a_played_job(kind, number))
        for number in range(10, 215):
            stage.create(a_played_job(JobKind.TRAINING, number))
        stage.finish(a_played_job(JobKind.TRAINING, 2))
    return stage


def listed(aws: Aws, paces: list[int], kind: JobKind, region: str, since: datetime) -> list[ListedJob]:
    """All pages, counting the waits."""
    lists = SageMakerLists(lambda region: aws.client("sagemaker", region), lambda _: paces.append(1))
    return [job for page in lists.created_since(kind, region, since) for job in page]


@pytest.mark.usefixtures("stage")
@pytest.mark.parametrize("kind", [JobKind.PROCESSING, JobKind.TRANSFORM, JobKind.TUNING, JobKind.AUTOML])
def test_every_kind_is_listed_oldest_first(aws: Aws, kind: JobKind) -> None:
    """From the time that was asked for."""
    found = listed(aws, [], kind, REGION, START + timedelta(hours=1, minutes=30))

    assert [job.name for job in found] == [f"{kind}-002", f"{kind}-003"]
    assert [job.created_at for job in found] == [START + timedelta(hours=hours) for hours in (2, 3)]
    assert {job.status for job in found} == {JobStatus.IN_PROGRESS}


@pytest.mark.usefixtures("stage")
def test_every_page_is_read_with_a_wait_before_each(aws: Aws) -> None:
    """208 jobs are three pages."""
    paces: list[int] = []
    found = listed(aws, paces, JobKind.TRAINING, REGION, START)

    assert len({job.arn for job in found}) == 208
    assert [job.created_at for job in found] == sorted(job.created_at for job in found)
    assert len(paces) == 3
    assert found[1].status is JobStatus.COMPLETED


@pytest.mark.usefixtures("stage")
def test_what_is_old_costs_nothing(aws: Aws) -> None:
    """One page, however long the account's history."""
    paces: list[int] = []
    found = listed(aws, paces, JobKind.TRAINING, REGION, START + timedelta(hours=212, minutes=30))

    assert [job.name for job in found] == ["training-213", "training-214"]
    assert len(paces) == 1


@pytest.mark.usefixtures("stage")
def test_a_page_can_be_empty_and_not_the_last(aws: Aws) -> None:
    """A status narrows after the page is cut, on AWS and here: whoever stops at an empty page misses jobs."""
    client = aws.client("sagemaker", REGION)
    page = client.list_training_jobs(
        StatusEquals="Completed", MaxResults=100, SortBy="CreationTime", SortOrder="Descending"
    )

    assert page["TrainingJobSummaries"] == []
    assert page["NextToken"]


def test_a_region_without_jobs_has_none(aws: Aws) -> None:
    """And costs a call a kind."""
    assert listed(aws, [], JobKind.TRAINING, "eu-north-1", START) == []
