"""A small Slack on HTTP: it checks tokens, channels and Block Kit's limits, keeps messages and threads, and can fail.

Not as at Slack: every bot is in every channel, nothing is ever rate limited by itself, and nobody reads along.
"""

import hashlib
import hmac
import json
import re
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from typing import Any

from flask import Flask, Response, jsonify, request

from local.block_kit import faults

CHANNELS = {"#sagewatch": "C0SAGEWATCH", "#ml-risk": "C0MLRISK00"}
_TEXT_LIMIT = 40_000
Answer = Response | tuple[Response, int] | tuple[Response, int, dict[str, str]]


@dataclass
class Failure:
    """What the next calls answer instead of the truth."""

    status: int
    times: int
    retry_after: int | None


@dataclass
class Workspace:
    """What the workspace holds. ``interactivity_url`` and its ``host`` are where buttons are reported to."""

    token: str
    signing_secret: str
    interactivity_url: str | None = None
    interactivity_host: str | None = None
    messages: list[dict[str, Any]] = field(default_factory=list)
    failure: Failure | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)
    last_ts: int = 0

    def next_ts(self) -> str:
        """Slack's message ids: a time in microseconds, unique in a channel."""
        self.last_ts = max(self.last_ts + 1, time.time_ns() // 1000)
        return f"{self.last_ts // 1_000_000}.{self.last_ts % 1_000_000:06d}"

    def fails(self) -> Failure | None:
        """Count one failure down, if one is ordered."""
        with self.lock:
            if self.failure is None or self.failure.times < 1:
                return None
            self.failure.times -= 1
            return self.failure

    def find(self, ts: str) -> dict[str, Any] | None:
        """The message with that ts."""
        return next((message for message in self.messages if message["ts"] == ts), None)


def slack_app(workspace: Workspace) -> Flask:
    """The Web API under ``/api/``, and beside it what tests and people use: messages, fail, press."""
    app = Flask("slack")

    @app.post("/api/<method>")
    def api(method: str) -> Answer:
        if failure := workspace.fails():
            headers = {"Retry-After": str(failure.retry_after)} if failure.retry_after is not None else {}
            said = "ratelimited" if failure.status == 429 else "internal_error"  # noqa: PLR2004 - HTTP's own number
            return jsonify(ok=False, error=said), failure.status, headers
        if error := _token_error(workspace):
            return jsonify(ok=False, error=error)
        arguments: dict[str, Any] = request.get_json(silent=True) or request.form.to_dict()
        methods = {
            "auth.test": _auth_test,
            "chat.postMessage": _post_message,
            "chat.update": _update,
            "conversations.history": _history,
        }
        if method not in methods:
            return jsonify(ok=False, error="unknown_method")
        with workspace.lock:
            return jsonify(methods[method](workspace, arguments))

    # A client that does not resolve ".." sends it as it stands: $SLACK_API_URL../messages.
    @app.get("/messages")
    @app.get("/api/../messages")
    def messages() -> Answer:
        return jsonify(workspace.messages)

    @app.post("/fail")
    @app.post("/api/../fail")
    def fail() -> Answer:
        order = request.get_json(force=True)
        workspace.failure = Failure(int(order["status"]), int(order.get("times", 1)), order.get("retry_after"))
        return jsonify(ok=True)

    @app.post("/press")
    @app.post("/api/../press")
    def press() -> Answer:
        order = request.get_json(force=True)
        return _press(workspace, order["ts"], order["action_id"], order.get("user", "U0PRESSER"))

    return app


def _token_error(workspace: Workspace) -> str | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme != "Bearer" or not token:
        return "not_authed"
    return None if hmac.compare_digest(token, workspace.token) else "invalid_auth"


def _auth_test(workspace: Workspace, arguments: dict[str, Any]) -> dict[str, Any]:
    del workspace, arguments
    return {"ok": True, "team": "local", "user": "sagewatch", "bot_id": "B0SAGEWATCH"}


def _post_message(workspace: Workspace, arguments: dict[str, Any]) -> dict[str, Any]:
    content, error = _content(arguments)
    channel = _channel_id(arguments)
    if channel is None or error:
        return error or {"ok": False, "error": "channel_not_found"}
    message = {
        "channel": channel,
        "ts": workspace.next_ts(),
        "thread_ts": arguments.get("thread_ts"),
        "metadata": _decoded(arguments.get("metadata")),
        **content,
    }
    workspace.messages.append(message)
    return {"ok": True, "channel": channel, "ts": message["ts"], "message": message}


def _update(workspace: Workspace, arguments: dict[str, Any]) -> dict[str, Any]:
    content, error = _content(arguments)
    message = workspace.find(str(arguments.get("ts")))
    if message is None or error:
        return error or {"ok": False, "error": "message_not_found"}
    message.update(content)
    return {"ok": True, "channel": message["channel"], "ts": message["ts"], "text": message["text"]}


def _history(workspace: Workspace, arguments: dict[str, Any]) -> dict[str, Any]:
    """Newest first, as Slack answers; it takes a channel's ID only."""
    channel = str(arguments.get("channel"))
    if channel not in CHANNELS.values():
        return {"ok": False, "error": "channel_not_found"}
    found = [message for message in reversed(workspace.messages) if message["channel"] == channel]
    return {"ok": True, "messages": found[: int(arguments.get("limit", 100))], "has_more": False}


def _content(arguments: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any] | None]:
    blocks = _decoded(arguments.get("blocks")) or []
    text = str(arguments.get("text") or "")
    content = {"text": text, "blocks": blocks}
    if not text and not blocks:
        return content, {"ok": False, "error": "no_text"}
    if len(text) > _TEXT_LIMIT:
        return content, {"ok": False, "error": "msg_too_long"}
    if found := faults(blocks):
        return content, {"ok": False, "error": "invalid_blocks", "response_metadata": {"messages": found}}
    return content, None


def _channel_id(arguments: dict[str, Any]) -> str | None:
    wanted = str(arguments.get("channel"))
    return CHANNELS.get(wanted) or (wanted if wanted in CHANNELS.values() else None)


def _decoded(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) and re.match(r"\s*[\[{]", value) else value


def _press(workspace: Workspace, ts: str, action_id: str, user: str) -> Answer:
    """Press a button as Slack would: a signed block_actions interaction, as a form, to the app's request URL."""
    message = workspace.find(ts)
    if message is None:
        return jsonify(ok=False, error="message_not_found"), 404
    elements = (element for block in message["blocks"] for element in block.get("elements", []))
    button = next((element for element in elements if element.get("action_id") == action_id), None)
    if button is None:
        return jsonify(ok=False, error=f"the message has no button {action_id!r}"), 404
    if workspace.interactivity_url is None:
        return jsonify(ok=False, error="the stack has no function that answers buttons"), 409
    payload = {
        "type": "block_actions",
        "user": {"id": user, "username": user, "team_id": "T0LOCAL"},
        "channel": {"id": message["channel"]},
        "container": {"type": "message", "message_ts": ts, "channel_id": message["channel"]},
        "message": message,
        "actions": [{**button, "action_ts": workspace.next_ts()}],
        "response_url": request.host_url + f"response/{ts}",
    }
    return _send_signed(workspace, urllib.parse.urlencode({"payload": json.dumps(payload)}))


def _send_signed(workspace: Workspace, body: str) -> Answer:
    stamp = str(int(time.time()))
    digest = hmac.new(workspace.signing_secret.encode(), f"v0:{stamp}:{body}".encode(), hashlib.sha256).hexdigest()
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Slack-Request-Timestamp": stamp,
        "X-Slack-Signature": f"v0={digest}",
    }
    if workspace.interactivity_host:
        headers["Host"] = workspace.interactivity_host
    call = urllib.request.Request(str(workspace.interactivity_url), body.encode(), headers)  # noqa: S310 - ours
    try:
        with urllib.request.urlopen(call, timeout=10) as answer:  # noqa: S310 - ours
            return jsonify(ok=True, status=answer.status, body=answer.read().decode())
    except urllib.error.HTTPError as exc:
        return jsonify(ok=False, status=exc.code, body=exc.read().decode()), 502
