"""What moto's notebook instances lack: transitions that take time, refusals, platforms, lists, presigned URLs, events.

A state follows from the time whenever it is looked at; no thread moves it. Not as on AWS: a transition takes ``PACE``
and not minutes, a deleted notebook is gone at once, one of an old platform can still be created, and a volume may
shrink. The sentences of StartNotebookInstance, UpdateNotebookInstance and of presigned URLs were never seen on AWS;
they follow those of StopNotebookInstance and DeleteNotebookInstance, which were.
"""

import base64
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import RLock
from typing import Any
from uuid import uuid4

from flask import Flask, Response, jsonify, request
from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult
from moto.core.utils import camelcase_to_underscores, utcnow
from moto.sagemaker.exceptions import ValidationError
from moto.sagemaker.models import FakeSagemakerNotebookInstance
from moto.sagemaker.responses import SageMakerResponse
from werkzeug.exceptions import HTTPException

from local.sagemaker.faults import Refusal, breakable
from local.sagemaker.jupyter import COOKIE as COOKIE
from local.sagemaker.jupyter import JUPYTERS, Json, Lab
from sagewatch.sagemaker.fields import parse_timestamp

ORDERS = frozenset({"Jupyter", "StopError"})  # keys of the control endpoint in addition to Describe fields
_SHORTEST, _LONGEST = 1800, 43200  # allowed seconds of a session
_MOST = 100  # notebooks on a page
_SUMMARY = (
    *("NotebookInstanceName", "NotebookInstanceArn", "NotebookInstanceStatus", "Url", "InstanceType", "CreationTime"),
    *("LastModifiedTime", "NotebookInstanceLifecycleConfigName", "DefaultCodeRepository", "AdditionalCodeRepositories"),
)
_SORTS = {"Name": "notebook_instance_name", "CreationTime": "creation_time", "Status": "status"}
_UPDATES = ("InstanceType", "VolumeSizeInGB", "PlatformIdentifier", "RoleArn", "LifecycleConfigName")
# Captured EventBridge events have neither volume nor platform.
_IN_EVENTS = (
    *("NotebookInstanceArn", "NotebookInstanceName", "NotebookInstanceStatus", "FailureReason", "InstanceType"),
    *("SubnetId", "SecurityGroups", "RoleArn", "KmsKeyId", "NetworkInterfaceId", "LastModifiedTime", "CreationTime"),
    *("DirectInternetAccess", "NotebookInstanceLifecycleConfigName"),
)
Operation = Callable[[SageMakerResponse], ActionResult]


@dataclass
class Pace:
    """How long a transition takes, and the time that tests let pass. Calls take ``lock`` before they change a state."""

    seconds: float = 0.0
    passed: float = 0.0
    lock: Any = field(default_factory=RLock)


PACE = Pace()


@dataclass
class Life:
    """What moto does not store of a notebook: its target state and when it reaches it, its stops, its Jupyter."""

    lab: Lab
    going: tuple[str, datetime] | None = None
    stops: list[str] = field(default_factory=list)
    refused_stops: int = 0
    refusal: Refusal | None = None


def extend_notebooks() -> None:
    """Add what moto's notebook instances lack."""
    for operation, replacement in {
        "CreateNotebookInstance": _create(SageMakerResponse.create_notebook_instance),
        "DescribeNotebookInstance": lambda asked: ActionResult(_described(_named(asked))),
        "ListNotebookInstances": _list,
        "StartNotebookInstance": _start,
        "StopNotebookInstance": _stop,
        "UpdateNotebookInstance": _update,
        "DeleteNotebookInstance": _delete,
        "CreatePresignedNotebookInstanceUrl": _presign,
    }.items():
        setattr(SageMakerResponse, camelcase_to_underscores(operation), _one_at_a_time(replacement))
        breakable(operation)
    setattr(FakeSagemakerNotebookInstance, "validate_instance_type", lambda *_: None)  # noqa: B010 - moto's list of types is old


def _one_at_a_time(operation: Operation) -> Operation:
    def called(self: SageMakerResponse) -> ActionResult:
        with PACE.lock:
            return operation(self)

    return called


def _create(create: Operation) -> Operation:
    def created(self: SageMakerResponse) -> ActionResult:
        create(self)
        notebook: Any = self.sagemaker_backend.notebook_instances[_param(self, "NotebookInstanceName")]
        notebook.arn = notebook.arn.lower()
        notebook.platform_identifier = _param(self, "PlatformIdentifier") or "notebook-al2023-v1"
        notebook.life = Life(Lab(lambda: bool(_settled(notebook).status == "InService")))
        _go(notebook, "Pending", "InService")
        return ActionResult({"NotebookInstanceArn": notebook.arn})

    return created


def _described(notebook: Any) -> Json:
    """Moto's answer, and the fields that were set under the API's own names."""
    fields = {name: value for name, value in vars(notebook).items() if name[0].isupper()}
    return {**notebook.to_dict(), "PlatformIdentifier": notebook.platform_identifier, **fields}


def _start(asked: SageMakerResponse) -> ActionResult:
    notebook = _named(asked)
    _need(notebook, ("Stopped", "Failed"), "transition to (Pending)")
    if not notebook.platform_identifier.startswith("notebook-al2023"):
        raise ValidationError(
            message=f"Platform ({notebook.platform_identifier}) is no longer supported. Unable to transition to"
            f" (Pending) for Notebook Instance ({notebook.arn})."
        )
    _go(notebook, "Pending", "InService")
    notebook.life.lab.started = datetime.now(UTC)
    return ActionResult({})


def _stop(asked: SageMakerResponse) -> ActionResult:
    notebook = _named(asked)
    try:
        if notebook.life.refusal:
            notebook.life.refusal.check()
        _need(notebook, ("InService",), "transition to (Stopping)")
    except (ServiceException, HTTPException):
        notebook.life.refused_stops += 1
        raise
    _go(notebook, "Stopping", "Stopped")
    notebook.life.stops.append(notebook.last_modified_time.replace(tzinfo=UTC).isoformat())
    return ActionResult({})


def _update(asked: SageMakerResponse) -> ActionResult:
    notebook = _named(asked)
    _need(notebook, ("Stopped",), "transition to (Updating)")
    for name in _UPDATES:
        if (value := _param(asked, name)) is not None:
            setattr(notebook, camelcase_to_underscores(name), value)
    _go(notebook, "Updating", "Stopped")
    return ActionResult({})


def _delete(asked: SageMakerResponse) -> ActionResult:
    notebook = _named(asked)
    _need(notebook, ("Stopped", "Failed"), "transition to (Deleting)")
    del asked.sagemaker_backend.notebook_instances[notebook.notebook_instance_name]
    return ActionResult({})


def _presign(asked: SageMakerResponse) -> ActionResult:
    seconds = _between(asked, "SessionExpirationDurationInSeconds", (_SHORTEST, _LONGEST), _LONGEST)
    notebook = _named(asked)
    _need(notebook, ("InService",), "create a presigned URL")
    return ActionResult({"AuthorizedUrl": JUPYTERS.presign(notebook.life.lab, seconds)})


def _param(asked: SageMakerResponse, name: str) -> Any:
    return asked._get_param(name)  # noqa: SLF001 - moto's way to read a request


def _between(asked: SageMakerResponse, name: str, bounds: tuple[int, int], default: int) -> int:
    given = _param(asked, name)
    value = default if given is None else int(given)
    if bounds[0] <= value <= bounds[1]:
        return value
    wrong = f"less than or equal to {bounds[1]}" if value > bounds[1] else f"greater than or equal to {bounds[0]}"
    raise ValidationError(
        message=f"1 validation error detected: Value '{value}' at '{name[0].lower()}{name[1:]}' failed to satisfy"
        f" constraint: Member must have value {wrong}"
    )


def _named(asked: SageMakerResponse) -> Any:
    notebook = asked.sagemaker_backend.notebook_instances.get(_param(asked, "NotebookInstanceName"))
    if notebook is None:
        raise ValidationError(message="RecordNotFound")
    return _settled(notebook)


def _need(notebook: Any, statuses: Sequence[str], wanted: str) -> None:
    if notebook.status not in statuses:
        raise ValidationError(
            message=f"Status ({notebook.status}) not in ([{', '.join(statuses)}]). Unable to {wanted} for Notebook"
            f" Instance ({notebook.arn})."
        )


def _go(notebook: Any, by_way_of: str, to: str) -> None:
    notebook.status = by_way_of
    notebook.last_modified_time = utcnow()
    notebook.life.going = (to, notebook.last_modified_time + timedelta(seconds=PACE.seconds))


def _settled(notebook: Any) -> Any:
    """The notebook in its current state."""
    with PACE.lock:
        going: tuple[str, datetime] | None = notebook.life.going
        if going and going[1] <= utcnow() + timedelta(seconds=PACE.passed):
            notebook.status, notebook.last_modified_time = going
            notebook.life.going = None
    return notebook


def _list(asked: SageMakerResponse) -> ActionResult:
    """One page. It starts after the last notebook of the page before, even if notebooks changed meanwhile."""
    most = _between(asked, "MaxResults", (1, _MOST), 10)
    attribute = _SORTS[_param(asked, "SortBy") or "Name"]
    falling = _param(asked, "SortOrder") == "Descending"
    places = {(str(getattr(one, attribute)), one.notebook_instance_name): one for one in _asked_for(asked)}
    order = sorted(places, reverse=falling)
    if token := _param(asked, "NextToken"):
        last = _read_token(token)
        order = [place for place in order if (place < last if falling else place > last)]
    answer: Json = {"NotebookInstances": [_summary(places[place]) for place in order[:most]]}
    if len(order) > most:
        answer["NextToken"] = base64.urlsafe_b64encode(json.dumps(order[most - 1]).encode()).decode()
    return ActionResult(answer)


def _read_token(token: str) -> tuple[str, str]:
    try:
        value, name = json.loads(base64.urlsafe_b64decode(token))
    except (ValueError, TypeError):
        raise ValidationError(message="Invalid pagination token.") from None
    return value, name


def _asked_for(asked: SageMakerResponse) -> Iterator[Any]:
    """The notebooks that match the filters."""
    part, status = _param(asked, "NameContains") or "", _param(asked, "StatusEquals")
    config = _param(asked, "NotebookInstanceLifecycleConfigNameContains") or ""
    spans = [
        (camelcase_to_underscores(name), _time(asked, f"{name}After"), _time(asked, f"{name}Before"))
        for name in ("CreationTime", "LastModifiedTime")
    ]
    for notebook in map(_settled, asked.sagemaker_backend.notebook_instances.values()):
        named = part in notebook.notebook_instance_name and config in (notebook.lifecycle_config_name or "")
        if named and status in {None, notebook.status} and all(_within(notebook, span) for span in spans):
            yield notebook


def _within(notebook: Any, span: tuple[str, datetime | None, datetime | None]) -> bool:
    attribute, after, before = span
    moment: datetime = getattr(notebook, attribute)
    return (after is None or moment > after) and (before is None or moment < before)


def _time(asked: SageMakerResponse, name: str) -> datetime | None:
    """A naive UTC time, as moto stores times."""
    moment = parse_timestamp(_param(asked, name))
    return moment and moment.astimezone(UTC).replace(tzinfo=None)


def _summary(notebook: Any) -> Json:
    described = _described(notebook)
    return {name: described[name] for name in _SUMMARY if described.get(name) is not None}


def control(notebook: Any, orders: Mapping[str, Any]) -> None:
    """Set the answers of its Jupyter and the error of a stop. If Describe fields follow, a transition ends first.

    Raises ``ValueError`` for an order that means nothing.
    """
    if "Url" in orders:
        raise ValueError("the Url follows from the name")
    if "Jupyter" in orders:
        notebook.life.lab.order(orders["Jupyter"] or {})
    if "StopError" in orders:
        notebook.life.refusal = Refusal.read(orders["StopError"]) if orders["StopError"] else None
    if set(orders) - ORDERS and notebook.life.going:
        notebook.status, notebook.life.going = notebook.life.going[0], None


def story(notebook: Any) -> Json:
    """The requests to its Jupyter, the times of its stops, and the number of refused stops."""
    life: Life = notebook.life
    return {"requests": life.lab.asked, "stops": life.stops, "refused_stops": life.refused_stops}


def pace_route(app: Flask) -> None:
    """``POST /transitions`` with ``{"seconds"}`` sets how long new transitions take; ``{"passed"}`` lets time pass."""

    @app.post("/transitions")
    def transitions() -> Response:
        order = request.get_json(force=True)
        PACE.seconds, PACE.passed = float(order.get("seconds", PACE.seconds)), float(order.get("passed", 0))
        return jsonify({"seconds": PACE.seconds, "passed": PACE.passed})


def notebook_event(
    described: Mapping[str, Any], tags: Mapping[str, str], source: str = "sagewatch.replay"
) -> dict[str, Any]:
    """The event AWS would send for a notebook's current Describe answer: epoch milliseconds, nulls, tags as an object.

    This module only builds it. On AWS ``source`` is ``aws.sagemaker``, which ``PutEvents`` accepts from AWS only.
    """
    arn = described["NotebookInstanceArn"]
    _, _, _, region, account, _ = arn.split(":", 5)
    return {
        "version": "0",
        "id": str(uuid4()),
        "detail-type": "SageMaker Notebook Instance State Change",
        "source": source,
        "account": account,
        "time": described["LastModifiedTime"].astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": region,
        "resources": [arn],
        "detail": {name: _as_in_events(described.get(name)) for name in _IN_EVENTS} | {"Tags": dict(tags)},
    }


def _as_in_events(value: Any) -> Any:
    return int(value.timestamp() * 1000) if isinstance(value, datetime) else value


def event_entry(event: Mapping[str, Any]) -> dict[str, Any]:
    """The entry for ``PutEvents``, which adds its own id, time and account."""
    return {
        "Source": event["source"],
        "DetailType": event["detail-type"],
        "Detail": json.dumps(event["detail"]),
        "Resources": event["resources"],
    }
