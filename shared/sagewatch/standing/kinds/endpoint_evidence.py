"""What shows the use of an endpoint: one set of series for each way in which it can be called."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sagewatch.errors import SageWatchError
from sagewatch.idle.evidence import Source, Unknown
from sagewatch.standing.evidence import Answered, Evidence, Meaning, MetricProbe, Metrics
from sagewatch.standing.kinds.endpoint_models import (
    ConfiguredVariant,
    EndpointConfigModel,
    EndpointModel,
    ModelModel,
    Variant,
)

_NAMESPACE = "AWS/SageMaker"
_SILENCE = "AWS publishes it for every request, and nothing else"
# The developer guide spells it with three s; which one the service publishes is not documented, so both are read.
_PROCESSED = ("InvocationsProcessed", "InvocationsProcesssed")


@dataclass(frozen=True, slots=True)
class Found:
    """One endpoint with what its configuration, its models and its inference components say."""

    endpoint: EndpointModel
    config: EndpointConfigModel | None
    models: Mapping[str, ModelModel | SageWatchError | None]
    components: Mapping[str | None, Sequence[str]]

    def configured(self, variant: Variant) -> ConfiguredVariant | None:
        """Return what the configuration says of a variant."""
        return self.config.variant(variant.variant_name) if self.config else None

    def dimensions(self, variant: Variant) -> tuple[tuple[str, str], ...]:
        """Return the dimensions that a variant's own metrics have. No metric has the endpoint's name alone."""
        return (("EndpointName", self.endpoint.name), ("VariantName", variant.variant_name))


def evidence_of(found: Found) -> Evidence:
    """The series of every production variant; unknown, if the kind of one is unknown."""
    probes: list[MetricProbe] = []
    doubtful = False
    for variant in found.endpoint.production_variants or []:
        series = _async_probes(found, variant) if found.endpoint.async_inference_config is not None else None
        series = series or _probes(found, variant)
        if not series:
            return Answered(Unknown(Source.DESCRIBE, _why_unknown(found, variant)))
        probes += series
        doubtful = doubtful or _model_unknown(found, variant)
    if not probes:
        return Answered(Unknown(Source.DESCRIBE, "it shows no variants"))
    return Metrics(probes=tuple(dict.fromkeys(probes)), silence=None if doubtful else _SILENCE)


def _async_probes(found: Found, variant: Variant) -> list[MetricProbe]:
    """An asynchronous endpoint never publishes ``Invocations``. A backlog is work that waits."""
    backlog = MetricProbe(
        namespace=_NAMESPACE,
        metric="ApproximateBacklogSize",
        dimensions=(("EndpointName", found.endpoint.name),),
        statistic="Maximum",
        meaning=Meaning.LEVEL,
    )
    return [*(_counted(name, found.dimensions(variant)) for name in _PROCESSED), backlog]


def _probes(found: Found, variant: Variant) -> list[MetricProbe]:
    configured = found.configured(variant)
    if variant.current_serverless_config or (configured and configured.model_name):
        model = found.models.get((configured and configured.model_name) or "")
        direct = model.called_directly if isinstance(model, ModelModel) else ()
        own = found.dimensions(variant)
        containers = [_counted("Invocations", (*own, ("ContainerName", name))) for name in direct]
        return containers or [_counted("Invocations", own)]
    names = found.components.get(variant.variant_name, ()) if configured else ()
    return [_counted("Invocations", (("InferenceComponentName", name),)) for name in names]


def _counted(metric: str, dimensions: tuple[tuple[str, str], ...]) -> MetricProbe:
    return MetricProbe(namespace=_NAMESPACE, metric=metric, dimensions=dimensions)


def _model_unknown(found: Found, variant: Variant) -> bool:
    """Whether nothing says how its containers are called, and so under which dimensions it publishes."""
    configured = found.configured(variant)
    name = configured.model_name if configured else None
    return name is not None and not isinstance(found.models.get(name), ModelModel)


def _why_unknown(found: Found, variant: Variant) -> str:
    if found.config is None:
        return "its configuration is gone, so its kind is unknown"
    return f"variant {variant.variant_name} has no model and no inference component, so its kind is unknown"
