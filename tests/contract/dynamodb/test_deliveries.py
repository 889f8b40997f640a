"""What delivery remembers: one contract for memory and for DynamoDB."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from sagewatch.adapters.dynamodb.deliveries import DynamoAlertGroups, DynamoDeliveries
from sagewatch.adapters.dynamodb.people import DynamoUserDirectory
from sagewatch.adapters.dynamodb.posted_messages import DynamoPostedMessages
from sagewatch.alerts.base import GroupMember
from sagewatch.alerts.grouping import GroupSummary
from sagewatch.alerts.ports import PostedMessages
from sagewatch.delivery.ports import AlertGroups, Claim, Deliveries, Membership
from sagewatch.errors import DeliveryInFlightError
from tests.fakes.delivery import InMemoryAlertGroups, InMemoryDeliveries
from tests.fakes.slack import InMemoryUserDirectory
from tests.worlds.aws import Aws
from tests.worlds.builders import NOW, message_ref

PLACE = message_ref("C1", "1.2")


@dataclass
class Desk:
    """The stores under test."""

    deliveries: Deliveries
    posted: PostedMessages
    groups: AlertGroups


@pytest.fixture(params=["memory", "dynamodb"])
def desk(request: pytest.FixtureRequest, aws: Aws) -> Desk:
    """Empty stores."""
    if request.param == "memory":
        deliveries = InMemoryDeliveries()
        return Desk(deliveries, deliveries, InMemoryAlertGroups())
    _, table = request.getfixturevalue("tables")
    client: Any = aws.client("dynamodb")
    return Desk(DynamoDeliveries(client, table), DynamoPostedMessages(client, table), DynamoAlertGroups(client, table))


def test_an_alert_is_claimed_once(desk: Desk) -> None:
    """While an invocation holds the claim, the alert is in flight."""
    assert desk.deliveries.claim("a", NOW) == Claim()
    with pytest.raises(DeliveryInFlightError) as in_flight:
        desk.deliveries.claim("a", NOW + timedelta(seconds=5))
    assert in_flight.value.retry_after == 40


def test_a_claim_that_was_given_back_leaves_no_doubt(desk: Desk) -> None:
    """It can be taken at once; since when it has been tried is kept."""
    desk.deliveries.claim("a", NOW)
    desk.deliveries.release("a", NOW)

    assert desk.deliveries.claim("a", NOW + timedelta(minutes=1)) == Claim(waiting_since=NOW)


def test_what_came_of_a_try_that_never_ended_is_not_known(desk: Desk) -> None:
    """Since the first of them, until one ends or is given back."""
    later = [NOW + timedelta(minutes=minutes) for minutes in (0, 1, 2, 3)]
    desk.deliveries.claim("a", later[0])
    doubts = [desk.deliveries.claim("a", later[1]).unsure_since]
    desk.deliveries.release("a", later[1], unsure=True)
    doubts.append(desk.deliveries.claim("a", later[2]).unsure_since)
    desk.deliveries.release("a", later[2])
    doubts.append(desk.deliveries.claim("a", later[3]).unsure_since)

    assert doubts == [NOW, NOW, None]


def test_the_next_look_begins_where_the_last_one_found_nothing(desk: Desk) -> None:
    """A busy channel is not read from the beginning again; the doubt stays."""
    desk.deliveries.claim("a", NOW)
    desk.deliveries.looked("a", NOW + timedelta(hours=2))
    desk.deliveries.release("a", NOW + timedelta(hours=2), unsure=True)

    assert desk.deliveries.claim("a", NOW + timedelta(hours=3)).unsure_since == NOW + timedelta(hours=2)


def test_a_confirmed_alert_answers_with_where_it_stands(desk: Desk) -> None:
    """However late it is asked for."""
    desk.deliveries.claim("a", NOW)
    desk.deliveries.confirm("a", PLACE, NOW)

    assert desk.deliveries.claim("a", NOW + timedelta(days=30)) == Claim(delivered=True, posted=PLACE)
    assert (desk.posted.find("a"), desk.posted.find("b")) == (PLACE, None)


def test_a_confirmed_alert_that_is_given_back_stays_delivered(desk: Desk) -> None:
    """The answer to the confirmation was lost, so the caller believes that it failed."""
    desk.deliveries.claim("a", NOW)
    desk.deliveries.confirm("a", PLACE, NOW)
    desk.deliveries.release("a", NOW, unsure=True)

    assert desk.deliveries.claim("a", NOW + timedelta(minutes=1)) == Claim(delivered=True, posted=PLACE)


def test_an_alert_that_is_told_with_others_stands_where_they_do(desk: Desk) -> None:
    """Once enough alerts join, and the request is not repeated."""
    desk.deliveries.claim("a", NOW)
    desk.deliveries.confirm_in_group("a", "storm-1", NOW)
    before = desk.posted.find("a")
    desk.deliveries.confirm("storm-1", PLACE, NOW)

    assert (before, desk.posted.find("a")) == (None, PLACE)
    assert desk.deliveries.claim("a", NOW) == Claim(delivered=True)


def member(number: int, usd: str | None = "0.1") -> GroupMember:
    """A job that failed."""
    label = "failed (user-code)" if number % 2 else "hit their time limit"
    return GroupMember(f"job-{number:03}", label, None if usd is None else Decimal(usd))


def test_members_are_counted_once_each(desk: Desk) -> None:
    """In the order they came, with their money; a cost that is not known is not 0."""
    numbers = [desk.groups.add("g", f"a-{n}", member(n, None if n == 7 else "0.1"), NOW) for n in range(1, 31)]
    again = desk.groups.add("g", "a-3", member(3), NOW)

    assert [joined.number for joined in numbers] == list(range(1, 31))
    assert again == Membership(3, update_requested=False)
    assert desk.groups.read("g") == GroupSummary(
        count=30,
        by_label={"failed (user-code)": 15, "hit their time limit": 15},
        usd=Decimal("2.9"),
        unpriced=1,
        names=tuple(f"job-{n:03}" for n in range(1, 21)),
    )
    assert desk.groups.read("nobody") == GroupSummary()


def test_whoever_joins_after_the_message_was_brought_up_to_date_asks_again(desk: Desk) -> None:
    """So that the last one is never left out."""
    joins = [desk.groups.add("g", "a-1", member(1), NOW).update_requested]
    desk.groups.request_update("g", NOW)
    joins.append(desk.groups.add("g", "a-2", member(2), NOW).update_requested)
    before = desk.groups.updated_at("g")
    desk.groups.mark_updated("g", NOW)
    joins.append(desk.groups.add("g", "a-3", member(3), NOW).update_requested)

    assert (joins, before, desk.groups.updated_at("g")) == ([False, True, False], None, NOW)


def test_deliveries_at_the_same_time_count_each_member_once(aws: Aws, tables: tuple[str, str]) -> None:
    """The invocation that loses counts again. The other runs in between: moto's transactions need one thread."""
    client = aws.client("dynamodb")
    other = DynamoAlertGroups(client, tables[1])
    late = [member(2), member(3)]

    class Racing:
        """A client that lets another invocation write before each of its transactions."""

        def __getattr__(self, name: str) -> Any:
            if name == "transact_write_items" and late:
                quick = late.pop()
                other.add("g", quick.name, quick, NOW)
            return getattr(client, name)

    racing: Any = Racing()
    joined = DynamoAlertGroups(racing, tables[1]).add("g", "a-1", member(1), NOW)

    assert (joined.number, other.read("g").count) == (3, 3)


def test_people_are_asked_for_once_while_it_is_remembered(aws: Aws, tables: tuple[str, str]) -> None:
    """A month if Slack knows them, a day if not; case does not matter."""
    asked: list[str] = []

    class Slack(InMemoryUserDirectory):
        """It counts."""

        def id_for_email(self, email: str) -> str | None:
            """Count the call, then answer."""
            asked.append(email)
            return super().id_for_email(email)

    now = NOW
    clock: Callable[[], datetime] = lambda: now  # noqa: E731 - turns
    people = DynamoUserDirectory(aws.client("dynamodb"), tables[1], clock, ask=Slack({"ana@example.com": "U0ANA"}))
    found = [people.id_for_email(email) for email in ("ana@example.com", "Ana@Example.com", "who@example.com") * 2]
    now = NOW + timedelta(days=2)
    later = [people.id_for_email(email) for email in ("ana@example.com", "who@example.com")]

    assert found == ["U0ANA", "U0ANA", None] * 2
    assert later == ["U0ANA", None]
    assert asked == ["ana@example.com", "who@example.com", "who@example.com"]
