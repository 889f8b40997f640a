"""Dialogs of the local Slack: what a view may be, and how it opens and changes."""

from collections.abc import Iterator
from typing import Any

from local.slack.block_kit import block_errors, text_errors
from local.slack.workspace import APP_ID, BOT_ID, TEAM, Json, Workspace

_TITLE, _CALLBACK_ID, _METADATA, _BLOCKS = 24, 255, 3000, 100
_SENT = ("type", "title", "submit", "close", "blocks")


def open_view(workspace: Workspace, sent: Json) -> Json:
    """views.open. A trigger is used up even by a view that is refused, as it is at Slack."""
    user = workspace.redeem_trigger(str(sent.get("trigger_id")))
    if user is None:
        return {"ok": False, "error": "expired_trigger_id"}
    if refused := refusal(sent.get("view")):
        return refused
    return {"ok": True, "view": keep_view(workspace, user, sent["view"])}


def update_view(workspace: Workspace, sent: Json) -> Json:
    """views.update, which may say which state of the view it means."""
    kept = workspace.views.get(str(sent.get("view_id")))
    if kept is None:
        return {"ok": False, "error": "not_found"}
    if sent.get("hash") not in {None, "", kept["view"]["hash"]}:
        return {"ok": False, "error": "hash_conflict"}
    if refused := refusal(sent.get("view")):
        return refused
    return {"ok": True, "view": keep_view(workspace, kept["user"], sent["view"], kept["id"])}


def keep_view(workspace: Workspace, user: str, view: Json, view_id: str | None = None) -> Json:
    """Show a view to a user, or replace the open one of that ID; return the view as Slack returns it."""
    ts = workspace.next_ts()
    view_id = view_id or f"V0{ts.replace('.', '')}"
    shown: Json = {
        **{name: view.get(name) for name in _SENT},
        **{name: view.get(name) or "" for name in ("callback_id", "private_metadata")},
        "id": view_id,
        "root_view_id": view_id,
        "hash": ts,
        "state": {"values": {}},
        "team_id": TEAM["id"],
        "app_id": APP_ID,
        "bot_id": BOT_ID,
    }
    workspace.views[view_id] = {"id": view_id, "user": user, "view": shown}
    return shown


def refusal(view: Any) -> Json | None:
    """What Slack answers to a view it does not take."""
    found = list(_view_errors(view)) if isinstance(view, dict) else ["view is no object"]
    if not found:
        return None
    return {"ok": False, "error": "invalid_arguments", "response_metadata": {"messages": found}}


def _view_errors(view: Json) -> Iterator[str]:
    if view.get("type") != "modal":
        yield "type is not modal"
    for name in ("title", "submit", "close"):
        if name == "title" or view.get(name) is not None:
            yield from (f"{name}: {fault}" for fault in text_errors(view.get(name), _TITLE, {"plain_text"}))
    for name, limit in (("callback_id", _CALLBACK_ID), ("private_metadata", _METADATA)):
        if len(view.get(name) or "") > limit:
            yield f"{name} longer than {limit}"
    yield from _blocks_errors(view.get("blocks"))


def _blocks_errors(blocks: Any) -> Iterator[str]:
    if isinstance(blocks, list):
        yield from block_errors(blocks, limit=_BLOCKS)
    else:
        yield "blocks is no list"
