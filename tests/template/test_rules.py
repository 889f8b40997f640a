"""Every rule matches exactly the events it should, and a looser pattern would not go unnoticed.

The matcher is moto's; the end-to-end tests put the same patterns to MiniStack's.
"""

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from moto.events.models import EventPattern

from tests.worlds.builders import EVENTS

FILES = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(EVENTS.glob("*.json"))}

EXPECTED = {
    "TrainingJobRule": {
        "training-job-completed",
        "training-job-failed",
        "training-job-failed-before-launch",
        "training-job-in-progress",
        "training-job-instance-groups",
        "training-job-max-runtime-exceeded",
        "training-job-stopped",
        "training-job-string-times",
    },
    "ProcessingJobRule": {
        "processing-job-completed",
        "processing-job-failed",
        "processing-job-in-progress",
        "processing-job-stopped",
    },
    "TransformJobRule": {
        "transform-job-completed",
        "transform-job-completed-iso-times",
        "transform-job-failed",
        "transform-job-in-progress",
        "transform-job-stopped",
    },
    "TuningJobRule": {"tuning-job-completed", "tuning-job-failed", "tuning-job-in-progress", "tuning-job-stopped"},
    "NotebookInstanceRule": {
        "notebook-instance-deleting",
        "notebook-instance-failed",
        "notebook-instance-in-service",
        "notebook-instance-stopped",
        "notebook-instance-stopping",
    },
}


def pattern_of(template: dict[str, Any], rule: str, sources: list[str]) -> dict[str, Any]:
    """The rule's pattern as deployed, with ``EventSources`` put in."""
    pattern = copy.deepcopy(dict(template["Resources"][rule]["Properties"]["EventPattern"]))
    assert pattern["source"] == {"Ref": "EventSources"}
    plain: dict[str, Any] = json.loads(json.dumps(pattern))
    return plain | {"source": sources}


def matches(pattern: dict[str, Any]) -> set[str]:
    """The files a pattern matches."""
    compiled = EventPattern.load(json.dumps(pattern))
    return {name for name, event in FILES.items() if compiled.matches_event(event)}


def default_sources(template: dict[str, Any]) -> list[str]:
    """The default of ``EventSources``."""
    return str(template["Parameters"]["EventSources"]["Default"]).split(",")


def rules(template: dict[str, Any]) -> set[str]:
    """Every rule of the template."""
    return {name for name, resource in template["Resources"].items() if resource["Type"] == "AWS::Events::Rule"}


def test_every_rule_is_held_to_events(template: dict[str, Any]) -> None:
    """Every rule has expectations here; those of the hub's bus are the same (``test_spoke.py``)."""
    assert rules(template) == set(EXPECTED) | {f"Hub{name}" for name in EXPECTED}


@pytest.mark.parametrize("rule", sorted(EXPECTED))
def test_a_rule_matches_its_events_and_no_other(template: dict[str, Any], rule: str) -> None:
    """Near misses included."""
    assert matches(pattern_of(template, rule, default_sources(template))) == EXPECTED[rule]


def test_every_event_is_matched_once_or_is_a_near_miss() -> None:
    """Replays are near misses until ``EventSources`` admits them."""
    matched = set.union(*EXPECTED.values())

    assert {name for name in FILES if name not in matched} == {name for name in FILES if name.startswith("miss-")} | {
        "training-job-failed-replay"
    }


def test_a_replay_is_admitted_by_the_parameter(template: dict[str, Any]) -> None:
    """AWS refuses PutEvents for aws.*."""
    pattern = pattern_of(template, "TrainingJobRule", ["aws.sagemaker", "sagewatch.replay"])

    assert matches(pattern) == EXPECTED["TrainingJobRule"] | {"training-job-failed-replay"}


def loosened(pattern: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every pattern that is looser by one step: a key left out, or a status let in."""
    for key in pattern:
        yield f"without {key}", {name: value for name, value in pattern.items() if name != key}
    [(status, wanted)] = pattern["detail"].items()
    yield "with any status", {**pattern, "detail": {status: [{"exists": True}]}}
    spare = "Pending" if "Stopping" in wanted else "Stopping"
    yield f"with {spare}", {**pattern, "detail": {status: [*wanted, spare]}}


@pytest.mark.parametrize("rule", sorted(EXPECTED))
def test_a_looser_pattern_matches_an_event_it_should_not(template: dict[str, Any], rule: str) -> None:
    """So that the test above fails if a pattern gets looser."""
    for how, pattern in loosened(pattern_of(template, rule, default_sources(template))):
        assert matches(pattern) > EXPECTED[rule], how


@pytest.mark.parametrize("rule", sorted(EXPECTED))
def test_a_tighter_pattern_misses_an_event_it_should_match(template: dict[str, Any], rule: str) -> None:
    """Each status has an event of its own."""
    pattern = pattern_of(template, rule, default_sources(template))
    [(status, wanted)] = pattern["detail"].items()
    for left_out in wanted:
        tighter = {**pattern, "detail": {status: [value for value in wanted if value != left_out]}}
        assert matches(tighter) < EXPECTED[rule], left_out
