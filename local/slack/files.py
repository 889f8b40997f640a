"""Files of the local Slack: an address to upload to, the upload, its completion, and who can see them.

As in Slack, a file is processed after its upload was answered, and no block can show it before. Unlike Slack, everyone
who opens the page sees every file, there are no previews, and the only types are picture and text.
"""

import json
import re
import secrets
import time

from local.slack.workspace import BOT_USER, TEAM, Json, StoredFile, Workspace, channel_with_id

_ALT_TEXT = 1000  # characters: alt_txt_too_large
_LARGEST = 1_000_000_000  # bytes: Slack's plans end there
_ID = re.compile(r"F[A-Z0-9]{8,}")
_SCOPE = "files:write"


def upload_url(workspace: Workspace, sent: Json) -> Json:
    """files.getUploadURLExternal."""
    name, length = str(sent.get("filename") or ""), str(sent.get("length") or "")
    if refused := _no_scope(workspace):
        return refused
    if not name or not length.isdigit() or int(length) == 0:
        return {"ok": False, "error": "missing_argument"}
    if int(length) > _LARGEST:
        return {"ok": False, "error": "file_upload_size_restricted"}
    if len(alt_text := str(sent.get("alt_txt") or "")) > _ALT_TEXT:
        return {"ok": False, "error": "alt_txt_too_large"}
    ticket = secrets.token_urlsafe(24)
    made = StoredFile(f"F0{secrets.token_hex(5).upper()}", name, int(length), alt_text, ticket)
    workspace.files[made.id] = made
    return {"ok": True, "upload_url": f"{sent['slack']}upload/v1/{ticket}", "file_id": made.id}


def receive(workspace: Workspace, ticket: str, content: bytes) -> tuple[str, int]:
    """Receive an upload. Its address needs no token, and works once."""
    waiting = next((file for file in workspace.files.values() if file.ticket == ticket and file.content is None), None)
    if waiting is None:
        return "invalid upload", 404
    if len(content) != waiting.length:
        return f"{waiting.length} bytes were announced, {len(content)} came", 400
    waiting.content = content
    return f"OK - {len(content)}", 200


def complete(workspace: Workspace, sent: Json) -> Json:
    """files.completeUploadExternal. Without a channel only its owner sees the file, until a block shows it."""
    if refused := _no_scope(workspace):
        return refused
    try:
        listed = json.loads(sent["files"]) if isinstance(sent.get("files"), str) else list(sent["files"])
        named = [(str(entry["id"]), str(entry.get("title") or "")) for entry in listed]
    except (KeyError, TypeError, ValueError):
        return {"ok": False, "error": "invalid_arguments"}
    found = [workspace.files.get(file_id) for file_id, _ in named]
    if not found or any(file is None or file.content is None for file in found):
        return {"ok": False, "error": "file_not_found"}
    if sent.get("channel_id"):
        return _share(workspace, sent)
    for file, (_, title) in zip(found, named, strict=True):
        if file:
            file.title, file.completed_at = title or file.name, time.monotonic()
    return {"ok": True, "files": [_as_slack(workspace, file) for file in found if file]}


def _share(workspace: Workspace, sent: Json) -> Json:
    """A message of its own for a file is more than this Slack does."""
    del workspace
    known = channel_with_id(sent["channel_id"]) is not None
    return {"ok": False, "error": "not_implemented_locally" if known else "channel_not_found"}


def file_errors(workspace: Workspace, blocks: list[Json]) -> list[str]:
    """What is wrong with the files that image blocks show, in Slack's words."""
    errors = []
    for number, block in enumerate(blocks):
        shown = block.get("slack_file")
        if not isinstance(shown, dict):
            continue
        place = f"/blocks/{number}/slack_file"
        if not isinstance(shown.get("id"), str) or "url" in shown:
            errors.append(f"invalid slack file: exactly an id [json-pointer:{place}]")
        elif not _ID.fullmatch(shown["id"]):
            errors.append(f"input must match regex pattern: ^[F][A-Z0-9]{{8,}}$ [json-pointer:{place}/id]")
        elif not _can_be_shown(workspace, shown["id"]):
            errors.append(f"invalid slack file [json-pointer:{place}]")
    return errors


def _can_be_shown(workspace: Workspace, file_id: str) -> bool:
    file = workspace.files.get(file_id)
    if file is None or file.completed_at is None or file.picture_type is None:
        return False
    return time.monotonic() - file.completed_at >= workspace.processing_seconds


def _no_scope(workspace: Workspace) -> Json | None:
    if _SCOPE in workspace.scopes:
        return None
    provided = ",".join(sorted(workspace.scopes))
    return {"ok": False, "error": "missing_scope", "needed": _SCOPE, "provided": provided}


def _as_slack(workspace: Workspace, file: StoredFile) -> Json:
    """The type is not known yet when the upload is completed: it is found while the file is processed."""
    processed = _can_be_shown(workspace, file.id)
    return {
        "id": file.id,
        "name": file.name,
        "title": file.title,
        "size": file.length,
        "mimetype": f"image/{file.picture_type}" if processed else "",
        "filetype": file.picture_type if processed else "",
        "alt_txt": file.alt_text,
        "user": BOT_USER,
        "user_team": TEAM["id"],
        "channels": [],
        "is_public": False,
    }
