"""Rows about Slack: the token, its scopes, the channel, a test message, and the address that buttons are sent to."""

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from samcli.yamlhelper import yaml_parse

from tools.operator.doctor.live import Account, NotCheckedError
from tools.operator.doctor.rows import Check, Facts, Finding, confirmed, not_checked, refuted
from tools.operator.web import request

MANIFEST = Path(__file__).parents[3] / "slack" / "manifest.yaml"
_SLACK_WAITS = 3.0  # seconds
_UNAUTHORIZED = 401
_CHANNEL_PAGES = 5
_TEXT = "Test message of `make doctor`. It is deleted at once."


def needed_scopes() -> frozenset[str]:
    """The bot scopes of ``slack/manifest.yaml``."""
    manifest: Mapping[str, Any] = yaml_parse(MANIFEST.read_text(encoding="utf-8"))
    return frozenset(manifest["oauth_config"]["scopes"]["bot"])


def slack_checks() -> Iterator[Check]:
    """The rows."""
    yield Check(
        name="slack.token",
        assumption="Slack accepts the bot token",
        look=_look_token,
        judge=_judge_token,
        calls=2,
    )
    yield Check(
        name="slack.scopes",
        assumption="The app has every scope of slack/manifest.yaml",
        look=_look_scopes,
        judge=_judge_scopes,
    )
    yield Check(
        name="slack.channel",
        assumption="The channel exists and the app is a member",
        look=_look_channel,
        judge=_judge_channel,
        calls=_CHANNEL_PAGES,
    )
    yield Check(
        name="slack.post",
        assumption="SageWatch can post to the channel",
        look=_look_post,
        judge=_judge_post,
        calls=2,
    )
    yield Check(
        name="slack.buttons",
        assumption="The interactions endpoint refuses strangers and answers within three seconds",
        look=_look_buttons,
        judge=_judge_buttons,
    )


def _look_token(account: Account) -> Facts:
    answer, _ = account.slack("auth.test")
    return {"ok": answer.get("ok") is True, "error": answer.get("error", ""), "bot": bool(answer.get("bot_id"))}


def _judge_token(facts: Facts) -> Finding:
    if facts["ok"]:
        return confirmed("auth.test accepts it") if facts["bot"] else refuted(
            "it is a person's token", "Store the Bot User OAuth Token (xoxb-...).")  # fmt: skip
    return refuted(f"auth.test: {facts['error']}", "Install the app again and store its new token with `make deploy`.")


def _look_scopes(account: Account) -> Facts:
    answer, reply = account.slack("auth.test")
    granted = reply.headers.get("x-oauth-scopes")
    if granted is None:
        raise NotCheckedError(f"Slack named no scopes (auth.test: {answer.get('error', 'ok')})")
    return {"missing": sorted(needed_scopes() - {scope.strip() for scope in granted.split(",")})}


def _judge_scopes(facts: Facts) -> Finding:
    if not facts["missing"]:
        return confirmed("all are granted")
    return refuted(
        f"missing: {', '.join(facts['missing'])}",
        "Add them under OAuth & Permissions in the Slack app, then install it to the workspace again.",
    )


def _look_channel(account: Account) -> Facts:
    wanted = account.stack.values["SlackChannel"]
    if not wanted.startswith("#"):
        answer, _ = account.slack("conversations.info", channel=wanted)
        return _channel(answer, answer.get("channel", {}))
    cursor = ""
    for _ in range(_CHANNEL_PAGES):
        types = "public_channel,private_channel"
        answer, _ = account.slack(
            "conversations.list", types=types, limit="200", exclude_archived="true", cursor=cursor
        )
        for channel in answer.get("channels", []):
            if channel.get("name") == wanted.removeprefix("#"):
                return {**_channel(answer, channel), "by_name": True}
        cursor = answer.get("response_metadata", {}).get("next_cursor", "")
        if not cursor:
            return {"ok": answer.get("ok") is True, "found": False, "error": answer.get("error", "")}
    raise NotCheckedError("the workspace has more than 1,000 channels: set SlackChannel to the channel's ID")


def _channel(answer: Mapping[str, Any], channel: Mapping[str, Any]) -> Facts:
    return {
        "ok": answer.get("ok") is True,
        "error": answer.get("error", ""),
        "found": bool(channel),
        "member": channel.get("is_member"),
        "archived": channel.get("is_archived") is True,
    }


def _judge_channel(facts: Facts) -> Finding:
    if not facts["ok"]:
        return refuted(f"Slack: {facts['error']}", "See the row on scopes, and check SlackChannel.")
    if not facts["found"] or facts.get("archived"):
        return refuted(
            "there is no such channel", "Create it, or set SlackChannel to its ID. Invite the app if private."
        )
    if facts.get("member") is False:
        return refuted("the app is not a member", "Invite it in the channel: /invite @sagewatch")
    hint = "; by name: an ID survives a renaming" if facts.get("by_name") else ""
    return confirmed(f"the app is a member{hint}")


def _look_post(account: Account) -> Facts:
    if not account.post:
        raise NotCheckedError("--no-post was given")
    posted, _ = account.slack("chat.postMessage", channel=account.stack.values["SlackChannel"], text=_TEXT)
    if posted.get("ok") is not True:
        return {"posted": False, "error": posted.get("error", "")}
    deleted, _ = account.slack("chat.delete", channel=str(posted["channel"]), ts=str(posted["ts"]))
    return {"posted": True, "deleted": deleted.get("ok") is True, "error": deleted.get("error", "")}


def _judge_post(facts: Facts) -> Finding:
    if not facts["posted"]:
        return refuted(
            f"chat.postMessage: {facts['error']}", "Invite the app to the channel, and see the row on scopes."
        )
    if facts["deleted"]:
        return confirmed("posted a test message and deleted it")
    return confirmed(f"posted a test message; delete it yourself (chat.delete: {facts['error']})")


def _look_buttons(account: Account) -> Facts:
    url, headers = account.emulated_host(account.stack.values["AnswerSlackUrl"])
    account.on_call("POST to the interactions endpoint, unsigned")
    began = time.monotonic()
    reply = request(url, body=b"payload=%7B%7D", headers=headers)
    return {"status": reply.status, "seconds": round(time.monotonic() - began, 2)}


def _judge_buttons(facts: Facts) -> Finding:
    said = f"HTTP {facts['status']} in {facts['seconds']} s for a request without a signature"
    if facts["status"] != _UNAUTHORIZED:
        return refuted(said, "Expected HTTP 401. See the log of ReceivePress.")
    if facts["seconds"] <= _SLACK_WAITS:
        return confirmed(said)
    return not_checked(said, "Run this command again: a second request finds the function warm.")
