"""HTTP requests of the operator's commands, and Slack's Web API."""

import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, override

from sagewatch.errors import NoAnswerError

_TIMEOUT = 10  # seconds


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer. ``date`` is the server's clock."""

    status: int
    headers: Mapping[str, str]
    body: str

    @property
    def date(self) -> datetime | None:
        """The Date header, if it can be read."""
        try:
            return parsedate_to_datetime(self.headers.get("date", ""))
        except ValueError:
            return None


class _Stays(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: urllib would send the token to wherever it leads."""

    @override
    def redirect_request(self, *_: object) -> None:
        return None


_OPENER = urllib.request.build_opener(_Stays)


def request(url: str, *, body: bytes | None = None, headers: Mapping[str, str] | None = None) -> Reply:
    """Send one HTTP request; a redirect is an answer like any other. Raises ``NoAnswerError``."""
    sent = urllib.request.Request(url, data=body, headers=dict(headers or {}))  # noqa: S310 - the schemes are ours
    try:
        with _OPENER.open(sent, timeout=_TIMEOUT) as answer:
            return _reply(answer.status, answer.headers.items(), answer.read())
    except urllib.error.HTTPError as exc:
        return _reply(exc.code, exc.headers.items(), exc.read())
    except OSError as exc:
        raise NoAnswerError(f"{urllib.parse.urlsplit(url).netloc} did not answer: {type(exc).__name__}") from exc


def _reply(status: int, headers: Iterable[tuple[str, str]], body: bytes) -> Reply:
    return Reply(status, {name.lower(): value for name, value in headers}, body.decode(errors="replace"))


def slack(api_url: str, token: str, method: str, **arguments: str) -> tuple[Mapping[str, Any], Reply]:
    """Call a method of Slack's Web API and return its answer, which may be a refusal. Raises ``NoAnswerError``."""
    headers = {"Authorization": f"Bearer {token}"}
    reply = request(f"{api_url}{method}", body=urllib.parse.urlencode(arguments).encode(), headers=headers)
    try:
        answer: Mapping[str, Any] = json.loads(reply.body)
    except ValueError as exc:
        raise NoAnswerError(f"Slack answered {method} with HTTP {reply.status}") from exc
    return answer, reply
