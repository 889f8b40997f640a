"""SweepResources: its settings and its objects."""

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from sagewatch.adapters.announced_stops import SqsAnnouncedStops
from sagewatch.adapters.cloudwatch.usage_metrics import CloudWatchUsageReads
from sagewatch.adapters.dynamodb.health import DynamoSweepLog
from sagewatch.adapters.dynamodb.ledger_writer import DynamoLedger
from sagewatch.adapters.dynamodb.left_out import DynamoLeftOut
from sagewatch.adapters.dynamodb.posted_messages import DynamoPostedMessages
from sagewatch.adapters.dynamodb.stale_totals import DynamoStaleTotals
from sagewatch.adapters.dynamodb.standing_sessions import DynamoStandingSessions
from sagewatch.adapters.dynamodb.studio_audits import DynamoStudioAudits
from sagewatch.adapters.dynamodb.sweep_state import DynamoCheckpoints, DynamoDailyNotices, DynamoRegionReader
from sagewatch.adapters.sagemaker.reads import SESSION_KINDS, SageMakerSessionReads
from sagewatch.runtime.scheduled import ScheduledHandler
from sagewatch.runtime.settings import Count, Minutes, RecordingSettings, Text
from sagewatch.standing.idling.follow_up import IdleFollowUp
from sagewatch.standing.idling.verdicts import EndRules
from sagewatch.standing.studio.audit import StudioAudit, WeeklyAudit
from sagewatch.standing.sweep import StandingSweep
from sagewatch.sweeps import Sweep
from sagewatch.wiring.clients import LONGEST_LOOK, built_once, client, cloudwatch, now, patient_sagemaker
from sagewatch.wiring.idling import make_messages, make_states
from sagewatch.wiring.prices import make_prices

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sqs import SQSClient


class SweepResourcesSettings(RecordingSettings):
    """Settings of SweepResources. ``home_region`` is the stack's own; what is due goes to the queue of AnswerSlack."""

    home_region: Text = Field(alias="AWS_REGION")
    stack: Text
    press_queue_url: Text
    mode: Literal["enforce", "observe"]
    warn: Minutes = Field(alias="WARN_MINUTES")
    max_stops: Count = Field(alias="MAX_STOPS_PER_SWEEP")


@built_once
def sweep_resources() -> ScheduledHandler:
    """SweepResources: sessions of standing resources. Raises ``SettingsError``."""
    given = SweepResourcesSettings.from_env()
    dynamodb, sqs = client("dynamodb"), client("sqs")
    prices = make_prices(dynamodb, given.watch_state, given)
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
        idle=_follow_up(given, dynamodb, sqs),
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
        sweep=Sweep.RESOURCES,
        stack=given.stack,
    )


def _follow_up(given: SweepResourcesSettings, dynamodb: "DynamoDBClient", sqs: "SQSClient") -> IdleFollowUp:
    """It reports and warns; it has no call that changes anything of SageMaker."""
    enforce = given.mode == "enforce"
    return IdleFollowUp(
        states=make_states(given, dynamodb),
        messages=make_messages(given, dynamodb, sqs, enforce=enforce),
        posted=DynamoPostedMessages(dynamodb, given.watch_state),
        stops=SqsAnnouncedStops(sqs, given.press_queue_url),
        clock=now,
        rules=EndRules(given.warn, enforce),
        most=given.max_stops,
    )
