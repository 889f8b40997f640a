"""The client of sweeps, whose threads share calls: each request has the effect and the answer that it has alone."""

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from sagewatch.adapters.dynamodb.grouped import GroupedDynamo
from sagewatch.adapters.dynamodb.items import to_item
from tests.worlds.aws import Aws

KEYS = {"state": ("pk", "sk"), "ledger": ("resource_arn", "created_at")}
ABSENT = {"ConditionExpression": "attribute_not_exists(pk)", "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}


class Shared:
    """A grouped client of the server, the calls it makes, and threads that use it at the same moment."""

    def __init__(self, aws: Aws) -> None:
        self.calls: Counter[str] = Counter()
        self.plain = aws.client("dynamodb")
        client = aws.client("dynamodb")
        client.meta.events.register("before-call.*.*", lambda model, **_: self.calls.update([model.name]))
        self.client: Any = GroupedDynamo(client, KEYS)

    def together(self, requests: Sequence[Callable[[], Any]]) -> list[Any]:
        """Make all requests at the same moment, each in a thread; return their answers, or their errors."""
        start = Barrier(len(requests))

        def run(request: Callable[[], Any]) -> Any:
            start.wait()
            try:
                return request()
            except ClientError as exc:
                return exc.response["Error"]["Code"]

        with ThreadPoolExecutor(len(requests)) as pool:
            return list(pool.map(run, requests))

    def items(self) -> list[str]:
        """The sort keys that are there."""
        return sorted(item["sk"]["S"] for item in self.plain.scan(TableName="state")["Items"])


@pytest.fixture
def shared(aws: Aws, tables: tuple[str, str]) -> Shared:
    """Two empty tables."""
    del tables
    return Shared(aws)


def put(shared: Shared, name: str, **more: Any) -> Callable[[], Any]:
    """A request that puts an item."""
    return lambda: shared.client.put_item(TableName="state", Item=to_item({"pk": "a", "sk": name}), **more)


def test_writes_of_many_threads_are_a_few_calls(shared: Shared) -> None:
    """The first one is alone; those that come meanwhile are one transaction."""
    answers = shared.together([put(shared, f"{number:02}") for number in range(16)])

    assert all(isinstance(answer, dict) for answer in answers) or answers.count({}) >= 14
    assert shared.items() == [f"{number:02}" for number in range(16)]
    assert shared.calls.total() <= 4


def test_a_condition_that_fails_is_its_own_requests_answer(shared: Shared) -> None:
    """The others are written; the one that fails gets the item that is there, as it would alone."""
    put(shared, "07", **ABSENT)()
    answers = shared.together([put(shared, f"{number:02}", **ABSENT) for number in range(16)])

    assert [answers.index(answer) for answer in answers if isinstance(answer, str)] == [7]
    assert answers[7] == "ConditionalCheckFailedException"
    assert shared.items() == [f"{number:02}" for number in range(16)]


def test_of_two_that_put_one_item_on_a_condition_one_succeeds(shared: Shared) -> None:
    """They are never in one transaction, which may not have two parts for one item."""
    answers = shared.together([put(shared, "same", **ABSENT) for _ in range(8)])

    assert answers.count("ConditionalCheckFailedException") == 7


def test_transactions_of_many_threads_stay_whole(shared: Shared) -> None:
    """A part whose condition fails takes only its own transaction with it. A mark that all write is written once."""
    put(shared, "row-3")()
    mark = {"Put": {"TableName": "state", "Item": to_item({"pk": "marks", "sk": "mark"})}}

    def write(number: int) -> Callable[[], Any]:
        row = {"TableName": "state", "Item": to_item({"pk": "a", "sk": f"row-{number}"})}
        own = {"Put": {"TableName": "state", "Item": to_item({"pk": "own", "sk": f"own-{number}"})}}
        parts = [{"Put": {**row, "ConditionExpression": "attribute_not_exists(pk)"}}, own, mark]
        return lambda: shared.client.transact_write_items(TransactItems=parts)

    answers = shared.together([write(number) for number in range(8)])

    assert answers[3] == "TransactionCanceledException"
    assert not any(isinstance(answer, str) for number, answer in enumerate(answers) if number != 3)
    assert shared.items() == [
        "mark",
        *(f"own-{number}" for number in range(8) if number != 3),
        *(f"row-{number}" for number in range(8)),
    ]
    assert shared.calls["TransactWriteItems"] < 8


def test_deletes_join_as_well(shared: Shared) -> None:
    """With and without a condition."""
    for number in range(4):
        put(shared, str(number))()

    def delete(number: int) -> Callable[[], Any]:
        condition = {"ConditionExpression": "attribute_exists(nothing)"} if number == 2 else {}
        key = to_item({"pk": "a", "sk": str(number)})
        return lambda: shared.client.delete_item(TableName="state", Key=key, **condition)

    answers = shared.together([delete(number) for number in range(4)])

    assert [number for number, answer in enumerate(answers) if isinstance(answer, str)] == [2]
    assert shared.items() == ["2"]


def test_reads_of_many_threads_are_a_few_calls(shared: Shared) -> None:
    """Each gets its own items, also two that ask for the same, and one that asks for what is not there."""
    for number in range(4):
        put(shared, str(number))()
    shared.calls.clear()
    keys = [to_item({"pk": "a", "sk": name}) for name in ("0", "1", "1", "nothing", "2", "3")]
    read = [lambda key=key: shared.client.get_item(TableName="state", Key=key, ConsistentRead=True) for key in keys]
    many = {"state": {"Keys": [keys[0], keys[3], keys[1]], "ConsistentRead": True}}
    answers = shared.together([*read, lambda: shared.client.batch_get_item(RequestItems=many)])

    assert [answer.get("Item", {}).get("sk", {}).get("S") for answer in answers[:-1]] == ["0", "1", "1", None, "2", "3"]
    assert [item["sk"]["S"] for item in answers[-1]["Responses"]["state"]] in (["0", "1"], ["1", "0"])
    assert shared.calls.total() <= 3


def test_what_is_not_grouped_is_the_clients_own(shared: Shared) -> None:
    """A read that may be old, a table that is not known, an update, a paginator."""
    put(shared, "here")()
    key = to_item({"pk": "a", "sk": "here"})

    assert "Item" in shared.client.get_item(TableName="state", Key=key)
    assert [page["Count"] for page in shared.client.get_paginator("scan").paginate(TableName="state")] == [1]
    with pytest.raises(shared.client.exceptions.ResourceNotFoundException):
        shared.client.put_item(TableName="unknown", Item=key)


class Broken:
    """A client whose transactions and batches fail in one way, and which notes what is written alone."""

    def __init__(self, error: Exception) -> None:
        self.error = error
        self.alone: list[str] = []

    def put_item(self, **request: Any) -> dict[str, Any]:
        """Put an item."""
        self.alone.append(request["Item"]["sk"]["S"])
        return {"alone": True}

    def transact_write_items(self, **request: Any) -> None:
        """Fail."""
        del request
        raise self.error


def broken(error: Exception) -> tuple[Broken, list[Any]]:
    """Eight threads put through a client whose transactions fail: the client, and the answers or errors."""
    client = Broken(error)
    grouped = GroupedDynamo(client, KEYS)  # type: ignore[arg-type] # of the methods that are called
    start = Barrier(8)

    def run(number: int) -> Any:
        start.wait()
        try:
            return grouped.put_item(TableName="state", Item=to_item({"pk": "a", "sk": str(number)}))
        except EndpointConnectionError as exc:
            return exc

    with ThreadPoolExecutor(8) as pool:
        return client, list(pool.map(run, range(8)))


def test_a_transaction_that_aws_refuses_as_a_whole_is_sent_one_by_one() -> None:
    """Throttled, too large, denied: each request gets the answer that it would have got."""
    client, answers = broken(ClientError({"Error": {"Code": "ThrottlingException"}}, "TransactWriteItems"))

    assert answers == [{"alone": True}] * 8
    assert sorted(client.alone) == [str(number) for number in range(8)]


def test_without_an_answer_every_request_of_the_call_fails() -> None:
    """No thread waits for ever, and none takes it for written."""
    client, answers = broken(EndpointConnectionError(endpoint_url="http://nowhere"))
    failed = [answer for answer in answers if isinstance(answer, EndpointConnectionError)]

    assert len(failed) == 8 - len(client.alone)
    assert failed
