"""The open sessions of notebook instances: one contract for WatchState and for its in-memory twin."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sagewatch.adapters.dynamodb.items import from_item
from sagewatch.adapters.dynamodb.sessions import DynamoSessions
from sagewatch.errors import UnavailableError
from sagewatch.notebooks.ports import Sessions
from sagewatch.notebooks.session import Session, SessionKind, StopCall
from tests.fakes.notebooks import InMemorySessions
from tests.worlds.aws import Aws
from tests.worlds.builders import ACCOUNT

SINCE = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
OPEN = Session(
    arn=f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:notebook-instance/lab-one",
    name="Lab-One",
    account=ACCOUNT,
    region="us-east-1",
    owner="ana@example.com",
    owner_source="tag owner",
    instance_type="ml.t3.medium",
    volume_gb=5,
    since=SINCE,
)
CALL = StopCall("sagewatch for U0ANA", SINCE + timedelta(hours=1, seconds=2, microseconds=345))
LATER = replace(OPEN, since=SINCE + timedelta(hours=2))


@pytest.fixture(params=["in_memory", "dynamodb"])
def sessions(request: pytest.FixtureRequest) -> Sessions:
    """The same port, twice."""
    if request.param == "in_memory":
        return InMemorySessions()
    client = request.getfixturevalue("aws").client("dynamodb")
    return DynamoSessions(client, request.getfixturevalue("tables")[1])


@pytest.mark.parametrize(
    "session",
    [
        OPEN,
        replace(OPEN, kind=SessionKind.STOPPED, instance_type=None, unseen=True),
        replace(OPEN, stop_call=CALL),
        replace(OPEN, booked_until=datetime(2026, 12, 1, tzinfo=UTC)),
        replace(OPEN, owner=None, owner_source=None, volume_gb=None),
    ],
)
def test_a_session_is_read_as_it_was_begun(sessions: Sessions, session: Session) -> None:
    """What is not known stays so."""
    assert sessions.get(session.arn, session.region) is None
    assert sessions.begin(session) is True
    assert sessions.get(session.arn, session.region) == session
    assert list(sessions.open_sessions(session.region)) == [session]


def test_beginning_twice_is_beginning_once(sessions: Sessions) -> None:
    """Events come twice."""
    assert [sessions.begin(OPEN), sessions.begin(OPEN)] == [True, True]
    assert len(sessions.open_sessions("us-east-1")) == 1


def test_a_second_session_does_not_begin_beside_the_first(sessions: Sessions) -> None:
    """The invocation that comes second reads again."""
    sessions.begin(OPEN)

    assert sessions.begin(LATER) is False
    assert sessions.begin(replace(OPEN, volume_gb=9)) is False
    assert sessions.get(OPEN.arn, OPEN.region) == OPEN


def test_an_open_session_is_amended_and_no_other(sessions: Sessions) -> None:
    """One that is over stays so, and a newer one is not that one."""
    called = replace(OPEN, stop_call=CALL)
    assert sessions.amend(called) is False
    sessions.begin(OPEN)

    assert sessions.amend(called) is True
    assert sessions.get(OPEN.arn, OPEN.region) == called
    assert sessions.amend(OPEN) is True
    assert sessions.get(OPEN.arn, OPEN.region) == OPEN
    assert sessions.amend(replace(LATER, stop_call=CALL)) is False
    sessions.end(OPEN)
    assert sessions.amend(called) is False


def test_a_session_succeeds_another_in_one_write(sessions: Sessions) -> None:
    """Twice is once, and a session that is over has no second successor."""
    sessions.begin(OPEN)
    stopped = replace(LATER, kind=SessionKind.STOPPED, instance_type=None)

    assert [sessions.succeed(OPEN, stopped), sessions.succeed(OPEN, stopped)] == [True, True]
    assert sessions.succeed(OPEN, replace(stopped, since=SINCE + timedelta(hours=3))) is False
    assert sessions.get(OPEN.arn, OPEN.region) == stopped


def test_a_session_ends_once(sessions: Sessions) -> None:
    """The second call returns False, and so does one for a session that never was."""
    sessions.begin(OPEN)

    assert [sessions.end(OPEN), sessions.end(OPEN)] == [True, False]
    assert sessions.get(OPEN.arn, OPEN.region) is None


def test_a_late_end_does_not_end_a_newer_session(sessions: Sessions) -> None:
    """The condition is when it began."""
    sessions.begin(OPEN)
    sessions.end(OPEN)
    sessions.begin(LATER)

    assert sessions.end(OPEN) is False
    assert sessions.get(OPEN.arn, OPEN.region) == LATER


def test_sessions_are_told_by_region(sessions: Sessions) -> None:
    """However many there are."""
    many = [replace(OPEN, arn=f"{OPEN.arn}-{number}", name=f"Lab-{number}") for number in range(30)]
    ireland = replace(OPEN, region="eu-west-1", arn=OPEN.arn.replace("us-east-1", "eu-west-1"))
    for session in (*many, ireland):
        sessions.begin(session)

    assert {session.arn for session in sessions.open_sessions("us-east-1")} == {session.arn for session in many}
    assert list(sessions.open_sessions("eu-west-1")) == [ireland]
    assert list(sessions.open_sessions("eu-north-1")) == []


def test_an_open_session_never_expires(aws: Aws, tables: tuple[str, str]) -> None:
    """A notebook may run for years; what is forgotten would be lost to the ledger."""
    client = aws.client("dynamodb")
    DynamoSessions(client, tables[1]).begin(OPEN)
    [item] = client.scan(TableName=tables[1])["Items"]
    row: dict[str, Any] = from_item(item)

    assert (row["pk"], row["sk"]) == ("session#us-east-1", OPEN.arn)
    assert "expires_at" not in row


def test_a_table_that_is_not_there_is_unavailable(aws: Aws) -> None:
    """A typed error that names the action, and a retry."""
    with pytest.raises(UnavailableError, match="dynamodb:PutItem on the sessions: ResourceNotFoundException"):
        DynamoSessions(aws.client("dynamodb"), "nowhere").begin(OPEN)
