"""Metrics in CloudWatch's embedded metric format: one line of JSON in the log, no call and no permission."""

from collections.abc import Sequence
from datetime import datetime

from aws_lambda_powertools.metrics import EphemeralMetrics

from sagewatch.outcomes import EmfMetric, Outcome

NAMESPACE = "SageWatch"
DIMENSION = "Function"  # its physical name, as in Lambda's own metrics, so that two stacks in a region stay apart
STACK_DIMENSION = "Stack"  # of what all functions of a stack count together, because CloudWatch bills each dimension
OF_THE_STACK = frozenset({EmfMetric.SWEEPS_FINISHED})


class Telemetry:
    """Collects the numbers of an invocation and writes them to stdout when it ends.

    Powertools' ``Metrics`` shares its state among all instances of a process; ``EphemeralMetrics`` does not.
    """

    def __init__(self) -> None:
        self._values: list[tuple[EmfMetric, float]] = []

    def count(self, metric: EmfMetric) -> None:
        """Count one event."""
        self._values.append((metric, 1))

    def value(self, metric: EmfMetric, value: float) -> None:
        """Add one number."""
        self._values.append((metric, value))

    def measure(self, outcome: Outcome, sent_at: datetime | None = None) -> None:
        """Add the numbers of an outcome, if it has any."""
        self._values.extend(outcome.metrics(sent_at).items())

    def flush(self, function: str, stack: str = "") -> None:
        """Write the numbers, if there are any, for the function of that physical name, and those of the stack."""
        of_the_stack = [each for each in self._values if each[0] in OF_THE_STACK]
        _write(DIMENSION, function, [each for each in self._values if each[0] not in OF_THE_STACK])
        _write(STACK_DIMENSION, stack, of_the_stack)
        self._values.clear()


def _write(dimension: str, name: str, values: Sequence[tuple[EmfMetric, float]]) -> None:
    if not values:
        return
    line = EphemeralMetrics(namespace=NAMESPACE)
    line.add_dimension(name=dimension, value=name)
    for metric, value in values:
        line.add_metric(name=metric.value, unit=metric.unit, value=value)
    line.flush_metrics()
