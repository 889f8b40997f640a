"""`make deploy`, `make reattach`: what they check before anything is created, and what the first message says."""

import json
import urllib.parse
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from cfnlint.decode import decode
from flask import Flask, Response, request
from samcli.yamlhelper import yaml_parse

from local.slack.app import slack_app
from local.slack.workspace import SCOPES, Failure, Workspace
from sagewatch.errors import NoAnswerError, SettingsError
from tests.worlds.servers import serving
from tools.operator.deploy.reattach import import_template
from tools.operator.deploy.running import first_message, group
from tools.operator.deploy.slack_app import asked, creation_link, signing_secret_objection, token_objection
from tools.operator.doctor.slack_checks import MANIFEST
from tools.operator.places import SUPPORTED, check_partition, missing_tools

MANIFEST_LIMITS = {"name": 35, "description": 140}  # Slack's reference of app manifests


def test_the_link_creates_the_app_of_the_manifest() -> None:
    """Without the comments, which Slack's page need not show."""
    query = urllib.parse.parse_qs(urllib.parse.urlsplit(creation_link()).query)
    [text] = query["manifest_yaml"]

    assert query["new_app"] == ["1"]
    assert yaml_parse(text) == yaml_parse(MANIFEST.read_text(encoding="utf-8"))
    assert "#" not in text.replace("#1d3557", "")


def test_the_manifest_is_one_that_slack_takes() -> None:
    """Sections, lengths and types of the manifest's reference; buttons need a request URL."""
    manifest: dict[str, Any] = yaml_parse(MANIFEST.read_text(encoding="utf-8"))
    information = manifest["display_information"]

    assert set(manifest) == {"display_information", "features", "oauth_config", "settings"}
    assert all(len(information[name]) <= limit for name, limit in MANIFEST_LIMITS.items())
    assert manifest["settings"]["interactivity"]["is_enabled"] is True
    assert manifest["settings"]["interactivity"]["request_url"].startswith("https://")
    assert manifest["settings"]["token_rotation_enabled"] is False  # SageWatch keeps one token
    assert len(manifest["oauth_config"]["scopes"]["bot"]) == len(SCOPES)


def test_a_token_is_tried_before_it_is_stored() -> None:
    """Each objection says where the right one is."""
    with serving(slack_app(Workspace(token="xoxb-right", signing_secret="s"))) as url:
        assert token_objection(f"{url}/api/", "xoxb-right") is None
        assert "invalid_auth" in str(token_objection(f"{url}/api/", "xoxb-wrong"))
    with serving(slack_app(Workspace(token="xoxb-right", signing_secret="s", scopes=frozenset({"chat:write"})))) as url:
        assert "files:write" in str(token_objection(f"{url}/api/", "xoxb-right"))
    assert "begin with xoxb-" in str(token_objection("http://127.0.0.1:1/api/", "xoxp-a-persons"))


@pytest.mark.parametrize("token", ["xoxb-12…", "xoxb-1\n2", "xoxb-1 2", "xoxb-"])
def test_a_token_that_no_header_takes_is_refused_before_it_is_sent(token: str) -> None:
    """What a terminal or a document adds while text is copied."""
    assert "only letters, digits and hyphens" in str(token_objection("http://127.0.0.1:1/api/", token))


def test_a_token_is_sent_nowhere_else() -> None:
    """A redirect is no answer of Slack's Web API."""
    asked: list[str | None] = []
    elsewhere, moved = Flask("elsewhere"), Flask("moved")
    with serving(elsewhere) as other:

        @elsewhere.route("/<path:_>", methods=["GET", "POST"])
        def take(_: str) -> Response:
            asked.append(request.headers.get("Authorization"))
            return Response("{}")

        @moved.post("/api/<_>")
        def move(_: str) -> Response:
            return Response(status=302, headers={"Location": f"{other}/api/auth.test"})

        with serving(moved) as url, pytest.raises(NoAnswerError, match=r"Slack answered auth\.test with HTTP 302"):
            token_objection(f"{url}/api/", "xoxb-right")

    assert asked == []


@pytest.mark.parametrize("failure", [Failure(429, 1, 3), Failure(200, 1, None, error="fatal_error")])
def test_a_slack_that_cannot_answer_now_says_nothing_about_the_token(failure: Failure) -> None:
    """The stored token is good, and no other one is asked for."""
    with serving(slack_app(Workspace(token="xoxb-right", signing_secret="s", failure=failure))) as url:
        with pytest.raises(NoAnswerError, match="Run the command again in a minute"):
            token_objection(f"{url}/api/", "xoxb-right")
        assert token_objection(f"{url}/api/", "xoxb-right") is None


@pytest.mark.parametrize(("secret", "fits"), [("0123456789abcdef" * 2, True), ("", False), ("xoxb-1", False)])
def test_a_signing_secret_has_a_form(secret: str, *, fits: bool) -> None:
    """Slack has no call that verifies one."""
    assert (signing_secret_objection(secret) is None) is fits


def test_a_secret_is_asked_for_three_times(capsys: pytest.CaptureFixture[str]) -> None:
    """Then nothing is deployed; what was typed is never printed."""
    answers = iter(["first-try", "second-try", "third-try"])
    with pytest.raises(SettingsError, match="Nothing was deployed"):
        asked("Secret: ", signing_secret_objection, lambda _: next(answers))
    said = capsys.readouterr().out

    assert said.count("32 hexadecimal digits") == 3
    assert "try" not in said


def test_the_first_message_says_what_runs_and_what_it_costs() -> None:
    """An unknown price is never 0."""
    groups = [
        group("Notebook instances", [Decimal("0.05"), Decimal("1.47")]),
        group("Training jobs", [Decimal("39.33"), None]),
        group("Processing jobs", [None]),
    ]
    text = first_message(groups, "sagewatch", "eu-west-1", "observe")

    assert "• Notebook instances: 2, $1.52/h\n" in text
    assert "• Training jobs: 2, $39.33/h, price of 1 unknown\n" in text
    assert "• Processing jobs: 1, price unknown\n" in text
    assert "Total: at least $40.85/h" in text
    assert "trial mode: it reports and stops nothing" in text
    assert "Nothing runs on SageMaker" in first_message([], "sagewatch", "eu-west-1", "enforce")


@pytest.mark.parametrize(
    ("mode", "said"),
    [
        ("observe", "in trial mode: it reports and stops nothing."),
        ("enforce", ". It stops idle notebooks after a warning, and jobs when a person confirms."),
    ],
)
def test_the_first_message_says_what_the_mode_does(mode: str, said: str) -> None:
    """A stack in the mode enforce never says that it stops nothing."""
    [first, *_] = first_message([], "x", "eu-west-1", mode).splitlines()

    assert first.startswith("SageWatch is deployed (stack `x`, eu-west-1)")
    assert first.endswith(said)


def test_supported_partitions_are_the_templates(template: dict[str, Any]) -> None:
    """CloudFormation refuses what its mapping lacks."""
    regions = ("eu-west-1", "us-gov-west-1", "cn-north-1")

    assert {check_partition(region) for region in regions} == SUPPORTED == set(template["Mappings"]["Partitions"])


def test_an_unsupported_partition_is_refused_by_name() -> None:
    """Before anything is created."""
    with pytest.raises(SettingsError, match="aws-eusc"):
        check_partition("eusc-de-east-1")


def test_a_missing_tool_is_named_with_its_page() -> None:
    """This machine has sam; nothing is called `sam-of-another-name`."""
    assert [line for line in missing_tools() if line.startswith("sam is")] == []


def a_table(template: dict[str, Any], *, without: int = 0) -> dict[str, Any]:
    """What DynamoDB says of a ledger that lacks some of its indexes."""
    ledger = template["Resources"]["CostLedger"]["Properties"]
    indexes = ledger["GlobalSecondaryIndexes"][: len(ledger["GlobalSecondaryIndexes"]) - without]
    return {"TableName": "old-ledger", "KeySchema": ledger["KeySchema"], "GlobalSecondaryIndexes": indexes}


def test_a_ledger_is_imported_as_it_is(template: dict[str, Any]) -> None:
    """With the indexes that it has, and no attribute that none of them uses."""
    whole = import_template(a_table(template))["Resources"]["CostLedger"]
    older = import_template(a_table(template, without=1))["Resources"]["CostLedger"]
    ledger = template["Resources"]["CostLedger"]["Properties"]

    assert whole["Properties"] == ledger  # without a name, so that `make deploy` does not replace the table
    assert whole["DeletionPolicy"] == "Retain"
    assert len(older["Properties"]["GlobalSecondaryIndexes"]) == 3
    assert "family" not in {one["AttributeName"] for one in older["Properties"]["AttributeDefinitions"]}


def test_an_update_adds_one_index(template: dict[str, Any]) -> None:
    """CloudFormation creates one in an update, so a table that lacks two is refused here."""
    with pytest.raises(SettingsError, match="an update adds one"):
        import_template(a_table(template, without=2))


def test_another_table_is_no_ledger(template: dict[str, Any]) -> None:
    """Its keys say so."""
    other = {"TableName": "x", "KeySchema": template["Resources"]["WatchState"]["Properties"]["KeySchema"]}
    with pytest.raises(SettingsError, match="no ledger"):
        import_template(other)


def test_the_import_template_is_valid(tmp_path: Path, template: dict[str, Any]) -> None:
    """As CloudFormation reads it."""
    path = tmp_path / "import.json"
    path.write_text(json.dumps(import_template(a_table(template))), encoding="utf-8")
    _, problems = decode(str(path))
    assert problems == []
