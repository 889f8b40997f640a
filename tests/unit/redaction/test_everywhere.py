"""Wherever a job's text goes, it goes masked: rows, alerts, messages, dead letters and log lines."""

import io
import json
from dataclasses import asdict
from decimal import Decimal
from typing import Any
from uuid import uuid4

import boto3
import pytest
from moto import mock_aws

from sagewatch.adapters.sqs import SqsInbox
from sagewatch.diagnostics.failure_context import FailureContext
from sagewatch.errors import MalformedEventError
from sagewatch.jobs.alerting import job_alert
from sagewatch.ledger.records import RecordedBy, record_of
from sagewatch.pricing.job_cost import cost_of
from sagewatch.redaction import mask
from sagewatch.runtime.handlers import QueueHandler
from sagewatch.runtime.log_lines import make_logger
from sagewatch.runtime.ports import QueueMessage
from sagewatch.sagemaker.job_models import read_job
from sagewatch.sagemaker.kinds import ResourceKind
from sagewatch.slack.messages.render import render
from tests.fakes.runtime import InMemoryInbox
from tests.unit.redaction.secrets import secrets
from tests.unit.runtime.test_handlers import Context
from tests.worlds.builders import BOOK, ENDED

_SECRETS = tuple(secrets(of_each=1))
_TIMES = {"CreationTime": "2026-11-20T09:58:00Z", "LastModifiedTime": "2026-11-20T11:00:00Z"}
# Every field of a Describe answer that holds a person's or a job's own text, except the failure reason.
_TEXTS: dict[ResourceKind, dict[str, Any]] = {
    ResourceKind.TRAINING: {
        "HyperParameters": {"key": "{}"}, "Environment": {"HF_TOKEN": "{}"}, "SecondaryStatusTransitions": [
            {"Status": "Failed", "StatusMessage": "{}", "StartTime": "2026-11-20T10:00:00Z"}],
    },
    ResourceKind.PROCESSING: {"ExitMessage": "{}", "Environment": {"HF_TOKEN": "{}"}, "AppSpecification": {
        "ImageUri": "111122223333.dkr.ecr.us-east-1.amazonaws.com/prep:1", "ContainerArguments": ["--key", "{}"]}},
    ResourceKind.TRANSFORM: {"Environment": {"HF_TOKEN": "{}"}},
    ResourceKind.TUNING: {},
    ResourceKind.AUTOML: {},
}  # fmt: skip
_RECORD = {
    "messageId": "id-1",
    "receiptHandle": "handle-1",
    "body": "{}",
    "attributes": {"ApproximateReceiveCount": "9"},
    "messageAttributes": {},
    "eventSource": "aws:sqs",
    "eventSourceARN": "arn:aws:sqs:us-east-1:111122223333:q",
    "awsRegion": "us-east-1",
    "md5OfBody": "",
}
_NAMES = {ResourceKind.TUNING: "HyperParameterTuningJob", ResourceKind.AUTOML: "AutoMLJob"}


def _filled(value: Any, secret: str) -> Any:
    match value:
        case str():
            return value.replace("{}", secret)
        case dict():
            return {key: _filled(inner, secret) for key, inner in value.items()}
        case list():
            return [_filled(inner, secret) for inner in value]
    return value


@pytest.mark.parametrize("kind", _TEXTS)
@pytest.mark.parametrize("secret", _SECRETS, ids=lambda secret: secret.form)
def test_no_field_of_a_row_an_alert_or_a_message_holds_a_secret(kind: ResourceKind, secret: Any) -> None:
    """In a failure reason its whole line; in the other texts the secret by itself."""
    name = _NAMES.get(kind, f"{kind.title()}Job")
    answer = {f"{name}Name": "churn-1", f"{name}Status": "Failed", **_TIMES, **_filled(_TEXTS[kind], secret.secret)}
    job = read_job(
        kind, {**answer, "FailureReason": secret.line}, account="111122223333", region="us-east-1", described=True
    )
    row = record_of(job, cost_of(job, BOOK, Decimal(0)), None, now=ENDED, by=RecordedBy.EVENT)
    alert = job_alert(job, row, FailureContext())
    assert alert is not None
    shown = render(alert)
    written = "".join(
        (
            json.dumps(asdict(row), default=str, ensure_ascii=False),
            alert.model_dump_json(),
            shown.text,
            json.dumps([block.to_dict() for block in shown.blocks], ensure_ascii=False),
        )
    )

    assert secret.secret not in written


@pytest.mark.parametrize("secret", _SECRETS, ids=lambda secret: secret.form)
@pytest.mark.parametrize("error", [MalformedEventError, ValueError])
def test_no_log_line_holds_a_secret(error: type[Exception], secret: Any) -> None:
    """Neither a refusal's reason nor the traceback of an unexpected error."""
    log = io.StringIO()

    def work(body: str) -> Any:
        raise error(body + secret.line)

    handler = QueueHandler(work, inbox=InMemoryInbox(), max_receives=1, logger=make_logger(f"test-{uuid4()}", log))
    handler({"Records": [_RECORD]}, Context())

    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    assert lines
    assert not any(secret.secret in str(value) for line in lines for value in line.values())


@mock_aws
def test_no_dead_letter_gives_a_secret_as_its_reason() -> None:
    """The body is copied unchanged, because a redrive sends it again."""
    client = boto3.client("sqs", "us-east-1")
    url = client.create_queue(QueueName="dead")["QueueUrl"]
    inbox = SqsInbox(client, url=url, dead_letter_url=url)
    for secret in _SECRETS:
        inbox.dead_letter(QueueMessage("1", "r", "{}", 1), MalformedEventError(secret.line))
        [letter] = client.receive_message(QueueUrl=url, MessageAttributeNames=["All"])["Messages"]
        client.delete_message(QueueUrl=url, ReceiptHandle=letter["ReceiptHandle"])

        assert secret.secret not in letter["MessageAttributes"]["Reason"]["StringValue"]


@pytest.mark.parametrize(
    ("line", "masked"),
    [
        ("password=a", True),  # a name that means a secret and nothing else: however short
        ("DB_PASSWORD: x", True),
        ("hf_token=abc123", True),
        ("token=abc123", True),
        ("token=abcdefg", True),
        ("token=abcdef", False),  # tokens are words too: what has neither seven letters nor a digit is one
        ("token=abc", False),
        ("token=a1b2c", False),
    ],
)
def test_the_least_length_of_a_masked_value_depends_on_its_name(line: str, *, masked: bool) -> None:
    """None for a password; six with a digit, else seven, for a token, because tokenizers print theirs."""
    assert ("[redacted]" in mask(line)) is masked
