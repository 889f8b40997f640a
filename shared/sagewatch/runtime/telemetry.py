"""Metrics in CloudWatch's embedded metric format: one line of JSON in the log, no call and no permission."""

from datetime import datetime

from aws_lambda_powertools.metrics import EphemeralMetrics

from sagewatch.outcomes import EmfMetric, MeasuredOutcome

NAMESPACE = "SageWatch"
DIMENSION = "Function"  # its physical name, as Lambda's own metrics have it: two stacks in a region stay apart


class Telemetry:
    """Gathers what an invocation measures, and writes it to stdout at the invocation's end.

    Powertools' ``Metrics`` shares its state among all instances of a process; ``EphemeralMetrics`` does not.
    """

    def __init__(self) -> None:
        """Begin with nothing."""
        self._values: list[tuple[EmfMetric, float]] = []

    def count(self, metric: EmfMetric) -> None:
        """Something happened once."""
        self._values.append((metric, 1))

    def measure(self, outcome: object, sent_at: datetime | None = None) -> None:
        """Take an outcome's numbers, if it has any; see ``MeasuredOutcome``."""
        if isinstance(outcome, MeasuredOutcome):
            self._values.extend(outcome.metrics(sent_at).items())

    def flush(self, function: str) -> None:
        """Write what was gathered, if anything was, for the function of that physical name."""
        if not self._values:
            return
        line = EphemeralMetrics(namespace=NAMESPACE)
        line.add_dimension(name=DIMENSION, value=function)
        for metric, value in self._values:
            line.add_metric(name=metric.value, unit=metric.unit, value=value)
        self._values.clear()
        line.flush_metrics()
