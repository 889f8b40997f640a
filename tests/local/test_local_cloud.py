"""The local cloud's own manners: the control endpoint, the local Slack, Block Kit's limits, ports that are taken."""

import hashlib
import hmac
import json
import socket
import urllib.error
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs

import pytest
from flask import Flask, Response, request
from ministack.services.cloudformation.engine import _evaluate_conditions
from moto.core.models import DEFAULT_ACCOUNT_ID
from samcli.yamlhelper import yaml_parse

from local.demo.builders import Run, automl, processing, training, transform, tuning
from local.demo.player import PlayedJob, Stage, describe, get_json, post_json
from local.sagemaker.control import control_app
from local.sagemaker.notebooks import PACE
from local.slack.app import Workspace, slack_app
from local.slack.block_kit import block_errors
from local.stack.cloud import _PREFERRED, ROOT, Ports, unknown_parameters
from local.stack.template_patches import for_ministack
from sagewatch.sagemaker.kinds import KIND_FACTS, ResourceKind
from tests.worlds.builders import ACCOUNT
from tests.worlds.servers import serving

JOB = training("Control-01", Run.ago(1, 30), {"ml.m5.xlarge": 1})


@pytest.fixture
def control() -> Iterator[str]:
    """The control endpoint."""
    with serving(control_app(DEFAULT_ACCOUNT_ID, "us-east-1")) as url:
        yield url


@pytest.fixture
def stage(aws_url: str, control: str) -> Stage:
    """What creates jobs."""
    env = {"AWS_ACCESS_KEY_ID": ACCOUNT, "AWS_SECRET_ACCESS_KEY": "local", "AWS_REGION": "us-east-1"}
    return Stage({**env, "AWS_ENDPOINT_URL": aws_url, "SAGEMAKER_CONTROL_URL": control})


def status_of(url: str, body: object) -> tuple[int, dict[str, Any]]:
    """POST and answer with the status and the body, refusals included."""
    try:
        return 200, post_json(url, body)
    except urllib.error.HTTPError as exc:
        return exc.code, json.loads(exc.read())


def test_the_control_endpoint_sets_what_describe_answers(stage: Stage, control: str) -> None:
    """In the API's spelling; null takes a field away; times in any spelling."""
    stage.create(JOB)
    fields = {
        "TrainingJobStatus": "Failed",
        "BillableTimeInSeconds": 100,
        "TrainingStartTime": 1795168800000,
        "TrainingEndTime": "2026-11-20T10:30:00Z",
        "FailureReason": "because",
        "ResourceConfig": {"InstanceType": "ml.p9.48xlarge", "InstanceCount": 7},
    }
    post_json(f"{control}/training-job/{JOB.name}", fields)
    seen = describe(stage.client("sagemaker"), ResourceKind.TRAINING, JOB.name)
    post_json(f"{control}/training-job/{JOB.name}", {"BillableTimeInSeconds": None})
    later = describe(stage.client("sagemaker"), ResourceKind.TRAINING, JOB.name)

    assert (seen["TrainingJobStatus"], seen["BillableTimeInSeconds"]) == ("Failed", 100)
    assert (seen["TrainingEndTime"] - seen["TrainingStartTime"]).total_seconds() == 1800
    assert seen["ResourceConfig"]["InstanceType"] == "ml.p9.48xlarge"
    assert "BillableTimeInSeconds" not in later


@pytest.mark.parametrize(
    ("path", "body", "status", "word"),
    [
        ("teapot/x", {}, 404, "no kind 'teapot'"),
        ("training-job/nobody", {}, 404, "no training-job 'nobody' in us-east-1"),
        ("training-job/Control-02", {"TrainingJobStaus": "Failed"}, 400, "answers no TrainingJobStaus"),
        ("training-job/Control-02", {"TrainingEndTime": "soon"}, 400, "invalid time 'soon'"),
        ("training-job/Control-02", [1], 400, "JSON object"),
        ("training-job/Control-02?region=eu-west-1", {}, 404, "in eu-west-1"),
    ],
)
def test_the_control_endpoint_says_what_is_wrong(
    stage: Stage, control: str, path: str, body: object, status: int, word: str
) -> None:
    """And changes nothing."""
    if "Control-02" in path and not path.endswith("eu-west-1"):
        stage.create(training("Control-02", Run.ago(1, 30), {"ml.m5.xlarge": 1}))
    code, answer = status_of(f"{control}/{path}", body)

    assert (code, word in answer["error"]) == (status, True)


@pytest.fixture
def slowly() -> Iterator[None]:
    """What is asked to stop takes a minute."""
    PACE.seconds = 60
    yield
    PACE.seconds = 0


@pytest.mark.usefixtures("slowly")
def test_a_running_job_can_be_stopped_and_an_ended_one_cannot(stage: Stage) -> None:
    """With AWS's sentence."""
    job = training("Control-03", Run.ago(1, 30), {"ml.m5.xlarge": 1})
    sagemaker = stage.client("sagemaker")
    stage.create(job)
    sagemaker.stop_training_job(TrainingJobName=job.name)

    assert describe(sagemaker, ResourceKind.TRAINING, job.name)["TrainingJobStatus"] == "Stopping"
    stage.finish(job)
    with pytest.raises(sagemaker.exceptions.ClientError, match="the training job is in status Completed"):
        sagemaker.stop_training_job(TrainingJobName=job.name)


PLAYED = [
    training("Control-04", Run.ago(1, 30), {"ml.m5.xlarge": 1}),
    processing("Control-05", Run.ago(1, 30), {"ml.m5.xlarge": 1}),
    transform("Control-06", Run.ago(1, 30), {"ml.m5.xlarge": 1}),
    tuning("Control-07", Run.ago(1, 30)),
    automl("Control-08", Run.ago(1, 30)),
]


@pytest.mark.parametrize("job", PLAYED, ids=lambda job: job.kind)
def test_a_stopped_job_has_its_end_in_lists_and_in_describe(stage: Stage, job: PlayedJob) -> None:
    """Of every kind; a training job has its billed seconds too."""
    sagemaker, arn_type = stage.client("sagemaker"), KIND_FACTS[job.kind].arn_type
    stage.create(job)
    started = {name: value for name, value in job.end.items() if name.endswith("StartTime")}
    stage.control(arn_type, job.name, started)
    operation = "auto_ml_job" if job.kind is ResourceKind.AUTOML else arn_type.replace("-", "_")
    prefix = next(name for name in job.end if name.endswith("JobStatus")).removesuffix("JobStatus")
    getattr(sagemaker, f"stop_{operation}")(**{f"{prefix}JobName": job.name})
    [listed] = [
        summary
        for summary in getattr(sagemaker, f"list_{operation}s")(MaxResults=100)[f"{prefix}JobSummaries"]
        if summary[f"{prefix}JobName"] == job.name
    ]
    found = describe(sagemaker, job.kind, job.name)
    end = "EndTime" if job.kind is ResourceKind.AUTOML else f"{prefix}EndTime"

    assert (listed[f"{prefix}JobStatus"], found[f"{prefix}JobStatus"]) == ("Stopped", "Stopped")
    assert found[end] >= found["CreationTime"]
    assert ("BillableTimeInSeconds" in found) is (job.kind is ResourceKind.TRAINING)


def test_a_job_stopped_before_it_started_has_no_end(stage: Stage) -> None:
    """DescribeTrainingJob: the times may be absent."""
    job = training("Control-09", Run.ago(1, 30), {"ml.m5.xlarge": 1})
    stage.create(job)
    stage.client("sagemaker").stop_training_job(TrainingJobName=job.name)
    found = describe(stage.client("sagemaker"), ResourceKind.TRAINING, job.name)

    assert (found["TrainingJobStatus"], found["SecondaryStatus"]) == ("Stopped", "Stopped")
    assert "TrainingEndTime" not in found
    assert "BillableTimeInSeconds" not in found


def test_a_button_is_pressed_by_a_signed_interaction() -> None:
    """Signed as Slack's "Verifying requests" says, over the form's own bytes."""
    seen: list[tuple[str, str, dict[str, Any]]] = []
    app = Flask("answer")

    @app.post("/")
    def answer() -> Response:
        body = request.get_data(as_text=True)
        stamp = request.headers["X-Slack-Request-Timestamp"]
        expected = hmac.new(b"secret", f"v0:{stamp}:{body}".encode(), hashlib.sha256).hexdigest()
        payload = json.loads(parse_qs(body)["payload"][0])
        seen.append((request.headers["X-Slack-Signature"], f"v0={expected}", payload))
        return Response("pressed")

    button = {"type": "button", "action_id": "keep", "text": {"type": "plain_text", "text": "Keep"}, "value": "lab"}
    message = {
        "channel": "C0SAGEWATCH",
        "ts": "1.2",
        "text": "t",
        "blocks": [{"type": "actions", "elements": [button]}],
    }
    with serving(app) as url:
        workspace = Workspace(token="t", signing_secret="secret", interactivity_url=url, messages=[message])
        with serving(slack_app(workspace)) as slack:
            pressed = post_json(f"{slack}/press", {"ts": "1.2", "action_id": "keep", "user": "U1"})
            code, _ = status_of(f"{slack}/press", {"ts": "1.2", "action_id": "nothing"})

    [(signature, expected_signature, payload)] = seen
    assert (pressed["ok"], pressed["body"], code) == (True, "pressed", 404)
    assert signature == expected_signature
    assert (payload["user"]["id"], payload["actions"][0]["value"]) == ("U1", "lab")


def test_a_channels_history_is_newest_first_with_its_metadata() -> None:
    """As Slack answers, for a channel's id only."""
    workspace = Workspace(token="t", signing_secret="s")
    app = slack_app(workspace).test_client()
    headers = {"Authorization": "Bearer t"}
    for number in (1, 2):
        content = {"channel": "#sagewatch", "text": f"message {number}"}
        app.post("/api/chat.postMessage", json=content, headers=headers)

    by_id = app.post("/api/conversations.history", json={"channel": "C0SAGEWATCH"}, headers=headers).get_json()
    by_name = app.post("/api/conversations.history", json={"channel": "#sagewatch"}, headers=headers).get_json()
    assert [message["text"] for message in by_id["messages"]] == ["message 2", "message 1"]
    assert by_name["error"] == "channel_not_found"


def test_the_address_with_dots_leads_to_the_messages() -> None:
    """``$SLACK_API_URL../messages``, from a client that does not resolve it."""
    with serving(slack_app(Workspace(token="t", signing_secret="s"))) as url:
        assert get_json(f"{url}/api/../messages") == []


PLAIN = {"type": "plain_text", "text": "x"}


@pytest.mark.parametrize(
    "block",
    [
        {"type": "header", "text": PLAIN | {"text": "x" * 151}},
        {"type": "header", "text": {"type": "mrkdwn", "text": "x"}},
        {"type": "section"},
        {"type": "section", "text": {"type": "mrkdwn", "text": ""}},
        {"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3001}},
        {"type": "section", "fields": [PLAIN] * 11},
        {"type": "section", "fields": [PLAIN | {"text": "x" * 2001}]},
        {"type": "context", "elements": []},
        {"type": "actions", "elements": [{"type": "button", "text": PLAIN | {"text": "x" * 76}}]},
        {"type": "actions", "elements": [{"type": "button", "text": PLAIN, "value": "x" * 2001}]},
        {"type": "image", "image_url": "https://x"},
        {"type": "coffee"},
    ],
)
def test_block_kits_limits_are_kept(block: dict[str, Any]) -> None:
    """One fault each."""
    assert len(block_errors([block])) == 1


def test_more_than_fifty_blocks_are_too_many() -> None:
    """And fifty are not."""
    assert block_errors([{"type": "divider"}] * 51) == ["more than 50 blocks"]
    assert block_errors([{"type": "divider"}] * 50) == []


def test_a_taken_port_is_replaced_by_another() -> None:
    """Its holder keeps it."""
    with socket.socket() as taken:
        try:
            taken.bind(("127.0.0.1", _PREFERRED["slack"]))
            taken.listen()
        except OSError:
            pass  # another process has it: just as taken
        assert Ports.choose().slack != _PREFERRED["slack"]


def test_an_override_of_no_parameter_is_named() -> None:
    """The SAM CLI says nothing."""
    assert unknown_parameters(["DiscountPercent=5", "DiscuontPercent=5"]) == ["DiscuontPercent"]


@pytest.mark.parametrize("accounts", ["", "222233334444", "222233334444,333344445555"])
def test_the_local_cloud_decides_as_aws_whether_the_stack_watches_other_accounts(accounts: str) -> None:
    """MiniStack compares a joined list as a mapping, which would make every stack a hub."""
    template = for_ministack(yaml_parse((ROOT / "template.yaml").read_text(encoding="utf-8")))
    values = {name: {"Value": given.get("Default", "")} for name, given in template["Parameters"].items()}
    conditions = _evaluate_conditions(template, values | {"SpokeAccounts": {"Value": accounts}})
    assert conditions["IsHub"] is bool(accounts)
