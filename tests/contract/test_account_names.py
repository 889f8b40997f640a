"""The names of accounts: asked for in Organizations, and remembered in WatchState."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from botocore.exceptions import ClientError

from sagewatch.adapters.dynamodb.account_names import DynamoAccountNames
from sagewatch.adapters.organizations import OrganizationAccountNames
from sagewatch.delivery.ports import AccountNames
from sagewatch.errors import ThrottledError, UnavailableError
from tests.worlds.aws import Aws
from tests.worlds.builders import NOW

ML = "222233334444"


@dataclass
class Organization(AccountNames):
    """Counts what it is asked."""

    names: dict[str, str]
    asked: list[str] = field(default_factory=list)

    def name(self, account: str) -> str | None:
        """Answer."""
        self.asked.append(account)
        return self.names.get(account)


@dataclass
class Refusing:
    """A client whose calls fail."""

    code: str

    def describe_account(self, **_: str) -> object:
        """Fail."""
        raise ClientError({"Error": {"Code": self.code, "Message": "no"}}, "DescribeAccount")


def test_organizations_name_an_account(aws: Aws) -> None:
    """With the real client; an account of another organization has no name."""
    client = aws.client("organizations")
    client.create_organization(FeatureSet="ALL")
    made = client.create_account(AccountName="ml-research", Email="ml@example.com")["CreateAccountStatus"]["AccountId"]

    assert OrganizationAccountNames(client).name(made) == "ml-research"
    assert OrganizationAccountNames(client).name("999999999999") is None


@pytest.mark.parametrize("code", ["AccessDeniedException", "AWSOrganizationsNotInUseException"])
def test_a_stack_that_may_not_know_names_has_none(code: str) -> None:
    """AWS answers the management account and delegated administrators only."""
    assert OrganizationAccountNames(Refusing(code)).name(ML) is None


@pytest.mark.parametrize(
    ("code", "error"), [("TooManyRequestsException", ThrottledError), ("ServiceException", UnavailableError)]
)
def test_a_fault_that_passes_is_no_answer(code: str, error: type[Exception]) -> None:
    """It is not remembered."""
    with pytest.raises(error):
        OrganizationAccountNames(Refusing(code)).name(ML)


def test_a_name_is_asked_for_once_a_week_and_one_that_is_not_known_once_a_day(
    aws: Aws, tables: tuple[str, str]
) -> None:
    """By all processes together, and by one that runs on."""
    asks, now = Organization({ML: "ml-research"}), NOW
    client = aws.client("dynamodb")

    def process() -> DynamoAccountNames:
        return DynamoAccountNames(client, tables[1], lambda: now, ask=asks)

    def clock() -> datetime:
        return now

    lasting = DynamoAccountNames(client, tables[1], clock, ask=asks)
    for _ in range(3):
        assert [names.name(ML) for names in (process(), lasting)] == ["ml-research"] * 2
        assert [names.name("333344445555") for names in (process(), lasting)] == [None] * 2
    assert asks.asked == [ML, "333344445555"]

    now += timedelta(days=1, seconds=1)
    assert (lasting.name("333344445555"), lasting.name(ML)) == (None, "ml-research")
    assert asks.asked[2:] == ["333344445555"]
    now += timedelta(days=7)
    asks.names[ML] = "ml-lab"
    assert (lasting.name(ML), process().name(ML)) == ("ml-lab", "ml-lab")
