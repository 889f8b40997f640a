"""What moto lacks of notebook instances: presigned URLs and the Jupyter behind them, platforms, stops that refuse.

Not as on AWS: a new notebook is InService at once and a stopped one Stopped at once; one server is the Jupyter of all
notebooks and tells them apart by the cookie.
"""

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import Flask, Response, jsonify, redirect, request
from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.sagemaker.exceptions import SagemakerClientError, ValidationError
from moto.sagemaker.models import FakeSagemakerNotebookInstance
from moto.sagemaker.responses import SageMakerResponse

COOKIE = "_sagemaker_session"
_URL_LIVES = 300  # seconds
Json = dict[str, Any]


@dataclass
class Jupyters:
    """What each notebook's Jupyter answers, and what it was asked. Keyed by ARN, tokens and cookies by their text."""

    url: str = ""
    answers: dict[str, Json] = field(default_factory=dict)
    asked: dict[str, list[str]] = field(default_factory=dict)
    stops: dict[str, list[str]] = field(default_factory=dict)
    refusals: dict[str, Json] = field(default_factory=dict)
    tokens: dict[str, tuple[str, float]] = field(default_factory=dict)
    cookies: dict[str, str] = field(default_factory=dict)

    def presign(self, arn: str) -> str:
        """A URL that lives for five minutes."""
        token = secrets.token_urlsafe(48)
        self.tokens[token] = (arn, time.monotonic() + _URL_LIVES)
        return f"{self.url}/?authToken={token}"

    def enter(self, token: str) -> str | None:
        """The cookie a token is good for."""
        arn, until = self.tokens.get(token, ("", 0.0))
        if time.monotonic() > until:
            return None
        cookie = secrets.token_urlsafe(32)
        self.cookies[cookie] = arn
        return cookie

    def refusal(self, arn: str) -> Json | None:
        """The error a stop is to be answered with, counted down."""
        order = self.refusals.get(arn)
        if order is None or order.get("times") == 0:
            return None
        if order.get("times"):
            order["times"] -= 1
        return order


JUPYTERS = Jupyters()


def extend_notebooks() -> None:
    """Teach moto's notebook instances what they lack."""
    for operation, replacement in (
        ("create_notebook_instance", _create(SageMakerResponse.create_notebook_instance)),
        ("describe_notebook_instance", _describe),
        ("stop_notebook_instance", _stop),
        ("create_presigned_notebook_instance_url", _presign),
    ):
        setattr(SageMakerResponse, operation, replacement)
    setattr(FakeSagemakerNotebookInstance, "validate_instance_type", lambda *_: None)  # noqa: B010 - its list is old


def _create(create: Callable[[SageMakerResponse], ActionResult]) -> Callable[[SageMakerResponse], ActionResult]:
    def created(self: SageMakerResponse) -> ActionResult:
        create(self)
        notebook = _named(self)
        notebook.arn = notebook.arn.lower()
        notebook.platform_identifier = self._get_param("PlatformIdentifier") or "notebook-al2023-v1"
        return ActionResult({"NotebookInstanceArn": notebook.arn})

    return created


def _describe(self: SageMakerResponse) -> ActionResult:
    notebook = _named(self)
    return ActionResult({**notebook.to_dict(), "PlatformIdentifier": notebook.platform_identifier})


def _stop(self: SageMakerResponse) -> ActionResult:
    notebook = _named(self)
    refusal = JUPYTERS.refusal(notebook.arn)
    if refusal:
        error = SagemakerClientError(refusal.get("message", "refused"))
        error.code = refusal["code"]
        raise error
    _need_service(notebook, "Stopping")
    notebook.status = "Stopped"
    notebook.last_modified_time = utcnow()
    JUPYTERS.stops.setdefault(notebook.arn, []).append(notebook.last_modified_time.isoformat())
    return ActionResult({})


def _presign(self: SageMakerResponse) -> ActionResult:
    notebook = _named(self)
    _need_service(notebook, "a presigned URL")
    return ActionResult({"AuthorizedUrl": JUPYTERS.presign(notebook.arn)})


def _named(asked: SageMakerResponse) -> Any:
    name = asked._get_param("NotebookInstanceName")  # noqa: SLF001 - moto's way to read a request
    notebook = asked.sagemaker_backend.notebook_instances.get(name)
    if notebook is None:
        raise ValidationError(message="RecordNotFound")
    return notebook


def _need_service(notebook: Any, wanted: str) -> None:
    if notebook.status != "InService":
        raise ValidationError(
            message=f"Status ({notebook.status}) not in ([InService]). Unable to transition to ({wanted}) for Notebook"
            f" Instance ({notebook.arn})."
        )


def control(notebook: Any, orders: Mapping[str, Any]) -> dict[str, Any]:
    """Set what its Jupyter answers, and how a stop is refused; answer with the other orders."""
    if "Jupyter" in orders:
        JUPYTERS.answers[notebook.arn] = orders["Jupyter"] or {}
    if "StopError" in orders:
        JUPYTERS.refusals[notebook.arn] = orders["StopError"]
    return {name: value for name, value in orders.items() if name not in {"Jupyter", "StopError"}}


def story(notebook: Any) -> Json:
    """What was asked of a notebook, and when it was stopped."""
    return {"requests": JUPYTERS.asked.get(notebook.arn, []), "stops": JUPYTERS.stops.get(notebook.arn, [])}


def jupyter_routes(app: Flask) -> None:
    """Jupyter, as it stands behind a presigned URL."""

    @app.get("/")
    def enter() -> Any:
        cookie = JUPYTERS.enter(request.args.get("authToken", ""))
        answer: Any = redirect("/lab" if cookie else "/signin", 302)
        if cookie:
            answer.set_cookie(COOKIE, cookie)
            answer.set_cookie("_xsrf", secrets.token_hex(16))
        return answer

    @app.get("/signin")
    def sign_in() -> Response:
        return Response("<html>Sign in to the console</html>", content_type="text/html")

    @app.get("/api/<what>")
    def api(what: str) -> Any:
        arn = JUPYTERS.cookies.get(request.cookies.get(COOKIE, ""))
        if arn is None:
            return redirect("/signin", 302)
        JUPYTERS.asked.setdefault(arn, []).append(request.full_path)
        told = JUPYTERS.answers.get(arn, {})
        time.sleep(told.get("hang", 0))
        if told.get("html"):
            return sign_in()
        content = told.get(what, []) if what in {"kernels", "terminals"} else {"started": None}
        return jsonify(content), told.get("status", 200)
