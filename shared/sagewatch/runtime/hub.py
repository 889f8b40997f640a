"""The shell of a sweep that also sweeps other accounts, each by a message of its own queue."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aws_lambda_powertools import Logger

from sagewatch.clock import TimeBudget
from sagewatch.errors import SageWatchError
from sagewatch.outcomes import EmfMetric, Outcome
from sagewatch.runtime.log_lines import make_logger
from sagewatch.runtime.ports import LambdaContext
from sagewatch.runtime.scheduled import Deadline, ScheduledHandler
from sagewatch.runtime.telemetry import Telemetry
from sagewatch.sagemaker.scopes import Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class HubHandler:
    """Runs the ``scheduled`` sweep after ``fan_out`` has queued the others; runs ``spoke`` for a queued one.

    A queued sweep that fails, for whatever reason, is not repeated: the next round of the schedule queues it again. The
    message of one that raised would stay in its queue, and the account's other regions would wait behind it. An
    operator may have scopes checked (``make spokes``).
    """

    scheduled: ScheduledHandler
    fan_out: Callable[[], int]
    spoke: Callable[[Scope, TimeBudget], Outcome]
    check: Callable[[Scope], Mapping[str, str]]
    logger: Logger = field(default_factory=make_logger)

    def __call__(self, event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
        """Return the outcome of the invocation."""
        if "spokes" in event:
            return {scope: self._checked(scope) for scope in event["spokes"]}
        if "Records" not in event:
            self._fan_out()
            return self.scheduled(event, context)
        for record in event["Records"]:
            self._spoke(record["body"], context)
        return {"batchItemFailures": []}

    def _checked(self, scope: Scope) -> dict[str, str]:
        """A scope whose check raises takes none of the others with it."""
        try:
            return dict(self.check(scope))
        except Exception as error:
            self.logger.exception("check of another account failed", extra={"scope": scope})
            return {"read": f"unexpected {type(error).__name__}: see the function's log"}

    def _fan_out(self) -> None:
        """Other accounts wait for the next round if they cannot be queued. The stack's own does not."""
        try:
            self.logger.info("queued the sweeps of other accounts", extra={"scopes": self.fan_out()})
        except SageWatchError as error:
            self.logger.warning("sweeps of other accounts were not queued", extra={"reason": str(error)})
        except Exception:
            self.logger.exception("sweeps of other accounts were not queued")

    def _spoke(self, body: str, context: LambdaContext) -> None:
        telemetry = Telemetry()
        try:
            outcome = self.spoke(json.loads(body)["scope"], Deadline(context, self.scheduled.reserve))
            telemetry.measure(outcome)
            self.logger.info("done", extra=dict(outcome.to_log()))
        except SageWatchError as error:
            telemetry.count(EmfMetric.SWEEP_FAILURES)
            self.logger.warning("sweep of another account failed", extra={"queued": body, "reason": str(error)})
        except Exception:
            telemetry.count(EmfMetric.SWEEP_FAILURES)
            self.logger.exception("sweep of another account failed", extra={"queued": body})
        finally:
            telemetry.flush(context.function_name)
