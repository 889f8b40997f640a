"""Builds the sweeps of other accounts."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from sagewatch.adapters.alert_queue import SqsAlertQueue
from sagewatch.adapters.assumed_roles import AssumedRoles
from sagewatch.adapters.dynamodb.spokes import DynamoSpokeStates
from sagewatch.adapters.dynamodb.sweep_state import DynamoRegionReader
from sagewatch.adapters.scope_queue import SqsScopeQueue
from sagewatch.clock import TimeBudget
from sagewatch.outcomes import Outcome
from sagewatch.runtime.hub import HubHandler
from sagewatch.runtime.scheduled import ScheduledHandler
from sagewatch.runtime.settings import SweepSettings
from sagewatch.sagemaker.scopes import Scope
from sagewatch.spokes.sweep import FanOut, SpokeCheck, SpokeSweep
from sagewatch.wiring.clients import now

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sqs import SQSClient


def make_hub_handler(  # noqa: PLR0913 - what one sweep has and the other has not
    given: SweepSettings,
    scheduled: ScheduledHandler,
    *,
    dynamodb: "DynamoDBClient",
    sqs: "SQSClient",
    probe: Callable[[Scope], object],
    sweep: Callable[[Scope, TimeBudget], Outcome],
    acting: AssumedRoles | None = None,
) -> ScheduledHandler | HubHandler:
    """Make the handler of a sweep that other accounts are swept by, if there are any."""
    if not given.sweep_queue_url:
        return scheduled
    states = DynamoSpokeStates(dynamodb, given.watch_state)
    spokes = SpokeSweep(
        probe=probe,
        sweep=sweep,
        states=states,
        alerts=SqsAlertQueue(sqs, given.alert_queue_url),
        clock=now,
        name=scheduled.name,
    )
    fan_out = FanOut(
        regions=DynamoRegionReader(dynamodb, given.watch_state),
        queue=SqsScopeQueue(sqs, given.sweep_queue_url),
        states=states,
        name=scheduled.name,
        clock=now,
        home=given.account,
        home_region=given.home_region,
        named_accounts=given.spoke_accounts,
        named_regions=given.regions,
    )
    check = SpokeCheck(probe=probe, assume_acting=acting.check if acting else None)
    return HubHandler(scheduled=scheduled, fan_out=fan_out.send, spoke=spokes.run, check=check.run)
