"""The port that stops jobs, on moto's SageMaker as the local cloud extends it, and in memory.

The sentences are those that users of AWS have seen; AWS throttles besides, and IAM refuses what is protected.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask, Response, jsonify
from moto.core.models import DEFAULT_ACCOUNT_ID

from local.demo.builders import Run, plain_job
from local.demo.player import Stage
from local.sagemaker.control import control_app
from sagewatch.adapters.sagemaker.job_stops import SageMakerJobStops
from sagewatch.adapters.sagemaker.jobs import SageMakerJobs
from sagewatch.errors import AccessDeniedError, SageWatchError, StopRefusedError, ThrottledError, UnavailableError
from sagewatch.sagemaker.kinds import JOB_KINDS, ResourceKind
from sagewatch.sagemaker.ports import Jobs, JobStops, Stop
from sagewatch.sagemaker.resources import Job, JobStatus
from tests.fakes.sagemaker import InMemoryJobs, InMemoryJobStops
from tests.worlds.aws import Aws
from tests.worlds.builders import ACCOUNT, a_job
from tests.worlds.servers import serving

REGION = "eu-central-1"  # a region of its own
RUN = Run.ago(1, 30)
PLAYED = {kind: plain_job(kind, f"Stops-{kind.title()}", RUN, region=REGION) for kind in JOB_KINDS}


def named(kind: ResourceKind, word: str = "") -> Job:
    """Enough of a job to be stopped."""
    return a_job(kind=kind, name=PLAYED[kind].name + word, region=REGION, status=JobStatus.IN_PROGRESS)


class InMemoryPlace:
    """Where jobs run: in memory."""

    def __init__(self) -> None:
        """No job yet."""
        there = InMemoryJobs()
        self.there = there
        self.jobs: Jobs = there
        self.stops: JobStops = InMemoryJobStops(there)

    def create(self, job: Job) -> None:
        """A job that runs."""
        self.there.found[job.kind, REGION, job.name] = job

    def finish(self, job: Job) -> None:
        """It completes."""
        self.there.found[job.kind, REGION, job.name] = replace(job, status=JobStatus.COMPLETED)


class MotoPlace:
    """Where jobs run: on moto."""

    def __init__(self, aws: Aws, stage: Stage) -> None:
        """No job yet."""
        self.stage = stage
        self.jobs: Jobs = SageMakerJobs(lambda region: aws.client("sagemaker", region), lambda: datetime.now(UTC))
        self.stops: JobStops = SageMakerJobStops(lambda region: aws.client("sagemaker", region))

    def create(self, job: Job) -> None:
        """A job that runs."""
        self.stage.create(replace(PLAYED[job.kind], name=job.name))

    def finish(self, job: Job) -> None:
        """It completes."""
        self.stage.finish(replace(PLAYED[job.kind], name=job.name))


Place = InMemoryPlace | MotoPlace


@pytest.fixture(scope="module")
def stage(aws_url: str) -> Iterator[Stage]:
    """What creates jobs."""
    env = {"AWS_ACCESS_KEY_ID": ACCOUNT, "AWS_SECRET_ACCESS_KEY": "local", "AWS_REGION": REGION}
    with serving(control_app(DEFAULT_ACCOUNT_ID, REGION)) as control:
        yield Stage({**env, "AWS_ENDPOINT_URL": aws_url, "SAGEMAKER_CONTROL_URL": control})


@pytest.fixture(params=["in_memory", "sagemaker"])
def place(request: pytest.FixtureRequest, aws: Aws, stage: Stage) -> Place:
    """The same ports, twice."""
    return InMemoryPlace() if request.param == "in_memory" else MotoPlace(aws, stage)


@pytest.mark.parametrize("kind", JOB_KINDS)
def test_a_running_job_is_stopped(place: Place, kind: ResourceKind) -> None:
    """Whatever its kind; Describe then says so."""
    job = named(kind, "-1")
    place.create(job)

    assert place.stops.stop(job) is Stop.STOPPING
    assert place.jobs.describe(job).status in {JobStatus.STOPPING, JobStatus.STOPPED}


@pytest.mark.parametrize("kind", JOB_KINDS)
def test_a_job_that_has_ended_needs_no_stop(place: Place, kind: ResourceKind) -> None:
    """That is success."""
    job = named(kind, "-2")
    place.create(job)
    place.finish(job)

    assert place.stops.stop(job) is Stop.ALREADY


@pytest.mark.parametrize("kind", JOB_KINDS)
def test_a_job_that_is_not_there_is_gone(place: Place, kind: ResourceKind) -> None:
    """Deleted, or never made."""
    assert place.stops.stop(replace(named(kind), name="nobody")) is Stop.GONE


@contextmanager
def answering(status: int, **body: Any) -> Iterator[JobStops]:
    """A SageMaker that says one thing."""
    app = Flask("sagemaker")

    @app.post("/")
    def answer() -> tuple[Response, int]:
        return jsonify(body), status

    with serving(app) as url:
        yield SageMakerJobStops(lambda region: Aws(url).client("sagemaker", region))


@pytest.mark.parametrize(
    ("code", "message", "found"),
    [
        *(
            ("ValidationException", f"The request was rejected because the training job is in status {status}.", stop)
            for status, stop in dict.fromkeys(("Completed", "Failed", "Stopped", "Stopping"), Stop.ALREADY).items()
        ),
        ("ValidationException", "Requested resource not found.", Stop.GONE),
        ("ValidationException", "Could not find job to update with name stops-train", Stop.GONE),
        ("ResourceNotFound", "no such job", Stop.GONE),
    ],
)
def test_what_aws_says_of_an_ended_job_is_understood(code: str, message: str, found: Stop) -> None:
    """With one code and many sentences."""
    with answering(400, __type=code, message=message) as stops:
        assert stops.stop(named(ResourceKind.TRAINING)) is found


def test_any_other_no_is_refused_with_what_aws_said() -> None:
    """But for secrets."""
    with (
        answering(400, __type="ValidationException", message="Something else: token=a1b2c3d4e5f6") as stops,
        pytest.raises(StopRefusedError, match="Stop of training job Stops-Training: Something else") as refusal,
    ):
        stops.stop(named(ResourceKind.TRAINING))

    assert "a1b2c3d4e5f6" not in str(refusal.value)


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (400, "ThrottlingException", ThrottledError),
        (400, "AccessDeniedException", AccessDeniedError),
        (500, "InternalFailure", UnavailableError),
    ],
)
def test_a_service_that_refuses_for_now_is_told_apart(status: int, code: str, expected: type[SageWatchError]) -> None:
    """With the kind, the name and the region."""
    with (
        answering(status, __type=code, message="Rate exceeded") as stops,
        pytest.raises(expected, match=f"transform job Stops-Transform in {REGION}: {code}: Rate exceeded"),
    ):
        stops.stop(named(ResourceKind.TRANSFORM))
