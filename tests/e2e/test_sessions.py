"""A notebook's sessions on the deployed stack: from events on the bus, or what a sweep finds, to rows in the ledger.

ml.t3.medium costs $0.05 an hour in service, its 5 GB $0.70 a month; March has 2,678,400 seconds.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.error import HTTPError

import pytest

from local.sagemaker.notebooks import event_entry, notebook_event
from local.stack.cloud import ACCOUNT
from sagewatch.adapters.dynamodb.items import from_item
from tests.e2e.conftest import Account, eventually

OWNER = {"sagewatch:owner": "ana@example.com"}


def at(hour: float) -> str:
    """That hour of 10 March 2026: what the clock says now plays no part."""
    return (datetime(2026, 3, 10, tzinfo=UTC) + timedelta(hours=hour)).isoformat()


@dataclass(frozen=True)
class Day:
    """25 hours until now. They are shorter early in a month, because sweeps book open sessions at month ends."""

    now: datetime

    @property
    def month(self) -> datetime:
        """The beginning of the month."""
        return self.now.replace(day=1, hour=0, minute=0, second=0)

    def at(self, hour: float) -> datetime:
        """That hour, to the second."""
        begin = max(self.month, self.now - timedelta(hours=25))
        return (begin + (self.now - begin) * hour / 25).replace(microsecond=0)

    def cost(self, begin: float, end: float, *, runs: bool) -> Decimal:
        """What those hours cost: 5 GB, and the instance while it runs."""
        seconds = Decimal(int((self.at(end) - self.at(begin)).total_seconds()))
        month = (self.month + timedelta(days=31)).replace(day=1) - self.month
        storage = Decimal("0.70") * seconds / int(month.total_seconds())
        return (storage + (Decimal("0.05") * seconds / 3600 if runs else 0)).quantize(Decimal("1e-10"))


class Lab:
    """One notebook, as a person with boto3 sees it."""

    def __init__(self, account: Account, name: str, at: Callable[[float], str] = at) -> None:
        """It came into service at eight."""
        self.account, self.name, self._at = account, name, at
        self._sagemaker = account.stage.client("sagemaker")
        self._sagemaker.create_notebook_instance(
            NotebookInstanceName=name,
            InstanceType="ml.t3.medium",
            RoleArn=f"arn:aws:iam::{ACCOUNT}:role/lab",
            VolumeSizeInGB=5,
            Tags=[{"Key": key, "Value": value} for key, value in OWNER.items()],
        )
        self.orders(CreationTime=self._at(7.9), Jupyter={"kernels": [{"name": "python3", "execution_state": "busy"}]})
        self.stands("InService", 8)

    def orders(self, **fields: Any) -> None:
        """Change what it is."""
        self.account.stage.control("notebook-instance", self.name, fields)

    def stands(self, status: str, hour: float) -> None:
        """Set its state from that hour on, without an event."""
        self.orders(NotebookInstanceStatus=status, LastModifiedTime=self._at(hour))

    def tells(self, *, times: int = 1) -> None:
        """Send the event of its current state, and wait until all events are handled."""
        described = self._sagemaker.describe_notebook_instance(NotebookInstanceName=self.name)
        entry = event_entry(notebook_event(described, OWNER))
        lines = self._told()
        self.account.stage.client("events").put_events(Entries=[entry] * times)
        assert eventually(lambda: self._told() >= lines + times)
        assert eventually(self.account.stage.quiet)

    def _told(self) -> int:
        return sum(f"{self.name}: it is" in line for line in self.account.log_lines("TrackNotebook"))

    def is_deleted(self) -> None:
        """It is gone, and so is its name."""
        self._sagemaker.delete_notebook_instance(NotebookInstanceName=self.name)

    @property
    def session(self) -> dict[str, Any]:
        """Its open session."""
        arn = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:notebook-instance/{self.name.lower()}"
        item = self.account.stage.client("dynamodb").get_item(
            TableName=self.account.env["WatchStateName"],
            Key={"pk": {"S": "session#us-east-1"}, "sk": {"S": arn}},
            ConsistentRead=True,
        )
        return from_item(item.get("Item", {}))

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Its rows, oldest first."""
        return sorted(self.account.rows(self.name), key=lambda row: str(row["created_at"]))

    @property
    def costs(self) -> list[tuple[str, str, Decimal]]:
        """From when to when, and how much."""
        return [(row["started_at"][11:16], row["ended_at"][11:16], row["cost_usd"]) for row in self.rows]


@pytest.fixture
def lab(account: Account, request: pytest.FixtureRequest) -> Iterator[Lab]:
    """A notebook of the test's own; it does not run on."""
    made = Lab(account, "E2E-" + "".join(c if c.isalnum() else "-" for c in request.node.name)[-45:].strip("-"))
    yield made
    with suppress(HTTPError):  # it may be gone
        made.stands("Stopped", 24)


@pytest.mark.parametrize("times", [1, 2])
def test_events_on_the_bus_become_one_row_for_each_session(lab: Lab, times: int) -> None:
    """Repeated events change nothing. In service 5.5 h: 5.5 x $0.05 + $0.70 x 19,800 / 2,678,400 = $0.2801747312.

    Stopped for 2 h after that, and deleted: $0.70 x 7,200 / 2,678,400 = $0.0018817204.
    """
    lab.tells(times=times)
    opened = lab.session
    assert (opened["since"], opened["instance_type"], opened["volume_gb"]) == (at(8), "ml.t3.medium", 5)
    assert lab.rows == []

    lab.stands("Stopping", 13.5)
    lab.tells(times=times)
    [row] = lab.rows
    assert (row["cost_usd"], row["pricing"], row["billable_seconds"]) == (Decimal("0.2801747312"), "priced", 19_800)
    assert (row["kind"], row["status"], row["stopped_by"]) == ("notebook", "Stopped", "somebody")
    assert (row["owner"], row["recorded_by"]) == ("ana@example.com", "event")

    for status, hour in (("Stopped", 13.6), ("Deleting", 15.5)):
        lab.stands(status, hour)
        lab.tells(times=times)
    assert lab.costs == [
        ("08:00", "13:30", Decimal("0.2801747312")),
        ("13:30", "15:30", Decimal("0.0018817204")),
    ]
    assert lab.session == {}


def test_an_event_waits_while_its_session_cannot_be_read(lab: Lab) -> None:
    """TrackNotebook retries it. It names no tags, so they are read: the owner is right."""
    sagemaker, events = (lab.account.stage.client(service) for service in ("sagemaker", "events"))
    event = notebook_event(sagemaker.describe_notebook_instance(NotebookInstanceName=lab.name), {})
    del event["detail"]["Tags"]
    with lab.account.without_permission("TrackNotebook", "dynamodb:GetItem"):
        events.put_events(Entries=[event_entry(event)])
        assert lab.account.retries("TrackNotebook", "AccessDeniedException")

    assert eventually(lambda: lab.session)
    assert lab.session["owner"] == "ana@example.com"


def test_with_every_second_event_lost_the_sweep_knows_the_rest(account: Account) -> None:
    """Events: in service 8:00, Stopped 10:03, Stopping 14:00. Lost: Stopping 10:00, in service 12:00, its deletion.

    The stop at 10:00 is known by its end only, an upper bound.
    """
    day = Day(datetime.now(UTC).replace(microsecond=0))
    lab = Lab(account, "E2E-every-second-event-lost", lambda hour: day.at(hour).isoformat())
    lab.tells()
    lab.stands("Stopping", 10)
    lab.stands("Stopped", 10.05)
    lab.tells()
    lab.stands("InService", 12)
    assert account.invoke("SweepNotebooks", {})["repaired"] >= 1
    lab.stands("Stopping", 14)
    lab.tells()

    lab.stands("Stopped", 14.1)
    account.invoke("SweepNotebooks", {})
    assert lab.session["since"] == day.at(14).isoformat()
    lab.is_deleted()
    account.forget_listings()
    account.invoke("SweepNotebooks", {})

    assert lab.session == {}
    assert "no event reported its deletion" in lab.rows[-1]["pricing_reason"]
    assert [row["cost_usd"] for row in lab.rows[:3]] == [
        day.cost(8, 10.05, runs=True),
        day.cost(10.05, 12, runs=False),
        day.cost(12, 14, runs=True),
    ]
    assert [row["pricing"] for row in lab.rows[:4]] == ["provisional", "priced", "priced", "provisional"]
    assert [row["recorded_by"] for row in lab.rows[:4]] == ["event", "sweep", "event", "sweep"]
