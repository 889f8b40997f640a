"""The Jupyter server of all emulated notebooks. It finds the notebook by the session's cookie.

As with jupyter_server, a request of the API refreshes the server's last activity unless it says ``no_track_activity``
or asks for the status alone. Not as on AWS: each notebook has a host of its own there, over HTTPS, and the session's
cookie has other names; nothing runs here, so kernels and terminals change by order only, and outlive a stop.
"""

import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, jsonify, redirect, request
from werkzeug import Response as AnyResponse
from werkzeug.serving import WSGIRequestHandler, make_server

COOKIE = "_sagemaker_session"
_URL_LIVES = 300  # seconds
_SIGN_IN = "<html><title>Amazon Web Services Sign-In</title>Sign in to the console</html>"
_API = frozenset({"kernels", "sessions", "status", "terminals"})
_ORDERS = frozenset(
    {"kernels", "terminals", "status", "terminals_status", "started", "last_activity"}
    | {"html", "hang", "refuse", "clock_skew"}
)
Json = dict[str, Any]


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Lab:
    """One notebook's Jupyter: its configured answers and its requests. ``serves`` is true while the notebook runs."""

    serves: Callable[[], bool]
    started: datetime = field(default_factory=_now)
    configured: Json = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    touched: datetime | None = None

    def order(self, configured: Json) -> None:
        """Replace the configured answers. Raises ``ValueError`` for unknown keys."""
        if unknown := sorted(set(configured) - _ORDERS):
            raise ValueError(f"Jupyter knows no {', '.join(unknown)}; it knows {', '.join(sorted(_ORDERS))}")
        self.configured, self.touched = configured, None

    def now(self) -> datetime:
        """The server's own time."""
        return _now() + timedelta(seconds=self.configured.get("clock_skew", 0))

    def hear(self, path: str, *, tracked: bool) -> None:
        """Record a request. A ``tracked`` one counts as activity."""
        self.asked.append(path)
        if tracked:
            self.touched = self.now()

    def content(self, what: str) -> object:
        """The API's answer. Kernels and terminals are returned as configured, valid or not."""
        if what == "status":
            return self._status()
        if what == "sessions":
            return [_session(kernel) for kernel in self._kernels()]
        return self.configured.get(what, [])

    def _kernels(self) -> list[Json]:
        kernels = self.configured.get("kernels")
        return [kernel for kernel in kernels if isinstance(kernel, dict)] if isinstance(kernels, list) else []

    def _status(self) -> Json:
        started = self.configured.get("started", _written(self.started))
        quiet = self.configured.get("last_activity", started)
        return {
            "started": started,
            "last_activity": _written(self.touched) if self.touched else quiet,
            "kernels": len(self._kernels()),
            "connections": sum(kernel.get("connections") or 0 for kernel in self._kernels()),
        }


def _written(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _session(kernel: Json) -> Json:
    name = f"{kernel.get('id')}.ipynb"
    return {"id": f"session-{kernel.get('id')}", "path": name, "name": name, "type": "notebook", "kernel": kernel}


@dataclass
class Jupyters:
    """The sessions: a presigned URL's token is exchanged for a cookie, which opens one notebook for a time."""

    url: str = ""
    clock: Callable[[], float] = time.monotonic
    _tokens: dict[str, tuple[Lab, float, int]] = field(default_factory=dict)
    _sessions: dict[str, tuple[Lab, float]] = field(default_factory=dict)

    def presign(self, lab: Lab, session_seconds: int) -> str:
        """A URL that is valid for five minutes and can be used repeatedly."""
        token = secrets.token_urlsafe(48)
        self._tokens[token] = (lab, self.clock() + _URL_LIVES, session_seconds)
        return f"{self.url}/?authToken={token}"

    def enter(self, token: str) -> tuple[str, Lab] | None:
        """Exchange a token for a cookie. Returns it with its notebook."""
        found = self._tokens.get(token)
        if found is None or self.clock() > found[1] or not found[0].serves():
            return None
        cookie = secrets.token_urlsafe(32)
        self._sessions[cookie] = (found[0], self.clock() + found[2])
        return cookie, found[0]

    def lab(self, cookie: str) -> Lab | None:
        """The notebook of a cookie, while the session is valid and the notebook runs."""
        found = self._sessions.get(cookie)
        return found[0] if found and self.clock() <= found[1] and found[0].serves() else None


JUPYTERS = Jupyters()


class _Handler(WSGIRequestHandler):
    """A request handler that sends no Date header, because the app sends one."""

    def send_response(self, code: int, message: str | None = None) -> None:
        self.log_request(code)
        self.send_response_only(code, message)


@contextmanager
def serving_jupyter(jupyters: Jupyters) -> Iterator[None]:
    """Serve on any free port, and hand out URLs of it."""
    server = make_server("127.0.0.1", 0, jupyter_app(jupyters), threaded=True, request_handler=_Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    jupyters.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


def jupyter_app(jupyters: Jupyters) -> Flask:
    """The server's pages."""
    app = Flask("jupyter")

    @app.get("/")
    def enter() -> AnyResponse:
        entered = jupyters.enter(request.args.get("authToken", ""))
        return _entered(*entered) if entered else redirect("/signin", 302)

    @app.get("/signin")
    def sign_in() -> Response:
        return Response(_SIGN_IN, content_type="text/html")

    @app.get("/lab")
    def page() -> AnyResponse:
        known = jupyters.lab(request.cookies.get(COOKIE, ""))
        return Response("<html>JupyterLab</html>", content_type="text/html") if known else redirect("/signin", 302)

    @app.get("/api/<path:what>")
    def api(what: str) -> AnyResponse:
        lab = jupyters.lab(request.cookies.get(COOKIE, ""))
        if lab is None:
            return redirect("/signin", 302)
        tracked = what != "status" and "no_track_activity" not in request.args
        lab.hear(request.full_path.removesuffix("?"), tracked=tracked)
        answer = _answer(lab, what)
        answer.headers["Date"] = format_datetime(lab.now(), usegmt=True)
        return answer

    return app


def _entered(cookie: str, lab: Lab) -> AnyResponse:
    if lab.configured.get("refuse"):
        return _no(HTTPStatus.FORBIDDEN)
    answer = redirect("/lab", 302)
    answer.set_cookie(COOKIE, cookie, httponly=True)
    answer.set_cookie("_xsrf", secrets.token_hex(16))
    return answer


def _answer(lab: Lab, what: str) -> Response:
    time.sleep(lab.configured.get("hang", 0))
    if lab.configured.get("html"):
        return Response(_SIGN_IN, content_type="text/html")
    status = _status_of(lab.configured, what)
    return jsonify(lab.content(what)) if status == HTTPStatus.OK else _no(status)


def _status_of(configured: Json, what: str) -> int:
    if configured.get("refuse"):
        return HTTPStatus.FORBIDDEN
    if what not in _API:
        return HTTPStatus.NOT_FOUND
    status: int = configured.get("status", HTTPStatus.OK)
    return configured.get("terminals_status", status) if what == "terminals" else status


def _no(status: int) -> Response:
    answer = jsonify({"message": f"HTTP {int(status)}", "reason": None})
    answer.status_code = status
    return answer
