"""No expression names an attribute by a word that DynamoDB reserves."""

import boto3
import pytest

from tests.worlds.aws import Aws
from tests.worlds.reserved_words import reserved_in


@pytest.mark.parametrize(
    ("member", "expression", "words"),
    [
        ("KeyConditionExpression", "family = :family AND ended_at >= :since", ["family"]),
        ("KeyConditionExpression", "#family = :family AND ended_at BETWEEN :from AND :to", []),
        ("ConditionExpression", "attribute_not_exists(resource_arn) OR pricing IN (:0, :1)", []),
        ("ConditionExpression", "attribute_not_exists(pk) OR Count = :0", ["Count"]),
        (
            "UpdateExpression",
            "SET expires_at = :expires, #count = :count REMOVE region ADD minutes :minute",
            ["region"],
        ),
        ("ProjectionExpression", "resource_arn, status, facts.owner", ["status", "owner"]),
    ],
)
def test_reserved_words_are_found(member: str, expression: str, words: list[str]) -> None:
    """Placeholders, functions and the expression's own keywords are no attribute names."""
    assert reserved_in(expression, member) == words


def test_a_request_with_a_reserved_word_fails_its_test(aws: Aws) -> None:
    """The check runs before the request is sent, on clients of every session."""
    plain = boto3.Session().client("dynamodb", "us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    for client in (aws.client("dynamodb"), plain):
        with pytest.raises(AssertionError, match="reserved words: \\['family'\\]"):
            client.query(
                TableName="ledger",
                KeyConditionExpression="family = :family",
                ExpressionAttributeValues={":family": {"S": "x"}},
            )


def test_a_transaction_is_checked_too(aws: Aws) -> None:
    """Its expressions are nested."""
    update = {"TableName": "t", "Key": {"pk": {"S": "x"}}, "UpdateExpression": "SET status = :new"}
    with pytest.raises(AssertionError, match="status"):
        aws.client("dynamodb").transact_write_items(TransactItems=[{"Update": update}])
