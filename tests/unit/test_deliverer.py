"""One alert to Slack, once."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from sagewatch.adapters.in_memory import InMemoryChannel
from sagewatch.adapters.in_memory_stores import InMemoryDeliveries
from sagewatch.deliverer import Deliverer
from sagewatch.digest_alerts import DigestAlert, Picture
from sagewatch.errors import (
    DeliveryInFlightError,
    MalformedAlertError,
    NotPostedYetError,
    PictureNotReadyError,
    ThrottledError,
)
from sagewatch.ports import Posted
from sagewatch.totals import Spend
from tests.builders import ACCOUNT, NOW
from tests.unit.test_digest_messages import QUIET
from tests.unit.test_messages import an_alert


class Desk:
    """A deliverer with everything around it in memory, and a clock to turn."""

    def __init__(self) -> None:
        """A channel that works, at ``NOW``."""
        self.now: datetime = NOW
        self.channel = InMemoryChannel()
        self.deliveries = InMemoryDeliveries()
        self.deliverer = Deliverer(
            deliveries=self.deliveries, posted=self.deliveries, channel=self.channel, clock=lambda: self.now
        )


def test_an_alert_is_posted_once_however_often_it_comes() -> None:
    """The second time it is only looked up."""
    desk = Desk()
    first, second = (desk.deliverer.on_message(an_alert().model_dump_json()) for _ in range(2))

    assert (first.now, second.now) == (True, False)
    assert first.posted == second.posted == Posted("C0MEMORY", "1.000000")
    assert len(desk.channel.messages) == 1


def test_a_post_that_failed_can_be_tried_again_at_once() -> None:
    """The claim is given back."""
    desk = Desk()
    desk.channel.failures.append(ThrottledError("slow down", retry_after=2))

    with pytest.raises(ThrottledError):
        desk.deliverer.deliver(an_alert())
    assert desk.deliverer.deliver(an_alert()).now


def test_an_alert_being_posted_elsewhere_waits() -> None:
    """Two invocations may hold the same alert."""
    desk = Desk()
    desk.deliveries.claim("job-failed-1", NOW)

    with pytest.raises(DeliveryInFlightError):
        desk.deliverer.deliver(an_alert())
    assert desk.channel.messages == []


def test_a_claim_of_a_dead_invocation_lapses() -> None:
    """Nothing is lost with it."""
    desk = Desk()
    desk.deliveries.claim("job-failed-1", NOW)
    desk.now += timedelta(minutes=1)

    assert desk.deliverer.deliver(an_alert()).now


def test_what_is_no_alert_is_neither_claimed_nor_posted() -> None:
    """Typed, before anything is touched."""
    desk = Desk()

    with pytest.raises(MalformedAlertError):
        desk.deliverer.on_message("{}")
    assert (desk.deliveries.claims, desk.channel.messages) == ({}, [])


def test_the_answer_says_where_it_stands() -> None:
    """For logs."""
    assert Desk().deliverer.deliver(an_alert()).answer() == {
        "alert_id": "job-failed-1",
        "effect": "posted",
        "channel": "C0MEMORY",
        "ts": "1.000000",
    }


def test_a_reply_goes_into_the_thread_of_its_incident() -> None:
    """And waits while that has not been posted."""
    desk = Desk()
    reply = an_alert().model_copy(update={"alert_id": "news-1", "thread": "job-failed-1"})
    with pytest.raises(NotPostedYetError):
        desk.deliverer.deliver(reply)
    posted = desk.deliverer.deliver(an_alert()).posted
    desk.deliverer.deliver(reply)

    assert desk.channel.threads == [None, posted]


def test_an_edit_takes_the_place_of_its_message_once() -> None:
    """And is no message of its own."""
    desk = Desk()
    posted = desk.deliverer.deliver(an_alert()).posted
    edit = an_alert().model_copy(update={"alert_id": "edit-1", "edits": "job-failed-1"})
    for _ in range(2):
        desk.deliverer.deliver(edit)

    assert [place for place, _ in desk.channel.updates] == [posted]
    assert len(desk.channel.messages) == 1


def a_digest() -> DigestAlert:
    """A digest with a chart, of now."""
    return DigestAlert(
        alert_id="digest-1",
        account=ACCOUNT,
        region="us-east-1",
        instances=None,
        happened_at=NOW,
        digest=replace(QUIET, spend=Spend(jobs=1, cost_usd=Decimal(1))),
        picture=Picture("F0ABCDEF12", "Bars."),
    )


def test_a_digest_waits_for_its_chart_and_not_for_ever() -> None:
    """Slack takes moments to show a picture; after ten minutes the numbers go alone, and say why."""
    desk = Desk()
    desk.channel.failures += [PictureNotReadyError("Slack cannot show the picture yet", retry_after=3)] * 2
    with pytest.raises(PictureNotReadyError):
        desk.deliverer.deliver(a_digest())
    assert desk.channel.messages == []
    desk.now += timedelta(minutes=10)

    assert desk.deliverer.deliver(a_digest()).now
    [message] = desk.channel.messages
    assert [block for block in message.blocks if block.type == "image"] == []
    assert "No chart: Slack cannot show the picture yet." in str([block.to_dict() for block in message.blocks])
