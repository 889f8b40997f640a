"""The sessions of standing resources, in memory and on moto's DynamoDB with the template's own tables."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from sagewatch.adapters.dynamodb.standing_sessions import DynamoStandingSessions
from sagewatch.sagemaker.kinds import ResourceKind
from sagewatch.standing.decision import Use
from sagewatch.standing.ports import StandingSessions
from sagewatch.standing.resources import BilledLine, Unit
from sagewatch.standing.sessions import StandingSession
from tests.fakes.standing import InMemoryStandingSessions
from tests.worlds.aws import Aws

NOW = datetime(2026, 11, 27, 9, 0, tzinfo=UTC)
SESSION = StandingSession(
    arn="arn:aws:sagemaker:us-east-1:123456789012:endpoint/llm/blue",
    name="llm/blue",
    kind=ResourceKind.ENDPOINT,
    account="123456789012",
    region="us-east-1",
    owner="ana",
    owner_source="tag owner",
    lines=(
        BilledLine("Hosting", "ml.g5.xlarge", Decimal(2)),
        BilledLine("Hosting", "", Decimal("60.5"), Unit.GB_MONTH),
    ),
    since=NOW,
    unseen=True,
    booked_until=NOW,
    use=Use.IDLE,
    last_use=NOW - timedelta(days=9),
    judged_at=NOW,
)


@pytest.fixture(params=["in_memory", "dynamodb"])
def sessions(request: pytest.FixtureRequest) -> StandingSessions:
    """Both, empty."""
    if request.param == "in_memory":
        return InMemoryStandingSessions()
    aws: Aws = request.getfixturevalue("aws")
    _, state = request.getfixturevalue("tables")
    return DynamoStandingSessions(aws.client("dynamodb"), state)


def test_a_session_is_read_as_it_was_written(sessions: StandingSessions) -> None:
    """Every field, by its region; one without owner, price or judgement too."""
    bare = replace(
        SESSION, arn=f"{SESSION.arn}-2", owner=None, owner_source=None, lines=(), unpriced="unknown", booked_until=None,
        use=None, last_use=None, judged_at=None,
    )  # fmt: skip
    elsewhere = replace(SESSION, region="eu-west-1")
    for session in (SESSION, bare, elsewhere):
        sessions.save(session)

    assert list(sessions.of_scope("us-east-1")) == [SESSION, bare]
    assert list(sessions.of_scope("eu-west-1")) == [elsewhere]


def test_a_session_takes_the_place_of_the_one_before_and_can_be_ended(sessions: StandingSessions) -> None:
    """One for each part. Ending it twice is no error."""
    sessions.save(SESSION)
    later = replace(SESSION, since=NOW + timedelta(hours=1))
    sessions.save(later)

    assert list(sessions.of_scope("us-east-1")) == [later]

    sessions.end(later)
    sessions.end(later)

    assert list(sessions.of_scope("us-east-1")) == []
