"""Play jobs on the local cloud: create them, end them, and send the events that AWS would send."""

import json
import urllib.request
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import batched
from typing import TYPE_CHECKING, Any

import boto3
from botocore import xform_name
from botocore.config import Config

from local.demo.metrics import metric_data
from sagewatch.adapters.dynamodb.items import from_item
from sagewatch.sagemaker.kinds import KIND_FACTS, ResourceKind

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient

# Describe fields that no event has (EventBridge events reference).
_NOT_IN_EVENTS = frozenset(
    {
        "BillableTimeInSeconds",
        "TrainingTimeInSeconds",
        "EnableManagedSpotTraining",
        "WarmPoolStatus",
        "ResponseMetadata",
        "ExitMessage",
        "TrainingJobArn",
        "AutoMLJobArn",
    }
)


# A function may run for minutes, and a retry would run it twice.
_WAITS: Mapping[str, Any] = {"read_timeout": 20, "retries": {"total_max_attempts": 3, "mode": "standard"}}


@dataclass(frozen=True, kw_only=True)
class PlayedJob:
    """One played job. ``request`` creates it, ``end`` has the Describe fields at its end, ``log`` the lines that its
    first host writes.

    A ``lost`` job sends no event. ``metrics`` are repeated for each host.
    """

    kind: ResourceKind
    name: str
    request: Mapping[str, Any]
    end: Mapping[str, Any]
    tags: Mapping[str, str] = field(default_factory=dict)
    region: str = "us-east-1"
    copies: int = 1
    late_start: bool = False
    lost: bool = False
    log: Sequence[str] = ()
    metrics: Mapping[str, Sequence[float]] = field(default_factory=dict)

    @property
    def status(self) -> str:
        """The job's final status."""
        return str(self.end[f"{KIND_FACTS[self.kind].api_name}Status"])


class Stage:
    """Plays jobs on a local cloud, through boto3 and the cloud's ``env``."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._env = env
        self._clients: dict[tuple[str, str], Any] = {}
        self._session = boto3.Session(
            aws_access_key_id=env["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=env["AWS_SECRET_ACCESS_KEY"],
            aws_session_token=env.get("AWS_SESSION_TOKEN"),
        )

    def client(self, service: str, region: str | None = None) -> Any:
        """A cached client of this cloud."""
        key = (service, region or self._env["AWS_REGION"])
        if key not in self._clients:
            self._clients[key] = self._new_client(*key)
        return self._clients[key]

    def _new_client(self, service: str, region: str, url: str | None = None) -> Any:
        url = url or self._env.get(f"AWS_ENDPOINT_URL_{service.upper()}", self._env["AWS_ENDPOINT_URL"])
        waits = {"read_timeout": 300, "retries": {"total_max_attempts": 1}} if service == "lambda" else _WAITS
        config = Config(connect_timeout=3, **waits)
        return self._session.client(service, region_name=region, endpoint_url=url, config=config)  # type: ignore[call-overload] # by name

    def create(self, job: PlayedJob) -> None:
        """Create the job in the emulator, with its own creation time, which is part of the ledger's key."""
        sagemaker = self.client("sagemaker", job.region)
        tags = [{"Key": key, "Value": value} for key, value in job.tags.items()]
        facts = KIND_FACTS[job.kind]
        create = xform_name(facts.describe_operation.replace("Describe", "Create"))
        getattr(sagemaker, create)(**{facts.name_field: job.name}, **job.request, Tags=tags)
        self.control(facts.arn_type, job.name, {"CreationTime": job.end["CreationTime"]}, job.region)

    def control(self, kind: str, name: str, fields: Mapping[str, Any], region: str = "us-east-1") -> None:
        """Set Describe fields of an emulated resource."""
        other = f"&account={self._env['AWS_ACCOUNT_ID']}" if "AWS_ACCOUNT_ID" in self._env else ""
        place = f"region={region}{other}"
        post_json(f"{self._env['SAGEMAKER_CONTROL_URL']}/{kind}/{name}?{place}", fields)

    def put_standing(self, kind: str, fields: Mapping[str, Any]) -> None:
        """Put a standing resource into the emulator, with its Describe fields."""
        post_json(f"{self._env['SAGEMAKER_CONTROL_URL']}/standing/{kind}", fields)

    def fail(self, operation: str, code: str, times: int) -> None:
        """Make the next calls of a Describe or List operation fail."""
        post_json(f"{self._env['SAGEMAKER_CONTROL_URL']}/fail", {"operation": operation, "code": code, "times": times})

    def measure(self, job: PlayedJob) -> None:
        """Publish the metrics of the job's hosts, as SageMaker does."""
        cloudwatch = self.client("cloudwatch", job.region)
        for some in batched(metric_data(job.name, job.request, job.end, job.metrics), 500, strict=False):
            cloudwatch.put_metric_data(Namespace=KIND_FACTS[job.kind].log_group, MetricData=some)

    def finish(self, job: PlayedJob) -> None:
        """Set the job's end in the emulator, and write its log."""
        if job.log:
            self._write(job)
        self.control(KIND_FACTS[job.kind].arn_type, job.name, job.end, job.region)

    def _write(self, job: PlayedJob) -> None:
        """Write to the emulated SageMaker's logs; MiniStack keeps only the functions' own."""
        logs = self._new_client("logs", job.region, self._env["AWS_ENDPOINT_URL_CLOUDWATCH_LOGS"])
        host = "algo-1" if KIND_FACTS[job.kind].hosts_are_numbered else "i-0a1b2c3d4e5f60718"
        now = datetime.now(UTC).timestamp()
        group, stream = KIND_FACTS[job.kind].log_group, f"{job.name}/{host}-{now:.0f}"
        with suppress(logs.exceptions.ResourceAlreadyExistsException):
            logs.create_log_group(logGroupName=group)
        logs.create_log_stream(logGroupName=group, logStreamName=stream)
        events = [{"timestamp": int(now * 1000) + place, "message": line} for place, line in enumerate(job.log)]
        logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)

    def detail(self, job: PlayedJob) -> dict[str, Any]:
        """The detail of the event that AWS would send for the job's current state."""
        return event_detail(job.kind, describe(self.client("sagemaker", job.region), job.kind, job.name), job.tags)

    def invoke(self, function: str, event: object) -> dict[str, Any]:
        """Invoke a function and return its answer."""
        name = self.function_name(function)
        answer = self.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event).encode())
        outcome: dict[str, Any] = json.loads(answer["Payload"].read())
        return outcome

    def function_name(self, function: str) -> str:
        """The name of the deployed function with that logical ID."""
        stack = {"StackName": self._env["STACK_NAME"], "LogicalResourceId": function}
        found = self.client("cloudformation").describe_stack_resource(**stack)["StackResourceDetail"]
        name: str = found["PhysicalResourceId"]
        return name

    def sweep(self) -> dict[str, Any]:
        """Run SweepJobs and return its outcome."""
        return self.invoke("SweepJobs", {})

    def announce(self, job: PlayedJob, detail: Mapping[str, Any], times: int = 1) -> None:
        """Send the event ``times`` times."""
        entry = {
            "Source": "sagewatch.replay",
            "DetailType": KIND_FACTS[job.kind].detail_type,
            "Detail": json.dumps(detail),
            "Resources": [detail[KIND_FACTS[job.kind].arn_field]],
        }
        self.client("events").put_events(Entries=[entry] * times)

    def ledger(self) -> list[dict[str, Any]]:
        """Every row of the ledger."""
        pages = self.client("dynamodb").get_paginator("scan").paginate(TableName=self._env["CostLedgerName"])
        return [from_item(item) for page in pages for item in page["Items"]]

    def quiet(self) -> bool:
        """Whether all queues are empty: no event, press or alert waits or is being processed."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        counts = (
            self.client("sqs").get_queue_attributes(QueueUrl=self._env[queue], AttributeNames=names)["Attributes"]
            for queue in ("PressQueueUrl", "NotebookEventQueueUrl", "JobEventQueueUrl", "AlertQueueUrl")
        )
        return not any(int(number) for count in counts for number in count.values())

    def play(self, job: PlayedJob) -> None:
        """Play the job from creation to end, with its events, some of them repeated, reordered or lost."""
        self.create(job)
        self.measure(job)
        if job.lost:
            self.finish(job)
            return
        running = self.detail(job)
        if not job.late_start:
            self.announce(job, running)
        self.finish(job)
        self.announce(job, self.detail(job), times=job.copies)
        if job.late_start:
            self.announce(job, running)


def post_json(url: str, content: object) -> Any:
    """POST JSON and return the JSON answer."""
    call = urllib.request.Request(url, json.dumps(content, default=str).encode(), {"Content-Type": "application/json"})  # noqa: S310 - our own server
    with urllib.request.urlopen(call, timeout=10) as answer:  # noqa: S310 - our own server
        return json.loads(answer.read())


def get_json(url: str) -> Any:
    """GET a JSON answer."""
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - our own server
        return json.loads(answer.read())


def describe(sagemaker: "SageMakerClient", kind: ResourceKind, name: str) -> dict[str, Any]:
    """Describe a job in the emulator."""
    facts = KIND_FACTS[kind]
    answer: dict[str, Any] = getattr(sagemaker, xform_name(facts.describe_operation))(**{facts.name_field: name})
    return answer


def event_detail(kind: ResourceKind, described: Mapping[str, Any], tags: Mapping[str, str]) -> dict[str, Any]:
    """Build an event's detail from a Describe answer: epoch milliseconds, explicit nulls, tags as an object."""
    prefix = KIND_FACTS[kind].api_name.removesuffix("Job")
    hidden = _NOT_IN_EVENTS - {KIND_FACTS[kind].arn_field}
    detail = {name: _as_in_events(value) for name, value in described.items() if name not in hidden}
    for absent in ("FailureReason", f"{prefix}StartTime", f"{prefix}EndTime"):
        detail.setdefault(absent, None)
    return detail if kind is ResourceKind.PROCESSING else {**detail, "Tags": dict(tags)}


def _as_in_events(value: Any) -> Any:
    match value:
        case datetime():
            return int(value.timestamp() * 1000)
        case dict():
            return {key: _as_in_events(item) for key, item in value.items()}
        case list():
            return [_as_in_events(item) for item in value]
        case _:
            return value
