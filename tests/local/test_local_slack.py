"""The local Slack behaves as Slack does towards the app: the real client against it, over HTTP."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import pytest
from flask import Flask, request
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.signature import SignatureVerifier

from local.demo.player import get_json
from local.slack.app import Workspace, sign, slack_app
from local.slack.block_kit import block_errors
from tests.worlds.servers import serving

SECRET, CHANNEL, OTHER = "signing-secret", "C0SAGEWATCH", "C0MLRISK00"
PLAIN = {"type": "plain_text", "text": "x"}
BUTTON = {"type": "button", "action_id": "keep", "text": PLAIN, "value": "lab"}
ACTIONS = [{"type": "actions", "block_id": "notebook", "elements": [BUTTON]}]
SECTION = {"type": "section", "text": {"type": "mrkdwn", "text": "Stop it?"}}
VIEW = {"type": "modal", "title": PLAIN, "blocks": [SECTION]}
WARNED = pytest.mark.filterwarnings("ignore:The top-level `text` argument is missing")  # by the client
ASKING = VIEW | {"submit": PLAIN, "callback_id": "stop_anyway", "private_metadata": "Lab-One"}


@dataclass
class App:
    """An app that keeps what it is sent, and gives prepared answers."""

    payloads: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    bodies: list[str] = field(default_factory=list)
    answer: Any = ""
    does: Callable[[dict[str, Any]], object] = lambda payload: payload

    def on_request(self) -> Any:
        """Keep it; refuse what is not signed."""
        self.bodies.append(request.get_data(as_text=True))
        self.headers.append({name.lower(): value for name, value in request.headers.items()})
        if not SignatureVerifier(SECRET).is_valid_request(self.bodies[-1], self.headers[-1]):
            return "not signed", 401
        self.payloads.append(json.loads(parse_qs(self.bodies[-1])["payload"][0]))
        self.does(self.payloads[-1])
        return self.answer


@dataclass
class Slack:
    """A local Slack, as its client and its people use it."""

    url: str
    client: WebClient
    app: App

    def order(self, what: str, **order: Any) -> dict[str, Any]:
        """Press, submit or close; a refusal is an answer as well."""
        call = urllib.request.Request(f"{self.url}/{what}", json.dumps(order).encode(), method="POST")  # noqa: S310
        try:
            with urllib.request.urlopen(call, timeout=10) as answer:  # noqa: S310 - our own server
                return dict(json.loads(answer.read()))
        except urllib.error.HTTPError as exc:
            return {"http": exc.code, **json.loads(exc.read())}

    def posted(self, text: str = "text", **more: Any) -> str:
        """A message's ts."""
        return str(self.client.chat_postMessage(**{"channel": CHANNEL, "text": text} | more)["ts"])

    def trigger(self, user: str = "U0ANA") -> str:
        """A trigger, as a press brings it."""
        self.order("press", ts=self.posted(blocks=ACTIONS), action_id="keep", user=user)
        return str(self.app.payloads[-1]["trigger_id"])

    def opened(self, view: dict[str, Any] = ASKING) -> dict[str, Any]:
        """A view that Ana has before her."""
        return dict(self.client.views_open(trigger_id=self.trigger(), view=view)["view"])

    def held(self, what: str) -> Any:
        """What the workspace holds."""
        return get_json(f"{self.url}/{what}")


@pytest.fixture
def slack() -> Iterator[Slack]:
    """A Slack whose app listens."""
    workspace, flask, app = Workspace(token="t", signing_secret=SECRET), Flask("app"), App()
    flask.add_url_rule("/", "app", app.on_request, methods=["POST"])
    with serving(flask) as workspace.interactivity_url, serving(slack_app(workspace)) as url:
        yield Slack(url, WebClient(token="t", base_url=f"{url}/api/", retry_handlers=[]), app)


def error_of(call: Callable[..., Any], **arguments: Any) -> str:
    """The code a call is refused with."""
    with pytest.raises(SlackApiError) as refused:
        call(**arguments)
    return str(refused.value.response["error"])


def texts(answer: Any) -> list[str]:
    """The texts of the messages in an answer."""
    return [message["text"] for message in answer["messages"]]


def test_a_reply_is_in_its_thread_and_not_in_the_history(slack: Slack) -> None:
    """The root counts its replies; ``reply_broadcast`` changes nothing."""
    root = slack.posted("root")
    reply = slack.posted("reply", thread_ts=root, reply_broadcast=True)
    history = slack.client.conversations_history(channel=CHANNEL)

    assert texts(history) == ["root"]
    assert (history["messages"][0]["reply_count"], history["messages"][0]["latest_reply"]) == (1, reply)
    assert texts(slack.client.conversations_replies(channel=CHANNEL, ts=root)) == ["root", "reply"]
    assert [message["thread_ts"] for message in slack.held("messages")] == [None, root]


def test_a_thread_is_found_by_any_of_its_messages_and_in_its_own_channel(slack: Slack) -> None:
    """As at Slack; elsewhere there is no such thread."""
    reply = slack.posted("reply", thread_ts=slack.posted("root"))

    assert texts(slack.client.conversations_replies(channel=CHANNEL, ts=reply)) == ["root", "reply"]
    assert error_of(slack.client.conversations_replies, channel=OTHER, ts=reply) == "thread_not_found"
    assert error_of(slack.client.conversations_replies, channel="#sagewatch", ts=reply) == "channel_not_found"


@pytest.mark.parametrize("channel", [CHANNEL, OTHER])
def test_a_reply_to_nothing_is_refused(slack: Slack, channel: str) -> None:
    """A reply to an unknown message, to one of another channel, and to a reply is refused."""
    root = slack.posted("root")
    under = {CHANNEL: slack.posted("reply", thread_ts=root), OTHER: root}[channel]
    for thread_ts in ("1.000001", under):
        refused = error_of(slack.client.chat_postMessage, channel=channel, text="t", thread_ts=thread_ts)
        assert refused == "thread_not_found"


def test_a_history_can_be_limited(slack: Slack) -> None:
    """By number, which says whether there is more, and by time."""
    stamps = [slack.posted(str(number)) for number in range(3)]
    history = slack.client.conversations_history

    assert (texts(history(channel=CHANNEL, limit=2)), history(channel=CHANNEL, limit=2)["has_more"]) == (
        ["2", "1"],
        True,
    )
    assert texts(history(channel=CHANNEL, oldest=stamps[0])) == ["2", "1"]
    assert texts(history(channel=CHANNEL, oldest=stamps[0], latest=stamps[1], inclusive=True)) == ["1", "0"]


def test_an_update_says_when_it_was_edited(slack: Slack) -> None:
    """New blocks for old ones; a text alone takes the blocks away; the metadata stay."""
    metadata = {"event_type": "alert", "event_payload": {"alert_id": "1"}}
    ts = slack.posted(blocks=ACTIONS, metadata=metadata)
    answer = slack.client.chat_update(channel=CHANNEL, ts=ts, text="new", blocks=[SECTION])
    [message] = slack.held("messages")

    assert (message["text"], message["blocks"], message["metadata"]) == ("new", [SECTION], metadata)
    assert message["edited"]["ts"] > ts
    assert answer["message"]["edited"] == message["edited"]
    slack.client.chat_update(channel=CHANNEL, ts=ts, text="bare")
    assert slack.held("messages")[0]["blocks"] == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"channel": OTHER}, "message_not_found"),
        ({"channel": "#sagewatch"}, "channel_not_found"),
        ({"channel": ""}, "invalid_arguments"),
        ({"ts": ""}, "invalid_arguments"),
        ({"ts": "1.000001"}, "message_not_found"),
        pytest.param({"text": ""}, "no_text", marks=WARNED),
        ({"text": "x" * 40_001}, "msg_too_long"),
        ({"blocks": [{"type": "coffee"}]}, "invalid_blocks"),
    ],
)
def test_an_update_names_its_message_by_channel_and_ts(slack: Slack, changes: dict[str, Any], code: str) -> None:
    """And refuses what cannot be posted; the message stays as it was."""
    arguments = {"channel": CHANNEL, "ts": slack.posted("old"), "text": "new"} | changes

    assert error_of(slack.client.chat_update, **arguments) == code
    assert texts({"messages": slack.held("messages")}) == ["old"]


def test_a_whisper_is_kept_beside_the_messages(slack: Slack) -> None:
    """For one person, in a thread or not."""
    root = slack.posted("root")
    threads: list[dict[str, Any]] = [{}, {"thread_ts": root}]
    for thread in threads:
        slack.client.chat_postEphemeral(channel="#sagewatch", user="U0BO", text="you may not", **thread)
    whispers = slack.held("ephemerals")

    assert [(each["channel"], each["user"], each["text"]) for each in whispers] == [
        (CHANNEL, "U0BO", "you may not")
    ] * 2
    assert [each["thread_ts"] for each in whispers] == [None, root]
    assert texts({"messages": slack.held("messages")}) == ["root"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"channel": "#nowhere"}, "channel_not_found"),
        ({"user": "ana"}, "user_not_in_channel"),
        pytest.param({"text": ""}, "no_text", marks=WARNED),
        ({"thread_ts": "1.000001"}, "thread_not_found"),
    ],
)
def test_a_whisper_to_nobody_is_refused(slack: Slack, changes: dict[str, str], code: str) -> None:
    """An empty message, or one without a channel, is refused."""
    arguments = {"channel": CHANNEL, "user": "U0BO", "text": "t"} | changes

    assert error_of(slack.client.chat_postEphemeral, **arguments) == code
    assert slack.held("ephemerals") == []


def test_a_group_has_its_members(slack: Slack) -> None:
    """One group is known."""
    assert slack.client.usergroups_users_list(usergroup="S0MLADMINS")["users"] == ["U0ANA", "U0BO"]
    assert error_of(slack.client.usergroups_users_list, usergroup="S0NOBODY") == "no_such_subteam"


def test_a_press_is_sent_as_slack_sends_it(slack: Slack) -> None:
    """With all that an app may look at."""
    root = slack.posted("root")
    ts = slack.posted(blocks=ACTIONS, thread_ts=root)
    told = slack.order("press", ts=ts, action_id="keep", user="U0BO")
    [payload] = slack.app.payloads
    [action] = payload["actions"]

    assert told == {"ok": True, "status": 200, "body": ""}
    assert payload["user"] == {"id": "U0BO", "username": "bo", "name": "bo", "team_id": "T0LOCAL"}
    assert (payload["type"], payload["team"]["id"], payload["api_app_id"]) == (
        "block_actions",
        "T0LOCAL",
        "A0SAGEWATCH",
    )
    assert payload["channel"] == {"id": CHANNEL, "name": "sagewatch"}
    assert payload["container"] == {
        "type": "message",
        "message_ts": ts,
        "channel_id": CHANNEL,
        "is_ephemeral": False,
        "thread_ts": root,
    }
    assert (action["action_id"], action["block_id"], action["value"], action["type"]) == (
        "keep",
        "notebook",
        "lab",
        "button",
    )
    assert action["action_ts"] > ts
    assert payload["message"]["ts"] == ts
    assert payload["response_url"].startswith(slack.url)


def test_a_press_outside_a_thread_names_none(slack: Slack) -> None:
    """Slack gives a block without an ID one, and reports a section's button too."""
    ts = slack.posted(blocks=[SECTION | {"accessory": BUTTON}])
    slack.order("press", ts=ts, action_id="keep", user="U0BO")

    assert "thread_ts" not in slack.app.payloads[0]["container"]
    assert slack.app.payloads[0]["actions"][0]["block_id"]


def test_what_is_not_there_cannot_be_pressed(slack: Slack) -> None:
    """Neither a message nor a button."""
    ts = slack.posted(blocks=ACTIONS)

    assert slack.order("press", ts="1.000001", action_id="keep")["error"] == "message_not_found"
    assert slack.order("press", ts=ts, action_id="stop")["http"] == 404


def test_without_an_app_a_press_is_refused_until_its_settings_name_one(slack: Slack) -> None:
    """As the request URL in an app's settings."""
    ts = slack.posted(blocks=ACTIONS)
    with serving(Flask("another")) as another:
        slack.order("interactivity", url=None)
        assert slack.order("press", ts=ts, action_id="keep")["http"] == 409
        slack.order("interactivity", url=f"{another}/")
        assert slack.order("press", ts=ts, action_id="keep")["status"] == 404


def test_an_app_that_is_gone_is_told_of(slack: Slack) -> None:
    """Status 0 means no answer."""
    slack.order("interactivity", url="http://127.0.0.1:9/")
    told = slack.order("press", ts=slack.posted(blocks=ACTIONS), action_id="keep")

    assert (told["ok"], told["status"], told["http"]) == (False, 0, 502)


def test_a_signature_is_slacks_own() -> None:
    """The example of "Verifying requests from Slack"."""
    secret, stamp, body = "8f742231b10e8888abcd99yyyzzz85a5", 1531420618, (
        "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
        "&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
        "&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
        "&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
    )  # fmt: skip

    assert sign(secret, stamp, body) == "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"


@pytest.mark.parametrize("spoilt", [{"bad_signature": True}, {"stamp_offset": -301}])
def test_a_press_can_be_spoilt(slack: Slack, spoilt: dict[str, Any]) -> None:
    """Signed with another secret, or long ago."""
    told = slack.order("press", ts=slack.posted(blocks=ACTIONS), action_id="keep", **spoilt)

    assert (told["ok"], told["status"], told["body"]) == (False, 401, "not signed")


def test_a_recent_stamp_is_signed_as_well(slack: Slack) -> None:
    """A clock that is a minute off."""
    assert slack.order("press", ts=slack.posted(blocks=ACTIONS), action_id="keep", stamp_offset=-60)["ok"]
    assert int(slack.app.headers[0]["x-slack-request-timestamp"]) <= time.time() - 59


def test_a_press_can_be_sent_again(slack: Slack) -> None:
    """The same bytes under the same signature; the answer has every status."""
    told = slack.order("press", ts=slack.posted(blocks=ACTIONS), action_id="keep", times=3)

    assert told["statuses"] == [200, 200, 200]
    assert (
        len(
            {
                (body, headers["x-slack-signature"])
                for body, headers in zip(slack.app.bodies, slack.app.headers, strict=True)
            }
        )
        == 1
    )


def test_a_dialog_opens_by_a_trigger_for_the_one_who_pressed(slack: Slack) -> None:
    """And is listed."""
    view = slack.opened()

    assert slack.held("views") == [{"id": view["id"], "user": "U0ANA", "view": view}]
    assert (view["callback_id"], view["private_metadata"]) == ("stop_anyway", "Lab-One")


def test_a_dialog_can_be_opened_while_the_press_is_answered(slack: Slack) -> None:
    """As an app does that has three seconds."""
    slack.app.does = lambda payload: slack.client.views_open(trigger_id=payload["trigger_id"], view=VIEW)
    slack.order("press", ts=slack.posted(blocks=ACTIONS), action_id="keep", user="U0CHI")

    assert [kept["user"] for kept in slack.held("views")] == ["U0CHI"]


def test_a_trigger_is_good_once_and_for_three_seconds(slack: Slack) -> None:
    """One that was never issued is good for nothing."""
    used, late = slack.trigger(), slack.trigger()
    slack.client.views_open(trigger_id=used, view=VIEW)
    time.sleep(3.1)

    for trigger in (used, late, "1.2.3"):
        assert error_of(slack.client.views_open, trigger_id=trigger, view=VIEW) == "expired_trigger_id"


@pytest.mark.parametrize(
    "changes",
    [
        {"type": "home"},
        {"title": None},
        {"title": PLAIN | {"text": "x" * 25}},
        {"title": PLAIN | {"type": "mrkdwn"}},
        {"submit": PLAIN | {"text": "x" * 25}},
        {"close": PLAIN | {"text": ""}},
        {"callback_id": "x" * 256},
        {"private_metadata": "x" * 3001},
        {"blocks": None},
        {"blocks": [{"type": "coffee"}]},
        {"blocks": [SECTION] * 101},
    ],
)
def test_a_view_over_slacks_limits_is_refused(slack: Slack, changes: dict[str, Any]) -> None:
    """Whether it opens or replaces another."""
    view_id, broken = slack.opened()["id"], ASKING | changes

    assert error_of(slack.client.views_open, trigger_id=slack.trigger(), view=broken) == "invalid_arguments"
    assert error_of(slack.client.views_update, view_id=view_id, view=broken) == "invalid_arguments"
    assert slack.held("views")[0]["view"]["blocks"] == [SECTION]


def test_a_view_at_slacks_limits_is_taken(slack: Slack) -> None:
    """To the letter."""
    words = {name: PLAIN | {"text": "x" * 24} for name in ("title", "submit", "close")}
    full = {
        "type": "modal",
        **words,
        "callback_id": "x" * 255,
        "private_metadata": "x" * 3000,
        "blocks": [SECTION] * 100,
    }

    assert slack.opened(full)["title"]["text"] == "x" * 24


def test_a_view_is_replaced_as_long_as_it_is_the_one_that_is_meant(slack: Slack) -> None:
    """Its hash changes with it."""
    view = slack.opened()
    update = slack.client.views_update
    changed = update(view_id=view["id"], view=VIEW, hash=view["hash"])["view"]

    assert (changed["id"], changed["callback_id"], slack.held("views")[0]["view"]) == (view["id"], "", changed)
    assert error_of(update, view_id=view["id"], view=VIEW, hash=view["hash"]) == "hash_conflict"
    assert error_of(update, view_id="V0NONE", view=VIEW) == "not_found"


def test_a_submission_is_signed_and_an_empty_answer_closes_the_view(slack: Slack) -> None:
    """With the view's own words in it."""
    view = slack.opened()
    told = slack.order("submit", view_id=view["id"], user="U0ANA")
    payload = slack.app.payloads[-1]

    assert (told["ok"], payload["type"], payload["user"]["id"]) == (True, "view_submission", "U0ANA")
    assert payload["view"] == view
    assert payload["trigger_id"]
    assert slack.held("views") == []


def test_a_submission_can_be_answered_by_another_view(slack: Slack) -> None:
    """In the place of the first."""
    view = slack.opened()
    slack.app.answer = {"response_action": "update", "view": VIEW | {"callback_id": "told"}}
    slack.order("submit", view_id=view["id"], user="U0ANA")

    assert [(kept["id"], kept["view"]["callback_id"]) for kept in slack.held("views")] == [(view["id"], "told")]


def test_a_submission_can_be_answered_by_errors(slack: Slack) -> None:
    """The view stays and shows them."""
    view = slack.opened()
    slack.app.answer = {"response_action": "errors", "errors": {"b0": "too late"}}

    assert slack.order("submit", view_id=view["id"], user="U0ANA")["ok"]
    assert slack.held("views")[0]["errors"] == {"b0": "too late"}


@pytest.mark.parametrize(
    "answer",
    [("broken", 500), "no JSON", {"response_action": "dance"}, {"response_action": "update", "view": {"type": "home"}}],
)
def test_an_answer_slack_cannot_use_leaves_the_view_open(slack: Slack, answer: Any) -> None:
    """With a word of trouble."""
    view = slack.opened()
    slack.app.answer = answer
    told = slack.order("submit", view_id=view["id"], user="U0ANA")

    assert (told["ok"], told["http"], bool(told["error"])) == (False, 502, True)
    assert [kept["view"] for kept in slack.held("views")] == [view]


def test_only_a_view_with_submit_is_submitted_and_only_by_its_reader(slack: Slack) -> None:
    """Nothing is sent to the app."""
    told, asking = slack.opened(VIEW), slack.opened()
    before = len(slack.app.payloads)

    assert slack.order("submit", view_id=told["id"], user="U0ANA")["error"] == "the view has no Submit"
    assert slack.order("submit", view_id=asking["id"], user="U0BO")["http"] == 404
    assert slack.order("submit", view_id="V0NONE", user="U0ANA")["http"] == 404
    assert len(slack.app.payloads) == before


def test_a_closed_view_is_gone(slack: Slack) -> None:
    """Slack does not notify the app, which finds out when it updates the dialog."""
    view = slack.opened()

    assert slack.order("close", view_id=view["id"]) == {"ok": True}
    assert slack.held("views") == []
    assert error_of(slack.client.views_update, view_id=view["id"], view=VIEW) == "not_found"
    assert slack.order("close", view_id=view["id"])["http"] == 404


CONFIRM = {"title": PLAIN, "text": PLAIN | {"type": "mrkdwn"}, "confirm": PLAIN, "deny": PLAIN}


@pytest.mark.parametrize(
    "elements",
    [
        [BUTTON | {"confirm": CONFIRM, "style": "danger"}],
        [BUTTON | {"confirm": CONFIRM | {"style": "primary"}}],
        [BUTTON | {"url": "https://example.com/"}],
        [BUTTON | {"action_id": f"a{number}"} for number in range(25)],
    ],
)
def test_buttons_slack_takes(elements: list[dict[str, Any]]) -> None:
    """Buttons in a row; the first of them next to a section too."""
    assert block_errors([{"type": "actions", "elements": elements}, SECTION | {"accessory": elements[0]}]) == []


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"confirm": CONFIRM | {"title": PLAIN | {"text": "x" * 101}}}, "confirm: title: text not 1 to 100"),
        ({"confirm": CONFIRM | {"text": PLAIN | {"text": "x" * 301}}}, "confirm: text: text not 1 to 300"),
        ({"confirm": CONFIRM | {"confirm": PLAIN | {"text": "x" * 31}}}, "confirm: confirm: text not 1 to 30"),
        ({"confirm": CONFIRM | {"deny": PLAIN | {"type": "mrkdwn"}}}, "confirm: deny: no text of type plain_text"),
        ({"confirm": CONFIRM | {"style": "loud"}}, "confirm: style 'loud'"),
        ({"confirm": True}, "confirm: no object"),
        ({"style": "default"}, "style 'default'"),
        ({"url": "javascript:alert(1)"}, "url is no web address"),
        ({"url": "https://" + "x" * 3000}, "url longer than 3000"),
        ({"action_id": "x" * 256}, "action_id longer than 255"),
        ({"type": "static_select"}, "an element of type static_select"),
    ],
)
def test_buttons_slack_refuses(changes: dict[str, Any], fault: str) -> None:
    """The button looks the same in a row and next to a section."""
    broken = BUTTON | changes
    for block in ({"type": "actions", "elements": [broken]}, SECTION | {"accessory": broken}):
        [found] = block_errors([block])
        assert fault in found


def test_a_row_has_at_most_25_buttons_each_with_an_id_of_its_own() -> None:
    """And a message no block_id twice."""
    many = [BUTTON | {"action_id": f"a{number}"} for number in range(26)]

    assert block_errors([{"type": "actions", "elements": many}]) == ["block 0 (actions): not 1 to 25 elements"]
    assert block_errors([{"type": "actions", "elements": [BUTTON, BUTTON]}]) == [
        "block 0 (actions): action_id 'keep' twice"
    ]
    assert block_errors([SECTION | {"block_id": "b"}] * 2) == ["block_id 'b' twice"]


def test_the_page_and_what_it_shows_are_served_with_a_policy(slack: Slack) -> None:
    """No script but its own runs; what has not changed is not sent again."""
    slack.posted("hello")
    with urllib.request.urlopen(f"{slack.url}/", timeout=10) as answer:  # noqa: S310 - our own server
        page, policy = answer.read().decode(), answer.headers["Content-Security-Policy"]
    with urllib.request.urlopen(f"{slack.url}/state", timeout=10) as answer:  # noqa: S310 - as above
        state, tag = json.loads(answer.read()), answer.headers["ETag"]
    again = urllib.request.Request(f"{slack.url}/state", headers={"If-None-Match": tag})  # noqa: S310 - as above

    assert ("Local Slack" in page, "script-src 'self';" in policy) == (True, True)
    assert texts(state) == ["hello"]
    with pytest.raises(urllib.error.HTTPError) as unchanged:
        urllib.request.urlopen(again, timeout=10)  # noqa: S310 - as above
    assert unchanged.value.code == 304
