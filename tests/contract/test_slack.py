"""The channel port: the real Slack client against a Slack on localhost."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, Response
from slack_sdk.models.blocks import HeaderBlock

from local.demo.player import get_json, post_json
from local.slack.app import Workspace, slack_app
from local.slack.workspace import PUBLIC_SCOPES
from sagewatch.adapters.slack.api import SlackApi
from sagewatch.adapters.slack.channel import SlackChannel
from sagewatch.adapters.slack.dialogs import SlackDialogs
from sagewatch.adapters.slack.errors import REACTIONS, Reaction
from sagewatch.adapters.slack.users import SlackUserDirectory
from sagewatch.clock import Clock
from sagewatch.digest.alerts import DigestAlert, ImageRef
from sagewatch.errors import (
    AlertRefusedError,
    ChannelMisconfiguredError,
    ImageNotReadyError,
    MessageGoneError,
    NoAnswerError,
    SageWatchError,
    ThrottledError,
    TokenRefusedError,
    UnavailableError,
)
from sagewatch.ledger.totals import Spend
from sagewatch.slack.messages.render import Message, render
from tests.fakes.slack import InMemoryChannelIds, InMemoryUserDirectory
from tests.unit.slack.messages.test_digests import QUIET
from tests.unit.slack.messages.test_render import an_alert
from tests.worlds.builders import ACCOUNT, NOW, message_ref
from tests.worlds.servers import serving

ALERT = an_alert()
MESSAGE = render(ALERT, "U0ANA")


@pytest.fixture
def url() -> Iterator[str]:
    """A Slack."""
    with serving(slack_app(Workspace(token="xoxb-right", signing_secret="s", scopes=PUBLIC_SCOPES))) as address:
        yield address


class Tokens:
    """A secret that may be rotated while it is kept."""

    def __init__(self, *values: str) -> None:
        """The values it has one after the other."""
        self.values = list(values)

    def __call__(self) -> str:
        """The one that is kept."""
        return self.values[0]

    def forget(self) -> None:
        """The next one is read."""
        if len(self.values) > 1:
            self.values.pop(0)


def test_an_alert_is_found_by_its_metadata(url: str) -> None:
    """In the channel, which may be set by its name, or in its thread; not what is older, nor in another thread."""
    slack = channel(url)
    root = slack.post(ALERT)
    other = slack.post(an_alert(alert_id="other"))
    reply = slack.post(an_alert(alert_id="reply"), root)
    now, before = datetime.now(UTC), datetime.now(UTC) - timedelta(minutes=5)

    assert slack.find("job-failed-1", before) == channel(url, name=root.channel).find("job-failed-1", before) == root
    assert slack.find("reply", before, root) == reply
    assert slack.find("reply", before, other) is None
    assert slack.find("reply", before) is None
    assert slack.find("job-failed-1", now + timedelta(minutes=5)) is None


def test_an_alert_is_found_behind_many_others(url: str) -> None:
    """Page by page."""
    slack = channel(url)
    first = slack.post(ALERT)
    for number in range(201):
        slack.post(an_alert(alert_id=f"later-{number}"))

    assert slack.find("job-failed-1", datetime.now(UTC) - timedelta(minutes=5)) == first


def test_a_post_that_was_taken_and_never_answered_leaves_it_open(url: str) -> None:
    """The message is in the channel. The client waits for ten seconds."""
    post_json(f"{url}/fail", {"hang": 11})
    with pytest.raises(NoAnswerError):
        channel(url).post(ALERT)

    assert len(get_json(f"{url}/messages")) == 1


def test_a_thread_without_a_root_is_gone(url: str) -> None:
    """Its message was deleted."""
    with pytest.raises(MessageGoneError):
        channel(url).post(ALERT, message_ref("C0SAGEWATCH", "1.000000"))


def test_people_are_known_by_their_addresses(url: str) -> None:
    """Or not."""
    people = SlackUserDirectory(SlackApi(token=Tokens("xoxb-right"), api_url=f"{url}/api/"))

    assert [people.id_for_email(email) for email in ("ana@example.com", "who@example.com")] == ["U0ANA", None]


def channel(
    url: str,
    *,
    tokens: Tokens | None = None,
    name: str = "#sagewatch",
    message: Message | None = None,
    ids: InMemoryChannelIds | None = None,
    clock: Clock = lambda: NOW,
) -> SlackChannel:
    """The adapter; ``message`` is what it makes of ``ALERT``."""
    return SlackChannel(
        SlackApi(token=tokens or Tokens("xoxb-right"), api_url=f"{url}/api/"),
        channel=name,
        ids=ids or InMemoryChannelIds(),
        people=InMemoryUserDirectory({"ana@example.com": "U0ANA"}),
        clock=clock,
        render=lambda alert, mention: message if message and alert == ALERT else render(alert, mention),
    )


def test_a_message_is_in_the_channel_as_it_was_rendered(url: str) -> None:
    """Text, blocks and metadata; the answer says where."""
    posted = channel(url).post(ALERT)
    [message] = get_json(f"{url}/messages")

    assert (message["channel"], message["ts"]) == (posted.channel, posted.ts)
    assert message["text"] == MESSAGE.text
    assert message["blocks"] == [block.to_dict() for block in MESSAGE.blocks]
    assert message["metadata"]["event_payload"] == {"alert_id": "job-failed-1"}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"tokens": Tokens("xoxb-wrong")}, "invalid_auth"),
        ({"tokens": Tokens("")}, "not_authed"),
        ({"name": "#nowhere"}, "channel_not_found"),
    ],
)
def test_what_a_person_has_to_change_waits_for_it(url: str, changes: dict[str, Any], code: str) -> None:
    """With Slack's own code, and without the token."""
    with pytest.raises(ChannelMisconfiguredError, match=code) as refusal:
        channel(url, **changes).post(ALERT)
    assert "xoxb" not in str(refusal.value)


@pytest.mark.parametrize(
    ("failure", "expected", "retry_after"),
    [
        ({"status": 429, "retry_after": 3}, ThrottledError, 3),
        ({"status": 429}, ThrottledError, None),
        ({"status": 500}, UnavailableError, None),
        ({"status": 503}, UnavailableError, None),
    ],
)
def test_what_may_pass_is_tried_again_and_once_it_passed_the_message_arrives(
    url: str, failure: dict[str, int], expected: type[SageWatchError], retry_after: int | None
) -> None:
    """Slack's wait is passed on; nothing sleeps here."""
    post_json(f"{url}/fail", {**failure, "times": 1})
    with pytest.raises(expected) as error:
        channel(url).post(ALERT)
    assert getattr(error.value, "retry_after", None) == retry_after

    channel(url).post(ALERT)
    assert len(get_json(f"{url}/messages")) == 1


def test_a_token_that_was_rotated_is_read_anew(url: str) -> None:
    """Once, before anything is refused."""
    tokens = Tokens("xoxb-old", "xoxb-right")
    channel(url, tokens=tokens).post(ALERT)

    assert len(get_json(f"{url}/messages")) == 1


def test_a_message_that_slacks_own_models_refuse_is_posted_as_plain_text(url: str) -> None:
    """No retry makes a header shorter: people read the text instead."""
    channel(url, message=replace(MESSAGE, blocks=(HeaderBlock(text="x" * 151),))).post(ALERT)
    [message] = get_json(f"{url}/messages")

    assert (message["blocks"], message["text"].startswith(MESSAGE.text)) == ([], True)


def test_no_answer_is_unavailable() -> None:
    """No server listens at that address."""
    with pytest.raises(UnavailableError, match="no usable answer"):
        channel("http://127.0.0.1:9").post(ALERT)


@pytest.mark.parametrize("body", ["<html>sign in</html>", "", "[]", "null"])
def test_an_answer_that_is_not_slacks_is_unavailable(body: str) -> None:
    """A proxy's page, say."""
    app = Flask("proxy")

    @app.post("/api/chat.postMessage")
    def page() -> Response:
        return Response(body, mimetype="text/html")

    with serving(app) as url, pytest.raises(UnavailableError):
        channel(url).post(ALERT)


def test_the_local_slack_refuses_what_slack_would(url: str) -> None:
    """Blocks over Block Kit's limits; an empty text too, so that nothing is left to show."""
    blocks: list[dict[str, Any]] = [{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}]
    message = replace(MESSAGE, blocks=tuple(blocks))  # type: ignore[arg-type] # on purpose
    channel(url, message=message).post(ALERT)
    [shown] = get_json(f"{url}/messages")

    assert (shown["blocks"], shown["text"].startswith(MESSAGE.text)) == ([], True)


def test_an_owner_slack_knows_is_mentioned(url: str) -> None:
    """Only our own look-up makes a mention: an owner's name that looks like one stays a name."""
    for owner in ("ana@example.com", "who@example.com", "<!channel>"):
        channel(url).post(an_alert(alert_id=owner, owner=owner))
    shown = [str(message["blocks"]) for message in get_json(f"{url}/messages")]

    assert ["<@U0ANA>" in shown[0], "who@example.com" in shown[1], "<!channel>" in shown[2]] == [True, True, False]


def test_a_digest_waits_for_its_chart_for_ten_minutes(url: str) -> None:
    """Slack takes moments until it can show an image; after that the numbers go alone and say why."""
    digest = DigestAlert(
        alert_id="digest-1",
        account=ACCOUNT,
        region="us-east-1",
        instances=None,
        happened_at=NOW,
        digest=replace(QUIET, spend=Spend(jobs=1, cost_usd=Decimal(1))),
        picture=ImageRef(image_id="F0ABCDEF12", alt_text="Bars."),
    )
    with pytest.raises(ImageNotReadyError):
        channel(url, clock=lambda: NOW + timedelta(minutes=9)).post(digest)
    before = get_json(f"{url}/messages")
    channel(url, clock=lambda: NOW + timedelta(minutes=10)).post(digest)
    [message] = get_json(f"{url}/messages")

    assert before == []
    assert [block for block in message["blocks"] if block["type"] == "image"] == []
    assert "No chart (Slack cannot show the picture yet" in str(message["blocks"])


CODES: dict[str, list[str]] = json.loads(Path(__file__).with_name("slack_error_codes.json").read_text())
ERRORS = {
    Reaction.RETRY: UnavailableError,
    Reaction.UNSURE: NoAnswerError,
    Reaction.TOKEN: TokenRefusedError,
    Reaction.CONFIGURATION: ChannelMisconfiguredError,
    Reaction.GONE: MessageGoneError,
    Reaction.CONTENT: AlertRefusedError,
}
ARGUMENTS: dict[str, dict[str, Any]] = {
    "chat.postMessage": {"channel": "C0SAGEWATCH", "text": "x"},
    "chat.postEphemeral": {"channel": "C0SAGEWATCH", "user": "U0ANA", "text": "x"},
    "chat.update": {"channel": "C0SAGEWATCH", "ts": "1.0", "text": "x"},
    "conversations.history": {"channel": "C0SAGEWATCH"},
    "conversations.list": {},
    "conversations.replies": {"channel": "C0SAGEWATCH", "ts": "1.0"},
    "files.completeUploadExternal": {"files": [{"id": "F0ABCDEF12", "title": "x"}]},
    "files.getUploadURLExternal": {"filename": "x.png", "length": 1},
    "usergroups.users.list": {"usergroup": "S0MLADMINS"},
    "users.info": {"user": "U0ANA"},
    "users.lookupByEmail": {"email": "ana@example.com"},
    "views.open": {"trigger_id": "1", "view": {"type": "modal"}},
    "views.update": {"view_id": "V1", "view": {"type": "modal"}},
}


@pytest.fixture(scope="module")
def one_slack() -> Iterator[str]:
    """A Slack for all codes."""
    with serving(slack_app(Workspace(token="xoxb-right", signing_secret="s"))) as address:
        yield address


@pytest.mark.parametrize("code", sorted(CODES))
def test_every_code_slack_documents_has_a_reaction(one_slack: str, code: str) -> None:
    """For each method that can answer it, with the real client."""
    reaction = REACTIONS.get(code, Reaction.CONTENT)
    api = SlackApi(token=Tokens("xoxb-right"), api_url=f"{one_slack}/api/")
    for method in CODES[code]:
        name = method.replace(".", "_")
        post_json(f"{one_slack}/fail", {"error": code, "method": method, "times": 2})
        with pytest.raises(ERRORS[reaction]) as raised:
            api.call(name, "request", **ARGUMENTS[method])
        post_json(f"{one_slack}/fail", {"times": 0})
        assert type(raised.value) is ERRORS[reaction]
        assert code in str(raised.value)


def test_the_table_in_the_docs_is_the_one_in_force() -> None:
    """docs/slack.md names every code with its reaction."""
    rows = re.findall(r"^\| ([^|]+) \| ((?:`[a-z_]+`(?:, )?)+) \|$", Path("docs/slack.md").read_text(), re.MULTILINE)
    table = {code: reaction for reaction, codes in rows for code in re.findall(r"`([a-z_]+)`", codes)}

    assert table == {code: REACTIONS.get(code, Reaction.CONTENT).value for code in CODES}
    assert set(REACTIONS) <= set(CODES) | {"team_access_not_granted"}


def test_content_that_slack_refuses_twice_is_refused_for_good(url: str) -> None:
    """As plain text too: then the dead-letter queue keeps it."""
    post_json(f"{url}/fail", {"error": "msg_too_long", "times": 2})
    with pytest.raises(AlertRefusedError, match="msg_too_long"):
        channel(url).post(ALERT)


def test_a_persons_time_zone_is_told_with_the_scope_users_read() -> None:
    """A person without a zone has none. Without the scope, the error says what to change."""
    slack = Workspace(token="xoxb-right", signing_secret="s")
    with serving(slack_app(slack)) as address:
        dialogs = SlackDialogs(SlackApi(token=Tokens("xoxb-right"), api_url=f"{address}/api/"))
        zones = [dialogs.time_zone(user) for user in ("U0ANA", "U0BO", "U0CHI")]
        with pytest.raises(AlertRefusedError, match="user_not_found"):
            dialogs.time_zone("U0NOONE")
        slack.scopes = slack.scopes - {"users:read"}
        with pytest.raises(ChannelMisconfiguredError, match="missing_scope"):
            dialogs.time_zone("U0ANA")

    assert zones == ["Europe/Berlin", "America/Los_Angeles", None]


def test_an_alert_is_looked_for_with_the_scopes_of_public_channels(url: str) -> None:
    """Slack refuses one list of public and private channels to an app that may read public ones only."""
    posted = channel(url).post(ALERT)

    assert channel(url).find("job-failed-1", datetime.now(UTC) - timedelta(minutes=5)) == posted


def test_the_id_of_a_channel_is_remembered(url: str) -> None:
    """So that a look-up needs no list, and a renamed channel still gets its alerts."""
    ids = InMemoryChannelIds()
    posted = channel(url, ids=ids).post(ALERT)
    post_json(f"{url}/fail", {"error": "missing_scope", "method": "conversations.list", "times": 9})
    found = channel(url, ids=ids).find("job-failed-1", datetime.now(UTC) - timedelta(minutes=5))
    renamed = channel(url, name="#renamed", ids=InMemoryChannelIds({"#renamed": "C0SAGEWATCH"})).post(ALERT)

    assert (ids.ids, found, renamed.channel) == ({"#sagewatch": "C0SAGEWATCH"}, posted, "C0SAGEWATCH")


@pytest.mark.parametrize("code", ["missing_scope", "invalid_arguments", "channel_not_found"])
def test_a_refused_look_up_is_no_refused_alert(url: str, code: str) -> None:
    """It waits until a person grants it."""
    post_json(f"{url}/fail", {"error": code, "times": 9})
    with pytest.raises(ChannelMisconfiguredError):
        channel(url).find("job-failed-1", datetime.now(UTC))


def test_a_route_to_a_channel_that_takes_nothing_leads_to_the_usual_one(url: str) -> None:
    """Archived, say: no alert is lost with it."""
    post_json(f"{url}/fail", {"error": "is_archived", "times": 1})
    posted = channel(url).post(ALERT, to="#ml-risk")

    assert posted.channel == "C0SAGEWATCH"
    assert channel(url).find("job-failed-1", datetime.now(UTC) - timedelta(minutes=5), to="#nowhere") == posted


def test_a_thread_in_an_archived_channel_is_gone(url: str) -> None:
    """What follows begins a thread elsewhere."""
    root = channel(url).post(ALERT)
    post_json(f"{url}/fail", {"error": "is_archived", "times": 1})
    with pytest.raises(MessageGoneError):
        channel(url).post(an_alert(alert_id="reply"), root)


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"channel": None, "ts": None},
        {"channel": "C0", "ts": "None"},
        {"channel": "C0"},
        {"ts": "1.2"},
        {"channel": "", "ts": ""},
    ],
)
def test_an_answer_that_names_no_message_leaves_the_post_unsure(answer: dict[str, object]) -> None:
    """It is looked for before it is posted again; nothing that is no place is remembered as one."""
    app = Flask("slack")

    @app.post("/api/chat.postMessage")
    def posted() -> dict[str, object]:
        return {"ok": True, **answer}

    with serving(app) as address, pytest.raises(NoAnswerError):
        channel(address).post(ALERT)


def test_the_table_of_codes_covers_the_methods_in_use_and_no_others() -> None:
    """Each name of a method in the adapter's source. A picture's upload is two methods, by the client's own helper."""
    sources = [path.read_text() for path in Path("shared/sagewatch/adapters/slack").glob("*.py")]
    families = "chat|conversations|files|usergroups|users|views"
    called = {name for text in sources for name in re.findall(rf'"((?:{families})_\w+)"', text)}
    uploads = {"files.getUploadURLExternal", "files.completeUploadExternal"}
    dotted = {
        "usergroups.users.list" if name.startswith("usergroups") else name.replace("_", ".", 1) for name in called
    }

    assert "files_upload_v2" in called
    assert dotted - {"files.upload_v2"} | uploads == {method for methods in CODES.values() for method in methods}
    assert set(ARGUMENTS) == {method for methods in CODES.values() for method in methods}
