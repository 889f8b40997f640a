"""The local Slack's page in a real browser. A fake app answers; no stack is deployed."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

import pytest
from flask import Flask, request
from playwright.sync_api import Browser, Locator, Page, expect
from slack_sdk import WebClient
from slack_sdk.signature import SignatureVerifier

from local.slack.app import Workspace, slack_app
from tests.e2e.browser import chromium, opened
from tests.worlds.servers import serving

SECRET = "signing-secret"


def plain(text: str) -> dict[str, str]:
    """A text object."""
    return {"type": "plain_text", "text": text}


def button(action: str, text: str, **more: Any) -> dict[str, Any]:
    """A button."""
    return {"type": "button", "action_id": action, "text": plain(text), "value": action, **more}


def section(text: str) -> dict[str, Any]:
    """A paragraph."""
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def dialog(text: str, **more: Any) -> dict[str, Any]:
    """A view."""
    return {"type": "modal", "title": plain("Stop the notebook"), "blocks": [section(text)], **more}


CONFIRM = {"title": plain("Really?"), "text": plain("It is stopped."), "confirm": plain("Do it"), "deny": plain("No")}


class StandIn:
    """An app: ``keep_4h`` edits the message, ``stop_now`` opens a dialog, and submitting that is answered by another.

    It answers what is not signed with 401, as the real one does.
    """

    def __init__(self, client: WebClient) -> None:
        """Keep who it calls."""
        self.client = client
        self.users: list[str] = []

    def on_request(self) -> Any:
        """Answer one interaction."""
        body, headers = request.get_data(as_text=True), {key.lower(): value for key, value in request.headers.items()}
        if not SignatureVerifier(SECRET).is_valid_request(body, headers):
            return "not signed", 401
        return self.act(json.loads(parse_qs(body)["payload"][0]))

    def act(self, payload: dict[str, Any]) -> Any:
        """Do what was pressed."""
        self.users.append(payload["user"]["id"])
        if payload["type"] == "view_submission":
            return {"response_action": "update", "view": dialog("It is stopped.")}
        place = {"channel": payload["channel"]["id"], "ts": payload["container"]["message_ts"]}
        if payload["actions"][0]["action_id"] == "keep_4h":
            self.client.chat_update(**place, text="kept", blocks=[section(f"Kept for 4 h by <@{self.users[-1]}>.")])
        else:
            view = dialog("A kernel is busy.", submit=plain("Stop anyway"), close=plain("Keep it"))
            self.client.views_open(trigger_id=payload["trigger_id"], view=view)
        return ""


@dataclass
class Slack:
    """A local Slack with its app."""

    url: str
    client: WebClient
    app: StandIn

    def post(self, text: str, *elements: dict[str, Any], **more: Any) -> str:
        """Post a paragraph and buttons; answer with the message's ts."""
        blocks = [section(text), *([{"type": "actions", "elements": elements}] if elements else [])]
        return str(self.client.chat_postMessage(channel="#sagewatch", text=text, blocks=blocks, **more)["ts"])


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser."""
    with chromium() as found:
        yield found


@pytest.fixture
def slack() -> Iterator[Slack]:
    """A Slack, alone in a thread."""
    workspace = Workspace(token="t", signing_secret=SECRET)
    app = Flask("stand-in")
    with serving(slack_app(workspace)) as url, serving(app) as workspace.interactivity_url:
        client = WebClient(token="t", base_url=f"{url}/api/")
        stand_in = StandIn(client)
        app.add_url_rule("/", "answer", stand_in.on_request, methods=["POST"])
        yield Slack(url, client, stand_in)


@pytest.fixture
def page(browser: Browser, slack: Slack) -> Iterator[Page]:
    """Its page, open."""
    with opened(browser, slack.url) as shown:
        expect(shown.get_by_role("status").first).to_have_text("live")
        yield shown


def message(page: Page, text: str) -> Locator:
    """A message that is shown."""
    return page.locator("#messages .message", has_text=text)


def test_a_message_appears_by_itself_and_its_button_changes_it(page: Page, slack: Slack) -> None:
    """Posted after the page was opened; pressed as the person who is picked; edited by the app."""
    slack.post("Lab-One is idle", button("keep_4h", "Keep 4 h"))
    page.get_by_label("You are").select_option("Bo")
    message(page, "Lab-One is idle").get_by_role("button", name="Keep 4 h").click()

    expect(message(page, "Kept for 4 h by @Bo.")).to_contain_text("(edited)")
    expect(message(page, "Lab-One is idle")).to_have_count(0)
    assert slack.app.users == ["U0BO"]


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("&lt;img src=x onerror=alert(1)&gt;", "<img src=x onerror=alert(1)>"),
        ("<img src=x onerror=alert(1)>", "<img src=x onerror=alert(1)>"),
        ("<javascript:alert(1)|click>", "<javascript:alert(1)|click>"),
        ("*<script>alert(1)</script>*", "<script>alert(1)</script>"),
        ("`<svg onload=alert(1)>`", "<svg onload=alert(1)>"),
        ("```<b>x</b>```", "<b>x</b>"),
        ("<https://example.com|<b onclick=alert(1)>x>", "<https://example.com|<b onclick=alert(1)>x>"),
        ('<https://example.com/"onclick="alert(1)|here>', "here"),
        ("&amp;lt;b&amp;gt;", "&lt;b&gt;"),
    ],
)
def test_what_looks_like_html_is_shown_as_text(page: Page, slack: Slack, sent: str, shown: str) -> None:
    """A job's text is anybody's text: it makes no element, no attribute and no script."""
    slack.post(sent)

    found = page.locator("#messages .message .text")
    expect(found).to_have_text(shown)
    assert found.locator("script, img, svg, [onclick], a[href^=javascript]").count() == 0


@pytest.mark.parametrize(
    ("sent", "selector", "shown"),
    [
        ("a *bold* word", "b", "bold"),
        ("an _italic_ word", "i", "italic"),
        ("a ~struck~ word", "s", "struck"),
        ("some `code *as it is*`", "code", "code *as it is*"),
        ("```\nline 1\n  *line* 2\n```", "pre", "line 1\n  *line* 2"),
        ("> quoted", "blockquote", "quoted"),
        ("&gt; quoted", "blockquote", "quoted"),
        ("<https://example.com/?a=1&amp;b=2|the *link*>", "a[href='https://example.com/?a=1&b=2']", "the link"),
        ("<@U0CHI> and others", ".mention", "@Chi"),
        ("<!date^1767225600^{date_num} {time_secs}|fallback>", "time", "2026-01-01 01:00:00"),
        (":white_check_mark: done", ".emoji", "\u2714"),
    ],
)
def test_mrkdwn_is_shown_as_slack_shows_it(page: Page, slack: Slack, sent: str, selector: str, shown: str) -> None:
    """Dates in the reader's own zone, here Berlin."""
    slack.post(sent)

    expect(page.locator(f"#messages .message .text {selector}")).to_have_text(shown)


@pytest.mark.parametrize("sent", ["snake_case_name", "2*3*4", "a ~ b ~ c", "10 * 20 * 30", "job:123:failed"])
def test_what_is_no_markup_is_left_alone(page: Page, slack: Slack, sent: str) -> None:
    """Names of jobs and sums keep their letters."""
    slack.post(sent)

    expect(page.locator("#messages .message .text")).to_have_text(sent)


def test_replies_are_in_a_panel_beside_their_root(page: Page, slack: Slack) -> None:
    """Not among the channel's messages, and they appear by themselves too."""
    root = slack.post("Lab-Two is idle")
    slack.post("its lease has ended", thread_ts=root)
    message(page, "Lab-Two").get_by_role("button", name="1 reply").click()
    thread = page.get_by_label("Thread", exact=True)
    expect(thread).to_contain_text("its lease has ended")

    slack.post("it is stopped", thread_ts=root)
    expect(thread).to_contain_text("it is stopped")
    expect(message(page, "its lease has ended")).to_have_count(0)


def test_a_button_that_asks_is_pressed_once_people_say_yes(page: Page, slack: Slack) -> None:
    """Slack's own question, from the button's ``confirm``."""
    slack.post("Lab-Three", button("keep_4h", "Keep", confirm=CONFIRM))
    press = message(page, "Lab-Three").get_by_role("button", name="Keep")
    press.click()
    page.get_by_role("button", name="No", exact=True).click()
    time.sleep(0.7)  # longer than a poll
    assert slack.app.users == []

    press.click()
    page.get_by_role("button", name="Do it").click()
    expect(message(page, "Kept for 4 h")).to_have_count(1)


def test_a_dialog_opens_is_submitted_replaced_and_closed(page: Page, slack: Slack) -> None:
    """For the one who pressed."""
    slack.post("Lab-Four", button("stop_now", "Stop now"))
    message(page, "Lab-Four").get_by_role("button", name="Stop now").click()
    shown = page.locator("#view")
    expect(shown).to_contain_text("A kernel is busy.")

    shown.get_by_role("button", name="Stop anyway").click()
    expect(shown).to_contain_text("It is stopped.")
    shown.get_by_role("button", name="Cancel").click()
    expect(shown).to_be_hidden()


def test_a_whisper_is_shown_to_one_person(page: Page, slack: Slack) -> None:
    """And says so."""
    slack.client.chat_postEphemeral(channel="#sagewatch", user="U0ANA", text="you may not")
    expect(message(page, "you may not")).to_contain_text("Only visible to you")

    page.get_by_label("You are").select_option("Chi")
    expect(message(page, "you may not")).to_have_count(0)
