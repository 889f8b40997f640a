"""What is remembered of notebooks: one contract for memory and for DynamoDB."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from sagewatch.adapters.dynamodb.deliveries import DynamoDeliveries
from sagewatch.adapters.dynamodb.idle_state import RESOURCES, DynamoNotebookStates
from sagewatch.adapters.dynamodb.items import to_item
from sagewatch.adapters.dynamodb.posted_messages import DynamoPostedMessages
from sagewatch.adapters.dynamodb.seen_requests import DynamoSeenRequests
from sagewatch.adapters.dynamodb.sessions import DynamoSessions
from sagewatch.adapters.dynamodb.stop_claims import DynamoLeases, DynamoResourceLeases
from sagewatch.alerts.ports import Lease, PostedMessages
from sagewatch.delivery.ports import Deliveries
from sagewatch.errors import StateChangedError, UnreadableError
from sagewatch.idle.ports import LeaseGrant, Leases, NotebookStates
from sagewatch.idle.state import Hold, NotebookState, OpenMessage, PendingStop
from sagewatch.notebooks.ports import Sessions
from sagewatch.notebooks.session import Session, StopCall
from sagewatch.slack.interactions.ports import SeenRequests
from sagewatch.standing.idling.ports import ResourceLeases
from tests.fakes.delivery import InMemoryDeliveries
from tests.fakes.idle import InMemoryNotebookStates
from tests.fakes.leases import InMemoryLeases, InMemoryResourceLeases
from tests.fakes.notebooks import InMemorySessions
from tests.fakes.slack import InMemorySeenRequests
from tests.worlds.aws import Aws
from tests.worlds.builders import ACCOUNT, NOW, message_ref

REGION = "us-east-1"
ARN = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:notebook-instance/lab"
WARNED = PendingStop(
    alert_id="notebook-idle-1",
    warned_at=NOW,
    stop_at=NOW + timedelta(hours=1),
    idle_since=NOW - timedelta(hours=5),
    held=Hold.TRIAL,
    trial=True,
    sources=("Jupyter", "jupyter.log"),
    refused=True,
    postponed=True,
)
WHOLE = NotebookState(
    arn=ARN,
    next_check_at=NOW,
    pending=WARNED,
    announced=3,
    busy_since=NOW - timedelta(days=1),
    active_at=NOW - timedelta(hours=9),
    message=OpenMessage(alert_id="notebook-idle-1", sent_at=NOW, planned=True, lease_shown=NOW, renewed_at=NOW),
    verdict="warn",
    reason="idle",
)
LEASE = Lease("U0ANA", NOW + timedelta(hours=4), NOW)
SESSION = Session(
    arn=ARN,
    name="lab",
    account=ACCOUNT,
    region=REGION,
    owner=None,
    owner_source=None,
    instance_type="ml.t3.medium",
    volume_gb=5,
    since=NOW - timedelta(days=1),
)
CALL = StopCall("sagewatch", NOW, NOW - timedelta(hours=5))


@dataclass
class State:
    """The stores under test."""

    watches: NotebookStates
    leases: Leases
    sessions: Sessions
    presses: SeenRequests
    deliveries: Deliveries
    posted: PostedMessages


@pytest.fixture(params=["memory", "dynamodb"])
def state(request: pytest.FixtureRequest, aws: Aws) -> State:
    """Empty stores."""
    if request.param == "memory":
        deliveries, states, sessions = InMemoryDeliveries(), InMemoryNotebookStates(), InMemorySessions()
        leases = InMemoryLeases(states, sessions)
        return State(states, leases, sessions, InMemorySeenRequests(), deliveries, deliveries)
    _, table = request.getfixturevalue("tables")
    client: Any = aws.client("dynamodb")
    watches = DynamoNotebookStates(client, table, lambda: NOW)
    return State(
        watches,
        DynamoLeases(client, table),
        DynamoSessions(client, table),
        DynamoSeenRequests(client, table),
        DynamoDeliveries(client, table),
        DynamoPostedMessages(client, table),
    )


def test_what_is_not_known_is_a_watch_with_nothing_in_it(state: State) -> None:
    """And no region has it."""
    assert state.watches.read(ARN, REGION) == NotebookState(arn=ARN)
    assert state.watches.of_region(REGION) == {}


@pytest.mark.parametrize("watched", [WHOLE, NotebookState(arn=ARN)])
def test_a_watch_is_read_as_it_was_kept(state: State, watched: NotebookState) -> None:
    """Alone and with its region's."""
    saved = state.watches.save(watched, REGION)

    assert saved == replace(watched, version=1)
    assert state.watches.read(ARN, REGION) == saved
    assert state.watches.of_region(REGION) == {ARN: saved}
    assert state.watches.of_region("eu-west-1") == {}


def test_of_two_sweeps_that_read_the_same_state_one_saves_it(state: State) -> None:
    """The other one has to read it again. Releases without versions save at any time."""
    first = state.watches.save(WHOLE, REGION)
    state.watches.save(first, REGION)
    for stale in (WHOLE, first, replace(first, version=9)):
        with pytest.raises(StateChangedError):
            state.watches.save(replace(stale, reason="stale"), REGION)

    assert state.watches.read(ARN, REGION) == replace(WHOLE, version=2)


def test_a_save_whose_answer_was_lost_is_no_conflict(aws: Aws, tables: tuple[str, str]) -> None:
    """The client sends it again, and finds its own item."""
    states = DynamoNotebookStates(aws.client("dynamodb"), tables[1], lambda: NOW)

    assert [states.save(WHOLE, REGION).version for _ in range(2)] == [1, 1]
    assert [states.replace("a", "1", "2"), states.archive("a", "1"), states.replace("a", "1", "2")] == [
        False,
        None,
        True,
    ]
    assert states.replace("a", "1", "2")


def test_an_incident_is_replaced_only_as_it_was_read(state: State) -> None:
    """Of two edits of one message at the same moment, one is done again."""
    state.watches.archive("notebook-idle-1", "first")

    assert state.watches.replace("notebook-idle-1", "first", "second")
    assert not state.watches.replace("notebook-idle-1", "first", "third")
    assert not state.watches.replace("notebook-idle-2", "first", "third")
    assert [state.watches.load(f"notebook-idle-{number}") for number in (1, 2)] == ["second", None]


def test_sweeps_and_people_overwrite_nothing_of_each_other(state: State) -> None:
    """The last write counts."""
    state.leases.grant(ARN, REGION, LEASE, NOW)
    state.watches.save(WHOLE, REGION)
    state.leases.grant(ARN, REGION, LEASE, NOW)
    found = state.watches.read(ARN, REGION)

    assert (found.lease, found.pending, found.announced) == (LEASE, WARNED, 3)


@pytest.mark.parametrize("until", [NOW + timedelta(minutes=5), None])
def test_a_lease_takes_the_place_of_the_one_before(state: State, until: Any) -> None:
    """With its author."""
    state.leases.grant(ARN, REGION, LEASE, NOW)
    state.leases.grant(ARN, REGION, Lease("U0BO", until, NOW), NOW)

    assert state.watches.read(ARN, REGION).lease == Lease("U0BO", until, NOW)


def test_a_notebook_whose_name_begins_alike_is_another(state: State) -> None:
    """Its lease is its own."""
    state.leases.grant(f"{ARN}-2", REGION, LEASE, NOW)

    assert state.watches.read(ARN, REGION).lease is None


def test_an_alert_is_read_as_it_was_archived(state: State) -> None:
    """To edit its message."""
    state.watches.archive("notebook-idle-1", '{"a": 1}')

    assert state.watches.load("notebook-idle-1") == '{"a": 1}'
    assert state.watches.load("notebook-idle-2") is None


def test_a_request_is_the_first_of_its_kind_once(state: State) -> None:
    """Whatever comes between."""
    assert [state.presses.first(digest, NOW) for digest in ("a", "a", "b", "a")] == [True, False, True, False]


def test_an_alert_stands_somewhere_once_it_was_posted(state: State) -> None:
    """Not when it is only claimed."""
    state.deliveries.claim("a", NOW)
    claimed = state.posted.find("a")
    state.deliveries.confirm("a", message_ref("C0", "1.2"), NOW)

    assert (claimed, state.posted.find("a"), state.posted.find("b")) == (None, message_ref("C0", "1.2"), None)


def test_a_stop_is_claimed_once_by_one_caller(state: State) -> None:
    """The same caller may try again; another one may once the claim is old."""
    state.sessions.begin(SESSION)
    other = StopCall("sagewatch for U0ANA", NOW + timedelta(seconds=1))
    late = replace(other, at=NOW + timedelta(minutes=6))
    claims = [state.leases.claim_stop(SESSION, call, None) for call in (CALL, CALL, other, late)]
    found = state.sessions.get(ARN, REGION)

    assert claims == [True, True, False, True]
    assert found == replace(SESSION, stop_call=late)


def test_a_lease_that_was_not_seen_forbids_the_stop(state: State) -> None:
    """Whether there was none before, or another one."""
    state.sessions.begin(SESSION)
    state.leases.grant(ARN, REGION, LEASE, NOW)
    newer = replace(LEASE, author="U0BO")
    claims = [state.leases.claim_stop(SESSION, CALL, seen) for seen in (None, newer, LEASE)]

    assert claims == [False, False, True]


@pytest.mark.parametrize("lease", [LEASE, Lease("U0ANA", None, NOW)])
def test_a_claimed_stop_refuses_a_lease(state: State, lease: Lease) -> None:
    """The first write wins, and the stored lease stays as it is."""
    state.sessions.begin(SESSION)
    state.leases.claim_stop(SESSION, CALL, None)

    assert state.leases.grant(ARN, REGION, lease, NOW) is LeaseGrant.STOPPING
    assert state.watches.read(ARN, REGION).lease is None
    assert state.leases.grant(ARN, REGION, lease, NOW + timedelta(minutes=6)) is LeaseGrant.GRANTED


def test_an_older_press_does_not_replace_a_newer_lease(state: State) -> None:
    """A queue may deliver a press late, or twice."""
    newer = replace(LEASE, author="U0BO", written_at=NOW + timedelta(minutes=1))
    grants = [state.leases.grant(ARN, REGION, lease, NOW) for lease in (newer, LEASE, newer)]

    assert grants == [LeaseGrant.GRANTED, LeaseGrant.OVERTAKEN, LeaseGrant.GRANTED]
    assert state.watches.read(ARN, REGION).lease == newer


def test_of_two_buttons_pressed_within_one_second_the_later_one_counts(state: State) -> None:
    """Whichever of them the queue delivers first. A stop that saw the lease may still be claimed."""
    first, second = (
        replace(LEASE, author=user, written_at=NOW.replace(microsecond=at)) for user, at in (("U0ANA", 1), ("U0BO", 2))
    )
    grants = [state.leases.grant(ARN, REGION, lease, NOW) for lease in (second, first, second)]
    seen = state.watches.read(ARN, REGION).lease
    state.sessions.begin(SESSION)

    assert grants == [LeaseGrant.GRANTED, LeaseGrant.OVERTAKEN, LeaseGrant.GRANTED]
    assert (seen, state.leases.claim_stop(SESSION, CALL, seen)) == (second, True)


def test_a_lease_of_an_earlier_release_gives_way_to_one_of_the_same_second(aws: Aws, tables: tuple[str, str]) -> None:
    """It has no more than the second, and is read as before."""
    client: Any = aws.client("dynamodb")
    leases, watches = DynamoLeases(client, tables[1]), DynamoNotebookStates(client, tables[1], lambda: NOW)
    leases.grant(ARN, REGION, LEASE, NOW)
    key = to_item({"pk": f"notebook#{REGION}", "sk": f"{ARN}#lease"})
    client.update_item(TableName=tables[1], Key=key, UpdateExpression="REMOVE pressed_at")
    newer = replace(LEASE, author="U0BO", written_at=NOW.replace(microsecond=5))

    assert watches.read(ARN, REGION).lease == LEASE
    assert leases.grant(ARN, REGION, newer, NOW) is LeaseGrant.GRANTED
    assert watches.read(ARN, REGION).lease == newer


def test_no_stop_is_claimed_in_a_session_that_is_over(state: State) -> None:
    """Nor in one that never was."""
    assert state.leases.claim_stop(SESSION, CALL, None) is False
    state.sessions.begin(replace(SESSION, since=NOW))
    assert state.leases.claim_stop(SESSION, CALL, None) is False


@pytest.mark.parametrize(
    ("key", "change"),
    [
        ({"pk": f"notebook#{REGION}", "sk": f"{ARN}#watch"}, {"look_at": "soon"}),
        ({"pk": f"notebook#{REGION}", "sk": f"{ARN}#watch"}, {"warned": {"alert_id": "a"}}),
        ({"pk": f"notebook#{REGION}", "sk": f"{ARN}#lease"}, {"author": "U0ANA", "until": "never"}),
        ({"pk": f"session#{REGION}", "sk": ARN}, {"since": "long ago"}),
    ],
)
def test_an_item_that_cannot_be_read_is_named_and_leaves_the_others_readable(
    aws: Aws, tables: tuple[str, str], key: dict[str, str], change: dict[str, Any]
) -> None:
    """Whatever a later release or a hand wrote."""
    client: Any = aws.client("dynamodb")
    states, sessions = DynamoNotebookStates(client, tables[1], lambda: NOW), DynamoSessions(client, tables[1])
    other = f"{ARN}-2"
    states.save(NotebookState(arn=other), REGION)
    sessions.begin(replace(SESSION, arn=other))
    client.put_item(TableName=tables[1], Item=to_item({**key, **change}))
    found = {**states.read_region(REGION)} if "notebook" in key["pk"] else {**sessions.read_region(REGION)}

    assert isinstance(found[ARN], UnreadableError)
    assert ARN in str(found[ARN])
    assert not isinstance(found[other], UnreadableError)
    assert other in states.of_region(REGION)
    assert [session.arn for session in sessions.open_sessions(REGION)] == [other]


@pytest.fixture(params=["memory", "dynamodb"])
def resources(request: pytest.FixtureRequest, aws: Aws) -> tuple[NotebookStates, ResourceLeases]:
    """What is remembered of standing resources, and who keeps or ends one: empty."""
    if request.param == "memory":
        states = InMemoryNotebookStates()
        return states, InMemoryResourceLeases(states)
    _, table = request.getfixturevalue("tables")
    client: Any = aws.client("dynamodb")
    return DynamoNotebookStates(client, table, lambda: NOW, of=RESOURCES), DynamoResourceLeases(client, table)


APP = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:app/d-1/ana/canvas/default"


def test_whoever_ends_a_resource_excludes_the_others_and_a_lease(
    resources: tuple[NotebookStates, ResourceLeases],
) -> None:
    """The same one may try again; after five minutes, or once they release their claim, anyone may."""
    _, leases = resources

    assert leases.claim(APP, REGION, "ana", NOW, None)
    assert leases.claim(APP, REGION, "ana", NOW, None)
    assert not leases.claim(APP, REGION, "bo", NOW, None)
    assert leases.grant(APP, REGION, LEASE, NOW) is LeaseGrant.STOPPING
    assert leases.claim(APP, REGION, "bo", NOW + timedelta(minutes=6), None)
    leases.release(APP, REGION, "ana")
    assert leases.grant(APP, REGION, LEASE, NOW) is LeaseGrant.STOPPING
    leases.release(APP, REGION, "bo")
    leases.release(APP, REGION, "bo")
    assert leases.grant(APP, REGION, LEASE, NOW) is LeaseGrant.GRANTED


def test_a_resource_is_not_ended_over_a_lease_that_was_not_seen(
    resources: tuple[NotebookStates, ResourceLeases],
) -> None:
    """The lease is read with the state, and an older one does not replace a newer one."""
    states, leases = resources
    older = replace(LEASE, written_at=NOW - timedelta(hours=1))

    assert leases.grant(APP, REGION, LEASE, NOW) is LeaseGrant.GRANTED
    assert states.read(APP, REGION).stored_lease == LEASE
    assert not leases.claim(APP, REGION, "ana", NOW, None)
    assert leases.grant(APP, REGION, older, NOW) is LeaseGrant.OVERTAKEN
    assert leases.claim(APP, REGION, "ana", NOW, LEASE)


def test_resources_and_notebooks_are_remembered_apart(request: pytest.FixtureRequest, aws: Aws) -> None:
    """Sweeps of notebooks read no resource, and the other way round; an archived message is anyone's."""
    _, table = request.getfixturevalue("tables")
    client: Any = aws.client("dynamodb")
    notebooks = DynamoNotebookStates(client, table, lambda: NOW)
    states = DynamoNotebookStates(client, table, lambda: NOW, of=RESOURCES)
    notebooks.save(NotebookState(arn=ARN), REGION)
    states.save(NotebookState(arn=APP, message=OpenMessage(alert_id="standing-idle-1", sent_at=NOW)), REGION)
    DynamoResourceLeases(client, table).claim(APP, REGION, "ana", NOW, None)

    assert set(notebooks.read_region(REGION)) == {ARN}
    assert set(states.read_region(REGION)) == {APP}
    assert states.read(APP, REGION).version == 1
