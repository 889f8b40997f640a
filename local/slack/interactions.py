"""What people do in the local Slack: presses and submissions, sent to the app as Slack signs and sends them."""

import hashlib
import hmac
import json
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from local.slack.views import keep_view, refusal
from local.slack.workspace import APP_ID, CHANNELS, TEAM, Json, Workspace, as_slack, user_named

_TIMEOUT = 10  # seconds; Slack waits three, and a local function may have to start first
_OK, _MISSING, _CONFLICT, _BAD_GATEWAY = 200, 404, 409, 502
_PRESSER = "U0PRESSER"
_SHOWN = ("action_id", "text", "value", "type", "style", "confirm", "url")
_NO_APP = "the stack has no function that answers buttons"
_NAMES = {channel_id: name.removeprefix("#") for name, channel_id in CHANNELS.items()}

type Result = tuple[Json, int]


@dataclass(frozen=True)
class Reply:
    """The app's answer. Status 0 means that it gave none."""

    ok: bool
    status: int
    body: str


def sign(secret: str, stamp: int | str, body: str) -> str:
    """Slack's signature of a request ("Verifying requests from Slack"), as its header carries it."""
    return "v0=" + hmac.new(secret.encode(), f"v0:{stamp}:{body}".encode(), hashlib.sha256).hexdigest()


def press(workspace: Workspace, order: Json) -> Result:
    """Press a button: ``{"ts", "action_id", "user"}``, and how the request is to be spoilt.

    ``stamp_offset`` seconds are added to the time that is signed, ``bad_signature`` signs with another secret,
    ``times`` sends the same request that often and answers with all statuses.
    """
    with workspace.lock:
        payload = _block_actions(workspace, order)
    if isinstance(payload, str):
        return {"ok": False, "error": payload}, _MISSING
    if workspace.interactivity_url is None:
        return {"ok": False, "error": _NO_APP}, _CONFLICT
    replies = _send(workspace, payload, order)
    first = asdict(replies[0])
    if len(replies) > 1:
        return first | {"ok": all(reply.ok for reply in replies), "statuses": [reply.status for reply in replies]}, _OK
    return first, _OK if replies[0].ok else _BAD_GATEWAY


def submit(workspace: Workspace, order: Json) -> Result:
    """Press a dialog's Submit: ``{"view_id", "user"}``. What the app answers closes, replaces or faults the dialog."""
    with workspace.lock:
        kept = workspace.views.get(str(order.get("view_id")))
        error = _not_submittable(kept, order)
        payload = _submission(workspace, kept) if kept and not error else {}
    if error:
        return {"ok": False, "error": error}, _MISSING
    if workspace.interactivity_url is None:
        return {"ok": False, "error": _NO_APP}, _CONFLICT
    reply = _send(workspace, payload, order)[0]
    with workspace.lock:
        error = _respond(workspace, str(order["view_id"]), reply)
    return asdict(reply) | ({"ok": False, "error": error} if error else {}), _BAD_GATEWAY if error else _OK


def close(workspace: Workspace, order: Json) -> Result:
    """Press a dialog's Cancel. Slack sends the app nothing, because no view asks for that."""
    with workspace.lock:
        kept = workspace.views.pop(str(order.get("view_id")), None)
    return ({"ok": True}, _OK) if kept else ({"ok": False, "error": "no such view"}, _MISSING)


def _block_actions(workspace: Workspace, order: Json) -> Json | str:
    """The interaction; a sentence where there is nothing to press."""
    hidden = next((message for message in workspace.ephemerals if message["ts"] == order.get("ts")), None)
    message = workspace.find(str(order.get("ts"))) or hidden
    if message is None:
        return "message_not_found"
    action = next((action for action in _actions(message) if action["action_id"] == order.get("action_id")), None)
    if action is None:
        return f"the message has no button {order.get('action_id')!r}"
    thread = {"thread_ts": message["thread_ts"]} if message.get("thread_ts") else {}
    place = {"message_ts": message["ts"], "channel_id": message["channel"], "is_ephemeral": message is hidden}
    return {
        "type": "block_actions",
        **_common(workspace, str(order.get("user") or _PRESSER)),
        "container": {"type": "message", **place, **thread},
        "channel": {"id": message["channel"], "name": _NAMES[message["channel"]]},
        **({} if message is hidden else {"message": as_slack(workspace, message)}),
        "state": {"values": {}},
        "response_url": f"{order['slack']}response/{message['ts']}",
        "actions": [action | {"action_ts": workspace.next_ts()}],
    }


def _actions(message: Json) -> Iterator[Json]:
    """The buttons of a message, each as an interaction names it. Slack numbers the blocks that have no ID."""
    for number, block in enumerate(message["blocks"]):
        for element in [*block.get("elements", []), *([block["accessory"]] if "accessory" in block else [])]:
            if element.get("type") == "button" and element.get("action_id"):
                shown = {name: element[name] for name in _SHOWN if name in element}
                yield {"block_id": block.get("block_id") or f"b{number}", **shown}


def _submission(workspace: Workspace, kept: Json) -> Json:
    common = _common(workspace, kept["user"])
    return {"type": "view_submission", **common, "view": kept["view"], "response_urls": []}


def _common(workspace: Workspace, user: str) -> Json:
    app = {"api_app_id": APP_ID, "token": "verification-tokens-are-deprecated", "enterprise": None}
    trigger = workspace.issue_trigger(user)
    return {"user": user_named(user), "team": TEAM, **app, "is_enterprise_install": False, "trigger_id": trigger}


def _not_submittable(kept: Json | None, order: Json) -> str | None:
    if kept is None:
        return "no such view"
    if order.get("user", kept["user"]) != kept["user"]:
        return "only the one it was opened for sees this view"
    return None if kept["view"]["submit"] else "the view has no Submit"


def _respond(workspace: Workspace, view_id: str, reply: Reply) -> str | None:
    """Do to a dialog what the app answered; say what Slack would not do."""
    kept = workspace.views.get(view_id)
    if not reply.ok:
        return "We had some trouble connecting. Try again?"
    if kept is None:
        return None
    match _json(reply.body):
        case {"response_action": "update", "view": view}:
            return _replaced(workspace, kept, view)
        case {"response_action": "errors", "errors": errors}:
            kept["errors"] = errors
        case None | {"response_action": "clear"}:
            del workspace.views[view_id]
        case _:
            return "an answer Slack does not know"
    return None


def _json(body: str) -> Any:
    """An empty answer is none, and so is an empty object."""
    try:
        return json.loads(body or "null") or None
    except ValueError:
        return body


def _replaced(workspace: Workspace, kept: Json, view: Json) -> str | None:
    if refused := refusal(view):
        return "; ".join(refused["response_metadata"]["messages"])
    keep_view(workspace, kept["user"], view, kept["id"])
    return None


def _send(workspace: Workspace, payload: Json, order: Json) -> list[Reply]:
    """Sign a request once and send it as often as ordered."""
    body = urllib.parse.urlencode({"payload": json.dumps(payload)})
    stamp = str(int(time.time()) + int(order.get("stamp_offset", 0)))
    secret = workspace.signing_secret + ("-not" if order.get("bad_signature") else "")
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Slack-Request-Timestamp": stamp,
        "X-Slack-Signature": sign(secret, stamp, body),
    }
    if workspace.interactivity_host:
        headers["Host"] = workspace.interactivity_host
    call = urllib.request.Request(str(workspace.interactivity_url), body.encode(), headers)  # noqa: S310 - ours
    return [_sent(call) for _ in range(int(order.get("times", 1)))]


def _sent(call: urllib.request.Request) -> Reply:
    try:
        with urllib.request.urlopen(call, timeout=_TIMEOUT) as answer:  # noqa: S310 - ours
            return Reply(answer.status == _OK, answer.status, answer.read().decode())
    except urllib.error.HTTPError as exc:
        return Reply(ok=False, status=exc.code, body=exc.read().decode())
    except OSError as exc:
        return Reply(ok=False, status=0, body=str(exc))
