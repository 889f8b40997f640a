"""The channel port: the real Slack client against a Slack on localhost."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask, Response
from slack_sdk.models.blocks import HeaderBlock

from local.demo.player import get_json, post_json
from local.slack.app import Workspace, slack_app
from sagewatch.adapters.slack import SlackChannel, SlackUserDirectory
from sagewatch.alerts.ports import MessageRef
from sagewatch.errors import (
    AlertRefusedError,
    NoAnswerError,
    SageWatchError,
    ThreadGoneError,
    ThrottledError,
    UnavailableError,
)
from sagewatch.slack.messages.render import Message, render
from tests.unit.slack.messages.test_render import an_alert
from tests.worlds.servers import serving

ALERT = an_alert()
MESSAGE = render(ALERT)


@pytest.fixture
def url() -> Iterator[str]:
    """A Slack."""
    with serving(slack_app(Workspace(token="xoxb-right", signing_secret="s"))) as address:
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
    """It stands in the channel. The client waits for ten seconds."""
    post_json(f"{url}/fail", {"hang": 11})
    with pytest.raises(NoAnswerError):
        channel(url).post(ALERT)

    assert len(get_json(f"{url}/messages")) == 1


def test_a_thread_without_a_root_is_gone(url: str) -> None:
    """Its message was deleted."""
    with pytest.raises(ThreadGoneError):
        channel(url).post(ALERT, MessageRef("C0SAGEWATCH", "1.000000"))


def test_people_are_known_by_their_addresses(url: str) -> None:
    """Or not."""
    people = SlackUserDirectory(token=Tokens("xoxb-right"), api_url=f"{url}/api/")

    assert [people.id_for_email(email) for email in ("ana@example.com", "who@example.com")] == ["U0ANA", None]


def channel(
    url: str, *, token: str = "xoxb-right", name: str = "#sagewatch", message: Message = MESSAGE
) -> SlackChannel:
    """The adapter; ``message`` is what it makes of ``ALERT``."""
    return SlackChannel(
        token=Tokens(token),
        channel=name,
        api_url=f"{url}/api/",
        render=lambda alert: message if alert == ALERT else render(alert),
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
        ({"token": "xoxb-wrong"}, "invalid_auth"),
        ({"token": ""}, "not_authed"),
        ({"name": "#nowhere"}, "channel_not_found"),
    ],
)
def test_what_slack_refuses_is_refused_for_good(url: str, changes: dict[str, Any], code: str) -> None:
    """With Slack's own code, and without the token."""
    with pytest.raises(AlertRefusedError, match=code) as refusal:
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
    SlackChannel(token=tokens, channel="#sagewatch", api_url=f"{url}/api/").post(ALERT)

    assert len(get_json(f"{url}/messages")) == 1


def test_a_message_that_slacks_own_models_refuse_is_refused_for_good(url: str) -> None:
    """No retry makes a header shorter."""
    message = replace(MESSAGE, blocks=(HeaderBlock(text="x" * 151),))

    with pytest.raises(AlertRefusedError, match="Block Kit"):
        channel(url, message=message).post(ALERT)


def test_no_answer_is_unavailable() -> None:
    """Nobody listens there."""
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
    """Blocks over Block Kit's limits, with the fault in words."""
    blocks: list[dict[str, Any]] = [{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}]
    message = replace(MESSAGE, blocks=tuple(blocks))  # type: ignore[arg-type] # on purpose
    with pytest.raises(AlertRefusedError, match="invalid_blocks"):
        channel(url, message=message).post(ALERT)
