"""Read EventBridge events from a queue's message body, a file, or another bus."""

import json
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import ConfigDict, Field, StringConstraints, ValidationError

from sagewatch.errors import MalformedEventError
from sagewatch.models import LazyModel
from sagewatch.sagemaker.fields import Region, field_errors
from sagewatch.sagemaker.job_models import read_job
from sagewatch.sagemaker.kinds import KIND_FACTS, ResourceKind
from sagewatch.sagemaker.resources import Job, refuse_foreign_arn

_KIND_OF: Mapping[str, ResourceKind] = {
    facts.detail_type: kind for kind, facts in KIND_FACTS.items() if facts.detail_type
}


class Envelope(LazyModel):
    """The part of an event that EventBridge itself writes. Only its account and region can be trusted."""

    model_config = ConfigDict(defer_build=True, extra="ignore", frozen=True, hide_input_in_errors=True)

    detail_type: str = Field(alias="detail-type")
    account: Annotated[str, StringConstraints(pattern=r"^\d{12}$")]
    region: Region
    detail: dict[str, Any]


def read_body(body: str) -> object:
    """Read the event in a queue message. Raises ``MalformedEventError`` for what is not JSON."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as exc:  # not JSON, a number of 5,000 digits, lists a thousand deep
        raise MalformedEventError(f"not JSON: {type(exc).__name__}") from exc


def read_envelope(event: object) -> Envelope:
    """Read the envelope alone. Raises ``MalformedEventError``."""
    try:
        envelope = Envelope.model_validate(event)
        json.dumps(envelope.detail, ensure_ascii=False, default=str).encode()
    except ValidationError as exc:
        raise MalformedEventError(f"event: {field_errors(exc)}") from exc
    except UnicodeEncodeError as exc:  # JSON may escape half of a character; no table and no message holds one
        raise MalformedEventError("event: a text has half of a character") from exc
    return envelope


def read_job_event(event: object) -> Job:
    """Read a job from its state change event.

    Raises ``MalformedEventError`` for an envelope or a detail that cannot be understood, an unknown kind of event, an
    unknown status, and an ARN of another account or region than the envelope's.
    """
    envelope = read_envelope(event)
    kind = _KIND_OF.get(envelope.detail_type)
    if kind is None:
        raise MalformedEventError(f"not a job state change: detail-type {envelope.detail_type[:80]!r}")
    job = read_job(kind, envelope.detail, account=envelope.account, region=envelope.region)
    for arn in (job.arn, job.parent_arn):
        refuse_foreign_arn(arn, envelope.account, envelope.region)
    return job
