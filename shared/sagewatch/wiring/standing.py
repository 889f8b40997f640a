"""The survey of what bills right now: `make now`, with the caller's own credentials."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

from sagewatch.adapters.cloudwatch.usage_metrics import CloudWatchUsageReads
from sagewatch.adapters.dynamodb.sessions import DynamoSessions
from sagewatch.adapters.dynamodb.spokes import DynamoSpokeStates
from sagewatch.adapters.dynamodb.standing_sessions import DynamoStandingSessionReader
from sagewatch.adapters.dynamodb.sweep_state import DynamoRegionReader, DynamoRegions
from sagewatch.adapters.sagemaker.reads import SageMakerStandingReads
from sagewatch.adapters.shipped_prices import ShippedPrices
from sagewatch.errors import SettingsError
from sagewatch.pricing.book import Rates
from sagewatch.pricing.ports import Prices
from sagewatch.runtime.settings import RecordingSettings
from sagewatch.sagemaker.ports import watched_regions
from sagewatch.sagemaker.scopes import Scope, region_of
from sagewatch.spokes.sweep import scopes_of
from sagewatch.standing.other_accounts import AccountsSurvey, OtherAccounts
from sagewatch.standing.registry import STANDING_KINDS
from sagewatch.standing.studio.audit import StudioAudit
from sagewatch.standing.survey import Survey, SurveyProgress
from sagewatch.wiring.clients import PATIENT, client, cloudwatch, home_region, now, patient_sagemaker
from sagewatch.wiring.prices import make_prices

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

OWNER_TAGS = ("sagewatch:owner", "owner", "Owner")  # the default of the template's OwnerTagKeys


class ShippedRates(Prices):
    """The shipped table without a discount: what there is without a stack."""

    def rates(self, scope: Scope) -> Rates:
        """Return the list prices of the shipped table."""
        return Rates(ShippedPrices().book(region_of(scope)), Decimal(0))


@dataclass(frozen=True, slots=True)
class SurveyPlan:
    """A survey, the regions that it reads, and what it lacks because there is no stack.

    ``only`` are the regions that were asked for, ``home`` is the stack's account, ``others`` are those of a hub.
    """

    survey: Survey
    regions: Sequence[str]
    lacks: str | None = None
    only: Sequence[str] = ()
    home: str | None = None
    others: OtherAccounts | None = None

    @property
    def of_accounts(self) -> AccountsSurvey:
        """The survey of the own account, and of what sweeps keep of others."""
        return AccountsSurvey(own=self.survey, regions=self.regions, only=self.only, home=self.home, others=self.others)

    @property
    def audit(self) -> StudioAudit:
        """The audit of Studio's idle shutdown, with the same reads and prices."""
        return StudioAudit(api_of=self.survey.api_of, prices=self.survey.prices)


def plan_survey(
    stack_values: Callable[[], Mapping[str, str]],
    regions: Sequence[str],
    progress: SurveyProgress,
    check: Callable[[], None],
) -> SurveyPlan:
    """Plan a survey of these regions, else of the stack's, else of the caller's own. Raises ``SettingsError``.

    ``stack_values`` reads the stack's parameters and outputs; it raises ``SettingsError`` if there is no stack.
    """
    if not home_region():
        raise SettingsError("No region is set. Set AWS_DEFAULT_REGION, or a profile with a region.")
    try:
        given = RecordingSettings.from_stack(stack_values())
    except SettingsError as exc:
        plain = _survey(ShippedRates(), OWNER_TAGS, progress, check)
        return SurveyPlan(plain, regions or [home_region()], f"{str(exc).rstrip('.')}. Shipped list prices apply.")
    dynamodb = client("dynamodb", config=PATIENT)
    prices = make_prices(dynamodb, given.watch_state, given)
    seen = DynamoRegions(dynamodb, given.watch_state, now, given.regions, given.account)
    wanted = regions or watched_regions(home_region(), seen)
    survey = _survey(prices, given.owner_tag_keys, progress, check)
    others = other_accounts(given, dynamodb, prices, progress) if given.spoke_roles else None
    return SurveyPlan(survey, wanted, only=regions, home=given.account, others=others)


def other_accounts(
    given: RecordingSettings, dynamodb: "DynamoDBClient", prices: Prices, progress: SurveyProgress
) -> OtherAccounts:
    """What the sweeps of a hub keep of other accounts, read with the caller's own permissions on WatchState."""
    scopes = partial(
        scopes_of,
        DynamoRegionReader(dynamodb, given.watch_state),
        home=given.account,
        home_region=home_region(),
        named_accounts=given.spoke_accounts,
        named_regions=given.regions,
    )
    return OtherAccounts(
        scopes=scopes,
        states=DynamoSpokeStates(dynamodb, given.watch_state),
        standing=DynamoStandingSessionReader(dynamodb, given.watch_state, given.account).read_scope,
        notebooks=DynamoSessions(dynamodb, given.watch_state, given.account).read_region,
        prices=prices,
        clock=now,
        progress=progress,
    )


def _survey(
    prices: Prices, owner_tag_keys: Sequence[str], progress: SurveyProgress, check: Callable[[], None]
) -> Survey:
    return Survey(
        kinds=STANDING_KINDS,
        api_of=SageMakerStandingReads(patient_sagemaker, check),
        metrics_of=CloudWatchUsageReads(cloudwatch),
        prices=prices,
        owner_tag_keys=owner_tag_keys,
        clock=now,
        progress=progress,
    )
