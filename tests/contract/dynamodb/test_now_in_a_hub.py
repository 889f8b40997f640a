"""`make now` in a hub: what the sweeps' own stores keep of two other accounts is in the list, and only that."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from sagewatch.adapters.dynamodb.sessions import DynamoSessions
from sagewatch.adapters.dynamodb.spokes import DynamoSpokeStates
from sagewatch.adapters.dynamodb.standing_sessions import DynamoStandingSessions
from sagewatch.adapters.dynamodb.sweep_state import DynamoRegions
from sagewatch.runtime.settings import RecordingSettings
from sagewatch.standing.other_accounts import OtherAccounts
from sagewatch.standing.resources import BilledLine
from sagewatch.standing.survey import Standing, SurveyReport
from sagewatch.sweeps import Sweep
from sagewatch.wiring.prices import make_prices
from sagewatch.wiring.standing import other_accounts, plan_survey
from tests.contract.dynamodb.test_accounts import OTHERS, REGION, arn, session, standing
from tests.worlds.aws import Aws
from tests.worlds.builders import ACCOUNT

AT = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=10)
LINE = BilledLine("Hosting", "ml.m5.xlarge", Decimal(2))


class Hub:
    """The stores of a hub, as its sweeps write them, and what an operator reads of them."""

    def __init__(self, client: Any, ledger: str, state: str) -> None:
        """The second account has a discount of its own."""
        self.client, self.state = client, state
        values = {"CostLedgerName": ledger, "WatchStateName": state, "OwnerTagKeys": "owner", "AlertQueueUrl": "q"}
        discounts = {"DiscountPercent": "0", "AccountDiscounts": f"{OTHERS[1]}=50"}
        self.values = {**values, **discounts, "AccountId": ACCOUNT, "SpokeRoles": "sagewatch-hub", "Regions": ""}
        self.given = RecordingSettings.from_stack(self.values)
        self.standing = DynamoStandingSessions(client, state, ACCOUNT)
        self.notebooks = DynamoSessions(client, state, ACCOUNT)
        self.states = DynamoSpokeStates(client, state)
        self.regions = DynamoRegions(client, state, lambda: AT, home=ACCOUNT)

    def fill(self, account: str) -> None:
        """An endpoint of two variants, and a notebook."""
        for part in ("a", "b"):
            whole = replace(standing(account), since=AT, lines=(LINE,))
            self.standing.save(replace(whole, arn=f"{whole.arn}/{part}", name=f"{whole.name}/{part}"))
        self.notebooks.begin(replace(session(account), since=AT))
        self.regions.add(f"{account}/{REGION}")

    def swept(self, account: str) -> None:
        """Both sweeps were there."""
        for sweep in (Sweep.RESOURCES, Sweep.NOTEBOOKS):
            self.states.swept(f"{account}/{REGION}", sweep, AT)

    def report(self) -> SurveyReport:
        """What an operator reads of other accounts."""
        report, others = SurveyReport(), self.others()
        others.add_to(report, others.scopes())
        return report

    def others(self) -> OtherAccounts:
        """As `make now` is wired."""
        prices = make_prices(self.client, self.state, self.given)
        return other_accounts(self.given, self.client, prices, lambda _step: None)


@pytest.fixture
def hub(aws: Aws, tables: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> Hub:
    """A hub whose own account and two others have the same resources."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    made = Hub(aws.client("dynamodb"), *tables)
    for account in (ACCOUNT, *OTHERS):
        made.fill(account)
    made.swept(OTHERS[0])
    return made


def endpoints(report: SurveyReport) -> Sequence[Standing]:
    """Those of all accounts."""
    return [each for each in report.found if each.resource.arn.endswith("endpoint/same")]


def test_an_operator_reads_what_the_sweeps_keep_of_other_accounts(hub: Hub) -> None:
    """An endpoint is one row at its account's discount, a notebook one; the own account is read otherwise."""
    report = hub.report()
    first, second = endpoints(report)

    assert sorted((each.resource.account, each.resource.kind) for each in report.found) == [
        (account, kind) for account in OTHERS for kind in ("endpoint", "notebook")
    ]
    assert report.problems == []
    assert [each.resource.arn for each in (first, second)] == [arn(account, "endpoint") for account in OTHERS]
    assert first.hourly.usd is not None
    assert second.hourly.usd == first.hourly.usd / 2 > 0
    assert first.as_of == AT
    assert [each.owner and each.owner.name for each in report.found if each not in (first, second)] == [
        "ana@example.com"
    ] * 2


def test_an_account_that_was_not_swept_is_named(hub: Hub) -> None:
    """For each of the two sweeps."""
    never = [note for note in hub.report().notes if "never swept" in note]

    assert len(never) == 2
    assert all(OTHERS[1] in note and OTHERS[0] not in note for note in never)


def test_an_item_that_cannot_be_read_is_named_and_the_others_are_shown(hub: Hub) -> None:
    """Of both kinds of session."""
    for kind in ("standing", "session"):
        key = {"pk": {"S": f"{kind}#{OTHERS[0]}/{REGION}"}, "sk": {"S": f"odd-{kind}"}}
        hub.client.put_item(TableName=hub.state, Item={**key, "since": {"S": "yesterday"}})
    report = hub.report()

    assert len(report.found) == 4
    assert [any(f"odd-{kind}" in each for each in report.problems) for kind in ("standing", "session")] == [True, True]
    assert len(report.problems) == 2


def test_only_a_hub_has_other_accounts(hub: Hub) -> None:
    """A stack of one account has no roles elsewhere, and its list has none."""
    single = {name: value for name, value in hub.values.items() if name != "SpokeRoles"}
    plans = [
        plan_survey(partial(dict, values), [REGION], lambda _step: None, lambda: None)
        for values in (hub.values, single)
    ]

    assert [plan.others is not None for plan in plans] == [True, False]
    assert [plan.of_accounts.home for plan in plans] == [ACCOUNT, ACCOUNT]
    assert [plan.of_accounts.only for plan in plans] == [[REGION], [REGION]]
