"""The second sink: every kind of alert as text that is safe on a terminal."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from local.terminal_sink.channel import TerminalChannel
from local.terminal_sink.messages import printable, render
from tests.fakes.alerts import InMemoryAlertQueue
from tests.fakes.delivery import InMemoryAlertGroups, InMemoryDeliveries
from tests.unit.slack.messages.catalogue import CATALOGUE
from tests.unit.slack.messages.test_render import an_alert
from tests.worlds.builders import NOW
from tests.worlds.delivery import a_delivery


@pytest.mark.parametrize("kind", list(CATALOGUE))
def test_every_alert_can_be_read_without_slack(kind: str) -> None:
    """It has a title and text, and none of Slack's markup."""
    for alert in CATALOGUE[kind].values():
        message = render(alert)

        assert message.title
        assert message.lines
        assert "<!" not in "\n".join(message.lines)


def test_a_failed_job_says_what_happened_what_it_cost_and_what_to_do() -> None:
    """In that order."""
    message = render(an_alert(reason="AlgorithmError: exit code: 137", cost_usd="3.5"))
    text = "\n".join((message.title, *message.lines))

    assert text.index("exit code: 137") < text.index("$3.50") < text.index("Next step")


@given(st.text())
def test_no_text_of_a_job_controls_the_terminal(text: str) -> None:
    """Escape sequences lose the character that starts them; line breaks stay."""
    shown = printable(text)

    assert len(shown) == len(text)
    assert all(char.isprintable() or char == "\n" for char in shown)


def test_the_delivery_of_slack_serves_the_terminal() -> None:
    """An alert is printed once, however often it is delivered."""
    output = io.StringIO()
    channel = TerminalChannel(Console(file=output, width=100), lambda: NOW)
    delivery = a_delivery(InMemoryDeliveries(), InMemoryAlertGroups(), channel, InMemoryAlertQueue(), lambda: NOW)
    alert = an_alert(reason="AlgorithmError: \x1b[2Jexit code: 137")
    for _ in range(2):
        delivery.deliver(alert)

    assert output.getvalue().count("exit code: 137") == 1
    assert "\x1b" not in output.getvalue()
