"""The environment is read once, and what is wrong with it is named."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from sagewatch.budgets.budget import Budget
from sagewatch.errors import SettingsError
from sagewatch.runtime.settings import RecordingSettings
from sagewatch.wiring.answer_slack import AnswerSlackSettings
from sagewatch.wiring.deliver_alert import DeliverAlertSettings
from sagewatch.wiring.receive_press import ReceivePressSettings
from sagewatch.wiring.record_job import RecordJobSettings
from sagewatch.wiring.refresh_prices import RefreshPricesSettings
from sagewatch.wiring.send_digest import SendDigestSettings
from sagewatch.wiring.sweep_jobs import SweepJobsSettings
from sagewatch.wiring.sweep_notebooks import SweepNotebooksSettings
from sagewatch.wiring.sweep_resources import SweepResourcesSettings
from sagewatch.wiring.track_notebook import TrackNotebookSettings

HUB = {
    "ACCOUNT": "111122223333",
    "SPOKE_ROLES": "sagewatch-main",
    "SPOKE_EXTERNAL_ID": "ours",
    "SPOKE_ACCOUNTS": "222233334444, 333344445555",
    "ORGANIZATION_ID": "o-a1b2c3d4e5",
    "ACCOUNT_DISCOUNTS": "222233334444=20, 333344445555=0",
}
RECORD_JOB = {
    **HUB,
    "QUEUE_URL": "https://q",
    "DEAD_LETTER_QUEUE_URL": "https://d",
    "MAX_RECEIVES": "24",
    "COST_LEDGER": "ledger",
    "WATCH_STATE": "state",
    "ALERT_QUEUE_URL": "https://a",
    "OWNER_TAG_KEYS": "sagewatch:owner, owner,,Owner",
    "DISCOUNT_PERCENT": "12.5",
    "REPORT_USD": "10",
    "LOG_EXCERPTS": "enabled",
}
_ENDED_JOBS = {"REPORT_USD", "LOG_EXCERPTS"}
TRACK_NOTEBOOK = {name: value for name, value in RECORD_JOB.items() if name not in {"ALERT_QUEUE_URL", *_ENDED_JOBS}}
DELIVER_ALERT = {
    "QUEUE_URL": "https://q",
    "DEAD_LETTER_QUEUE_URL": "https://d",
    "MAX_RECEIVES": "999",
    "WATCH_STATE": "state",
    "SLACK_CHANNEL": "#sagewatch",
    "SLACK_ROUTES": "nlp=#nlp-alerts, ana@example.com=C0ANA0000",
    "SLACK_TOKEN_PARAMETER": "/sagewatch/slack-token",
    "SLACK_API_URL": "https://slack.com/api/",
    "SPOKE_ROLES": "sagewatch-main",
}
SWEEP_JOBS = {
    **{
        name: value
        for name, value in RECORD_JOB.items()
        if name not in {"QUEUE_URL", "DEAD_LETTER_QUEUE_URL", "MAX_RECEIVES"}
    },
    "LONG_RUNNING_HOURS": "24",
    "BURN_ALERT_USD": "99.5",
    "REGIONS": "",
    "SWEEP_QUEUE_URL": "https://q.fifo",
    "STACK": "sagewatch",
    "AWS_REGION": "eu-west-1",
}
NOTEBOOK_RULES = {"MODE": "observe", "IDLE_AFTER_MINUTES": "240", "WARN_MINUTES": "0", "JUPYTER_EVIDENCE": "enabled"}
SWEEP_NOTEBOOKS = {
    **{name: value for name, value in SWEEP_JOBS.items() if name not in {"BURN_ALERT_USD", *_ENDED_JOBS}},
    **NOTEBOOK_RULES,
    "MAX_STOPS_PER_SWEEP": "10",
}
SWEEP_RESOURCES = {
    name: value
    for name, value in SWEEP_JOBS.items()
    if name not in {"SWEEP_QUEUE_URL", "LONG_RUNNING_HOURS", "BURN_ALERT_USD", *_ENDED_JOBS, *HUB}
} | {
    "ACCOUNT": HUB["ACCOUNT"],
    "ACCOUNT_DISCOUNTS": HUB["ACCOUNT_DISCOUNTS"],
    "PRESS_QUEUE_URL": "https://p",
    "MODE": "enforce",
    "WARN_MINUTES": "60",
    "MAX_STOPS_PER_SWEEP": "10",
}
RECEIVE_PRESS = {
    "QUEUE_URL": "https://q",
    "WATCH_STATE": "state",
    "SLACK_TOKEN_PARAMETER": "/sagewatch/slack-token",
    "SLACK_SIGNING_SECRET_PARAMETER": "/sagewatch/slack-signing-secret",
    "SLACK_API_URL": "https://slack.com/api/",
}
ANSWER_SLACK = {
    **TRACK_NOTEBOOK,
    "ALERT_QUEUE_URL": "https://a",
    **NOTEBOOK_RULES,
    "TIMEZONE": "Europe/Berlin",
    "SLACK_APPROVERS": "U0ANA, S0ADMINS",
    "SLACK_TOKEN_PARAMETER": "/sagewatch/slack-token",
    "SLACK_API_URL": "https://slack.com/api/",
}
SEND_DIGEST = {
    "EVENT_DEAD_LETTER_QUEUE_URL": "https://d",
    "ALERT_DEAD_LETTER_QUEUE_URL": "https://d.fifo",
    "COST_LEDGER": "ledger",
    "WATCH_STATE": "state",
    "ALERT_QUEUE_URL": "https://a",
    "DISCOUNT_PERCENT": "0",
    "ACCOUNT_DISCOUNTS": "222233334444=20",
    "TIMEZONE": "Europe/Berlin",
    "MONTHLY_BUDGETS": "ana@example.com=500, *=9000.50",
    "SLACK_TOKEN_PARAMETER": "/sagewatch/slack-token",
    "SLACK_API_URL": "https://slack.com/api/",
    "ACCOUNT": "111122223333",
    "REGIONS": "",
    "AWS_REGION": "eu-west-1",
}
REFRESH_PRICES = {"WATCH_STATE": "state", "REGIONS": "", "AWS_REGION": "eu-west-1"}


@pytest.mark.parametrize(
    ("settings", "variables"),
    [
        (SweepJobsSettings, SWEEP_JOBS),
        (SweepNotebooksSettings, SWEEP_NOTEBOOKS),
        (SweepResourcesSettings, SWEEP_RESOURCES),
        (RefreshPricesSettings, REFRESH_PRICES),
        (SendDigestSettings, SEND_DIGEST),
    ],
)
def test_other_regions_are_named_or_not(settings: Any, variables: dict[str, str]) -> None:
    """The parameter's default is an empty list."""
    assert settings.from_env(variables | {"REGIONS": "us-west-2, eu-west-3"}).regions == ("us-west-2", "eu-west-3")
    assert settings.from_env(variables | {"REGIONS": ""}).regions == ()


def test_the_environment_becomes_typed_values() -> None:
    """Lists, numbers and text."""
    settings = RecordJobSettings.from_env(RECORD_JOB)

    assert settings.owner_tag_keys == ("sagewatch:owner", "owner", "Owner")
    assert settings.discount_percent == Decimal("12.5")
    assert settings.account_discounts == {"222233334444": Decimal(20), "333344445555": Decimal(0)}
    assert settings.max_receives == 24
    assert settings.report_usd == Decimal(10)
    assert settings.read_logs
    assert not RecordJobSettings.from_env(RECORD_JOB | {"LOG_EXCERPTS": "disabled"}).read_logs
    assert SweepJobsSettings.from_env(SWEEP_JOBS | {"REPORT_USD": "0"}).report_usd == 0
    assert RefreshPricesSettings.from_env(REFRESH_PRICES).home_region == "eu-west-1"
    deliver = DeliverAlertSettings.from_env(DELIVER_ALERT)
    assert deliver.slack_channel == "#sagewatch"
    assert deliver.slack_routes == {"nlp": "#nlp-alerts", "ana@example.com": "C0ANA0000"}


@pytest.mark.parametrize("routes", ["nlp", "nlp=", "=#nlp"])
def test_a_route_that_leads_nowhere_is_named(routes: str) -> None:
    """None is what an empty list means."""
    with pytest.raises(SettingsError, match="SLACK_ROUTES"):
        DeliverAlertSettings.from_env({**DELIVER_ALERT, "SLACK_ROUTES": routes})
    assert DeliverAlertSettings.from_env({**DELIVER_ALERT, "SLACK_ROUTES": ""}).slack_routes == {}


@pytest.mark.parametrize("name", sorted(RECEIVE_PRESS))
def test_a_missing_variable_of_receive_press_is_named(name: str) -> None:
    """The error names the variable; there is no default queue and no default secret."""
    with pytest.raises(SettingsError, match=name):
        ReceivePressSettings.from_env({key: value for key, value in RECEIVE_PRESS.items() if key != name})


@pytest.mark.parametrize("name", sorted(RECORD_JOB.keys() - HUB.keys()))
def test_a_missing_variable_of_record_job_is_named(name: str) -> None:
    """Never a default table."""
    with pytest.raises(SettingsError, match=name):
        RecordJobSettings.from_env({key: value for key, value in RECORD_JOB.items() if key != name})


@pytest.mark.parametrize("name", sorted(TRACK_NOTEBOOK.keys() - HUB.keys()))
def test_a_missing_variable_of_track_notebook_is_named(name: str) -> None:
    """It needs no way to Slack."""
    with pytest.raises(SettingsError, match=name):
        TrackNotebookSettings.from_env({key: value for key, value in TRACK_NOTEBOOK.items() if key != name})


@pytest.mark.parametrize("name", sorted(SWEEP_JOBS.keys() - {"REGIONS", *HUB, "SWEEP_QUEUE_URL"}))
def test_a_missing_variable_of_sweep_jobs_is_named(name: str) -> None:
    """Never a default table."""
    with pytest.raises(SettingsError, match=name):
        SweepJobsSettings.from_env({key: value for key, value in SWEEP_JOBS.items() if key != name})


@pytest.mark.parametrize(
    ("name", "value"),
    [("BURN_ALERT_USD", "-1"), ("BURN_ALERT_USD", "Infinity"), ("BURN_ALERT_USD", "$5"), ("LONG_RUNNING_HOURS", "0")],
)
def test_a_rung_that_makes_no_sense_is_named(name: str, value: str) -> None:
    """Of dollars 0 is one: it turns them off."""
    with pytest.raises(SettingsError, match=name):
        SweepJobsSettings.from_env({**SWEEP_JOBS, name: value})
    assert SweepJobsSettings.from_env({**SWEEP_JOBS, "BURN_ALERT_USD": "0"}).burn_usd == Decimal(0)
    assert SweepJobsSettings.from_env(SWEEP_JOBS).burn_usd == Decimal("99.5")


@pytest.mark.parametrize("name", sorted(set(DELIVER_ALERT) - {"SLACK_ROUTES", "SPOKE_ROLES"}))
def test_an_empty_variable_of_deliver_alert_is_named(name: str) -> None:
    """Empty is missing."""
    with pytest.raises(SettingsError, match=name):
        DeliverAlertSettings.from_env(DELIVER_ALERT | {name: " "})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DISCOUNT_PERCENT", "a lot"),
        ("DISCOUNT_PERCENT", "-1"),
        ("ACCOUNT_DISCOUNTS", "ana=10"),
        ("ACCOUNT_DISCOUNTS", "222233334444=101"),
        ("ACCOUNT_DISCOUNTS", "222233334444"),
        ("DISCOUNT_PERCENT", "101"),
        ("DISCOUNT_PERCENT", "NaN"),
        ("REPORT_USD", "-1"),
        ("REPORT_USD", "ten"),
        ("REPORT_USD", "Infinity"),
        ("DISCOUNT_PERCENT", "100.01"),
        ("MAX_RECEIVES", "0"),
        ("MAX_RECEIVES", "many"),
        ("LOG_EXCERPTS", "off"),
    ],
)
def test_a_value_that_makes_no_sense_is_named(name: str, value: str) -> None:
    """With what would."""
    with pytest.raises(SettingsError, match=name):
        RecordJobSettings.from_env(RECORD_JOB | {name: value})


def test_the_rules_for_notebooks_are_read() -> None:
    """Mode, times, and who may press."""
    sweep, answer = SweepNotebooksSettings.from_env(SWEEP_NOTEBOOKS), AnswerSlackSettings.from_env(ANSWER_SLACK)

    assert (sweep.enforce, sweep.ask_jupyter, sweep.max_stops) == (False, True, 10)
    assert (sweep.idle_after, sweep.warn) == (timedelta(hours=4), timedelta(0))
    assert (answer.zone.key, answer.approvers) == ("Europe/Berlin", ("U0ANA", "S0ADMINS"))
    assert AnswerSlackSettings.from_env({**ANSWER_SLACK, "SLACK_APPROVERS": ""}).approvers == ()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MODE", "Enforce"),
        ("IDLE_AFTER_MINUTES", "-4"),
        ("WARN_MINUTES", "1h"),
        ("JUPYTER_EVIDENCE", "yes"),
        ("TIMEZONE", "Mars/Olympus"),
        ("TIMEZONE", "../../etc/passwd"),
    ],
)
def test_a_rule_that_makes_no_sense_is_named(name: str, value: str) -> None:
    """Never a default instead."""
    with pytest.raises(SettingsError, match=name):
        AnswerSlackSettings.from_env({**ANSWER_SLACK, name: value})


@pytest.mark.parametrize("name", sorted(SWEEP_NOTEBOOKS.keys() - {"REGIONS", *HUB, "SWEEP_QUEUE_URL"}))
def test_a_missing_variable_of_sweep_notebooks_is_named(name: str) -> None:
    """Never a default mode."""
    with pytest.raises(SettingsError, match=name):
        SweepNotebooksSettings.from_env({key: value for key, value in SWEEP_NOTEBOOKS.items() if key != name})


@pytest.mark.parametrize("name", sorted(SEND_DIGEST.keys() - {"MONTHLY_BUDGETS", "REGIONS", "ACCOUNT_DISCOUNTS"}))
def test_a_missing_variable_of_send_digest_is_named(name: str) -> None:
    """Only budgets may be none."""
    with pytest.raises(SettingsError, match=name):
        SendDigestSettings.from_env({key: value for key, value in SEND_DIGEST.items() if key != name})


def test_budgets_are_owners_with_amounts() -> None:
    """An owner may have any sign but a comma; none is none."""
    told = SendDigestSettings.from_env(SEND_DIGEST | {"MONTHLY_BUDGETS": "ana@example.com=500, team=ads=20,*=9000.50"})

    assert told.budgets == (
        Budget("ana@example.com", Decimal(500)),
        Budget("team=ads", Decimal(20)),
        Budget("*", Decimal("9000.50")),
    )
    assert SendDigestSettings.from_env(SEND_DIGEST | {"MONTHLY_BUDGETS": ""}).budgets == ()


@pytest.mark.parametrize(
    "value", ["ana", "ana=", "=500", "ana=much", "ana=0", "ana=-1", "ana=NaN", "ana=Infinity", "ana=1,ana=2", "ana=5e"]
)
def test_a_budget_that_makes_no_sense_is_named(value: str) -> None:
    """Never a budget that was not meant."""
    with pytest.raises(SettingsError, match="MONTHLY_BUDGETS"):
        SendDigestSettings.from_env(SEND_DIGEST | {"MONTHLY_BUDGETS": value})


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"QUEUE_URL": " "}, "QUEUE_URL is missing or empty"),
        ({"OWNER_TAG_KEYS": ","}, "OWNER_TAG_KEYS is missing or empty"),
        ({"MAX_RECEIVES": "0"}, "MAX_RECEIVES is wrong: Input should be greater than or equal to 1"),
        ({"QUEUE_URL": "", "REPORT_USD": "ten"}, "QUEUE_URL is missing or empty; REPORT_USD is wrong: "),
    ],
)
def test_an_error_says_what_is_wrong_with_each_variable(variables: dict[str, str], message: str) -> None:
    """One sentence with every variable at fault, so that one deployment mends them all."""
    with pytest.raises(SettingsError) as raised:
        RecordJobSettings.from_env(RECORD_JOB | variables)

    assert str(raised.value).startswith(message)


def test_a_stack_without_an_output_is_named() -> None:
    """An operator's tools name the output that the stack lacks, not a variable."""
    with pytest.raises(SettingsError, match=r"^WatchStateName is missing or empty$"):
        RecordingSettings.from_stack(
            {
                "CostLedgerName": "ledger",
                "AlertQueueUrl": "https://a",
                "OwnerTagKeys": "owner",
                "DiscountPercent": "0",
            }
        )
