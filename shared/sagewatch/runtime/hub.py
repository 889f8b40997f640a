"""The shell of a sweep that also sweeps other accounts, each by a message of its own queue."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aws_lambda_powertools import Logger

from sagewatch.clock import TimeBudget
from sagewatch.errors import SageWatchError
from sagewatch.outcomes import Outcome
from sagewatch.runtime.log_lines import make_logger
from sagewatch.runtime.ports import LambdaContext
from sagewatch.runtime.scheduled import Deadline, ScheduledHandler
from sagewatch.runtime.telemetry import Telemetry
from sagewatch.sagemaker.scopes import Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class HubHandler:
    """Runs the ``scheduled`` sweep after ``fan_out`` has queued the others; runs ``spoke`` for a queued one.

    A queued sweep that fails is not repeated: the next round of the schedule queues it again. An operator may have
    scopes checked (``make spokes``).
    """

    scheduled: ScheduledHandler
    fan_out: Callable[[], int]
    spoke: Callable[[Scope, TimeBudget], Outcome]
    check: Callable[[Scope], Mapping[str, str]]
    logger: Logger = field(default_factory=make_logger)

    def __call__(self, event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
        """Return the outcome of the invocation."""
        if "spokes" in event:
            return {scope: dict(self.check(scope)) for scope in event["spokes"]}
        if "Records" not in event:
            self._fan_out()
            return self.scheduled(event, context)
        for record in event["Records"]:
            self._spoke(json.loads(record["body"])["scope"], context)
        return {"batchItemFailures": []}

    def _fan_out(self) -> None:
        """Other accounts wait for the next round if they cannot be queued. The stack's own does not."""
        try:
            self.logger.info("queued the sweeps of other accounts", extra={"scopes": self.fan_out()})
        except SageWatchError as error:
            self.logger.warning("sweeps of other accounts were not queued", extra={"reason": str(error)})

    def _spoke(self, scope: Scope, context: LambdaContext) -> None:
        telemetry = Telemetry()
        try:
            outcome = self.spoke(scope, Deadline(context, self.scheduled.reserve))
            telemetry.measure(outcome)
            self.logger.info("done", extra=dict(outcome.to_log()))
        except SageWatchError as error:
            self.logger.warning("sweep of another account failed", extra={"scope": scope, "reason": str(error)})
        finally:
            telemetry.flush(context.function_name)
