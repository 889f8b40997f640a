"""One alert to Slack, once."""

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import override

import pytest

from sagewatch.alerts.ports import MessageRef
from sagewatch.delivery.outcomes import DeliveryEffect
from sagewatch.delivery.ports import AccountNames
from sagewatch.delivery.registry import Alert
from sagewatch.diagnostics.alerts import JobReport
from sagewatch.diagnostics.cost_report import job_report
from sagewatch.errors import (
    ChannelMisconfiguredError,
    DeliveryInFlightError,
    MalformedAlertError,
    MessageGoneError,
    NoAnswerError,
    NotPostedYetError,
    SageWatchError,
    ThrottledError,
    UnavailableError,
)
from sagewatch.failures.diagnosis import FailureClass
from sagewatch.jobs.alerts import JobAlert, JobRunsAlert
from tests.fakes.alerts import InMemoryAlertQueue
from tests.fakes.delivery import InMemoryAlertGroups, InMemoryChannel, InMemoryDeliveries
from tests.unit.slack.messages.test_job_running import ALERT
from tests.unit.slack.messages.test_render import an_alert
from tests.worlds.builders import ACCOUNT, NOW, a_failed_job, a_row, message_ref
from tests.worlds.delivery import a_delivery


class Desk:
    """A deliverer with everything around it in memory, and a clock to turn."""

    def __init__(self, deliveries: InMemoryDeliveries | None = None) -> None:
        """A channel that works, at ``NOW``."""
        self.now: datetime = NOW
        self.channel = InMemoryChannel()
        self.deliveries = deliveries or InMemoryDeliveries()
        self.groups = InMemoryAlertGroups()
        self.queue = InMemoryAlertQueue()
        self.deliverer = a_delivery(
            deliveries=self.deliveries,
            groups=self.groups,
            channel=self.channel,
            alerts=self.queue,
            clock=lambda: self.now,
            routes={"nlp": "#nlp", "team-vision": "#vision"},
        )

    def deliver(self, *alerts: Alert) -> list[DeliveryEffect]:
        """Deliver alerts, and what is queued meanwhile, as the queue does."""
        effects = [self.deliverer.deliver(alert).effect for alert in alerts]
        while self.queue.sent:
            self.now += timedelta(seconds=11)
            effects.append(self.deliverer.deliver(self.queue.sent.pop(0)).effect)
        return effects

    @property
    def texts(self) -> list[str]:
        """What the channel holds, threads left out."""
        roots = zip(self.channel.messages, self.channel.threads, strict=True)
        return [message.text for message, thread in roots if thread is None]


def test_an_alert_is_posted_once_however_often_it_comes() -> None:
    """The second time it is only looked up."""
    desk = Desk()
    first, second = (desk.deliverer.on_message(an_alert().model_dump_json()) for _ in range(2))

    assert (first.effect, second.effect) == (DeliveryEffect.POSTED, DeliveryEffect.POSTED_BEFORE)
    assert first.posted == second.posted == message_ref("C0MEMORY", "1.000000")
    assert len(desk.channel.messages) == 1


class Names(AccountNames):
    """Names one account; asked about another, Organizations does not answer."""

    def name(self, account: str) -> str | None:
        """Answer."""
        if account != ACCOUNT:
            raise UnavailableError("no answer")
        return "ml *research* <!here>"


def test_a_message_names_the_account_and_waits_for_no_name() -> None:
    """A name is a text of others: it makes no mention. Without an answer the message has the ID alone."""
    desk = Desk()
    delivery = replace(desk.deliverer, names=Names())
    other = an_alert().model_copy(update={"account": "222233334444", "alert_id": "other"})
    for alert in (an_alert(), other):
        delivery.on_message(alert.model_dump_json())
    first, second = (json.dumps([block.to_dict() for block in message.blocks]) for message in desk.channel.messages)

    assert f"ml *research* &lt;!here&gt; ({ACCOUNT}), us-east-1" in first
    assert "222233334444, us-east-1" in second


def test_a_post_that_failed_can_be_tried_again_at_once() -> None:
    """The claim is given back."""
    desk = Desk()
    desk.channel.failures.append(ThrottledError("slow down", retry_after=2))

    with pytest.raises(ThrottledError):
        desk.deliverer.deliver(an_alert())
    assert desk.deliverer.deliver(an_alert()).effect is DeliveryEffect.POSTED


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

    assert desk.deliverer.deliver(an_alert()).effect is DeliveryEffect.POSTED


def test_what_is_no_alert_is_neither_claimed_nor_posted() -> None:
    """Typed, before anything is touched."""
    desk = Desk()

    with pytest.raises(MalformedAlertError):
        desk.deliverer.on_message("{}")
    assert (desk.deliveries.claims, desk.channel.messages) == ({}, [])


def test_the_answer_says_where_it_stands() -> None:
    """For logs."""
    assert Desk().deliverer.deliver(an_alert()).to_log() == {
        "alert_id": "job-failed-1",
        "effect": "posted",
        "channel": "C0MEMORY",
        "ts": "1.000000",
    }


def test_a_reply_goes_into_its_thread() -> None:
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


def failed(number: int, **changes: object) -> JobAlert:
    """A job that failed a moment ago for 10 cents."""
    told = {
        "alert_id": f"job-failed-{number}",
        "name": f"job-{number:03}",
        "thread_key": f"incident-{number}",
        "happened_at": NOW,
        "cost_usd": "0.1",
        **changes,
    }
    return an_alert().model_copy(update=told)


def a_report(**changes: object) -> JobReport:
    """The report of an expensive job that failed."""
    return job_report(a_failed_job(), a_row(a_failed_job())).model_copy(update=changes)


def runs(number: int, happened_at: datetime) -> JobRunsAlert:
    """A job that runs for long."""
    changes = {"alert_id": f"runs-{number}", "thread_key": f"incident-{number}", "happened_at": happened_at}
    return ALERT.model_copy(update=changes)


def test_a_post_without_an_answer_is_looked_for_before_it_is_posted_again() -> None:
    """It was in the channel."""
    desk = Desk()
    desk.channel.failures.append(NoAnswerError("Slack: no usable answer"))
    with pytest.raises(NoAnswerError):
        desk.deliver(failed(1))
    effects = desk.deliver(failed(1), failed(1))

    assert effects == [DeliveryEffect.FOUND, DeliveryEffect.POSTED_BEFORE]
    assert len(desk.channel.messages) == 1
    assert desk.deliveries.find("incident-1") == desk.channel.places[0]


def test_alerts_of_one_key_share_a_thread() -> None:
    """The first of them to be posted is its root."""
    desk = Desk()
    desk.deliver(*(failed(number, thread_key="one") for number in range(3)))

    assert desk.channel.threads == [None, desk.channel.places[0], desk.channel.places[0]]


def test_a_thread_whose_root_was_deleted_begins_anew() -> None:
    """Nothing is lost with it."""
    desk = Desk()
    desk.deliver(failed(1, thread_key="one"))
    desk.channel.failures.append(MessageGoneError("Slack refused: thread_not_found"))
    desk.deliver(failed(2, thread_key="one"), failed(3, thread_key="one"))

    assert desk.channel.threads == [None, None, desk.channel.places[1]]


@pytest.mark.parametrize(
    ("changes", "channel"),
    [
        ({"route": "nlp"}, "#nlp"),
        ({"owner": "team-vision"}, "#vision"),
        ({"route": "#anywhere", "owner": "ana@example.com"}, "C0MEMORY"),
    ],
    ids=["by tag", "by owner", "a route nobody set"],
)
def test_an_alert_goes_where_its_route_leads(changes: dict[str, str], channel: str) -> None:
    """A tag names a route, never a channel."""
    desk = Desk()
    desk.deliver(failed(1, **changes))

    assert desk.channel.places[0].channel == channel


def test_a_storm_is_five_messages_and_one_with_a_count_and_a_list() -> None:
    """60 jobs of one class in ten minutes, at 10 cents; all are there however often they come."""
    desk = Desk()
    desk.deliver(*(failed(number) for number in range(60)), *(failed(number) for number in range(60)))

    assert len(desk.texts) == 6
    edited = desk.channel.messages[-1]
    assert edited.text == "60 jobs failed (error in the job's code) within ten minutes (cost: $6.00)"
    assert "job-000" in str([block.to_dict() for block in edited.blocks])


def test_a_storm_goes_where_its_members_do() -> None:
    """By their owner's route, too; and a tag that names no route makes no storm of its own."""
    desk = Desk()
    desk.deliver(*(failed(number, owner="team-vision") for number in range(8)))
    desk.deliver(*(failed(100 + number, route=f"junk-{number}") for number in range(8)))

    assert [place.channel for place in desk.channel.places] == ["#vision"] * 6 + ["C0MEMORY"] * 6


def test_two_classes_and_two_spans_are_two_storms_each() -> None:
    """Six of each: five and a sixth that is counted."""
    desk = Desk()
    times = [NOW, NOW - timedelta(minutes=10)]
    classes = [FailureClass.OUT_OF_MEMORY, FailureClass.USER_CODE]
    desk.deliver(
        *(
            failed(number, happened_at=at, failure_class=name).model_copy(
                update={"alert_id": f"{name}-{at}-{number}", "thread_key": f"{name}-{at}-{number}"}
            )
            for number in range(6)
            for at in times
            for name in classes
        )
    )

    assert len(desk.texts) == 4 * 6


def test_children_are_told_in_their_parents_thread_and_counted_in_its_message() -> None:
    """300 children of a tuning job, of which 120 fail: one message, five replies."""
    desk = Desk()
    parent = "arn:aws:sagemaker:us-east-1:111122223333:hyper-parameter-tuning-job/hpo-7"
    desk.deliver(*(failed(number, thread_key="parent", parent_arn=parent) for number in range(120)))

    assert len(desk.texts) == 1
    assert len(desk.channel.messages) == 6
    assert desk.channel.updates[-1][1].text == "Tuning job hpo-7: 120 of its jobs failed (cost: $12.00)"


def test_what_a_parent_has_to_say_itself_is_in_its_thread_too() -> None:
    """Before or after its children."""
    for order in ((0, 1), (1, 0)):
        desk = Desk()
        parent = "arn:aws:sagemaker:us-east-1:111122223333:hyper-parameter-tuning-job/hpo-7"
        alerts = (failed(1, thread_key="parent"), failed(2, thread_key="parent", parent_arn=parent))
        desk.deliver(*(alerts[number] for number in order), failed(3, thread_key="parent", parent_arn=parent))

        assert len(desk.texts) == 1
        assert len(desk.channel.messages) == 4


def test_what_is_stale_is_counted_in_one_message_a_day() -> None:
    """Slack was down for a week, and is back."""
    desk = Desk()
    days = [NOW - timedelta(days=days) for days in (2, 3, 4)]
    stale = [failed(100 * d + n, happened_at=day) for d, day in enumerate(days) for n in range(50)]
    desk.deliver(*stale, failed(999))

    assert len(desk.texts) == 4
    assert sum("reported late" in text and text.startswith("50 alerts") for text in desk.texts) == 3


def test_what_has_buttons_of_its_own_is_told_by_itself_while_it_is_news() -> None:
    """Ten jobs run for long at once. A week later none of their messages has a button."""
    desk = Desk()
    desk.deliver(*(runs(number, NOW) for number in range(10)))
    desk.deliver(*(runs(number, NOW - timedelta(days=7)) for number in range(10, 20)))

    assert len(desk.texts) == 10 + 1


def test_the_report_of_a_job_that_failed_counts_it_no_second_time() -> None:
    """Old news are one job, not two; as news it is a reply."""
    old, new = NOW - timedelta(days=3), NOW
    for happened_at, counted, messages in ((old, 1, 1), (new, 0, 2)):
        desk = Desk()
        report = a_report(failed=True).model_copy(update={"thread_key": "incident-1", "happened_at": happened_at})
        desk.deliver(failed(1, happened_at=happened_at), report)

        assert sum(len(members) for members in desk.groups.members.values()) == 1
        assert (len(desk.channel.messages), "reported late" in desk.texts[0]) == (messages, bool(counted))


def test_news_of_a_job_that_was_told_with_others_are_in_their_thread() -> None:
    """Where its reader saw it first."""
    desk = Desk()
    desk.deliver(*(failed(number) for number in range(8)))
    desk.deliver(failed(7).model_copy(update={"alert_id": "later"}))

    assert desk.channel.threads[-1] == desk.channel.places[5]


def test_a_groups_message_is_not_edited_more_often_than_slack_likes() -> None:
    """It waits in the queue."""
    desk = Desk()
    for number in range(7):
        desk.deliverer.deliver(failed(number))
    [refresh] = desk.queue.sent
    desk.deliverer.deliver(refresh)
    desk.queue.sent.clear()
    desk.deliverer.deliver(failed(8))

    with pytest.raises(NotPostedYetError):
        desk.deliverer.deliver(desk.queue.sent[0])


@pytest.mark.parametrize(
    "failure", [ThrottledError("slow down"), UnavailableError("no"), ChannelMisconfiguredError("no")]
)
def test_a_failed_look_up_neither_loses_nor_repeats_an_alert(failure: SageWatchError) -> None:
    """The post arrived without an answer; whatever the look-up raises, the post stays unsure."""
    desk = Desk()
    desk.channel.failures.append(NoAnswerError("Slack: no usable answer"))
    desk.channel.failed_looks += [failure] * 3
    for _ in range(4):
        with pytest.raises(SageWatchError):
            desk.deliver(failed(1))

    assert desk.deliver(failed(1)) == [DeliveryEffect.FOUND]
    assert len(desk.channel.messages) == 1


class Failing:
    """Two calls of a desk's ports fail: a look before it had its effect, a write after it."""

    def __init__(self, desk: Desk, error: SageWatchError, *numbers: int) -> None:
        """Count the calls from 1."""
        self.calls, self.error, self.numbers = 0, error, numbers
        for port, names in ((desk.deliveries, ("claim", "confirm", "find")), (desk.channel, ("post", "find"))):
            for name in names:
                setattr(port, name, self._wrapped(name, getattr(port, name)))

    def _wrapped(self, name: str, call: Callable[..., object]) -> Callable[..., object]:
        def answer(*args: object, **more: object) -> object:
            self.calls += 1
            fails = self.calls in self.numbers
            if fails and name in {"claim", "find"}:
                raise self.error
            done = call(*args, **more)
            if fails:
                raise NoAnswerError("no answer") if name == "post" else self.error
            return done

        return answer


@pytest.mark.parametrize("error", [ThrottledError("Rate exceeded"), UnavailableError("no answer"), NoAnswerError("?")])
@pytest.mark.parametrize("second", range(2, 14))
@pytest.mark.parametrize("alert", [an_alert(), an_alert(thread_key="t")])
def test_whichever_two_calls_fail_an_alert_is_in_the_channel_once(
    alert: Alert, second: int, error: SageWatchError
) -> None:
    """Claims, look-ups, posts and confirmations, of DynamoDB and of Slack."""
    for first in range(1, second):
        desk = Desk()
        Failing(desk, error, first, second)
        for _ in range(4):
            with suppress(SageWatchError):
                desk.deliver(alert)
            desk.now += timedelta(minutes=1)

        assert len(desk.channel.messages) == 1, (first, second)


def test_each_look_begins_where_the_last_one_found_nothing() -> None:
    """Some minutes before it, as a message may be found late: looking does not take longer from try to try."""
    desk = Desk()
    for _ in range(3):
        desk.channel.failures.append(NoAnswerError("Slack: no usable answer"))
        with pytest.raises(NoAnswerError):
            desk.deliver(failed(1))
        desk.channel.deleted.append(desk.channel.places[-1])
        desk.now += timedelta(hours=1)

    assert desk.channel.looked_from == [NOW, NOW + timedelta(minutes=55)]


def test_an_unsure_post_is_looked_for_where_it_went() -> None:
    """Its thread's root was deleted, so it was posted to the channel, without an answer."""
    desk = Desk()
    desk.deliver(failed(1, thread_key="one"))
    desk.channel.deleted.append(desk.channel.places[0])
    desk.channel.failures.append(NoAnswerError("Slack: no usable answer"))
    with pytest.raises(NoAnswerError):
        desk.deliver(failed(2, thread_key="one"))

    assert desk.deliver(failed(2, thread_key="one"), failed(3, thread_key="one")) == [
        DeliveryEffect.FOUND,
        DeliveryEffect.POSTED,
    ]
    assert desk.channel.threads == [None, None, desk.channel.places[1]]


def test_a_deleted_message_never_silences_a_tuning_job() -> None:
    """Its message is posted again with the right count, and later children are in its thread."""
    desk = Desk()
    parent = "arn:aws:sagemaker:us-east-1:111122223333:hyper-parameter-tuning-job/hpo-7"
    children = [failed(number, thread_key="parent", parent_arn=parent) for number in range(20)]
    desk.deliver(*children[:2])
    desk.channel.deleted.append(desk.channel.places[0])
    desk.deliver(*children[2:4])
    root = desk.deliveries.find("parent")
    desk.channel.deleted.append(root)
    desk.deliver(*children[4:])

    [last] = [
        p
        for p, r in zip(desk.channel.places, desk.channel.threads, strict=True)
        if not r and p not in desk.channel.deleted
    ]
    assert desk.deliveries.find("parent") == last
    assert "20 " in [message.text for place, message in desk.channel.updates if place == last][-1]
    told = {message.metadata.event_payload["alert_id"] for message in desk.channel.messages}
    assert {f"job-failed-{number}" for number in range(5)} <= told


def test_a_group_that_cannot_be_edited_now_holds_no_child_back() -> None:
    """The edit comes from the queue later."""
    desk = Desk()
    parent = "arn:aws:sagemaker:us-east-1:111122223333:hyper-parameter-tuning-job/hpo-7"
    desk.deliver(failed(1, thread_key="parent", parent_arn=parent))
    desk.channel.failures.append(ThrottledError("slow down"))

    assert desk.deliver(failed(2, thread_key="parent", parent_arn=parent)) == [
        DeliveryEffect.POSTED,
        DeliveryEffect.EDITED,
    ]
    assert "2 " in desk.channel.updates[-1][1].text


@pytest.mark.parametrize(
    ("still_open", "effect", "posted"),
    [(True, DeliveryEffect.REPOSTED, 2), (False, DeliveryEffect.DROPPED, 1)],
)
def test_an_edit_of_a_deleted_message(still_open: bool, effect: DeliveryEffect, posted: int) -> None:  # noqa: FBT001 - a case
    """Posts it again while there is something to press, and is dropped when it is closed."""
    desk = Desk()
    desk.deliver(runs(1, NOW))
    desk.channel.deleted.append(desk.channel.places[0])
    edit = runs(1, NOW).model_copy(update={"alert_id": "edit-1", "edits": "runs-1", "open": still_open})

    assert desk.deliver(edit, edit) == [effect, DeliveryEffect.POSTED_BEFORE]
    assert len(desk.channel.messages) == posted
    if still_open:
        later = edit.model_copy(update={"alert_id": "edit-2"})
        assert desk.deliver(later) == [DeliveryEffect.EDITED]
        assert desk.channel.updates[-1][0] == desk.channel.places[1]


def test_a_reply_whose_root_never_came_goes_to_the_channel_after_an_hour() -> None:
    """The root is in the dead-letter queue; the reply does not wait for days behind it."""
    desk = Desk()
    reply = an_alert().model_copy(update={"alert_id": "news-1", "thread": "never-posted"})
    with pytest.raises(NotPostedYetError):
        desk.deliverer.deliver(reply)
    desk.now += timedelta(hours=1)

    assert desk.deliverer.deliver(reply).effect is DeliveryEffect.POSTED
    assert desk.channel.threads == [None]


class Forgetful(InMemoryDeliveries):
    """Forgets after 90 days where a message is, as the table does."""

    def forget(self, now: datetime) -> None:
        """Let time pass."""
        old = [name for name, at in self.stored.items() if now - at > timedelta(days=90)]
        for name in old:
            self.posted.pop(name, None)

    @override
    def confirm(self, alert_id: str, posted: MessageRef, now: datetime) -> None:
        self.stored[alert_id] = now
        super().confirm(alert_id, posted, now)

    def __init__(self) -> None:
        """Nothing is stored yet."""
        super().__init__()
        self.stored: dict[str, datetime] = {}


def test_where_a_message_is_is_remembered_for_as_long_as_it_is_edited() -> None:
    """Every 30 days; it is not posted again."""
    deliveries = Forgetful()
    desk = Desk(deliveries)
    desk.now = datetime.fromtimestamp(0, UTC)  # when the channel begins to count
    desk.deliver(runs(1, desk.now))
    for month in range(1, 8):
        desk.now += timedelta(days=30)
        deliveries.forget(desk.now)
        edit = runs(1, NOW).model_copy(update={"alert_id": f"edit-{month}", "edits": "runs-1"})
        assert desk.deliver(edit) == [DeliveryEffect.EDITED]
