"""AnswerSlack's door: Slack's requests are checked, noted and put into the queue, within Slack's three seconds."""

import base64
import binascii
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from slack_sdk.signature import SignatureVerifier

from sagewatch.clock import Clock
from sagewatch.errors import MalformedPressError, SageWatchError
from sagewatch.slack.actions import ActionId
from sagewatch.slack.interactions.dialogs import looking
from sagewatch.slack.interactions.payloads import AnyPress, read_interaction
from sagewatch.slack.interactions.ports import Dialogs, PressQueue, SeenRequests

_SIGNATURE = "x-slack-signature"
_WITH_DIALOG = frozenset({ActionId.STOP_NOW, ActionId.STOP_JOB})


class _SlackClock:
    """The clock of slack-sdk's verifier, which refuses what is older than five minutes."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock

    def now(self) -> float:
        return self._clock().timestamp()


@dataclass(frozen=True, slots=True)
class Reply:
    """What Slack is answered: a status, and a sentence for its logs."""

    status: int
    body: str = ""

    def to_response(self) -> dict[str, Any]:
        """The reply as a function URL takes it."""
        return {"statusCode": self.status, "headers": {"Content-Type": "text/plain"}, "body": self.body}


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackEndpoint:
    """Lets in what Slack signed, once."""

    secret: Callable[[], str]
    presses: SeenRequests
    queue: PressQueue
    dialogs: Dialogs
    clock: Clock

    def handle(self, event: Mapping[str, Any]) -> Reply:
        """Answer a request to the function URL. Raises what the ports do, which Slack shows as a warning sign."""
        headers = {str(name).lower(): str(value) for name, value in (event.get("headers") or {}).items()}
        body = _body(event)
        if body is None or not self._signed(body, headers):
            return Reply(401, "the signature is not Slack's, or it is too old")
        try:
            press, trigger = read_interaction(body)
        except MalformedPressError as exc:
            return Reply(400, str(exc))
        if not self.presses.first(hashlib.sha256(headers[_SIGNATURE].encode()).hexdigest(), self.clock()):
            return Reply(409, "this request has been answered")
        self.queue.send(press.model_copy(update={"view_id": press.view_id or self._dialog(press, trigger)}))
        return Reply(200)

    def _signed(self, body: str, headers: Mapping[str, str]) -> bool:
        stamp = headers.get("x-slack-request-timestamp", "")
        if not stamp.isdigit() or _SIGNATURE not in headers:
            return False
        verifier = SignatureVerifier(self.secret(), clock=_SlackClock(self.clock))  # type: ignore[arg-type] # duck
        return verifier.is_valid(body, stamp, headers[_SIGNATURE])

    def _dialog(self, press: AnyPress, trigger: str | None) -> str | None:
        """A trigger is good for three seconds, a look at AWS may take longer: the dialog opens before it."""
        if press.action not in _WITH_DIALOG or trigger is None:
            return None
        try:
            return self.dialogs.open(trigger, looking(press))
        except SageWatchError:  # the press counts all the same; what has to be asked is then not stopped
            return None


def _body(event: Mapping[str, Any]) -> str | None:
    body = str(event.get("body") or "")
    if not event.get("isBase64Encoded"):
        return body
    try:
        return base64.b64decode(body, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
