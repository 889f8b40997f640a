"""The shell of the Lambdas that a queue or an HTTP API invokes."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools import Logger

from sagewatch.clock import Clock
from sagewatch.errors import OutOfTimeError, RetryableError, SageWatchError, UnexpectedError
from sagewatch.outcomes import EmfMetric, Outcome
from sagewatch.runtime.log_lines import make_logger
from sagewatch.runtime.ports import Inbox, LambdaContext, QueueMessage
from sagewatch.runtime.telemetry import Telemetry

_FIRST_WAIT, _LONGEST_WAIT = 5, 900  # seconds: doubles from the first try on, up to a quarter of an hour
TIME_FOR_ONE = 20_000  # milliseconds: one AWS call that hangs (wiring), and the others
_PATIENT = 5  # tries that come back as soon as the other side asks
_UNEXPECTED_TRIES = 5  # of a message that ends its handler; its FIFO group waits behind it
_JITTER = 5  # seconds, so that messages that failed together do not come back together

Work = Callable[[str], Outcome]


class QueueHandler:
    """Runs ``work`` on each message of a batch separately, or on one event invoked directly.

    A message with a permanent error moves to the dead-letter queue with its reason. A message with a passing error is
    retried after the time that the error asks for; when its tries are used up, it moves to the dead-letter queue too.
    """

    def __init__(
        self, work: Work, *, inbox: Inbox, max_receives: int, logger: Logger | None = None, clock: Clock | None = None
    ) -> None:
        self._work = work
        self._clock = clock or _now
        self._inbox = inbox
        self._max_receives = max_receives
        self._logger = logger or make_logger()
        self._telemetry = Telemetry()

    def __call__(self, event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
        """Return a partial batch response for a queue, else the outcome."""
        try:
            if "Records" not in event:
                return self._do(json.dumps(event))
            failed = [record["messageId"] for record in event["Records"] if not self._one(_message(record), context)]
            return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}
        finally:
            self._telemetry.flush(context.function_name)

    def _do(self, body: str, sent_at: datetime | None = None) -> dict[str, Any]:
        outcome = self._work(body)
        self._telemetry.measure(outcome, sent_at)
        answer = dict(outcome.to_log())
        self._logger.info("done", extra=answer)
        return answer

    def _one(self, message: QueueMessage, context: LambdaContext) -> bool:
        """Do the work of a message; say whether it is done with. SQS delivers it again if not."""
        try:
            _leave_in_time(context)
            self._do(message.body, message.sent_at)
        except SageWatchError as error:
            return self._settled(message, error)
        except Exception as error:
            self._logger.exception("failed", extra={"message_id": message.message_id})
            unexpected = UnexpectedError(f"unexpected {type(error).__name__}")
            return message.receives >= _UNEXPECTED_TRIES and self._settled(message, unexpected)
        return True

    def _settled(self, message: QueueMessage, error: SageWatchError) -> bool:
        """Retry the message later or move it to the dead-letter queue; say whether it is done."""
        retry = isinstance(error, RetryableError) and message.receives < self._max_receives
        self._logger.warning(
            "retried later" if retry else "moved to the dead-letter queue", extra=_about(message, error)
        )
        try:
            if not retry:
                self._inbox.dead_letter(message, error)
                self._telemetry.count(EmfMetric.MESSAGES_DEAD_LETTERED)
                return True
            self._inbox.retry_later(message, wait(message, error))
            self._telemetry.count(EmfMetric.MESSAGES_RETRIED)
            self._measure_wait(message)
        except Exception as trouble:  # SQS then delivers the message again after its visibility timeout
            self._logger.exception(
                "neither retried later nor moved to the dead-letter queue", extra=_about(message, trouble)
            )
        return False

    def _measure_wait(self, message: QueueMessage) -> None:
        """Say how long a retried message has waited. SQS leaves out of its age what was received three times."""
        if message.sent_at is not None:
            waited = (self._clock() - message.sent_at).total_seconds()
            self._telemetry.value(EmfMetric.MESSAGE_WAITS, max(waited, 0))


class RequestHandler:
    """Answers HTTP requests of an API Gateway HTTP API, whose events have payload format 2.0."""

    def __init__(self, endpoint: Callable[[Mapping[str, Any]], dict[str, Any]]) -> None:
        self._endpoint = endpoint

    def __call__(self, event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
        """Answer a request; answer an invocation that carries none with status 400."""
        del context
        return self._endpoint(event) if "requestContext" in event else {"statusCode": HTTPStatus.BAD_REQUEST.value}


def _now() -> datetime:
    return datetime.now(UTC)


def _leave_in_time(context: LambdaContext) -> None:
    """Raise before a timeout, which would return every message of the batch, finished ones too."""
    if context.get_remaining_time_in_millis() < TIME_FOR_ONE:
        raise OutOfTimeError("no time is left in this invocation")


def wait(message: QueueMessage, error: Exception) -> int:
    """Return the seconds until the next try: they double, vary with the message's id, and respect what the error asks.

    Only the first tries wait no longer than asked: a service that asks for one second for hours would use up all tries.
    """
    doubled: int = _FIRST_WAIT * 2 ** min(message.receives - 1, 10)
    asked = error.retry_after if isinstance(error, RetryableError) else None
    if asked is None:
        return min(doubled, _LONGEST_WAIT) + sum(message.message_id.encode()) % _JITTER
    return min(max(asked, 1, doubled if message.receives > _PATIENT else 0), _LONGEST_WAIT)


def _message(record: Mapping[str, Any]) -> QueueMessage:
    attributes: Mapping[str, str] = record.get("attributes", {})
    return QueueMessage(
        record["messageId"],
        record["receiptHandle"],
        record["body"],
        int(attributes.get("ApproximateReceiveCount", 1)),
        _sent_at(attributes),
        attributes.get("MessageGroupId") or None,
    )


def _sent_at(attributes: Mapping[str, str]) -> datetime | None:
    """SQS counts in milliseconds; an event invoked by hand may lack the attribute."""
    sent = str(attributes.get("SentTimestamp"))
    return datetime.fromtimestamp(int(sent) / 1000, UTC) if sent.isdecimal() else None


def _about(message: QueueMessage, error: Exception) -> dict[str, Any]:
    return {"message_id": message.message_id, "error": type(error).__name__, "reason": str(error)}
