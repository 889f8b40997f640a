"""Idle notebooks on the deployed stack: sixty of every kind, the buttons, and what must be nowhere.

AWS differs: there IAM refuses a stop of a protected notebook, here a test holds the template to it
(``tests/template/test_permissions.py``); and a notebook takes minutes to stop.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import expect

from local.demo.player import get_json, post_json
from local.sagemaker.notebooks import COOKIE
from local.stack.cloud import ACCOUNT
from sagewatch.adapters.dynamodb.items import from_item
from tests.e2e.browser import chromium, opened
from tests.e2e.conftest import HOME, Account, eventually
from tests.e2e.team import Team

HOURS_AGO = {hours: (datetime.now(UTC) - timedelta(hours=hours)).isoformat() for hours in (0, 5, 48)}


def kernel(state: str, hours: int) -> dict[str, Any]:
    """A kernel in Jupyter's answer."""
    told = {"id": "k", "name": "python3", "connections": 1}
    return {**told, "execution_state": state, "last_activity": HOURS_AGO[hours]}


IDLE = {"kernels": [kernel("idle", 5)]}
BUSY = {"kernels": [kernel("busy", 5)]}
# What each kind's Jupyter answers, its tags and platform, how many there are, and whether they are stopped.
KINDS: dict[str, tuple[dict[str, Any], dict[str, str], str, int, bool]] = {
    "busy": (BUSY, {}, "notebook-al2023-v1", 9, False),
    "idle-tab": (IDLE, {}, "notebook-al2023-v1", 10, True),
    "terminal": ({"terminals": [{"name": "1", "last_activity": HOURS_AGO[0]}]}, {}, "notebook-al2023-v1", 5, False),
    "nothing": ({}, {}, "notebook-al2023-v1", 8, True),
    "starting": ({"kernels": [kernel("starting", 48)]}, {}, "notebook-al2023-v1", 4, False),
    "dead": ({"kernels": [kernel("dead", 48)]}, {}, "notebook-al2023-v1", 4, True),
    "refusing": ({"html": True}, {}, "notebook-al2023-v1", 5, False),
    "hanging": ({"hang": 7}, {}, "notebook-al2023-v1", 2, False),
    "opted-out": (IDLE, {"sagewatch:ignore": "true"}, "notebook-al2023-v1", 3, False),
    "protected": (IDLE, {"sagewatch:protect": "true"}, "notebook-al2023-v1", 3, False),
    "old-linux": (IDLE, {}, "notebook-al2-v3", 3, False),
    "kept": (IDLE, {}, "notebook-al2023-v1", 2, False),
    "awakened": (IDLE, {}, "notebook-al2023-v1", 2, False),
}
NAMES = {kind: [f"{kind}-{number}" for number in range(facts[3])] for kind, facts in KINDS.items()}


@pytest.fixture(scope="module")
def team(account: Account) -> Iterator[Team]:
    """A stack that stops, without notice, as many as it likes; no notebook runs before and afterwards."""
    rules = {"MODE": "enforce", "WARN_MINUTES": "0", "MAX_STOPS_PER_SWEEP": "200"}
    with account.variables("SweepNotebooks", **rules), account.variables("AnswerSlack", MODE="enforce"):
        made = Team(account)
        end_all(made)
        yield made
        end_all(made)


def end_all(team: Team) -> None:
    """Stop what runs, those of other tests too."""
    sagemaker = team.account.stage.client("sagemaker")
    for page in sagemaker.get_paginator("list_notebook_instances").paginate(StatusEquals="InService"):
        for notebook in page["NotebookInstances"]:
            team.orders(notebook["NotebookInstanceName"], {"NotebookInstanceStatus": "Stopped"})


def a_day(team: Team) -> dict[str, Any]:
    """All sixty are idle or busy; some are kept, some are used again. Return the first of the sweeps."""
    for kind, (jupyter, tags, platform, _, _) in KINDS.items():
        for name in NAMES[kind]:
            team.start(name, jupyter, tags, platform)
    first = team.sweep()
    assert [name for names in NAMES.values() for name in names if team.stops(name)] == []
    for name in NAMES["kept"]:
        assert team.press(name, "keep_4h")["status"] == 200
    for name in NAMES["awakened"]:
        team.orders(name, {"Jupyter": BUSY})
    for _ in range(3):
        team.sweep()
    return first


def test_exactly_the_right_ones_of_sixty_are_stopped_each_after_its_announcement(team: Team) -> None:
    """None that was busy at the moment of the call; every stop, keep and refusal is in Slack once."""
    assert a_day(team)["in_service"] == 60
    for kind, (*_, stopped) in KINDS.items():
        assert [team.stops(name) for name in NAMES[kind]] == [int(stopped)] * len(NAMES[kind]), kind
    for kind, headlines in {
        "idle-tab": ["Stopped at", "is stopped"],
        "busy": [],
        "refusing": ["Cannot tell whether"],
        "hanging": ["Cannot tell whether"],
        "old-linux": ["Notebook idle"],
        "protected": [],
        "kept": ["Notebook idle"],
        "awakened": ["Stop cancelled, it is in use again"],
    }.items():
        for name in NAMES[kind]:
            texts = [message["text"] for message in team.told(name)]
            assert [text for text, said in zip(texts, headlines, strict=True) if said not in text] == [], name
    assert "it is in use again" in json.dumps(team.root(NAMES["awakened"][0])["blocks"])
    rows = [row for row in team.account.stage.ledger() if row["resource_name"] == "idle-tab-0"]
    assert [(row["kind"], row["stopped_by"]) for row in rows] == [("notebook", "sagewatch")]


def test_one_stop_that_aws_refuses_hinders_none_of_forty(team: Team) -> None:
    """Forty are stopped, one is reported once."""
    names = [f"row-{number}" for number in range(41)]
    for name in names:
        team.start(name, IDLE, {}, "notebook-al2023-v1")
    refusal = {"code": "ValidationException", "message": "The notebook is being looked after."}
    team.orders("row-20", {"StopError": refusal})
    for _ in range(3):
        team.sweep()

    assert [name for name in names if not team.stops(name)] == ["row-20"]
    refused = [message for message in team.told("row-20") if "could not be stopped" in message["text"]]
    assert len(refused) == 1
    assert "looked after" in refused[0]["text"]


def lease(team: Team, name: str) -> dict[str, Any]:
    """Who keeps it."""
    item = team.account.stage.client("dynamodb").get_item(
        TableName=team.account.env["WatchStateName"],
        Key={
            "pk": {"S": "notebook#us-east-1"},
            "sk": {"S": f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:notebook-instance/{name}#lease"},
        },
    )
    return from_item(item.get("Item", {}))


def test_a_press_that_cannot_be_done_now_is_done_later(team: Team) -> None:
    """AnswerSlack retries it; the notebook is kept once access is granted."""
    team.start("press-later", IDLE, {}, "notebook-al2023-v1")
    with team.account.variables("SweepNotebooks", WARN_MINUTES="60"):
        team.sweep()
    with team.account.without_permission("AnswerSlack", "dynamodb:PutItem"):
        order = {"ts": team.root("press-later")["ts"], "action_id": "keep_4h", "user": "U0ANA"}
        assert post_json(f"{team.slack}/press", order)["status"] == 200
        assert team.account.retries("AnswerSlack", "AccessDeniedException")
        assert lease(team, "press-later") == {}

    assert eventually(lambda: lease(team, "press-later").get("author") == "U0ANA")


def test_each_button_does_what_it_says(team: Team) -> None:
    """Through the HTTP API, with the function's own role; pressed twice and by two people."""
    names = {action: f"press-{action.replace('_', '-')}" for action in ("keep_4h", "keep_until_tomorrow", "never_stop")}
    for name in (*names.values(), "press-stop-now"):
        team.start(name, IDLE, {}, "notebook-al2023-v1")
    with team.account.variables("SweepNotebooks", WARN_MINUTES="60"):
        team.sweep()
        for action, name in names.items():
            for user in ("U0ANA", "U0ANA", "U0BO"):
                assert team.press(name, action, user)["status"] == 200
            assert lease(team, name)["author"] == "U0BO"
            assert "<@U0BO>" in json.dumps(team.root(name)["blocks"])
        team.press("press-stop-now", "stop_now")
        assert team.stops("press-stop-now") == 1
        assert any("is stopped" in message["text"] for message in team.told("press-stop-now"))
    team.sweep()
    assert [team.stops(name) for name in names.values()] == [0, 0, 0]


def test_a_press_that_is_badly_signed_old_or_repeated_is_refused(team: Team) -> None:
    """And changes nothing."""
    team.start("press-forged", IDLE, {}, "notebook-al2023-v1")
    with team.account.variables("SweepNotebooks", WARN_MINUTES="60"):
        team.sweep()
    forged = team.press("press-forged", "stop_now", bad_signature=True, times=2)
    old = team.press("press-forged", "stop_now", stamp_offset=-400, times=2)
    assert lease(team, "press-forged") == {}
    repeated = team.press("press-forged", "keep_4h", times=2)

    assert [told["statuses"] for told in (forged, old, repeated)] == [[401, 401], [401, 401], [200, 409]]
    assert team.stops("press-forged") == 0


def test_a_press_for_a_notebook_that_is_gone_says_so(team: Team) -> None:
    """The person who pressed is answered, and the message says so within two sweeps."""
    team.start("press-late", IDLE, {}, "notebook-al2023-v1")
    with team.account.variables("SweepNotebooks", WARN_MINUTES="60"):
        team.sweep()
    team.orders("press-late", {"NotebookInstanceStatus": "Stopped"})
    team.account.stage.client("sagemaker").delete_notebook_instance(NotebookInstanceName="press-late")
    team.press("press-late", "stop_now")

    for _ in range(2):
        team.sweep()
    assert "deleted" in json.dumps(team.root("press-late")["blocks"])


def test_keep_4_h_is_pressed_in_a_browser(team: Team) -> None:
    """The announcement appears on Slack's page, changes when it is answered, and the next sweep keeps."""
    for view in get_json(f"{team.slack}/views"):  # the dialogs other tests left open
        post_json(f"{team.slack}/close", {"view_id": view["id"]})
    with chromium() as browser, opened(browser, f"{team.slack}/") as page:
        team.start("browsed", IDLE, {}, "notebook-al2023-v1")
        with team.account.variables("SweepNotebooks", WARN_MINUTES="60"):
            team.sweep()
        shown = page.locator("#messages .message", has_text="Notebook idle: browsed")
        shown.get_by_role("button", name="Keep 4 h").click()
        expect(shown).to_contain_text("Kept for 4 h")
        page.screenshot(path=str(HOME / "browsed.png"))
    team.sweep()

    assert team.stops("browsed") == 0
    assert lease(team, "browsed")["author"].startswith("U0")


def test_neither_presigned_url_nor_cookie_is_anywhere(team: Team) -> None:
    """Not in a log, a row, a message or a letter; this runs last and searches everything the others left."""
    stage = team.account.stage
    logs = [team.account.log_lines(name) for name in ("SweepNotebooks", "AnswerSlack", "DeliverAlert")]
    dynamodb = stage.client("dynamodb")
    tables = [
        dynamodb.get_paginator("scan").paginate(TableName=team.account.env[name]).build_full_result()["Items"]
        for name in ("WatchStateName", "CostLedgerName")
    ]
    everything = json.dumps([logs, tables, get_json(f"{team.slack}/messages")], default=str)

    assert all(logs[:1])
    assert [word for word in ("authToken", COOKIE, "_xsrf") if word in everything] == []
