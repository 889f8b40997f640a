"""The Web API methods of the local Slack. Each takes what was sent and answers as Slack does."""

import json
import re
from collections.abc import Callable, Mapping, Sequence

from local.slack.block_kit import block_errors
from local.slack.files import complete, file_errors, upload_url
from local.slack.views import open_view, update_view
from local.slack.workspace import (
    BOT_ID,
    BOT_USER,
    CHANNELS,
    EMAILS,
    GROUPS,
    TEAM,
    USERS,
    ZONES,
    Json,
    Workspace,
    as_slack,
    channel_named,
    channel_with_id,
    user_named,
)

_TEXT_LIMIT, _PAGE = 40_000, 100
_USER = re.compile(r"[UW][A-Z0-9]{2,30}")


def decoded(value: object) -> object:
    """What a form carries as JSON, as what it is."""
    return json.loads(value) if isinstance(value, str) and re.match(r"\s*[\[{]", value) else value


def _refused(error: str) -> Json:
    return {"ok": False, "error": error}


def _auth_test(workspace: Workspace, sent: Json) -> Json:
    del workspace, sent
    return {
        "ok": True,
        "team": "local",
        "team_id": TEAM["id"],
        "user": "sagewatch",
        "user_id": BOT_USER,
        "bot_id": BOT_ID,
    }


def _post_message(workspace: Workspace, sent: Json) -> Json:
    """``reply_broadcast`` is ignored: replies are in their threads only."""
    channel, content = channel_named(sent.get("channel")), _content(sent)
    if refused := _no_place(workspace, channel, sent.get("thread_ts")) or _fault(workspace, content):
        return refused
    message = {
        "channel": channel,
        "ts": workspace.next_ts(),
        "thread_ts": sent.get("thread_ts"),
        "metadata": sent.get("metadata"),
        **content,
    }
    workspace.messages.append(message)
    return {"ok": True, "channel": channel, "ts": message["ts"], "message": as_slack(workspace, message)}


def _post_ephemeral(workspace: Workspace, sent: Json) -> Json:
    channel, content, user = channel_named(sent.get("channel")), _content(sent), str(sent.get("user"))
    if refused := _no_place(workspace, channel, sent.get("thread_ts")) or _fault(workspace, content):
        return refused
    if not _USER.fullmatch(user):
        return _refused("user_not_in_channel")
    place = {"channel": channel, "user": user, "ts": workspace.next_ts(), "thread_ts": sent.get("thread_ts")}
    workspace.ephemerals.append(place | content)
    return {"ok": True, "message_ts": place["ts"]}


def _no_place(workspace: Workspace, channel: str | None, thread_ts: object) -> Json | None:
    """Where a message cannot be: in no channel, and under no message that is not a thread's root."""
    if channel is None:
        return _refused("channel_not_found")
    root = workspace.find(str(thread_ts), channel)
    if thread_ts is not None and (root is None or root.get("thread_ts")):
        return _refused("thread_not_found")
    return None


def _update(workspace: Workspace, sent: Json) -> Json:
    """A text without blocks takes the blocks away; metadata stay unless others are sent. It takes a channel's ID."""
    if not sent.get("channel") or not sent.get("ts"):
        return _refused("invalid_arguments")
    channel, content = channel_with_id(sent["channel"]), _content(sent)
    message = workspace.find(str(sent["ts"]), channel) if channel else None
    if message is None:
        return _refused("message_not_found" if channel else "channel_not_found")
    if refused := _fault(workspace, content):
        return refused
    kept = {"metadata": sent["metadata"]} if sent.get("metadata") is not None else {}
    message.update(content, edited={"user": BOT_USER, "ts": workspace.next_ts()}, **kept)
    shown = as_slack(workspace, message)
    return {"ok": True, "channel": channel, "ts": message["ts"], "text": message["text"], "message": shown}


def _history(workspace: Workspace, sent: Json) -> Json:
    """Newest first, as Slack answers, without replies; it takes a channel's ID only."""
    if not (channel := channel_with_id(sent.get("channel"))):
        return _refused("channel_not_found")
    here = (message for message in reversed(workspace.messages) if message["channel"] == channel)
    found = [message for message in here if not message.get("thread_ts") and _between(message["ts"], sent)]
    return _page(workspace, found, sent)


def _replies(workspace: Workspace, sent: Json) -> Json:
    """The root and its replies, oldest first; a reply's ``ts`` leads to its whole thread, as at Slack."""
    if not (channel := channel_with_id(sent.get("channel"))):
        return _refused("channel_not_found")
    message = workspace.find(str(sent.get("ts")), channel)
    root = workspace.find(message.get("thread_ts") or message["ts"], channel) if message else None
    if root is None:
        return _refused("thread_not_found")
    replies = [reply for reply in workspace.replies(root) if _between(reply["ts"], sent)]
    return _page(workspace, [root, *replies], sent)


def _between(ts: str, sent: Json) -> bool:
    """Slack's ids are as long as each other, so their order is that of their letters."""
    oldest, latest = str(sent.get("oldest") or "0"), str(sent.get("latest") or "9")
    inclusive = str(sent.get("inclusive", "")).lower() in {"1", "true"}
    return oldest < ts < latest or (inclusive and ts in {oldest, latest})


def _page(workspace: Workspace, found: Sequence[Json], sent: Json) -> Json:
    """The event's type is always there; its payload only with ``include_all_metadata``."""
    metadata = str(sent.get("include_all_metadata", "")).lower() in {"1", "true"}
    shown, more = _cut(found, sent)
    messages = [as_slack(workspace, message, metadata=metadata) for message in shown]
    return {"ok": True, "messages": messages, "has_more": bool(more), "response_metadata": {"next_cursor": more}}


def _cut(found: Sequence[Json], sent: Json) -> tuple[Sequence[Json], str]:
    """A page, and the cursor of the next one, if there is one."""
    begin, limit = int(sent.get("cursor") or 0), int(sent.get("limit") or _PAGE)
    end = begin + limit
    return found[begin:end], str(end) if len(found) > end else ""


def _channels(workspace: Workspace, sent: Json) -> Json:
    """Every channel here is a public one."""
    del workspace
    if "public_channel" not in str(sent.get("types") or "public_channel"):
        return {"ok": True, "channels": [], "response_metadata": {"next_cursor": ""}}
    channels = [_channel(name, channel) for name, channel in CHANNELS.items()]
    shown, more = _cut(channels, sent)
    return {"ok": True, "channels": shown, "response_metadata": {"next_cursor": more}}


def _channel(name: str, channel: str) -> Json:
    """A channel as the API shows it: the bot is a member of each."""
    return {"id": channel, "name": name.removeprefix("#"), "is_member": True, "is_archived": False}


def _channel_info(workspace: Workspace, sent: Json) -> Json:
    """It takes a channel's ID only."""
    del workspace
    found = next((name for name, channel in CHANNELS.items() if channel == sent.get("channel")), None)
    return {"ok": True, "channel": _channel(found, CHANNELS[found])} if found else _refused("channel_not_found")


def _delete(workspace: Workspace, sent: Json) -> Json:
    """It takes a channel's ID only."""
    channel = channel_with_id(sent.get("channel"))
    message = workspace.find(str(sent.get("ts")), channel) if channel else None
    if message is None:
        return _refused("message_not_found" if channel else "channel_not_found")
    workspace.messages.remove(message)
    return {"ok": True, "channel": channel, "ts": message["ts"]}


def _lookup_by_email(workspace: Workspace, sent: Json) -> Json:
    del workspace
    user = EMAILS.get(str(sent.get("email")).lower())
    return {"ok": True, "user": user_named(user)} if user else _refused("users_not_found")


def _user_info(workspace: Workspace, sent: Json) -> Json:
    """A person who set no time zone has none here."""
    del workspace
    user = str(sent.get("user"))
    if user not in USERS:
        return _refused("user_not_found")
    zone = {"tz": ZONES[user]} if user in ZONES else {}
    return {"ok": True, "user": user_named(user) | zone}


def _members(workspace: Workspace, sent: Json) -> Json:
    del workspace
    users = GROUPS.get(str(sent.get("usergroup")))
    return _refused("no_such_subteam") if users is None else {"ok": True, "users": users}


def _content(sent: Json) -> Json:
    return {"text": str(sent.get("text") or ""), "blocks": sent.get("blocks") or []}


def _fault(workspace: Workspace, content: Json) -> Json | None:
    if not content["text"] and not content["blocks"]:
        return _refused("no_text")
    if len(content["text"]) > _TEXT_LIMIT:
        return _refused("msg_too_long")
    if found := block_errors(content["blocks"]) + file_errors(workspace, content["blocks"]):
        metadata = {"messages": [f"[ERROR] {fault}" for fault in found]}
        return _refused("invalid_blocks") | {"errors": found, "response_metadata": metadata}
    return None


METHODS: Mapping[str, Callable[[Workspace, Json], Json]] = {
    "auth.test": _auth_test,
    "chat.delete": _delete,
    "chat.postMessage": _post_message,
    "chat.postEphemeral": _post_ephemeral,
    "chat.update": _update,
    "conversations.history": _history,
    "conversations.info": _channel_info,
    "conversations.list": _channels,
    "conversations.replies": _replies,
    "files.completeUploadExternal": complete,
    "files.getUploadURLExternal": upload_url,
    "usergroups.users.list": _members,
    "users.info": _user_info,
    "users.lookupByEmail": _lookup_by_email,
    "views.open": open_view,
    "views.update": update_view,
}

_SCOPES: Mapping[str, str] = {
    "chat.delete": "chat:write",
    "conversations.info": "channels:read",
    "chat.postMessage": "chat:write",
    "chat.postEphemeral": "chat:write",
    "chat.update": "chat:write",
    "conversations.history": "channels:history",
    "conversations.replies": "channels:history",
    "files.completeUploadExternal": "files:write",
    "files.getUploadURLExternal": "files:write",
    "usergroups.users.list": "usergroups:read",
    "users.info": "users:read",
    "users.lookupByEmail": "users:read.email",
}
_LISTS: Mapping[str, str] = {"public_channel": "channels:read", "private_channel": "groups:read"}


def scopes_for(method: str, sent: Json) -> frozenset[str]:
    """The scopes a call needs. A list of several kinds of channels takes one for each of them."""
    if method == "conversations.list":
        kinds = str(sent.get("types") or "public_channel").split(",")
        return frozenset(_LISTS[kind] for kind in kinds if kind in _LISTS)
    return frozenset({_SCOPES[method]} if method in _SCOPES else ())
