"""The environment is read once, and what is wrong with it is named."""

from decimal import Decimal

import pytest

from sagewatch.errors import SettingsError
from sagewatch.settings import (
    DeliverAlertSettings,
    RecordJobSettings,
    RefreshPricesSettings,
    SweepJobsSettings,
    TrackNotebookSettings,
)

RECORD_JOB = {
    "QUEUE_URL": "https://q",
    "DEAD_LETTER_QUEUE_URL": "https://d",
    "MAX_RECEIVES": "24",
    "COST_LEDGER": "ledger",
    "WATCH_STATE": "state",
    "ALERT_QUEUE_URL": "https://a",
    "OWNER_TAG_KEYS": "sagewatch:owner, owner,,Owner",
    "DISCOUNT_PERCENT": "12.5",
}
TRACK_NOTEBOOK = {name: value for name, value in RECORD_JOB.items() if name != "ALERT_QUEUE_URL"}
DELIVER_ALERT = {
    "QUEUE_URL": "https://q",
    "DEAD_LETTER_QUEUE_URL": "https://d",
    "MAX_RECEIVES": "999",
    "WATCH_STATE": "state",
    "SLACK_CHANNEL": "#sagewatch",
    "SLACK_TOKEN_PARAMETER": "/sagewatch/slack-token",
    "SLACK_API_URL": "https://slack.com/api/",
}
SWEEP_JOBS = {
    **{
        name: value
        for name, value in RECORD_JOB.items()
        if name not in {"QUEUE_URL", "DEAD_LETTER_QUEUE_URL", "MAX_RECEIVES"}
    },
    "AWS_REGION": "eu-west-1",
}
REFRESH_PRICES = {"WATCH_STATE": "state", "AWS_REGION": "eu-west-1"}


def test_the_environment_becomes_typed_values() -> None:
    """Lists, numbers and text."""
    settings = RecordJobSettings.from_env(RECORD_JOB)

    assert settings.recording.owner_tag_keys == ("sagewatch:owner", "owner", "Owner")
    assert settings.recording.discount_percent == Decimal("12.5")
    assert settings.inbox.max_receives == 24
    assert RefreshPricesSettings.from_env(REFRESH_PRICES).home_region == "eu-west-1"
    assert DeliverAlertSettings.from_env(DELIVER_ALERT).slack_channel == "#sagewatch"


@pytest.mark.parametrize("name", sorted(RECORD_JOB))
def test_a_missing_variable_of_record_job_is_named(name: str) -> None:
    """Never a default table."""
    with pytest.raises(SettingsError, match=name):
        RecordJobSettings.from_env({key: value for key, value in RECORD_JOB.items() if key != name})


@pytest.mark.parametrize("name", sorted(TRACK_NOTEBOOK))
def test_a_missing_variable_of_track_notebook_is_named(name: str) -> None:
    """It needs no way to Slack."""
    with pytest.raises(SettingsError, match=name):
        TrackNotebookSettings.from_env({key: value for key, value in TRACK_NOTEBOOK.items() if key != name})


@pytest.mark.parametrize("name", sorted(SWEEP_JOBS))
def test_a_missing_variable_of_sweep_jobs_is_named(name: str) -> None:
    """Never a default table."""
    with pytest.raises(SettingsError, match=name):
        SweepJobsSettings.from_env({key: value for key, value in SWEEP_JOBS.items() if key != name})


@pytest.mark.parametrize("name", sorted(DELIVER_ALERT))
def test_an_empty_variable_of_deliver_alert_is_named(name: str) -> None:
    """Empty is missing."""
    with pytest.raises(SettingsError, match=name):
        DeliverAlertSettings.from_env(DELIVER_ALERT | {name: " "})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DISCOUNT_PERCENT", "a lot"),
        ("DISCOUNT_PERCENT", "-1"),
        ("DISCOUNT_PERCENT", "101"),
        ("DISCOUNT_PERCENT", "NaN"),
        ("MAX_RECEIVES", "0"),
        ("MAX_RECEIVES", "many"),
    ],
)
def test_a_value_that_makes_no_sense_is_named(name: str, value: str) -> None:
    """With what would."""
    with pytest.raises(SettingsError, match=name):
        RecordJobSettings.from_env(RECORD_JOB | {name: value})
