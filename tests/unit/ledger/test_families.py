"""Which names are one job's, run again and again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from sagewatch.ledger.families import family_name, family_of
from sagewatch.sagemaker.fields import Name
from sagewatch.sagemaker.kinds import ResourceKind


@pytest.mark.parametrize(
    ("name", "base"),
    [
        # the SageMaker Python SDK
        ("fraud-xgb-2026-11-25-10-31-22-123", "fraud-xgb"),
        ("fraud-xgb-241125-1031", "fraud-xgb"),
        ("fraud-xgb-1764066682-a1b2", "fraud-xgb"),
        ("fraud-xgb-20261125103122", "fraud-xgb"),
        ("Clarify-Pretraining-Bias-2026-11-25-10-31-22-123", "Clarify-Pretraining-Bias"),
        # what tuning jobs, pipelines, monitoring schedules, debugger rules start
        ("fraud-tune-241125-1031-001-ab12cd34", "fraud-tune"),
        ("fraud-tune-001-ab12cd34", "fraud-tune"),
        ("pipelines-0m3yxaxnwhqf-AbaloneProcess-ybmzRSqc5k", "pipelines-AbaloneProcess"),
        ("model-monitoring-202611251000-1a2b3c4d5e6f7a8b9c0d1e2f", "model-monitoring"),
        ("fraud-xgb-2026-11-25-10-3-LossNotDecreasing-1a2b3c4d", "fraud-xgb-LossNotDecreasing"),
        # what people append
        ("nightly-20261125T103122", "nightly"),
        ("nightly-20261125T103122Z", "nightly"),
        ("nightly-20261125-103122", "nightly"),
        ("nightly-20261125", "nightly"),
        ("nightly-2026-11-25", "nightly"),
        ("nightly-2026-11-25-17", "nightly"),
        ("nightly-2026-11-25T10-31-22", "nightly"),
        ("nightly-1764066682", "nightly"),
        ("nightly-1764066682123", "nightly"),
        ("score-123e4567-e89b-12d3-a456-426614174000", "score"),
        ("score-0cc175b9c0f1b6a831c399e269772661", "score"),
        ("score-deadbee7", "score"),
        ("score-17", "score"),
        ("score-003", "score"),
        ("score--17", "score"),
        ("sales-2026-11-25-daily", "sales-daily"),
        # a number before a time belongs to the name
        ("llama-2-2026-11-25-10-31-22-123", "llama-2"),
        ("fold-3-20261125", "fold-3"),
        ("gpt-2-17", "gpt-2"),
        ("resnet-18", "resnet-18"),
        ("resnet-152", "resnet-152"),
        ("resnet-152-2026-11-25-10-31-22-123", "resnet-152"),
        ("Train-ResNet-50-003", "Train-ResNet-50"),
        ("bresnet-18", "bresnet"),
        # near misses
        ("fraud-xgb", "fraud-xgb"),
        ("llama-7b", "llama-7b"),
        ("mixed-bf16", "mixed-bf16"),
        ("user-feedback", "user-feedback"),
        ("resnet50", "resnet50"),
        ("efficientnet-b4", "efficientnet-b4"),
        ("forecast-2026-q4", "forecast-2026-q4"),
        ("report-1234567", "report-1234567"),  # neither a date nor a counter of six digits
        ("report-20261399", "report-20261399"),
        ("pipelines-train", "pipelines-train"),
        ("v3", "v3"),
        # nothing would be left
        ("2026-11-25-10-31-22-123", "2026-11-25-10-31-22-123"),
        ("123e4567-e89b-12d3-a456-426614174000", "123e4567-e89b-12d3-a456-426614174000"),
        ("0cc175b9c0f1b6a831c399e269772661", "0cc175b9c0f1b6a831c399e269772661"),
        ("17", "17"),
        ("12-34", "12-34"),
        ("a", "a"),
    ],
)
def test_a_family_is_the_name_without_its_machine_made_parts(name: str, base: str) -> None:
    """Times, hashes and counters make no other job."""
    assert family_of(ResourceKind.TRAINING, name) == f"training#{base}"
    assert family_name(family_of(ResourceKind.TRAINING, name)) == base


def test_kinds_are_families_of_their_own() -> None:
    """A processing job is no run of the training job of that name."""
    assert family_of(ResourceKind.PROCESSING, "fraud-17") == "processing#fraud"


@given(name=st.from_regex(r"\A[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}\Z"))
def test_no_name_is_shortened_to_nothing(name: str) -> None:
    """Every name has a family, which is a name too."""
    base = family_name(family_of(ResourceKind.TRAINING, TypeAdapter(Name).validate_python(name)))

    assert base
    assert not base.endswith("-")
    assert base[0].isalnum()
