"""The ``Channel`` port, held by every sink: Slack, the terminal, and the fake that other tests use."""

import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from rich.console import Console

from local.slack.app import Workspace, slack_app
from local.terminal_sink.channel import TerminalChannel
from sagewatch.adapters.slack.api import SlackApi
from sagewatch.adapters.slack.channel import SlackChannel
from sagewatch.delivery.ports import Channel
from sagewatch.errors import MessageGoneError
from tests.contract.test_slack import Tokens
from tests.fakes.delivery import InMemoryChannel
from tests.fakes.slack import InMemoryChannelIds, InMemoryUserDirectory
from tests.unit.slack.messages.test_render import an_alert
from tests.worlds.builders import NOW, message_ref
from tests.worlds.servers import serving

_MINUTES = timedelta(minutes=5)


def _slack(url: str) -> SlackChannel:
    return SlackChannel(
        SlackApi(token=Tokens("xoxb-right"), api_url=f"{url}/api/"),
        channel="#sagewatch",
        ids=InMemoryChannelIds(),
        people=InMemoryUserDirectory(),
        clock=lambda: NOW,
    )


@pytest.fixture(params=["slack", "terminal", "in_memory"])
def channel(request: pytest.FixtureRequest) -> Iterator[Channel]:
    """Each sink, empty."""
    if request.param == "slack":
        with serving(slack_app(Workspace(token="xoxb-right", signing_secret="s"))) as url:
            yield _slack(url)
    elif request.param == "terminal":
        yield TerminalChannel(Console(file=io.StringIO()), _ticking())
    else:
        yield InMemoryChannel()


def _ticking() -> Callable[[], datetime]:
    """A clock that moves by a second with each look."""
    seconds = count()
    return lambda: datetime.now(UTC) + timedelta(seconds=next(seconds))


def _long_ago() -> datetime:
    return datetime.fromtimestamp(0, UTC)


def test_a_posted_alert_is_found_where_it_was_posted(channel: Channel) -> None:
    """Each alert has a place of its own, and an alert that was never posted has none."""
    first, second = (channel.post(an_alert(alert_id=name)) for name in ("first", "second"))

    assert first != second
    assert channel.find("first", _long_ago()) == first
    assert channel.find("second", _long_ago()) == second
    assert channel.find("third", _long_ago()) is None


def test_a_reply_is_found_in_its_thread_alone(channel: Channel) -> None:
    """Neither in the channel nor in another thread."""
    root, other = channel.post(an_alert(alert_id="root")), channel.post(an_alert(alert_id="other"))
    reply = channel.post(an_alert(alert_id="reply"), root)

    assert channel.find("reply", _long_ago(), root) == reply
    assert channel.find("reply", _long_ago(), other) is None
    assert channel.find("reply", _long_ago()) is None


def test_an_updated_message_keeps_its_place(channel: Channel) -> None:
    """Later posts do not move it."""
    posted = channel.post(an_alert(alert_id="alert"))
    channel.update(posted, an_alert(alert_id="alert", reason="AlgorithmError: exit code: 137"))
    channel.post(an_alert(alert_id="later"))

    assert channel.find("alert", _long_ago()) == posted


def test_a_message_that_is_gone_takes_neither_edits_nor_replies(channel: Channel) -> None:
    """The caller learns that it is gone, and can post a message of its own."""
    gone = message_ref("C0SAGEWATCH", "1.000000")
    if isinstance(channel, InMemoryChannel):
        channel.deleted.append(gone)

    with pytest.raises(MessageGoneError):
        channel.update(gone, an_alert())
    with pytest.raises(MessageGoneError):
        channel.post(an_alert(), gone)


def test_only_posts_since_the_given_time_are_found() -> None:
    """A sink with a clock of its own leaves out what is older."""
    terminal = TerminalChannel(Console(file=io.StringIO()), lambda: NOW)
    posted = terminal.post(an_alert(alert_id="alert"))

    assert terminal.find("alert", NOW - _MINUTES) == posted
    assert terminal.find("alert", NOW + _MINUTES) is None
