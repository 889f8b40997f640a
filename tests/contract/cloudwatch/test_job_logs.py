"""The logs of jobs: one contract for CloudWatch Logs and for its in-memory twin, and what CloudWatch alone can do.

CloudWatch differs from moto in that a stream's last page may be empty though there are events before it, which is
played here by a stubbed answer; in that what was written shows some seconds later; and in that moto checks no role.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import boto3
import pytest
from botocore.config import Config
from botocore.stub import Stubber

from sagewatch.adapters.cloudwatch.job_logs import CloudWatchJobLogs
from sagewatch.diagnostics.ports import JobLogs
from sagewatch.errors import AccessDeniedError, SageWatchError, ThrottledError, UnavailableError
from sagewatch.sagemaker.kinds import KIND_FACTS, ResourceKind
from sagewatch.sagemaker.resources import Job
from tests.fakes.diagnostics import InMemoryJobLogs
from tests.worlds.aws import Aws
from tests.worlds.builders import a_failed_job

REGION = "ap-southeast-2"  # a region of its own
Write = Callable[[Job, Sequence[Sequence[str]]], None]


def a_fresh_job(kind: ResourceKind = ResourceKind.TRAINING) -> Job:
    """A job no other test uses, created a minute ago, because moto dates streams by the clock."""
    created = datetime.now(UTC) - timedelta(minutes=1)
    return a_failed_job(kind=kind, name=f"Job-{uuid4().hex[:8]}", region=REGION, created_at=created)


def write(client: Any, job: Job, stream: str, lines: Sequence[str]) -> None:
    """Write a stream as a container does."""
    group = str(KIND_FACTS[job.kind].log_group)
    with suppress(client.exceptions.ResourceAlreadyExistsException):
        client.create_log_group(logGroupName=group)
    with suppress(client.exceptions.ResourceAlreadyExistsException):
        client.create_log_stream(logGroupName=group, logStreamName=f"{job.name}/{stream}")
    now = int(datetime.now(UTC).timestamp() * 1000)
    events = [{"timestamp": now + number, "message": line} for number, line in enumerate(lines)]
    if events:
        client.put_log_events(logGroupName=group, logStreamName=f"{job.name}/{stream}", logEvents=events)


@pytest.fixture(params=["in_memory", "cloudwatch"])
def both(request: pytest.FixtureRequest) -> tuple[JobLogs, Write]:
    """The port, and how hosts write into what it reads."""
    if request.param == "in_memory":
        memory = InMemoryJobLogs()

        def remember(job: Job, hosts: Sequence[Sequence[str]]) -> None:
            memory.written[job.name] = [list(lines) for lines in hosts]

        return memory, remember
    client = request.getfixturevalue("aws").client("logs", REGION)

    def put(job: Job, hosts: Sequence[Sequence[str]]) -> None:
        for number, lines in enumerate(hosts, 1):
            write(client, job, f"algo-{number}-1764066682", lines)

    return CloudWatchJobLogs(lambda _: client), put


def read(logs: JobLogs, job: Job) -> list[list[str]]:
    """The lines that are read."""
    return [[event.message for event in logs.tail(job, stream)] for stream in logs.streams(job)]


@pytest.mark.parametrize("kind", [ResourceKind.TRAINING, ResourceKind.PROCESSING, ResourceKind.TRANSFORM])
def test_each_host_has_a_stream_the_first_one_first(both: tuple[JobLogs, Write], kind: ResourceKind) -> None:
    """Each with its lines in order."""
    logs, written = both
    job = a_fresh_job(kind)
    written(job, [["a", "b"], ["c"], ["d"]])

    assert read(logs, job) == [["a", "b"], ["c"], ["d"]]


@pytest.mark.parametrize("kind", [ResourceKind.TUNING, ResourceKind.AUTOML])
def test_a_job_that_rolls_up_others_has_no_log(both: tuple[JobLogs, Write], kind: ResourceKind) -> None:
    """Though its children's group has streams that begin like it."""
    logs, written = both
    job = a_fresh_job(ResourceKind.TRAINING)
    written(job, [["a"]])

    assert read(logs, a_failed_job(kind=kind, name=job.name, region=REGION)) == []


def test_a_job_without_a_stream_has_no_log(both: tuple[JobLogs, Write]) -> None:
    """It failed before its container ran."""
    assert read(both[0], a_fresh_job()) == []


def test_a_group_that_is_not_there_is_no_log(aws: Aws) -> None:
    """The account never ran such a job in that region."""
    client = aws.client("logs", "eu-north-1")

    assert read(CloudWatchJobLogs(lambda _: client), a_fresh_job()) == []


def test_a_job_whose_name_begins_alike_is_not_read(aws: Aws) -> None:
    """``job-2`` is not ``job``'s."""
    client, job = aws.client("logs", REGION), a_fresh_job()
    write(client, a_failed_job(name=f"{job.name}-2"), "algo-1-1764066682", ["other"])

    assert read(CloudWatchJobLogs(lambda _: client), job) == []


def test_a_host_that_was_started_again_is_read_once(aws: Aws) -> None:
    """Spot: the newest of its streams, and of ten hosts the first one's."""
    client, job = aws.client("logs", REGION), a_fresh_job()
    for stream in ("algo-10-1764066682", "algo-1-1764066682", "algo-1-1764066999"):
        write(client, job, stream, [stream])

    assert read(CloudWatchJobLogs(lambda _: client), job) == [["algo-1-1764066999"], ["algo-10-1764066682"]]


def test_the_data_log_of_a_transform_job_is_read_behind_its_hosts(aws: Aws) -> None:
    """SageMaker writes there what the model answered, such as "Request Entity Too Large"."""
    client, job = aws.client("logs", REGION), a_fresh_job(ResourceKind.TRANSFORM)
    write(client, job, "i-0abc-1764066682", ["boom"])
    write(client, job, "i-0abc-1764066682/data-log", ["413"])

    assert read(CloudWatchJobLogs(lambda _: client), job) == [["boom"], ["413"]]


def test_a_job_of_the_same_name_before_this_one_is_not_read(aws: Aws) -> None:
    """Names are used again, and streams stay."""
    client, job = aws.client("logs", REGION), a_fresh_job()
    write(client, job, "algo-1-1764066682", ["older"])
    newer = a_failed_job(name=job.name, created_at=datetime.now(UTC) + timedelta(hours=1))

    assert read(CloudWatchJobLogs(lambda _: client), newer) == []


def test_only_the_last_200_events_are_read(aws: Aws) -> None:
    """A log may have millions."""
    client, job = aws.client("logs", REGION), a_fresh_job()
    write(client, job, "algo-1-1764066682", [str(number) for number in range(500)])

    assert read(CloudWatchJobLogs(lambda _: client), job) == [[str(number) for number in range(300, 500)]]


@pytest.fixture
def stubbed() -> Iterator[tuple[Any, Stubber]]:
    """A client that gives prepared answers and counts the calls."""
    once = Config(retries={"total_max_attempts": 1})
    client = boto3.client("logs", REGION, aws_access_key_id="x", aws_secret_access_key="x", config=once)
    with Stubber(client) as stub:
        yield client, stub
        stub.assert_no_pending_responses()


def test_a_stream_costs_two_calls_at_most_and_an_empty_page_is_not_the_end(stubbed: tuple[Any, Stubber]) -> None:
    """One for the streams; two for each host, whose last page may be empty."""
    client, stub = stubbed
    job = a_fresh_job()
    names = [f"{job.name}/algo-{number}-1764066682" for number in (1, 2)]
    group = "/aws/sagemaker/TrainingJobs"
    now = int(datetime.now(UTC).timestamp() * 1000)
    streams = {"logStreams": [{"logStreamName": name, "creationTime": now} for name in names]}
    stub.add_response(
        "describe_log_streams", streams, {"logGroupName": group, "logStreamNamePrefix": f"{job.name}/", "limit": 50}
    )
    for name in names:
        asked = {"logGroupName": group, "logStreamName": name, "limit": 200, "startFromHead": False}
        stub.add_response("get_log_events", {"events": [], "nextBackwardToken": "b/1"}, asked)
        found = {"events": [{"timestamp": now, "message": "boom"}]}
        stub.add_response("get_log_events", found, {**asked, "nextToken": "b/1"})

    assert read(CloudWatchJobLogs(lambda _: client), job) == [["boom"], ["boom"]]


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("AccessDeniedException", AccessDeniedError),
        ("ThrottlingException", ThrottledError),
        ("ServiceUnavailableException", UnavailableError),
    ],
)
@pytest.mark.parametrize("call", ["DescribeLogStreams", "GetLogEvents"])
def test_what_cloudwatch_refuses_is_a_typed_error_that_names_the_action(
    stubbed: tuple[Any, Stubber], call: str, code: str, error: type[SageWatchError]
) -> None:
    """The caller decides what that means."""
    client, stub = stubbed
    job = a_fresh_job()
    if call == "GetLogEvents":
        streams = [{"logStreamName": f"{job.name}/algo-1-1764066682", "creationTime": 2**42}]
        stub.add_response("describe_log_streams", {"logStreams": streams})
        stub.add_client_error("get_log_events", code, "no")
    else:
        stub.add_client_error("describe_log_streams", code, "no")

    with pytest.raises(error, match=f"logs:{call} of {job.name}: {code}: no"):
        read(CloudWatchJobLogs(lambda _: client), job)
