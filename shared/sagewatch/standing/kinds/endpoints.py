"""Endpoints: real time, multi-model, multi-container, inference components, asynchronous, serverless, shadow variants.

Each publishes another proof of use, under other dimensions (SageMaker developer guide, "Metrics for monitoring"), so an
endpoint's kind is recognized first. One whose kind is unknown is never idle. A shadow variant receives copies of the
production variant's requests: it is billed as a variant and judged by the production variants.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sagewatch.errors import SageWatchError
from sagewatch.pricing.book import has_ml_volume
from sagewatch.sagemaker.kinds import ResourceKind
from sagewatch.sagemaker.resources import InstanceGroup
from sagewatch.standing.actions import ResourceAction
from sagewatch.standing.kinds.endpoint_evidence import Found, evidence_of
from sagewatch.standing.kinds.endpoint_models import (
    ComponentSummary,
    EndpointConfigModel,
    EndpointModel,
    ModelModel,
    Variant,
)
from sagewatch.standing.kinds.reading import read, read_answers
from sagewatch.standing.ports import SageMakerReads, StandingKind
from sagewatch.standing.resources import BilledLine, BilledPart, ResourceUnreadError, StandingResource, Unit

_STOPPING = "An endpoint has no stopped state: scale it in, or delete it and keep its recipe"
_ON_DEMAND_ONLY = "serverless without provisioned concurrency: only requests are billed"
_AT_ZERO = "scaled in to 0 instances"

Configs = Mapping[str, EndpointConfigModel | SageWatchError | None]


@dataclass(frozen=True, slots=True)
class Endpoints(StandingKind):
    """The endpoints of a region."""

    kind: ResourceKind = ResourceKind.ENDPOINT
    reads: tuple[str, ...] = (
        "ListEndpoints",
        "DescribeEndpoint",
        "DescribeEndpointConfig",
        "DescribeModel",
        "ListInferenceComponents",
    )

    def find(self, api: SageMakerReads, now: datetime) -> Iterator[StandingResource | SageWatchError]:
        """A configuration, or a model, that many endpoints share is read once."""
        del now
        names = [page["EndpointName"] for page in api.pages("ListEndpoints", "Endpoints")]
        answers = api.each("DescribeEndpoint", [{"EndpointName": name} for name in names])
        described = [found for _, found in read_answers(EndpointModel, names, answers) if found is not None]
        endpoints = [found for found in described if isinstance(found, EndpointModel) and found.status != "Deleting"]
        configs = dict(_described(api, "EndpointConfig", EndpointConfigModel, {e.config_name for e in endpoints}))
        models = dict(_described(api, "Model", ModelModel, _model_names(configs)))
        components = _components(api) if any(map(_hosts_components, configs.values())) else {}
        yield from (found for found in described if isinstance(found, SageWatchError))
        yield from (model for model in models.values() if isinstance(model, SageWatchError))
        for endpoint in endpoints:
            config = configs.get(endpoint.config_name or "")
            if isinstance(config, SageWatchError):  # not gone, so what it bills is as before
                yield ResourceUnreadError(endpoint.name, config)
            else:
                yield _resource(Found(endpoint, config, models, components.get(endpoint.name, {})))


def _described[M: (EndpointConfigModel, ModelModel)](
    api: SageMakerReads, thing: str, model: type[M], names: set[str | None]
) -> Iterator[tuple[str, M | SageWatchError | None]]:
    wanted = sorted(name for name in names if name)
    answers = api.each(f"Describe{thing}", [{f"{thing}Name": name} for name in wanted])
    yield from read_answers(model, wanted, answers)


def _model_names(configs: Configs) -> set[str | None]:
    usable = [config for config in configs.values() if isinstance(config, EndpointConfigModel)]
    return {variant.model_name for config in usable for variant in config.production_variants or []}


def _hosts_components(config: EndpointConfigModel | SageWatchError | None) -> bool:
    variants = (config.production_variants or []) if isinstance(config, EndpointConfigModel) else []
    return any(variant.model_name is None for variant in variants)


def _components(api: SageMakerReads) -> Mapping[str, Mapping[str | None, Sequence[str]]]:
    """The names of all inference components, by endpoint and variant: one listing for all endpoints."""
    found: dict[str, dict[str | None, list[str]]] = defaultdict(lambda: defaultdict(list))
    for fields in api.pages("ListInferenceComponents", "InferenceComponents"):
        component = read(ComponentSummary, fields, "inference component")
        if isinstance(component, ComponentSummary):
            found[component.endpoint_name][component.variant_name].append(component.name)
    return found


def _resource(found: Found) -> StandingResource:
    endpoint = found.endpoint
    variants = [*(endpoint.production_variants or []), *(endpoint.shadow_production_variants or [])]
    parts = tuple(_part(found, variant) for variant in variants)
    serverless = all(variant.current_serverless_config for variant in variants)
    return StandingResource(
        kind=ResourceKind.ENDPOINT,
        arn=endpoint.arn,
        name=endpoint.name,
        status=endpoint.status,
        since=endpoint.creation_time,
        changed_at=endpoint.last_modified_time,
        configuration=", ".join(_words(found, variant) for variant in variants) or "no variants",
        parts=parts or (BilledPart(unpriced=f"it is {endpoint.status} and shows no variants; it may hold instances"),),
        evidence=evidence_of(found),
        stopping=_STOPPING,
        note=_ON_DEMAND_ONLY if serverless else _AT_ZERO,
        actions=tuple(_actions(found)),
        keys={"EndpointName": endpoint.name},
    )


def _actions(found: Found) -> Iterator[ResourceAction]:
    """What may be done with it. Copies at 0 save nothing where the instances stay, and need them where they do not."""
    variants = found.endpoint.production_variants or []
    running = [variant for variant in variants if variant.current_instance_count]
    if any(variant.scales_to_zero and found.components.get(variant.variant_name) for variant in running):
        yield ResourceAction.COPIES_TO_ZERO
    asynchronous = found.endpoint.async_inference_config is not None
    alone = [variant for variant in running if not found.components.get(variant.variant_name)]
    least = 0 if asynchronous else 1
    if any((each.current_instance_count or 0) > max(least, each.managed_minimum) for each in alone):
        yield ResourceAction.SCALE_IN
    yield ResourceAction.DELETE


def _part(found: Found, variant: Variant) -> BilledPart:
    """What a variant bills. Its type is in the configuration alone, whose deletion hides it."""
    name, serverless = variant.variant_name, variant.current_serverless_config
    if serverless:
        gb = Decimal(serverless.memory_size_in_mb or 0) / 1024 * (serverless.provisioned_concurrency or 0)
        return BilledPart(name=name, lines=(BilledLine("ServerlessInf", "provisioned concurrency", gb),))
    groups = _groups(found, variant)
    reserved = variant.capacity_reservation_config and variant.capacity_reservation_config.ml_reservation_arn
    if groups is None:
        return BilledPart(name=name, unpriced=f"the instances of variant {name} are unknown: its configuration is gone")
    return BilledPart(
        name=name,
        lines=tuple(line for group in groups for line in _lines(found, variant, group)),
        covered="prepaid by a training plan" if reserved and any(group.count for group in groups) else None,
    )


def _groups(found: Found, variant: Variant) -> tuple[InstanceGroup, ...] | None:
    """The instances of a variant; ``None`` if they are unknown, and none at all if there are none of any type."""
    configured = found.configured(variant)
    pools = [(pool.instance_type, pool.current_instance_count) for pool in variant.instance_pools or []]
    types = pools or [(configured.instance_type if configured else None, variant.current_instance_count)]
    if all(count == 0 for _, count in types):
        return ()
    groups = tuple(InstanceGroup(name, count) for name, count in types if name and count is not None)
    return groups if len(groups) == len(types) else None


def _lines(found: Found, variant: Variant, group: InstanceGroup) -> Iterator[BilledLine]:
    component = "AsyncInf" if found.endpoint.async_inference_config is not None else "Hosting"
    yield BilledLine(component, group.instance_type, Decimal(group.count))
    configured = found.configured(variant)
    if configured and configured.volume_size_in_gb and has_ml_volume(group):
        yield BilledLine("Hosting", "", Decimal(configured.volume_size_in_gb * group.count), Unit.GB_MONTH)


def _words(found: Found, variant: Variant) -> str:
    serverless = variant.current_serverless_config
    if serverless:
        provisioned = serverless.provisioned_concurrency or 0
        return f"{variant.variant_name}: serverless, {serverless.memory_size_in_mb} MB, {provisioned} provisioned"
    groups = _groups(found, variant)
    if groups is None:
        return f"{variant.variant_name}: {variant.current_instance_count or 'an unknown number'} of an unknown type"
    fleet = " + ".join(f"{group.count} x {group.instance_type}" for group in groups)
    return f"{variant.variant_name}: {fleet or 'no instances'}"
