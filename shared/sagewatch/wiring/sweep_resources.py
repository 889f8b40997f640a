"""SweepResources: its settings and its objects."""

from pydantic import Field

from sagewatch.adapters.cloudwatch.usage_metrics import CloudWatchUsageReads
from sagewatch.adapters.dynamodb.health import DynamoSweepLog
from sagewatch.adapters.dynamodb.ledger_writer import DynamoLedger
from sagewatch.adapters.dynamodb.left_out import DynamoLeftOut
from sagewatch.adapters.dynamodb.stale_totals import DynamoStaleTotals
from sagewatch.adapters.dynamodb.standing_sessions import DynamoStandingSessions
from sagewatch.adapters.dynamodb.studio_audits import DynamoStudioAudits
from sagewatch.adapters.dynamodb.sweep_state import DynamoCheckpoints, DynamoDailyNotices, DynamoRegionReader
from sagewatch.adapters.sagemaker.reads import SESSION_KINDS, SageMakerSessionReads
from sagewatch.runtime.scheduled import ScheduledHandler
from sagewatch.runtime.settings import LedgerSettings, Text
from sagewatch.standing.studio.audit import StudioAudit, WeeklyAudit
from sagewatch.standing.sweep import StandingSweep
from sagewatch.sweeps import Sweep
from sagewatch.wiring.clients import LONGEST_LOOK, built_once, client, cloudwatch, now, patient_sagemaker
from sagewatch.wiring.prices import make_prices


class SweepResourcesSettings(LedgerSettings):
    """Settings of SweepResources. ``home_region`` is the stack's own."""

    home_region: Text = Field(alias="AWS_REGION")


@built_once
def sweep_resources() -> ScheduledHandler:
    """SweepResources: sessions of standing resources. Raises ``SettingsError``."""
    given = SweepResourcesSettings.from_env()
    dynamodb = client("dynamodb")
    prices = make_prices(dynamodb, given.watch_state, given.discount_percent)
    reads = SageMakerSessionReads(patient_sagemaker)
    sweep = StandingSweep(
        kinds=SESSION_KINDS,
        api_of=reads,
        metrics_of=CloudWatchUsageReads(cloudwatch),
        sessions=DynamoStandingSessions(dynamodb, given.watch_state, given.account),
        ledger=DynamoLedger(dynamodb, given.cost_ledger, DynamoStaleTotals(dynamodb, given.watch_state, now)),
        prices=prices,
        checkpoints=DynamoCheckpoints(dynamodb, given.watch_state),
        audit=WeeklyAudit(
            audit=StudioAudit(api_of=reads, prices=prices),
            audits=DynamoStudioAudits(dynamodb, given.watch_state, given.account),
            clock=now,
        ),
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
