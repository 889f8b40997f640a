"""SweepResources: its settings and its objects."""

from functools import cache
from typing import Annotated

from pydantic import Field

from sagewatch.adapters.cloudwatch.usage_metrics import CloudWatchUsageReads
from sagewatch.adapters.dynamodb.health import DynamoSweepLog
from sagewatch.adapters.dynamodb.ledger_writer import DynamoLedger
from sagewatch.adapters.dynamodb.left_out import DynamoLeftOut
from sagewatch.adapters.dynamodb.stale_totals import DynamoStaleTotals
from sagewatch.adapters.dynamodb.standing_sessions import DynamoStandingSessions
from sagewatch.adapters.dynamodb.sweep_state import DynamoCheckpoints, DynamoDailyNotices, DynamoRegionReader
from sagewatch.adapters.sagemaker.reads import SESSION_KINDS, SageMakerSessionReads
from sagewatch.runtime.scheduled import ScheduledHandler
from sagewatch.runtime.settings import Percent, Settings, Text, Words
from sagewatch.standing.sweep import StandingSweep
from sagewatch.sweeps import Sweep
from sagewatch.wiring.clients import LONGEST_LOOK, client, cloudwatch, now, patient_sagemaker
from sagewatch.wiring.prices import make_prices


class SweepResourcesSettings(Settings):
    """Settings of SweepResources, which reads the stack's own account. ``home_region`` is the stack's own."""

    cost_ledger: Text
    watch_state: Text
    owner_tag_keys: Annotated[Words, Field(min_length=1)]
    discount_percent: Percent
    regions: Words = ()
    home_region: Text = Field(alias="AWS_REGION")


@cache
def sweep_resources() -> ScheduledHandler:
    """SweepResources: sessions of standing resources. Raises ``SettingsError``."""
    given = SweepResourcesSettings.from_env()
    dynamodb = client("dynamodb")
    sweep = StandingSweep(
        kinds=SESSION_KINDS,
        api_of=SageMakerSessionReads(patient_sagemaker),
        metrics_of=CloudWatchUsageReads(cloudwatch),
        sessions=DynamoStandingSessions(dynamodb, given.watch_state),
        ledger=DynamoLedger(dynamodb, given.cost_ledger, DynamoStaleTotals(dynamodb, given.watch_state, now)),
        prices=make_prices(dynamodb, given.watch_state, given.discount_percent),
        checkpoints=DynamoCheckpoints(dynamodb, given.watch_state),
        regions=DynamoRegionReader(dynamodb, given.watch_state, given.regions),
        owner_tag_keys=given.owner_tag_keys,
        clock=now,
        home_region=given.home_region,
    )
    return ScheduledHandler(
        lambda _, more_time: sweep.sweep(more_time),
        reserve=LONGEST_LOOK,
        left_out=DynamoLeftOut(DynamoDailyNotices(dynamodb, given.watch_state, now)),
        log=DynamoSweepLog(dynamodb, given.watch_state),
        name=Sweep.RESOURCES,
    )
