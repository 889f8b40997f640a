"""Metrics in CloudWatch's embedded metric format: one line of JSON in the log, no call and no permission."""

from datetime import datetime

from aws_lambda_powertools.metrics import EphemeralMetrics

from sagewatch.outcomes import EmfMetric, Outcome

NAMESPACE = "SageWatch"
DIMENSION = "Function"  # its physical name, as in Lambda's own metrics, so that two stacks in a region stay apart


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

    def flush(self, function: str) -> None:
        """Write the numbers, if there are any, for the function of that physical name."""
        if not self._values:
            return
        line = EphemeralMetrics(namespace=NAMESPACE)
        line.add_dimension(name=DIMENSION, value=function)
        for metric, value in self._values:
            line.add_metric(name=metric.value, unit=metric.unit, value=value)
        self._values.clear()
        line.flush_metrics()
