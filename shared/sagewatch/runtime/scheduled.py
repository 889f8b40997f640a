"""The shell of the Lambdas that a schedule invokes, or a person by hand."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools import Logger

from sagewatch.clock import Clock, TimeBudget
from sagewatch.errors import PartlyDoneError, SageWatchError
from sagewatch.outcomes import EmfMetric, Outcome
from sagewatch.runtime.handlers import TIME_FOR_ONE
from sagewatch.runtime.log_lines import make_logger
from sagewatch.runtime.ports import LambdaContext, SweepLog
from sagewatch.runtime.telemetry import Telemetry
from sagewatch.sweeps import LeftOut, Sweep, first_few

ScheduledWork = Callable[[object, TimeBudget], Outcome]


class Deadline:
    """The time left of an invocation, less a reserve to end in order."""

    def __init__(self, context: LambdaContext, reserve: int) -> None:
        self._context = context
        self._reserve = reserve
        self._whole = self._left()

    def __call__(self, share: float = 1) -> bool:
        """Say whether more than this share of the time is left."""
        return self._left() > self._whole * (1 - share)

    def _left(self) -> int:
        return max(0, self._context.get_remaining_time_in_millis() - self._reserve)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledHandler:
    """Runs ``work`` on a schedule, with its event. An error fails the invocation; what was done until then is measured.

    ``reserve`` is the time in milliseconds that the longest step of the work can take. Stored items that had to be
    ``left_out`` are counted in each run, and named once a day. The ``log`` keeps, under the name of the ``sweep``, when
    one that finished began, and a metric of the ``stack`` counts it. Sweeps of other accounts do not come here.
    """

    work: ScheduledWork = field(kw_only=False)
    reserve: int = TIME_FOR_ONE
    left_out: Callable[[], LeftOut] = LeftOut
    log: SweepLog | None = None
    sweep: Sweep | None = None
    stack: str = ""
    logger: Logger = field(default_factory=make_logger)
    clock: Clock = field(default=lambda: datetime.now(UTC))

    def __call__(self, event: object, context: LambdaContext) -> dict[str, Any]:
        """Return the outcome of the invocation."""
        telemetry, began = Telemetry(), self.clock()
        try:
            outcome = self.work(event, Deadline(context, self.reserve))
            telemetry.measure(outcome)
            if self.sweep:
                telemetry.value(EmfMetric.SWEEPS_FINISHED, self.sweep.finish)
        except PartlyDoneError as error:
            if error.outcome:
                telemetry.measure(error.outcome)
            self.logger.warning("partly done", extra=dict(error.outcome.to_log()) if error.outcome else {})
            raise
        finally:
            self._count_left_out(telemetry)
            telemetry.flush(context.function_name, self.stack)
        self._record(began)
        answer = dict(outcome.to_log())
        self.logger.info("done", extra=answer)
        return answer

    @property
    def name(self) -> str:
        """The function's name in the template, if it sweeps."""
        return self.sweep or ""

    def _record(self, began: datetime) -> None:
        """A record that cannot be written is no failure of the sweep; the digest counts it as missed."""
        try:
            if self.log and self.sweep:
                self.log.record(self.sweep, began)
        except SageWatchError as error:
            self.logger.warning("sweep not recorded", extra={"reason": str(error)})

    def _count_left_out(self, telemetry: Telemetry) -> None:
        left_out = self.left_out()
        for _ in range(left_out.count):
            telemetry.count(EmfMetric.ITEMS_UNREADABLE)
        if left_out.new:
            self.logger.error("stored items cannot be read", extra={"items": first_few(left_out.new)})
