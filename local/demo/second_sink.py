"""Alerts on the terminal instead of Slack, for `make demo`: the same queue, the same delivery, another channel."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from local.demo.builders import Run, processing, training
from local.demo.player import PlayedJob, Stage
from local.terminal_sink.channel import TerminalChannel
from sagewatch.adapters.alert_queue import SqsAlertQueue
from sagewatch.delivery.deliver import AlertDelivery
from sagewatch.wiring.deliver_alert import delivery_to

_LOG = ("Traceback (most recent call last):", '  File "join.py", line 7, in <module>', "KeyError: 'session_id'")
_TAGS = {"sagewatch:owner": "ana@example.com"}


def two_failures() -> tuple[PlayedJob, ...]:
    """A training job that ran out of memory, and a processing job whose script has a mistake."""
    return (
        training(
            "lora-eval",
            Run.ago(0.1, 34),
            {"ml.g5.xlarge": 1},
            status="Failed",
            reason="AlgorithmError: ExecuteUserScriptError: exit code: 137",
            tags=_TAGS,
        ),
        processing(
            "join-sessions",
            Run.ago(0.1, 8),
            {"ml.m5.xlarge": 1},
            status="Failed",
            reason="AlgorithmError: See job logs for more information, exit code: 1",
            log=(
                "Traceback (most recent call last):",
                '  File "join.py", line 7, in <module>',
                "KeyError: 'session_id'",
            ),
            tags=_TAGS,
        ),
    )


@contextmanager
def slack_paused(stage: Stage) -> Iterator[None]:
    """Keep DeliverAlert from taking alerts off the queue."""
    functions = stage.client("lambda")
    mappings = functions.list_event_source_mappings(FunctionName=stage.function_name("DeliverAlert"))
    identifiers = [mapping["UUID"] for mapping in mappings["EventSourceMappings"]]
    for identifier in identifiers:
        functions.update_event_source_mapping(UUID=identifier, Enabled=False)
    try:
        yield
    finally:
        for identifier in identifiers:
            functions.update_event_source_mapping(UUID=identifier, Enabled=True)


def delivery_to_terminal(stage: Stage, env: Mapping[str, str], channel: TerminalChannel) -> AlertDelivery:
    """Build what DeliverAlert builds, with the terminal as its channel."""
    alerts = SqsAlertQueue(stage.client("sqs"), env["AlertQueueUrl"])
    return delivery_to(channel, stage.client("dynamodb"), env["WatchStateName"], alerts, {})


def drain(stage: Stage, env: Mapping[str, str], delivery: AlertDelivery) -> None:
    """Deliver what waits in the alert queue."""
    queue = env["AlertQueueUrl"]
    received = stage.client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10)
    for message in received.get("Messages", ()):
        delivery.on_message(message["Body"])
        stage.client("sqs").delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
