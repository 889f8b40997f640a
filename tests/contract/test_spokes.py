"""What is kept of other accounts, in memory and in DynamoDB; and the queue of their sweeps in SQS."""

from datetime import timedelta

import pytest

from sagewatch.adapters.dynamodb.spokes import DynamoSpokeStates
from sagewatch.adapters.scope_queue import SqsScopeQueue
from sagewatch.spokes.ports import Problem, SpokeState, SpokeStates, Trouble
from tests.fakes.spokes import InMemorySpokeStates
from tests.worlds.aws import Aws
from tests.worlds.builders import NOW

THEIRS, SWEEP = "222233334444/us-east-1", "SweepJobs"


@pytest.fixture(params=["in_memory", "dynamodb"])
def states(request: pytest.FixtureRequest) -> SpokeStates:
    """Nothing is known yet."""
    if request.param == "in_memory":
        return InMemorySpokeStates()
    _, state = request.getfixturevalue("tables")
    return DynamoSpokeStates(request.getfixturevalue("aws").client("dynamodb"), state)


def test_trouble_lasts_from_its_first_sweep_to_the_next_that_succeeds(states: SpokeStates) -> None:
    """Its kind may change meanwhile; each sweep and region has its own."""
    first = states.failed(THEIRS, SWEEP, Problem.SILENT, NOW)
    again = states.failed(THEIRS, SWEEP, Problem.ROLE, NOW + timedelta(minutes=15))
    states.swept(THEIRS, "SweepNotebooks", NOW)
    states.swept("333344445555/eu-west-1", SWEEP, NOW)

    assert first == Trouble(problem=Problem.SILENT, since=NOW, times=1)
    assert again == Trouble(problem=Problem.ROLE, since=NOW, times=2)
    assert list(states.all()) == [
        SpokeState(scope=THEIRS, sweep=SWEEP, trouble=again),
        SpokeState(scope=THEIRS, sweep="SweepNotebooks", swept_at=NOW),
        SpokeState(scope="333344445555/eu-west-1", sweep=SWEEP, swept_at=NOW),
    ]
    states.swept(THEIRS, SWEEP, NOW)
    assert states.failed(THEIRS, SWEEP, Problem.ROLE, NOW).times == 1


def test_a_round_is_queued_once_and_one_account_is_a_group(aws: Aws) -> None:
    """A schedule that fires twice in a minute queues nothing twice."""
    sqs = aws.client("sqs")
    url = sqs.create_queue(QueueName="sweeps.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    scopes = [f"{account:012}/{region}" for account in range(6) for region in ("us-east-1", "eu-west-1")]
    for _ in range(2):
        SqsScopeQueue(sqs, url).send(scopes, NOW)
    found = []
    while messages := sqs.receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, MessageSystemAttributeNames=["MessageGroupId"]
    ).get("Messages"):
        found += [(message["Attributes"]["MessageGroupId"], message["Body"]) for message in messages]
        for message in messages:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])

    assert sorted(found) == sorted((scope[:12], f'{{"scope": "{scope}"}}') for scope in scopes)
