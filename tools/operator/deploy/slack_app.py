"""The Slack app: the link that creates it, and its two secrets, which are asked for without echo and checked."""

import getpass
import re
import urllib.parse
from collections.abc import Callable
from pathlib import Path

from sagewatch.errors import NoAnswerError, SettingsError
from tools.operator import web
from tools.operator.doctor.slack_checks import MANIFEST, needed_scopes

_TRIES = 3
# Slack's refusals that say nothing about the token.
_PASSING = frozenset(
    {"fatal_error", "internal_error", "rate_limited", "ratelimited", "request_timeout", "service_unavailable"}
)
_TOKEN = re.compile(r"xoxb-[0-9A-Za-z-]+")
_SIGNING_SECRET = re.compile(r"[0-9a-f]{32}")

type Ask = Callable[[str], str]


def creation_link(manifest: Path = MANIFEST) -> str:
    """The page that creates the app from the manifest."""
    lines = (line for line in manifest.read_text(encoding="utf-8").splitlines() if not line.startswith("#"))
    text = "\n".join(line.partition(" # ")[0] for line in lines)
    return f"https://api.slack.com/apps?new_app=1&manifest_yaml={urllib.parse.quote(text)}"


def asked(prompt: str, check: Callable[[str], str | None], ask: Ask = getpass.getpass) -> str:
    """Ask for a secret until the check has no objection. Raises ``SettingsError`` after three tries."""
    for _ in range(_TRIES):
        value = ask(prompt).strip()
        objection = check(value)
        if objection is None:
            return value
        print(objection)
    raise SettingsError("No usable value after three tries. Nothing was deployed.")


def token_objection(api_url: str, token: str) -> str | None:
    """Say what is wrong with a bot token, or ``None``. Raises ``NoAnswerError``."""
    if _TOKEN.fullmatch(token) is None:  # other characters do not fit into a header either
        return (
            "That is no bot token: those begin with xoxb- and have only letters, digits and hyphens. "
            "See OAuth & Permissions, Bot User OAuth Token."
        )
    answer, reply = web.slack(api_url, token, "auth.test")
    error = answer.get("error", "no reason given")
    if error in _PASSING:
        raise NoAnswerError(f"Slack cannot check the token at the moment ({error}). Run the command again in a minute.")
    if answer.get("ok") is not True:
        return f"Slack refuses the token: {error}. Copy it again, or reinstall the app."
    granted = {scope.strip() for scope in reply.headers.get("x-oauth-scopes", "").split(",")}
    missing = needed_scopes() - granted
    if missing and granted != {""}:
        return f"The app lacks the scopes {', '.join(sorted(missing))}. Add them, install the app again, and try again."
    return None


def signing_secret_objection(secret: str) -> str | None:
    """Say what is wrong with a signing secret, or ``None``. Slack has no call that verifies one."""
    if _SIGNING_SECRET.fullmatch(secret):
        return None
    return "A signing secret has 32 hexadecimal digits. See Basic Information, App Credentials, Signing Secret."
