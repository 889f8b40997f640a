"""What the local Slack holds: channels, people, messages, what only one person sees, open dialogs, and triggers."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

CHANNELS = {"#sagewatch": "C0SAGEWATCH", "#ml-risk": "C0MLRISK00"}
EMAILS = {"ana@example.com": "U0ANA", "bo@example.com": "U0BO", "chi@example.com": "U0CHI"}
USERS = {"U0ANA": "Ana", "U0BO": "Bo", "U0CHI": "Chi"}
ZONES = {"U0ANA": "Europe/Berlin", "U0BO": "America/Los_Angeles"}
GROUPS = {"S0MLADMINS": ["U0ANA", "U0BO"]}
TEAM = {"id": "T0LOCAL", "domain": "local"}
APP_ID, BOT_ID, BOT_USER = "A0SAGEWATCH", "B0SAGEWATCH", "U0SAGEWATCH"
TRIGGER_SECONDS = 3  # Slack: "trigger_ids expire in three seconds"
PUBLIC_SCOPES = frozenset(  # of an app whose channels are all public
    {
        "channels:history",
        "channels:read",
        "chat:write",
        "files:write",
        "usergroups:read",
        "users:read",
        "users:read.email",
    }
)
SCOPES = PUBLIC_SCOPES | {"groups:history", "groups:read"}  # as in slack/manifest.yaml
_PICTURES = {b"\x89PNG": "png", b"\xff\xd8\xff": "jpg", b"GIF8": "gif"}

type Json = dict[str, Any]


@dataclass
class Failure:
    """What the next calls answer instead of the truth; with ``hang`` they are done, and answered that much later.

    With ``method`` only calls of that one are meant; ``error`` is Slack's code in an answer that is not ``ok``.
    """

    status: int
    times: int
    retry_after: int | None
    hang: float = 0
    method: str | None = None
    error: str | None = None


@dataclass
class StoredFile:
    """A file: ``content`` is set by its upload, ``completed_at`` (monotonic) when the upload is completed."""

    id: str
    name: str
    length: int
    alt_text: str
    ticket: str
    content: bytes | None = None
    title: str = ""
    completed_at: float | None = None

    @property
    def picture_type(self) -> str | None:
        """png, jpg or gif, by its first bytes."""
        return next((name for start, name in _PICTURES.items() if (self.content or b"").startswith(start)), None)


@dataclass
class Workspace:
    """What the workspace holds. ``interactivity_url`` and its ``host`` are where buttons are reported to.

    ``scopes`` are the app's; a file can be shown ``processing_seconds`` after
    its upload.
    """

    token: str
    signing_secret: str
    interactivity_url: str | None = None
    interactivity_host: str | None = None
    messages: list[Json] = field(default_factory=list)
    ephemerals: list[Json] = field(default_factory=list)
    views: dict[str, Json] = field(default_factory=dict)
    files: dict[str, StoredFile] = field(default_factory=dict)
    scopes: frozenset[str] = SCOPES
    processing_seconds: float = 1.0
    triggers: dict[str, tuple[str, float]] = field(default_factory=dict)
    failure: Failure | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)
    last_ts: int = 0
    clock: Callable[[], float] = time.time

    def next_ts(self) -> str:
        """Slack's message ids: a time in microseconds, unique in a channel."""
        self.last_ts = max(self.last_ts + 1, int(self.clock() * 1_000_000))
        return f"{self.last_ts // 1_000_000}.{self.last_ts % 1_000_000:06d}"

    def fails(self, method: str) -> Failure | None:
        """Count one failure down, if one is ordered."""
        with self.lock:
            if self.failure is None or self.failure.times < 1 or self.failure.method not in {None, method}:
                return None
            self.failure.times -= 1
            return self.failure

    def find(self, ts: str, channel: str | None = None) -> Json | None:
        """The message with that ts, in that channel or in any."""
        found = (message for message in self.messages if message["ts"] == ts)
        return next((message for message in found if channel in {None, message["channel"]}), None)

    def replies(self, root: Json) -> list[Json]:
        """A thread's messages under its root, oldest first."""
        here = (message for message in self.messages if message["channel"] == root["channel"])
        return [message for message in here if message.get("thread_ts") == root["ts"]]

    def issue_trigger(self, user: str) -> str:
        """What a dialog can be opened with, once and soon."""
        trigger = f"{self.next_ts()}.{len(self.triggers):08x}"
        self.triggers[trigger] = (user, time.monotonic())
        return trigger

    def redeem_trigger(self, trigger: str) -> str | None:
        """The user the trigger was issued for; ``None`` if there is no such trigger, or not any more."""
        user, issued = self.triggers.pop(trigger, (None, 0.0))
        return user if time.monotonic() - issued <= TRIGGER_SECONDS else None


def channel_named(wanted: object) -> str | None:
    """A channel's ID, by its name or by itself."""
    return CHANNELS.get(str(wanted)) or channel_with_id(wanted)


def channel_with_id(wanted: object) -> str | None:
    """A channel's ID, if it is one: most methods take no name."""
    return str(wanted) if wanted in CHANNELS.values() else None


def user_named(user: str) -> Json:
    """A user as interactions name one; strangers are named after their ID."""
    name = USERS.get(user, user).lower()
    return {"id": user, "username": name, "name": name, "team_id": TEAM["id"]}


def as_slack(workspace: Workspace, message: Json, *, metadata: bool = True) -> Json:
    """A message as the API shows it: what it is a reply to, or how many replies it has; metadata to who asks."""
    hidden = {"channel"} if metadata else {"channel", "metadata"}
    said = {key: value for key, value in message.items() if value is not None and key not in hidden}
    shown: Json = {"type": "message", "user": BOT_USER, "bot_id": BOT_ID, "app_id": APP_ID, "team": TEAM["id"], **said}
    if replies := [] if message.get("thread_ts") else workspace.replies(message):
        shown |= {"thread_ts": message["ts"], "reply_count": len(replies), "latest_reply": replies[-1]["ts"]}
    return shown
