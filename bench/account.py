"""An account for sweeps to meet, as a process of its own: ``python -m bench.account``.

moto's server with the extensions of the local cloud, both tables, a queue, notebooks with a Jupyter server, and
training jobs that are computed from their number, so that there can be a million. Each call takes the latency that is
set. The process prints the addresses of AWS and of its control, one a line. Control: ``POST`` JSON to ``/notebooks``,
``/jobs``, ``/latency``, ``/due``, ``/posted``, ``/listed``; ``POST /calls`` returns the calls since the last one, with
the process's own CPU seconds.
"""

import copy
import json
import logging
import math
import os
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import RLock
from typing import Any

import boto3
from cfnlint.decode import decode
from flask import Flask, Response, jsonify, request
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.core.responses import ActionResult, BaseResponse
from moto.dynamodb import models as dynamodb_models
from moto.dynamodb.models.table import Table
from moto.dynamodb.responses import DynamoResult
from moto.resourcegroupstaggingapi.responses import ResourceGroupsTaggingAPIResponse
from moto.sagemaker.models import sagemaker_backends
from moto.sagemaker.responses import SageMakerResponse
from moto.server import ThreadedMotoServer
from moto.sqs.models import Queue
from werkzeug.serving import make_server

from local.sagemaker.control import extend_moto
from local.sagemaker.jupyter import JUPYTERS, Lab, serving_jupyter
from local.sagemaker.notebooks import Life

REGION = "us-east-1"
QUEUE = "alerts.fifo"
TABLES = {"CostLedger": "ledger", "WatchState": "state"}
_ROLE = f"arn:aws:iam::{DEFAULT_ACCOUNT_ID}:role/lab"
_ARN = f"arn:aws:sagemaker:{REGION}:{DEFAULT_ACCOUNT_ID}:training-job/"
_PAGE = 100
_COUNTS = [f"approximate_number_of_messages{what}" for what in ("", "_delayed", "_not_visible")]
_ONE_AT_A_TIME = RLock()
_PROPERTIES = ("BillingMode", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes")


class TrainingJobs:
    """Training jobs by number, 0 the newest. The ``running`` ones are the oldest; ``spacing`` lies between two."""

    def __init__(self) -> None:
        """There are none."""
        self.ended, self.running, self.spacing = 0, 0, timedelta(minutes=1)
        self.newest = datetime.now(UTC).replace(microsecond=0)

    def set(self, *, ended: int, running: int, seconds: float, age: float) -> None:
        """Let there be so many, the newest of them created ``age`` seconds ago."""
        self.ended, self.running, self.spacing = ended, running, timedelta(seconds=seconds)
        self.newest = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=age)

    def list(self, asked: SageMakerResponse) -> ActionResult:
        """Answer ListTrainingJobs, newest first."""
        before = asked._get_param("CreationTimeBefore")  # noqa: SLF001 - how moto's operations read their request
        first = int(asked._get_param("NextToken") or self._first(before))  # noqa: SLF001 - as above
        last = min(first + _PAGE, self.ended + self.running)
        page = [self._summary(number) for number in range(first, last)]
        more = {"NextToken": str(last)} if last < self.ended + self.running else {}
        return ActionResult({"TrainingJobSummaries": page, **more})

    def describe(self, asked: SageMakerResponse) -> ActionResult:
        """Answer DescribeTrainingJob."""
        number = int(asked._get_param("TrainingJobName").rpartition("-")[2])  # noqa: SLF001 - as above
        return ActionResult(self._described(number))

    def _first(self, before: Any) -> int:
        if before is None:
            return 0
        moment = before.replace(tzinfo=UTC) if isinstance(before, datetime) else datetime.fromtimestamp(before, UTC)
        return max(0, math.ceil((self.newest - moment) / self.spacing))

    def _summary(self, number: int) -> dict[str, Any]:
        name, created = f"train-{number}", self.newest - number * self.spacing
        status = "Completed" if number < self.ended else "InProgress"
        facts = {"TrainingJobName": name, "TrainingJobArn": _ARN + name, "TrainingJobStatus": status}
        return {**facts, "CreationTime": created, "LastModifiedTime": created + timedelta(minutes=10)}

    def _described(self, number: int) -> dict[str, Any]:
        summary = self._summary(number)
        created = summary["CreationTime"]
        over = {"TrainingEndTime": created + timedelta(minutes=10), "BillableTimeInSeconds": 540}
        return {
            **summary,
            "SecondaryStatus": "Completed" if number < self.ended else "Training",
            "AlgorithmSpecification": {"TrainingImage": "image", "TrainingInputMode": "File"},
            "ModelArtifacts": {"S3ModelArtifacts": "s3://bucket/model"},
            "ResourceConfig": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 30},
            "StoppingCondition": {"MaxRuntimeInSeconds": 86400},
            "RoleArn": _ROLE,
            "TrainingStartTime": created + timedelta(minutes=1),
            **(over if number < self.ended else {}),
        }


class _Snapshots:
    """The module ``copy`` for moto's tables: moto copies a table and each item in it for every part of a transaction.

    A copy of the table alone, once in a call, does as well, and does not take seconds with thousands of items.
    """

    copy = staticmethod(copy.copy)

    def __init__(self) -> None:
        self.taken: dict[str, Table] = {}  # in the present call

    def deepcopy(self, value: Any) -> Any:
        """Copy a table without its items, and all else with what is in it."""
        if not isinstance(value, Table):
            return copy.deepcopy(value)
        if value.name not in self.taken:
            table: Table = object.__new__(type(value))  # moto keeps all that it makes in the usual way
            vars(table).update(vars(value))
            table.items = defaultdict(dict, {key: copy.copy(items) for key, items in value.items.items()})
            self.taken[value.name] = table
        return self.taken[value.name]


class Account:
    """The server, what is in it, and what it was asked."""

    def __init__(self) -> None:
        """Start the server."""
        self.calls: Counter[str] = Counter()
        self.latency = 0.0
        self.jobs = TrainingJobs()
        self._answer = BaseResponse.call_action
        snapshots = _Snapshots()
        setattr(dynamodb_models, "copy", snapshots)  # noqa: B010 - moto's module
        extend_moto()
        self._write = DynamoResult.execute_result
        setattr(DynamoResult, "execute_result", self._written())  # noqa: B010 - moto's class
        for name in _COUNTS:  # which no sweep asks for, and moto forms again for each message that is sent
            setattr(Queue, name, property(lambda queue: len(queue._messages)))  # noqa: SLF001 - as moto counts them
        account = self

        def answer(response: BaseResponse) -> Any:
            time.sleep(account.latency)
            with _ONE_AT_A_TIME:  # moto's tables are not safe for threads
                snapshots.taken.clear()
                account.calls[response._get_action()] += 1  # noqa: SLF001 - there is no other way to its name
                return account._answer(response)

        def tags(response: SageMakerResponse, list_tags: Callable[[SageMakerResponse], Any]) -> Any:
            arn = response._get_param("ResourceArn")  # noqa: SLF001 - as above
            return ActionResult({"Tags": []}) if arn.startswith(_ARN) else list_tags(response)

        answer_tags = SageMakerResponse.list_tags
        operations: dict[str, Callable[[Any], Any]] = {
            "list_training_jobs": self.jobs.list,
            "describe_training_job": self.jobs.describe,
            "list_tags": lambda response: tags(response, answer_tags),
        }
        for name, operation in operations.items():  # as methods: moto calls them with the response
            setattr(SageMakerResponse, name, _method(operation))
        setattr(ResourceGroupsTaggingAPIResponse, "get_resources", _method(self.tagged))  # noqa: B010 - moto's class
        setattr(BaseResponse, "call_action", answer)  # noqa: B010 - moto's class
        server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        server.start()
        host, port = server.get_host_and_port()
        self.url = f"http://{host}:{port}"

    def _written(self) -> Callable[[Any, Any], Any]:
        """Return what writes DynamoDB's answers. moto compares each value with its model: a second for 1,000 items."""

        def written(result: Any, context: Any) -> Any:
            if context.operation_model.name != "Query":
                return self._write(result, context)
            return 200, {"Content-Type": "application/x-amz-json-1.0"}, json.dumps(result.result)

        return written

    def client(self, service: str) -> Any:
        """A client of it."""
        return boto3.client(service, region_name=REGION, endpoint_url=self.url)  # type: ignore[call-overload] # by name

    @property
    def notebooks(self) -> dict[str, Any]:
        """Moto's notebooks."""
        found: dict[str, Any] = sagemaker_backends[DEFAULT_ACCOUNT_ID][REGION].notebook_instances
        return found

    def tagged(self, asked: BaseResponse) -> ActionResult:
        """Answer GetResources by ARNs. AWS has no pages for them; moto has, and goes through all of its resources."""
        there = {one.arn: one.tags for one in self.notebooks.values() if one.tags}
        wanted = [arn for arn in asked._get_param("ResourceARNList") if arn in there]  # noqa: SLF001 - as above
        return ActionResult({"ResourceTagMappingList": [{"ResourceARN": arn, "Tags": there[arn]} for arn in wanted]})

    def empty(self) -> None:
        """Leave two empty tables and a queue."""
        template, _ = decode(str(Path(__file__).parent.parent / "template.yaml"))
        dynamodb = self.client("dynamodb")
        there = dynamodb.list_tables()["TableNames"]
        for logical, name in TABLES.items():
            if name in there:
                dynamodb.delete_table(TableName=name)
            properties = template["Resources"][logical]["Properties"]
            known = {key: properties[key] for key in _PROPERTIES if key in properties}
            dynamodb.create_table(TableName=name, **known)
        self.client("sqs").create_queue(QueueName=QUEUE, Attributes={"FifoQueue": "true"})
        self.notebooks.clear()
        self.jobs.set(ended=0, running=0, seconds=1, age=0)

    def fill(self, running: int, idle: int) -> None:
        """Let notebooks run for two days; the ``idle`` ones have done nothing for ten hours, the others work."""
        self.empty()
        self.client("sagemaker").create_notebook_instance(
            NotebookInstanceName="on-0", InstanceType="ml.t3.medium", RoleArn=_ROLE, VolumeSizeInGB=20
        )
        pattern = self.notebooks.pop("on-0")
        pattern.creation_time = pattern.last_modified_time = pattern.creation_time - timedelta(days=2)
        pattern.life.going, pattern.status = None, "InService"
        for number in range(running):
            one = copy.copy(pattern)
            one.notebook_instance_name = f"lab-{number:06}"
            one.arn = pattern.arn.replace("on-0", one.notebook_instance_name)
            one.life = Life(Lab(lambda: True))
            idles = number * idle // running != (number + 1) * idle // running
            one.tags = [{"Key": "owner", "Value": f"owner-{number % 50}"}, *([_IDLE] if idles else [])]
            one.life.lab.order(_kernel("idle", 10) if idles else _kernel("busy", 0))
            self.notebooks[one.notebook_instance_name] = one

    def watched(self) -> list[dict[str, Any]]:
        """What SageWatch remembers of notebooks."""
        pages = self.client("dynamodb").get_paginator("query")
        values = {":pk": {"S": f"notebook#{REGION}"}}
        found = pages.paginate(TableName="state", KeyConditionExpression="pk = :pk", ExpressionAttributeValues=values)
        return [item for page in found for item in page["Items"]]

    def due(self) -> int:
        """Let every inspection be due."""
        past, items = _text(datetime.now(UTC) - timedelta(minutes=1)), self.watched()
        for item in items:
            self.client_put({**item, "look_at": {"S": past}})
        return len(items)

    def posted(self) -> int:
        """Let every announcement have been in Slack for three hours, so that its stop is due."""
        past, announced = datetime.now(UTC) - timedelta(hours=3), [item for item in self.watched() if "warned" in item]
        for item in announced:
            warned = item["warned"]["M"]
            warned["warned_at"], warned["stop_at"] = {"S": _text(past)}, {"S": _text(past + timedelta(hours=1))}
            self.client_put({**item, "look_at": {"S": _text(past + timedelta(hours=1))}})
            key = {"pk": {"S": f"alert#{warned['alert_id']['S']}"}, "sk": {"S": "delivery"}}
            self.client_put({**key, "channel": {"S": "C1"}, "ts": {"S": f"{past.timestamp():.6f}"}})
        return len(announced)

    def listed(self) -> None:
        """Let the listings of jobs have come to this moment, with the day before still to be listed again."""
        now = _text(datetime.now(UTC))
        kinds = ("training", "processing", "transform", "tuning", "automl")
        for kind in kinds:
            key = {"pk": {"S": "checkpoints"}, "sk": {"S": f"sweep#{REGION}#{kind}"}}
            self.client_put({**key, "top": {"S": now}})

    def client_put(self, item: dict[str, Any]) -> None:
        """Write an item of the state."""
        self.client("dynamodb").put_item(TableName="state", Item=item)


_IDLE = {"Key": "idle", "Value": "yes"}


def _method(operation: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def answer(response: BaseResponse) -> Any:
        return operation(response)

    return answer


def _kernel(state: str, hours: int) -> dict[str, Any]:
    ran = (datetime.now(UTC) - timedelta(hours=hours)).isoformat()
    kernel = {"id": "k", "name": "python3", "execution_state": state, "connections": 0, "last_activity": ran}
    return {"kernels": [kernel], "terminals": []}


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def control(account: Account) -> Flask:
    """The addresses that set the account up."""
    app = Flask("control")

    @app.post("/<what>")
    def order(what: str) -> Response:
        asked = request.get_json(force=True)
        match what:
            case "notebooks":
                account.fill(**asked)
            case "jobs":
                account.empty()
                account.jobs.set(**asked)
            case "latency":
                account.latency = asked["ms"] / 1000
            case "due":
                account.due()
            case "posted":
                account.posted()
            case "listed":
                account.listed()
            case _:
                pass
        calls = dict(account.calls)
        account.calls.clear()
        stopped = sum(one.status in {"Stopping", "Stopped"} for one in account.notebooks.values())
        return jsonify({"calls": calls, "cpu": time.process_time(), "stopped": stopped})

    return app


def main() -> None:
    """Serve until the parent closes its pipe."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ |= {"AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench", "AWS_DEFAULT_REGION": REGION}
    account = Account()
    account.empty()
    with serving_jupyter(JUPYTERS):
        server = make_server("127.0.0.1", 0, control(account), threaded=True)
        sys.stdout.write(f"{account.url}\nhttp://127.0.0.1:{server.server_port}\n")
        sys.stdout.flush()
        server.serve_forever()


if __name__ == "__main__":
    main()
