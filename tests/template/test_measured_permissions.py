"""How calls that the local cloud wrote down are compared with the roles of the template."""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from local.stack.cloud import ROOT
from tests.worlds.permissions import Call, explained, functions, outside, read, report, role, unused

CALLS = """
import os, sys, boto3
from botocore.config import Config
from botocore.exceptions import EndpointConnectionError
def call(service, operation, **parameters):
    nowhere = Config(connect_timeout=1, retries={"total_max_attempts": 1})
    client = boto3.client(service, endpoint_url="http://127.0.0.1:1", config=nowhere)
    try:
        getattr(client, operation)(**parameters)
    except EndpointConnectionError:
        pass
call("dynamodb", "query", TableName="s-CostLedger-1A", IndexName="ByFamily", KeyConditionExpression="a")
item = {"TableName": "s-WatchState-1A", "Item": {"pk": {"S": "secret"}}}
call("dynamodb", "transact_write_items", TransactItems=[{"Put": item}])
call("sqs", "send_message", QueueUrl="http://q/1/s-AlertQueue-1A.fifo", MessageBody="secret")
call("sagemaker", "describe_training_job", TrainingJobName="j")
call("sagemaker", "stop_training_job", TrainingJobName="j")
"""


def line(function: str, service: str, operation: str, on: Mapping[str, str], **settings: str) -> str:
    """One call, as the local cloud writes it."""
    made = {"function": f"s-{function}-1A", "settings": settings, "service": service, "operation": operation}
    return json.dumps({**made, "region": "us-east-1", "on": [on]})


def written(tmp_path: Path, *lines: str) -> Path:
    """A file with these calls."""
    path = tmp_path / "calls.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_every_call_of_a_function_is_written_down_without_what_it_sends(tmp_path: Path) -> None:
    """The function's own botocore is watched, and no product code knows it."""
    path = tmp_path / "calls.jsonl"
    search = os.pathsep.join(map(str, (ROOT, ROOT / "shared", ROOT / "local" / "stack" / "calls")))
    given = {"PYTHONPATH": search, "LOCAL_CLOUD_CALLS": str(path), "AWS_LAMBDA_FUNCTION_NAME": "s-RecordJob-1A"}
    keys = {"AWS_ACCESS_KEY_ID": "1", "AWS_SECRET_ACCESS_KEY": "2", "AWS_DEFAULT_REGION": "us-east-1"}
    subprocess.run([sys.executable, "-c", CALLS], env={**os.environ, **given, **keys}, check=True)  # noqa: S603 - ours
    calls = read([path])

    assert {str(call.took) for call in calls} == {
        "dynamodb:Query on CostLedger/index/ByFamily",
        "dynamodb:PutItem on WatchState",
        "sqs:SendMessage on AlertQueue",
        "sagemaker:DescribeTrainingJob",
        "sagemaker:StopTrainingJob",
    }
    assert "secret" not in path.read_text(encoding="utf-8")
    assert [str(call.took) for call in outside(calls)] == ["sagemaker:StopTrainingJob"]


def test_a_call_is_allowed_by_the_functions_own_settings(tmp_path: Path) -> None:
    """A stop without Mode=enforce is outside the role, and so is another table's item."""
    stop = ("AnswerSlack", "sagemaker", "StopTrainingJob", {"TrainingJobName": "j"})
    calls = read(
        [
            written(
                tmp_path,
                line(*stop, MODE="enforce"),
                line(*stop, MODE="observe"),
                line("SendDigest", "dynamodb", "PutItem", {"TableName": "s-WatchState-1A"}),
                line("SweepJobs", "monitoring", "GetMetricData", {}),
            )
        ]
    )

    assert [(call.function, dict(call.settings), call.took.action) for call in outside(calls)] == [
        ("AnswerSlack", {"MODE": "observe"}, "sagemaker:StopTrainingJob"),
        ("SendDigest", {}, "dynamodb:PutItem"),
    ]


def every_call() -> Counter[Call]:
    """Each function takes each permission that its role has with these settings."""
    settings = {
        "MODE": "enforce",
        "JUPYTER_EVIDENCE": "enabled",
        "LOG_EXCERPTS": "enabled",
        "SPOKE_ROLES": "sagewatch-s",
    }
    return Counter(
        Call(function, tuple(sorted(settings.items())), permission)
        for function in functions()
        for permission in role(function, settings)
    )


def test_what_no_call_took_has_to_be_explained() -> None:
    """In the template, or `make test` fails. What Lambda itself calls is left out."""
    whole = every_call()
    key = ("RefreshPrices", "dynamodb:Query on WatchState")
    less = Counter({call: n for call, n in whole.items() if (call.function, str(call.took)) != key})

    assert report(whole, {})[1]
    assert unused(less) == {key[0]: {key[1]}}
    text, good = report(less, {})
    assert "NOT CALLED, AND NOT EXPLAINED IN THE TEMPLATE: RefreshPrices dynamodb:Query on WatchState" in text
    assert not good
    text, good = report(less, {key[0]: {key[1]}})
    assert "not called, as the template explains: RefreshPrices dynamodb:Query on WatchState" in text
    assert good


def test_an_explanation_of_what_is_called_is_named() -> None:
    """It is out of date, or the call depends on how busy the machine is; the report stays good."""
    text, good = report(every_call(), {"RefreshPrices": {"pricing:GetProducts"}})

    assert "called, against its explanation: RefreshPrices pricing:GetProducts" in text
    assert good


def test_a_call_outside_its_role_is_named(tmp_path: Path) -> None:
    """Whatever else was called."""
    stranger = line("RefreshPrices", "sqs", "SendMessage", {"QueueUrl": "http://q/1/s-AlertQueue-1A"})
    text, good = report(every_call() + read([written(tmp_path, stranger)]), {})

    assert "OUTSIDE ITS ROLE: RefreshPrices sqs:SendMessage AlertQueue" in text
    assert not good


def test_each_explanation_names_a_permission_of_its_role(template: Mapping[str, Any]) -> None:
    """One that is gone needs none."""
    for function, names in explained().items():
        assert function in template["Resources"]
        assert names <= {str(permission) for permission in role(function)}, function
