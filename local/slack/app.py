"""A small Slack on HTTP: it checks tokens, channels and Block Kit's limits, keeps messages and threads, and can fail.

At ``/`` it shows people what it holds. Not as at Slack: every bot is in every channel, and nothing is ever rate
limited by itself.
"""

import hmac
import time
from collections.abc import Callable
from pathlib import Path

from flask import Flask, Response, jsonify, request
from werkzeug.wrappers import Response as BaseResponse

from local.slack.files import receive
from local.slack.interactions import Result, close, press, sign, submit
from local.slack.web_api import METHODS, decoded, scopes_for
from local.slack.workspace import CHANNELS, SCOPES, USERS, Failure, Json, Workspace

__all__ = ["CHANNELS", "Failure", "Workspace", "sign", "slack_app"]

_PAGE = Path(__file__).parent / "page"
# The page shows what jobs wrote: no script but its own runs, and it fetches from nowhere but this machine.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; img-src 'self' data: http://127.0.0.1:* http://localhost:*"
)
Answer = Response | tuple[Response, int] | tuple[Response, int, dict[str, str]]


def slack_app(workspace: Workspace) -> Flask:
    """The Web API under ``/api/``, the routes that tests use (messages, fail, press, ...), and a page for people."""
    app = Flask("slack", static_folder=str(_PAGE), static_url_path="/page")
    _web_api(app, workspace)
    _scopes(app, workspace)
    _files(app, workspace)
    _lists(app, workspace)
    _orders(app, workspace)
    _page(app, workspace)
    return app


def _web_api(app: Flask, workspace: Workspace) -> None:
    @app.route("/api/<method>", methods=["GET", "POST"])
    def api(method: str) -> Answer:
        failure = workspace.fails(method)
        if failure and not failure.hang:
            if failure.error:
                return jsonify(ok=False, error=failure.error)
            headers = {"Retry-After": str(failure.retry_after)} if failure.retry_after is not None else {}
            said = "ratelimited" if failure.status == 429 else "internal_error"  # noqa: PLR2004 - HTTP's own number
            return jsonify(ok=False, error=said), failure.status, headers
        if error := _token_error(workspace):
            return jsonify(ok=False, error=error)
        if method not in METHODS:
            return jsonify(ok=False, error="unknown_method")
        if missing := scopes_for(method, _sent()) - workspace.scopes:
            provided = ",".join(sorted(workspace.scopes))
            return jsonify(ok=False, error="missing_scope", needed=",".join(sorted(missing)), provided=provided)
        with workspace.lock:
            answer = jsonify(METHODS[method](workspace, {**_sent(), "slack": request.host_url}))
        if failure:
            time.sleep(failure.hang)
        return answer


def _scopes(app: Flask, workspace: Workspace) -> None:
    @app.after_request
    def name_scopes(answer: Response) -> Response:
        """Slack names the app's scopes in each answer of its Web API to a known token."""
        if request.path.startswith("/api/") and _token_error(workspace) is None:
            answer.headers["X-OAuth-Scopes"] = ",".join(sorted(workspace.scopes))
        return answer


def _files(app: Flask, workspace: Workspace) -> None:
    @app.post("/upload/v1/<ticket>")
    def upload(ticket: str) -> Answer:
        """Take the raw bytes, whatever their content type, or a form with a file."""
        content = request.get_data()
        if request.mimetype == "multipart/form-data":
            content = next((form.read() for form in request.files.values()), b"")
        with workspace.lock:
            text, status = receive(workspace, ticket, content)
        return Response(text, mimetype="text/plain"), status

    @app.get("/file/<file_id>")
    def file(file_id: str) -> Answer:
        """For the page. Slack shows a file only to who may see a message with it."""
        found = workspace.files.get(file_id)
        if found is None or found.content is None or found.picture_type is None:
            return Response("no such picture", mimetype="text/plain"), 404
        return Response(found.content, mimetype=f"image/{found.picture_type}")


def _sent() -> Json:
    """A call's arguments: JSON, a form, or an address's query, in which lists and objects are JSON."""
    sent: Json = request.get_json(silent=True) or {**request.args.to_dict(), **request.form.to_dict()}
    return {name: decoded(value) if name in {"blocks", "metadata", "view"} else value for name, value in sent.items()}


def _token_error(workspace: Workspace) -> str | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme != "Bearer" or not token:
        return "not_authed"
    return None if hmac.compare_digest(token, workspace.token) else "invalid_auth"


def _beside(app: Flask, name: str, view: Callable[[], Answer], method: str) -> None:
    """Add a route under both paths: a client that does not resolve ".." asks for $SLACK_API_URL../messages."""
    for rule in (f"/{name}", f"/api/../{name}"):
        app.add_url_rule(rule, name, view, methods=[method])


def _lists(app: Flask, workspace: Workspace) -> None:
    held: dict[str, Callable[[], object]] = {
        "messages": lambda: workspace.messages,
        "ephemerals": lambda: workspace.ephemerals,
        "views": lambda: list(workspace.views.values()),
    }

    def listing(look: Callable[[], object]) -> Callable[[], Answer]:
        def answer() -> Answer:
            with workspace.lock:
                return jsonify(look())

        return answer

    for name, look in held.items():
        _beside(app, name, listing(look), "GET")


def _orders(app: Flask, workspace: Workspace) -> None:
    def order(do: Callable[[Workspace, Json], Result]) -> Callable[[], Answer]:
        def answer() -> Answer:
            result, status = do(workspace, {"slack": request.host_url, **request.get_json(force=True)})
            return jsonify(result), status

        return answer

    for do in (press, submit, close, fail, delete, interactivity, scopes):
        _beside(app, do.__name__, order(do), "POST")


def scopes(workspace: Workspace, order: Json) -> Result:
    """Take scopes from the app, and give it all others back: ``{"without": [...]}``."""
    workspace.scopes = SCOPES - set(order["without"])
    return {"scopes": sorted(workspace.scopes)}, 200


def delete(workspace: Workspace, order: Json) -> Result:
    """Delete a message, as a person does: ``{"ts"}``. Its replies stay."""
    with workspace.lock:
        before = len(workspace.messages)
        workspace.messages[:] = [message for message in workspace.messages if message["ts"] != order.get("ts")]
        return {"deleted": before - len(workspace.messages)}, 200


def fail(workspace: Workspace, order: Json) -> Result:
    """Make the next calls fail: ``{"status": 429, "retry_after": 3, "times": 2}``, hang: ``{"hang": 12}``,
    or be refused: ``{"error": "is_archived"}``.
    """
    status, times, hang = int(order.get("status", 0)), int(order.get("times", 1)), float(order.get("hang", 0))
    workspace.failure = Failure(status, times, order.get("retry_after"), hang, order.get("method"), order.get("error"))
    return {"ok": True}, 200


def interactivity(workspace: Workspace, order: Json) -> Result:
    """Set where presses are reported to, as an app's settings do: ``{"url"}``, and a ``host`` where it differs."""
    workspace.interactivity_url, workspace.interactivity_host = order.get("url"), order.get("host")
    return {"ok": True}, 200


def _page(app: Flask, workspace: Workspace) -> None:
    @app.get("/")
    def page() -> Response:
        return app.send_static_file("index.html")

    @app.get("/state")
    def state() -> BaseResponse:
        """Everything the page shows; unchanged since the last time, it is not sent again."""
        with workspace.lock:
            held = jsonify(
                channels=[{"id": channel, "name": name.removeprefix("#")} for name, channel in CHANNELS.items()],
                users=[{"id": user, "name": name} for user, name in USERS.items()],
                messages=workspace.messages,
                ephemerals=workspace.ephemerals,
                views=list(workspace.views.values()),
            )
        held.add_etag()
        return held.make_conditional(request)

    @app.after_request
    def policy(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = _POLICY
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response
