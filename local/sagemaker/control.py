"""moto's SageMaker, changed to behave like AWS where SageWatch depends on it, and the control endpoint.

What differs from moto: lists are narrowed and sorted by creation time before they are cut into pages; jobs begin
InProgress and emit no end; processing jobs keep their resources; ARNs are in lower case; tags of an unknown ARN are an
error and not a crash. Still not as on AWS: nothing runs, so a job changes only through the control endpoint or a Stop
call, of which see ``stops``. Of notebooks, see ``notebooks``.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

import botocore.session
from botocore.model import Shape
from flask import Flask, Response, jsonify, request
from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.sagemaker.exceptions import ValidationError
from moto.sagemaker.models import AutoMLJob, sagemaker_backends
from moto.sagemaker.responses import SageMakerResponse

from local.sagemaker.endpoints import extend_endpoints
from local.sagemaker.faults import FAULTS, breakable
from local.sagemaker.job_stops import extend_job_stops, settled
from local.sagemaker.notebooks import ORDERS, control, extend_notebooks, pace_route, story
from local.sagemaker.resources import ENDED, KINDS, Emulated, get, named, put
from local.sagemaker.standing import SHELF, extend_standing, standing_route
from sagewatch.sagemaker.fields import parse_timestamp

Answer = tuple[Response, int]


def extend_moto() -> None:
    """Add what moto's SageMaker lacks. Call it once, before the server starts."""
    for kind, emulated in KINDS.items():
        if not emulated.creating:
            continue
        operation = emulated.creating.removeprefix("create_").removesuffix("_v2")
        create = getattr(SageMakerResponse, emulated.creating)
        setattr(SageMakerResponse, emulated.creating, _beginning(create, kind))
        setattr(SageMakerResponse, f"delete_{operation}", _deleting(kind))
        setattr(SageMakerResponse, f"list_{operation}s", _listing(kind))
        breakable(emulated.operation)
        breakable(f"List{emulated.prefix}Jobs")
    extend_standing()
    extend_endpoints()
    extend_job_stops()
    extend_notebooks()
    setattr(AutoMLJob, "__init__", _lenient(AutoMLJob.__init__))  # noqa: B010 - moto's class
    for method, replacement in (("list_tags", _list_tags), ("add_tags", _add_tags), ("delete_tags", _delete_tags)):
        setattr(SageMakerResponse, method, replacement)
    breakable("ListTags")


def _beginning(create: Callable[[SageMakerResponse], ActionResult], kind: str) -> Callable[..., ActionResult]:
    """A job that was just created is InProgress, has not started and has no end."""

    def created(self: SageMakerResponse) -> ActionResult:
        create(self)
        emulated = KINDS[kind]
        name = self._get_param(f"{emulated.prefix}JobName")
        job = getattr(self.sagemaker_backend, emulated.store)[name]
        job.arn = job.arn.lower()
        put(job, f"{emulated.prefix}JobStatus", "InProgress")
        for absent in (f"{emulated.prefix}StartTime", emulated.end, "ModelArtifacts", "FailureReason"):
            put(job, absent, None)
        if kind == "training-job":
            job.secondary_status = "Starting"
        if kind == "processing-job":
            job.processing_resources = self._get_param("ProcessingResources")
        return ActionResult({f"{emulated.prefix}JobArn": job.arn})

    return created


def _lenient(init: Callable[..., None]) -> Callable[..., None]:
    """Accept AutoML jobs without the fields that moto requires and the API does not."""

    def made(self: AutoMLJob, **given: Any) -> None:
        for name, config in given["auto_ml_problem_type_config"].items():
            config.setdefault("CompletionCriteria", {})
            if name == "TabularJobConfig":
                config.setdefault("ProblemType", "BinaryClassification")
        init(self, **given)

    return made


def _deleting(kind: str) -> Callable[[SageMakerResponse], ActionResult]:
    """An ended job is gone at once (AWS answers Deleting for a while), and its name is free."""

    def delete(self: SageMakerResponse) -> ActionResult:
        emulated = KINDS[kind]
        if get(named(self, emulated), f"{emulated.prefix}JobStatus") not in ENDED:
            raise ValidationError(
                message=f"The request was rejected because the {kind.replace('-', ' ')} has not ended."
            )
        del getattr(self.sagemaker_backend, emulated.store)[self._get_param(f"{emulated.prefix}JobName")]
        return ActionResult({})

    return delete


def _listing(kind: str) -> Callable[[SageMakerResponse], ActionResult]:
    """Lists as AWS returns them: filter and sort by creation time, cut the page, then filter by status.

    So a page can be empty and still carry a NextToken, and one that is narrowed by creation time alone never is.
    """

    def listed(self: SageMakerResponse) -> ActionResult:
        emulated = KINDS[kind]
        asked = {name: self._get_param(name) for name in ("CreationTimeAfter", "CreationTimeBefore", "StatusEquals")}
        begin, end = parse_timestamp(asked["CreationTimeAfter"]), parse_timestamp(asked["CreationTimeBefore"])
        found = [
            settled(resource, emulated)
            for resource in getattr(self.sagemaker_backend, emulated.store).values()
            if (begin is None or _created(resource) > begin) and (end is None or _created(resource) < end)
        ]
        found.sort(key=_created, reverse=self._get_param("SortOrder") != "Ascending")
        first = int(self._get_param("NextToken") or 0)
        last = first + int(self._get_param("MaxResults") or 10)
        status = f"{emulated.prefix}JobStatus"
        page = [job for job in found[first:last] if asked["StatusEquals"] in {None, get(job, status)}]
        answer: dict[str, Any] = {f"{emulated.prefix}JobSummaries": [_summary(job, emulated) for job in page]}
        return ActionResult(answer | ({"NextToken": str(last)} if last < len(found) else {}))

    return listed


def _created(resource: Any) -> datetime:
    moment: datetime = resource.creation_time
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def _summary(resource: Any, emulated: Emulated) -> dict[str, object]:
    names = (
        f"{emulated.prefix}JobName",
        f"{emulated.prefix}JobStatus",
        emulated.end,
        "CreationTime",
        "LastModifiedTime",
    )
    more = {"AutoMLJobSecondaryStatus": "Completed"} if emulated.prefix == "AutoML" else {}
    return {f"{emulated.prefix}JobArn": resource.arn, **more, **{name: get(resource, name) for name in names}}


def _list_tags(self: SageMakerResponse) -> ActionResult:
    standing = SHELF.by_arn((self.current_account, self.region), self._get_param("ResourceArn"))
    if standing is not None:
        return ActionResult({"Tags": standing.get("Tags", [])})
    return ActionResult({"Tags": _tagged(self).tags or []})


def _add_tags(self: SageMakerResponse) -> ActionResult:
    """Add tags; an existing key gets the new value."""
    added = self._get_param("Tags")
    return ActionResult({"Tags": _retag(self, {tag["Key"] for tag in added}, added)})


def _delete_tags(self: SageMakerResponse) -> ActionResult:
    _retag(self, set(self._get_param("TagKeys")), [])
    return ActionResult({})


def _retag(asked: SageMakerResponse, gone: set[str], added: list[dict[str, str]]) -> list[dict[str, str]]:
    resource = _tagged(asked)
    resource.tags = [tag for tag in resource.tags or [] if tag["Key"] not in gone] + added
    return list(resource.tags)


def _tagged(asked: SageMakerResponse) -> Any:
    """The resource, whatever the case of its ARN, which AWS lower-cases and moto does not."""
    kind, _, name = asked._get_param("ResourceArn").rpartition(":")[2].partition("/")  # noqa: SLF001 - moto's way to read a request
    store = getattr(asked.sagemaker_backend, KINDS[kind].store, {}) if kind in KINDS else {}
    for resource in store.values():
        if resource.arn.lower().endswith(f":{kind}/{name}".lower()):
            return resource
    raise ValidationError(message="Requested resource not found.")


def control_app(account: str, default_region: str) -> Flask:
    """``POST /<kind>/<name>`` with Describe fields in the API's spelling sets them on an emulated resource.

    ``?region=`` and ``?account=`` name another place.
    ``POST /fail`` with ``{"operation", "code", "times"}`` lets the next Describe, List or notebook calls fail;
    ``GET /notebook-instance/<name>`` returns the calls that a notebook received.
    """
    app = Flask("sagemaker-control")

    @app.post("/fail")
    def fail() -> Answer:
        order = request.get_json(force=True)
        FAULTS.order(order["operation"], order["code"], order.get("message", "Rate exceeded"), int(order["times"]))
        return jsonify(order), 200

    @app.post("/<kind>/<name>")
    def change(kind: str, name: str) -> Answer:
        """Set fields; ``null`` takes one away. An ended job that started gets an end, unless one is given."""
        fields = request.get_json(force=True, silent=True)
        if kind not in KINDS:
            return _refuse(404, f"no kind {kind!r}; there are {', '.join(KINDS)}")
        if not isinstance(fields, dict):
            return _refuse(400, "the body must be a JSON object of Describe fields")
        owner, region = _place(account, default_region)
        resource = getattr(sagemaker_backends[owner][region], KINDS[kind].store).get(name)
        if resource is None:
            return _refuse(404, f"no {kind} {name!r} in {region}")
        try:
            return _apply(resource, KINDS[kind], fields)
        except ValueError as exc:
            return _refuse(400, str(exc))

    @app.get("/notebook-instance/<name>")
    def received(name: str) -> Answer:
        owner, region = _place(account, default_region)
        resource = sagemaker_backends[owner][region].notebook_instances.get(name)
        return (jsonify(story(resource)), 200) if resource else _refuse(404, f"no notebook-instance {name!r}")

    standing_route(app, account, default_region)
    pace_route(app)
    return app


def _place(account: str, region: str) -> tuple[str, str]:
    """The account and the region that a request names, or these."""
    return request.args.get("account", account), request.args.get("region", region)


def _apply(resource: object, emulated: Emulated, orders: Mapping[str, object]) -> Answer:
    notebook = emulated.prefix == "NotebookInstance"
    fields = {name: value for name, value in orders.items() if not (notebook and name in ORDERS)}
    members = _describe_members(emulated.operation)
    if unknown := sorted(set(fields) - set(members)):
        return _refuse(400, f"{emulated.operation} answers no {', '.join(unknown)}")
    values = {name: _typed(value, members[name]) for name, value in fields.items()}
    if notebook:
        control(resource, orders)
    end = emulated.end
    started = values.get(f"{emulated.prefix}StartTime", get(resource, f"{emulated.prefix}StartTime"))
    if values.get(f"{emulated.prefix}JobStatus") in ENDED and started and end in members:
        values.setdefault(end, utcnow())
    touched = {"LastModifiedTime": utcnow()} if values else {}
    for name, value in {**touched, **values}.items():
        put(resource, name, value)
    return jsonify({"set": sorted(values)}), 200


@cache
def _describe_members(operation: str) -> Mapping[str, Shape]:
    service = botocore.session.get_session().get_service_model("sagemaker")
    shape = service.operation_model(operation).output_shape
    members: Mapping[str, Shape] = shape.members  # type: ignore[union-attr] # every Describe has an output
    return members


def _typed(value: Any, shape: Shape) -> Any:
    """Convert times, at any depth, to what moto stores. Raises ``ValueError`` for an invalid time."""
    match shape.type_name, value:
        case "timestamp", _:
            return _naive(value)
        case "structure", dict():
            known: Mapping[str, Shape] = getattr(shape, "members", {})
            return {key: _typed(item, known[key]) if key in known else item for key, item in value.items()}
        case "list", list():
            return [_typed(item, shape.member) for item in value]  # type: ignore[attr-defined] # a ListShape
        case _:
            return value


def _naive(value: Any) -> datetime | None:
    """A time as moto stores it."""
    try:
        moment = parse_timestamp(value)
    except ValueError as exc:
        raise ValueError(f"invalid time {value!r}") from exc
    return moment and moment.astimezone(UTC).replace(tzinfo=None)


def _refuse(status: int, error: str) -> Answer:
    return jsonify({"error": error, "at": datetime.now(UTC).isoformat()}), status
