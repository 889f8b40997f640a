"""`make end` says what it will do, and refuses what a tag may protect."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from sagewatch.idle.evidence import Source, Unknown
from sagewatch.sagemaker.kinds import ResourceKind
from sagewatch.standing.actions import ResourceAction
from sagewatch.standing.decision import Use, UseDecision
from sagewatch.standing.evidence import Answered
from sagewatch.standing.hourly import HourlyPrice
from sagewatch.standing.resources import EndCall, StandingResource
from sagewatch.standing.survey import Standing
from tools.operator.end import consequence, refusal

NOW = datetime(2026, 11, 27, 9, 30, tzinfo=UTC)


def standing(kind: ResourceKind, tags: Mapping[str, str] | None) -> Standing:
    """A resource with these tags."""
    resource = StandingResource(
        kind=kind,
        arn="arn:aws:sagemaker:us-east-1:123456789012:x/llm",
        name="llm",
        status="InService",
        since=NOW,
        configuration="",
        parts=(),
        evidence=Answered(Unknown(Source.DESCRIBE, "")),
        stopping="Its files stay",
        end=EndCall("StopNotebookInstance", {}),
    )
    return Standing(resource, HourlyPrice(Decimal(1)), None, UseDecision(Use.UNKNOWN, ""), tags)


@pytest.mark.parametrize(
    ("kind", "action", "says"),
    [
        (ResourceKind.ENDPOINT, ResourceAction.DELETE, "This DELETES endpoint llm and keeps its recipe."),
        (ResourceKind.ENDPOINT, ResourceAction.SCALE_IN, "This scales endpoint llm in to its minimum."),
        (
            ResourceKind.ENDPOINT,
            ResourceAction.COPIES_TO_ZERO,
            "This scales all components of endpoint llm to 0 copies. Its instances bill until they scale in.",
        ),
        (
            ResourceKind.NOTEBOOK,
            ResourceAction.END,
            "This calls StopNotebookInstance for notebook instance llm. Its files stay.",
        ),
    ],
)
def test_the_question_says_what_will_happen(kind: ResourceKind, action: ResourceAction, says: str) -> None:
    """Not what could be done."""
    assert consequence(standing(kind, {}).resource, action) == says


@pytest.mark.parametrize(
    ("kind", "tags", "action", "reason"),
    [
        (ResourceKind.ENDPOINT, None, ResourceAction.DELETE, "could not be read, so sagewatch:protect may protect it"),
        (
            ResourceKind.ENDPOINT,
            {"sagewatch:protect": ""},
            ResourceAction.SCALE_IN,
            "the tag sagewatch:protect of llm protects it",
        ),
        (ResourceKind.NOTEBOOK, {}, ResourceAction.SCALE_IN, "--scale-in is for endpoints"),
        (ResourceKind.CANVAS, {}, ResourceAction.COPIES_TO_ZERO, "--copies-to-zero is for endpoints"),
        (ResourceKind.NOTEBOOK, {}, ResourceAction.END, ""),
    ],
)
def test_what_may_be_protected_or_cannot_be_scaled_in_is_refused(
    kind: ResourceKind,
    tags: Mapping[str, str] | None,
    action: ResourceAction,
    reason: str,
) -> None:
    """Unknown tags are not none."""
    assert reason in (refusal(standing(kind, tags), action) or "")
