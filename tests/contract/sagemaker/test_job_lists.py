"""The listings port on moto's SageMaker, as the local cloud extends it.

SageMaker differs from it in that it throttles: ListTrainingJobs above two requests a second.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from moto.core.models import DEFAULT_ACCOUNT_ID

from local.demo.builders import Run, plain_job
from local.demo.player import PlayedJob, Stage, post_json
from local.sagemaker.control import control_app
from sagewatch.adapters.sagemaker.job_lists import SageMakerLists
from sagewatch.errors import UnavailableError, UnreadableError
from sagewatch.sagemaker.kinds import JOB_KINDS, ResourceKind
from sagewatch.sagemaker.ports import ListedJob
from tests.worlds.aws import Aws
from tests.worlds.builders import ACCOUNT, NOW
from tests.worlds.servers import serving

REGION = "sa-east-1"  # a region of its own: other tests' jobs are in others
START = datetime(2026, 11, 1, tzinfo=UTC)


def a_played_job(kind: ResourceKind, number: int) -> PlayedJob:
    """A job created that many hours after ``START``."""
    run = Run(START + timedelta(hours=number, minutes=32), 30)
    if kind is ResourceKind.AUTOML:  # it runs from its creation on
        run = Run(run.ended, 32)
    return plain_job(kind, f"{kind}-{number:03}", run, region=REGION)


@pytest.fixture(scope="module")
def stage(aws_url: str) -> Stage:
    """Three jobs of each kind, the newest first, and 205 training jobs more."""
    env = {"AWS_ACCESS_KEY_ID": ACCOUNT, "AWS_SECRET_ACCESS_KEY": "local", "AWS_REGION": REGION}
    with serving(control_app(DEFAULT_ACCOUNT_ID, REGION)) as control:
        stage = Stage({**env, "AWS_ENDPOINT_URL": aws_url, "SAGEMAKER_CONTROL_URL": control})
        for kind in JOB_KINDS:
            for number in (3, 2, 1):
                stage.create(a_played_job(kind, number))
        for number in range(10, 215):
            stage.create(a_played_job(ResourceKind.TRAINING, number))
        stage.finish(a_played_job(ResourceKind.TRAINING, 2))
    return stage


def read(pages: Iterable[Sequence[ListedJob | UnreadableError]]) -> Iterator[ListedJob]:
    """The jobs of all pages; none of them is unreadable."""
    for page in pages:
        for job in page:
            assert isinstance(job, ListedJob)
            yield job


def listed(aws: Aws, paces: list[int], kind: ResourceKind, region: str, since: datetime) -> list[ListedJob]:
    """All pages, counting the waits."""
    lists = SageMakerLists(lambda region: aws.client("sagemaker", region), lambda _: paces.append(1))
    return list(read(lists.created_since(kind, region, since)))


@pytest.mark.usefixtures("stage")
@pytest.mark.parametrize("kind", [kind for kind in JOB_KINDS if kind is not ResourceKind.TRAINING])
def test_every_kind_is_listed_newest_first(aws: Aws, kind: ResourceKind) -> None:
    """From the time that was asked for."""
    found = listed(aws, [], kind, REGION, START + timedelta(hours=1, minutes=30))

    assert [job.name for job in found] == [f"{kind}-003", f"{kind}-002"]
    assert [job.created_at for job in found] == [START + timedelta(hours=hours) for hours in (3, 2)]


@pytest.mark.usefixtures("stage")
def test_every_page_is_read_with_a_wait_before_each(aws: Aws) -> None:
    """208 jobs are three pages."""
    paces: list[int] = []
    found = listed(aws, paces, ResourceKind.TRAINING, REGION, START)

    assert len({job.arn for job in found}) == 208
    assert [job.created_at for job in found] == sorted((job.created_at for job in found), reverse=True)
    assert len(paces) == 3


@pytest.mark.usefixtures("stage")
def test_what_is_old_costs_nothing(aws: Aws) -> None:
    """One page, however long the account's history."""
    paces: list[int] = []
    found = listed(aws, paces, ResourceKind.TRAINING, REGION, START + timedelta(hours=212, minutes=30))

    assert [job.name for job in found] == ["training-214", "training-213"]
    assert len(paces) == 1


@pytest.mark.usefixtures("stage")
def test_a_page_can_be_empty_and_not_the_last(aws: Aws) -> None:
    """AWS filters by status after it cuts the page, so a listing that stops at an empty page misses jobs."""
    client = aws.client("sagemaker", REGION)
    page = client.list_training_jobs(
        StatusEquals="Completed", MaxResults=100, SortBy="CreationTime", SortOrder="Descending"
    )

    assert page["TrainingJobSummaries"] == []
    assert page["NextToken"]


def test_a_region_without_jobs_has_none(aws: Aws) -> None:
    """And costs a call a kind."""
    assert listed(aws, [], ResourceKind.TRAINING, "eu-north-1", START) == []


@pytest.mark.usefixtures("stage")
def test_a_listing_that_was_cut_off_is_gone_on_with(aws: Aws) -> None:
    """Only what is older than where it stopped."""
    lists = SageMakerLists(lambda region: aws.client("sagemaker", region), lambda _: None)
    before = START + timedelta(hours=12)
    found = [job.name for job in read(lists.created_since(ResourceKind.TRAINING, REGION, START, before))]

    assert found == ["training-011", "training-010", "training-003", "training-002", "training-001"]


def test_neither_an_empty_page_nor_a_bad_summary_is_the_end() -> None:
    """AWS cuts pages before it filters, so the first pages of a listing that goes far back can be empty."""

    class Client:
        """Answers with an empty page, one with a job and one that cannot be read, and an empty one."""

        def __init__(self) -> None:
            self.pages = iter([([], "1"), (["a", ""], "2"), ([], None)])

        def list_training_jobs(self, **_: object) -> dict[str, object]:
            names, token = next(self.pages)
            arn = f"arn:aws:sagemaker:sa-east-1:{ACCOUNT}:training-job/A"
            jobs = [{"TrainingJobName": name, "TrainingJobArn": arn, "CreationTime": NOW} for name in names]
            return {"TrainingJobSummaries": jobs, **({"NextToken": token} if token else {})}

    client = Client()
    lists = SageMakerLists(lambda _: client, lambda _: None)  # type: ignore[arg-type, return-value] # a stand-in

    first, second, third = lists.created_since(ResourceKind.TRAINING, REGION, START)
    assert [[type(job) for job in page] for page in (first, second, third)] == [[], [ListedJob, UnreadableError], []]


def test_a_status_nobody_knows_hinders_no_listing(aws: Aws, stage: Stage) -> None:
    """SageMaker may add some."""
    job = a_played_job(ResourceKind.TRAINING, 214)
    with serving(control_app(DEFAULT_ACCOUNT_ID, REGION)) as control:
        post_json(f"{control}/training-job/{job.name}?region={REGION}", {"TrainingJobStatus": "Paused"})
    del stage

    assert len(listed(aws, [], ResourceKind.TRAINING, REGION, START + timedelta(hours=212, minutes=30))) == 2


def test_a_region_that_is_none_is_a_failure_of_its_own() -> None:
    """Typed, so that it hinders no other region."""
    lists = SageMakerLists(lambda region: boto3.client("sagemaker", region_name=region), lambda _: None)

    with pytest.raises(UnavailableError, match="InvalidRegionError"):
        list(lists.created_since(ResourceKind.TRAINING, "eu-west-1,us-east-1", START))
