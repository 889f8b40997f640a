"""The interactions endpoint: verifies Slack's signature, opens a dialog, and queues the press, within three seconds."""

import base64
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from slack_sdk.signature import SignatureVerifier

from sagewatch.clock import Clock
from sagewatch.errors import MalformedPressError, SageWatchError
from sagewatch.patterns import lazy_pattern
from sagewatch.slack.actions import OPENS_DIALOG
from sagewatch.slack.interactions.dialogs import loading_view
from sagewatch.slack.interactions.payloads import AnyPress
from sagewatch.slack.interactions.ports import Dialogs, PressQueue, SeenRequests, SigningSecret
from sagewatch.slack.interactions.received import read_interaction

_STAMP, _SIGNATURE = lazy_pattern(r"[0-9]{1,12}"), lazy_pattern(r"v0=[0-9a-f]{64}")


class _SlackClock:
    """The clock of slack-sdk's verifier, which refuses what is older than five minutes."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock

    def now(self) -> float:
        return self._clock().timestamp()


@dataclass(frozen=True, slots=True)
class Reply:
    """The response to Slack: a status, and a sentence for its logs."""

    status: int
    body: str = ""

    def to_response(self) -> dict[str, Any]:
        """The reply in Lambda's format for HTTP responses."""
        return {"statusCode": self.status, "headers": {"Content-Type": "text/plain"}, "body": self.body}


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackEndpoint:
    """Accepts each request that Slack signed, once."""

    secret: SigningSecret
    presses: SeenRequests
    queue: PressQueue
    dialogs: Dialogs
    clock: Clock

    def handle(self, event: Mapping[str, Any]) -> Reply:
        """Answer a request to the HTTP API. Raises what the ports do, which Slack shows as a warning sign."""
        body, stamp, signature = _signed_parts(event)
        if body is None or not self._is_slacks(body, stamp, signature):
            return Reply(401, "the signature is not Slack's, or it is too old")
        try:
            press, trigger = read_interaction(body)
        except MalformedPressError as exc:
            return Reply(400, str(exc))
        if not self.presses.first(hashlib.sha256(signature.encode()).hexdigest(), self.clock()):
            return Reply(409, "this request has been answered")
        view = press.view_id or self._dialog(press, trigger)
        self.queue.send(press.model_copy(update={"view_id": view, "pressed_at": self.clock()}))
        return Reply(200)

    def _is_slacks(self, body: str, stamp: str, signature: str) -> bool:
        """Whether Slack signed the body. The endpoint is public, so malformed headers are refused without verifying."""
        if not (_STAMP.fullmatch(stamp) and _SIGNATURE.fullmatch(signature)):
            return False
        return self._verifies(body, stamp, signature) or (
            self.secret.recheck() and self._verifies(body, stamp, signature)
        )

    def _verifies(self, body: str, stamp: str, signature: str) -> bool:
        verifier = SignatureVerifier(self.secret(), clock=_SlackClock(self.clock))  # type: ignore[arg-type] # duck
        return verifier.is_valid(body, stamp, signature)

    def _dialog(self, press: AnyPress, trigger: str | None) -> str | None:
        """Open a dialog before asking AWS: a trigger is valid for three seconds, and AWS may take longer."""
        if press.action not in OPENS_DIALOG or trigger is None:
            return None
        try:
            return self.dialogs.open(trigger, loading_view(press))
        except SageWatchError:  # the press counts all the same, but a stop that needs a confirmation is not made
            return None


def _signed_parts(event: Mapping[str, Any]) -> tuple[str | None, str, str]:
    """Return the body as it was signed, its time and its signature; ``None`` for a body that cannot be read."""
    headers = {str(name).lower(): str(value) for name, value in (event.get("headers") or {}).items()}
    return _body(event), headers.get("x-slack-request-timestamp", ""), headers.get("x-slack-signature", "")


def _body(event: Mapping[str, Any]) -> str | None:
    body: str | None = event.get("body")
    if not body or not event.get("isBase64Encoded"):
        return body
    try:
        return base64.b64decode(body).decode()
    except ValueError:  # no base64, or no UTF-8
        return None
