"""Twelve endpoints against a CloudWatch that answers only published dimension sets: exactly four are idle."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from sagewatch.errors import ThrottledError
from sagewatch.pricing.book import Price, PriceBook, Rates
from sagewatch.standing.decision import Use, decide
from sagewatch.standing.evidence import Metrics
from sagewatch.standing.hourly import hourly_price
from sagewatch.standing.kinds.endpoints import Endpoints
from sagewatch.standing.resources import StandingResource
from tests.fakes.standing import CannedReads, PublishedMetrics

NOW = datetime(2026, 11, 27, 9, 30, tzinfo=UTC)
LONG_AGO, TODAY = NOW - timedelta(days=60), datetime(2026, 11, 27, tzinfo=UTC)
YESTERDAY, LAST_MONTH = TODAY - timedelta(days=1), TODAY - timedelta(days=30)
G5 = "ml.g5.xlarge"
BOOK = PriceBook(
    hourly={
        "Hosting": {G5: Price(Decimal("1.408"), "Hosting", "us-east-1", "2026-09-22", "test")},
        "AsyncInf": {G5: Price(Decimal("1.41"), "AsyncInf", "us-east-1", "2026-09-22", "test")},
    },
    volumes={"Hosting": Price(Decimal("0.14"), "Hosting", "us-east-1", "2026-09-22", "test")},
)
RATES = Rates(BOOK, Decimal(0))
Json = dict[str, Any]


class Account:
    """Endpoints of one region, as SageMaker describes them."""

    def __init__(self) -> None:
        """None yet."""
        self.lists: dict[str, list[Json]] = {"ListEndpoints": [], "ListInferenceComponents": []}
        self.answers: dict[tuple[str, str], Any] = {}
        self.metrics = PublishedMetrics()

    def endpoint(self, name: str, created: datetime = LONG_AGO, instances: int = 1, **fields: Any) -> None:
        """One with a variant ``v`` of a model on that many instances."""
        config = fields.pop("config", {"ModelName": f"{name}-model", "InstanceType": G5})
        variant = {"VariantName": "v", "CurrentInstanceCount": instances, **fields.pop("variant", {})}
        self.lists["ListEndpoints"].append({"EndpointName": name})
        self.answers["DescribeEndpoint", name] = {
            "EndpointName": name,
            "EndpointArn": f"arn:aws:sagemaker:us-east-1:123456789012:endpoint/{name}",
            "EndpointConfigName": f"{name}-config",
            "EndpointStatus": "InService",
            "CreationTime": created,
            "LastModifiedTime": created,
            "ProductionVariants": [variant],
            **fields,
        }
        shadows = [
            {**each, "ModelName": "m", "InstanceType": G5} for each in fields.get("ShadowProductionVariants", [])
        ]
        if config is not None:
            self.answers["DescribeEndpointConfig", f"{name}-config"] = {
                "ProductionVariants": [{"VariantName": "v", **config}],
                "ShadowProductionVariants": shadows,
            }
        self.answers["DescribeModel", f"{name}-model"] = {"PrimaryContainer": {"Image": "i"}}

    def component(self, endpoint: str, name: str) -> None:
        """An inference component on the endpoint's variant."""
        self.lists["ListInferenceComponents"].append(
            {"InferenceComponentName": name, "EndpointName": endpoint, "VariantName": "v"}
        )

    def invoked(self, endpoint: str, points: Mapping[datetime, float], metric: str = "Invocations") -> None:
        """Publish a variant's series as AWS does: never under the endpoint's name alone."""
        self.metrics.publish(metric, points, EndpointName=endpoint, VariantName="v")

    def found(self) -> dict[str, StandingResource]:
        """What the kind makes of them."""
        api = CannedReads(self.lists, self.answers)
        every = [each for each in Endpoints().find(api, NOW) if isinstance(each, StandingResource)]
        return {each.name: each for each in every}

    def uses(self) -> dict[str, Use]:
        """What is decided about each."""
        return {name: self.decided(each).use for name, each in self.found().items()}

    def decided(self, each: StandingResource) -> Any:
        """The decision about one."""
        probes = each.evidence.probes if isinstance(each.evidence, Metrics) else ()
        return decide(each, self.metrics.read(probes, NOW), NOW)


def twelve() -> Account:
    """The endpoints that tools confuse."""
    account = Account()
    account.endpoint("busy")
    account.invoked("busy", {YESTERDAY: 12.0})
    account.endpoint("quiet")
    account.invoked("quiet", {LAST_MONTH: 3.0})
    for name in ("async-busy", "async-idle"):
        account.endpoint(name, AsyncInferenceConfig={"OutputConfig": {"S3OutputPath": "s3://b/o"}})
        account.metrics.publish("ApproximateBacklogSize", {YESTERDAY: 0.0}, EndpointName=name)
    account.invoked("async-busy", {TODAY: 4.0}, metric="InvocationsProcesssed")
    account.endpoint("components-at-zero", instances=0, config={"InstanceType": G5})
    account.component("components-at-zero", "asleep")
    account.endpoint("idle-components", instances=2, config={"InstanceType": G5})
    account.component("idle-components", "forgotten")
    serverless = {"CurrentServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 5}}
    provisioned = {
        "CurrentServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 5, "ProvisionedConcurrency": 2}
    }
    account.endpoint("serverless", instances=0, variant=serverless, config={"ModelName": "serverless-model"})
    account.endpoint(
        "idle-concurrency", instances=0, variant=provisioned, config={"ModelName": "idle-concurrency-model"}
    )
    account.endpoint("shadow", ShadowProductionVariants=[{"VariantName": "shadow", "CurrentInstanceCount": 1}])
    account.invoked("shadow", {TODAY: 9.0})
    account.endpoint("multi-model")
    account.answers["DescribeModel", "multi-model-model"] = {"PrimaryContainer": {"Mode": "MultiModel"}}
    account.invoked("multi-model", {YESTERDAY: 1.0})
    account.endpoint("two-days-old", created=NOW - timedelta(days=2))
    account.endpoint("unknown-type", config=None)
    return account


def test_exactly_four_of_twelve_endpoints_are_idle() -> None:
    """Quiet, asynchronous and idle, idle components on a fixed fleet, idle provisioned concurrency: no other."""
    assert twelve().uses() == {
        "busy": Use.USED,
        "quiet": Use.IDLE,
        "async-busy": Use.USED,
        "async-idle": Use.IDLE,
        "components-at-zero": Use.BILLS_NOTHING,
        "idle-components": Use.IDLE,
        "serverless": Use.BILLS_NOTHING,
        "idle-concurrency": Use.IDLE,
        "shadow": Use.USED,
        "multi-model": Use.USED,
        "two-days-old": Use.NEW,
        "unknown-type": Use.UNKNOWN,
    }


def test_the_last_use_is_shown_beside_the_window() -> None:
    """Quarterly work exists: an idle endpoint says when it was last used."""
    account = twelve()
    quiet = account.decided(account.found()["quiet"])

    assert quiet.last_use == LAST_MONTH + timedelta(days=1)
    assert quiet.reason == "Invocations shows no use for 7 d"


def test_containers_that_are_called_directly_are_read_under_their_own_names() -> None:
    """Such a model publishes per container; its variant's series does not exist."""
    account = Account()
    account.endpoint("direct")
    account.answers["DescribeModel", "direct-model"] = {
        "Containers": [{"ContainerHostname": "a"}, {"ContainerHostname": "b"}],
        "InferenceExecutionConfig": {"Mode": "Direct"},
    }
    account.metrics.publish("Invocations", {TODAY: 1.0}, EndpointName="direct", VariantName="v", ContainerName="b")

    assert account.uses() == {"direct": Use.USED}


@pytest.mark.parametrize(("points", "use"), [({}, Use.UNKNOWN), ({LAST_MONTH: 1.0}, Use.IDLE)])
def test_silence_proves_nothing_where_the_model_is_gone(points: Mapping[datetime, float], use: Use) -> None:
    """Nothing says under which dimensions it publishes, unless the series is there."""
    account = Account()
    account.endpoint("modelless")
    del account.answers["DescribeModel", "modelless-model"]
    account.invoked("modelless", points)

    assert account.uses() == {"modelless": use}


def test_a_metric_that_cannot_be_read_is_unknown_and_never_idle() -> None:
    """However quiet the other series of the endpoint are."""
    account = Account()
    account.endpoint("throttled")
    [each] = account.found().values()
    probes = each.evidence.probes if isinstance(each.evidence, Metrics) else ()

    decision = decide(each, dict.fromkeys(probes, ThrottledError("cloudwatch:GetMetricData: Throttling")), NOW)

    assert (decision.use, decision.reason) == (Use.UNKNOWN, "cloudwatch:GetMetricData: Throttling")


@pytest.mark.parametrize(
    ("name", "usd", "reason"),
    [
        ("busy", Decimal("1.408"), None),
        ("async-idle", Decimal("1.41"), None),
        ("idle-components", Decimal("2.816"), None),
        ("shadow", Decimal("2.816"), None),
        ("idle-concurrency", None, "no price is known for provisioned concurrency (ServerlessInf) in us-east-1"),
        ("unknown-type", None, "the instances of variant v are unknown: its configuration is gone"),
    ],
)
def test_an_hour_costs_the_sum_of_all_variants_or_says_why_not(name: str, usd: Decimal | None, reason: str) -> None:
    """Shadow variants bill in full, and asynchronous endpoints have prices of their own."""
    price = hourly_price(twelve().found()[name], RATES, NOW)

    assert (price.usd, price.reason) == (usd, reason)


def test_reserved_capacity_is_prepaid_and_never_priced_by_the_hour() -> None:
    """A training plan paid for it."""
    account = Account()
    account.endpoint("reserved", variant={"CapacityReservationConfig": {"MlReservationArn": "arn:plan"}})
    price = hourly_price(account.found()["reserved"], RATES, NOW)

    assert (price.usd, price.reason) == (None, "prepaid by a training plan")


def test_volumes_are_priced_by_the_part_of_the_month() -> None:
    """30 GB on 2 instances of a type without disks of its own, in a November of 720 hours."""
    account = Account()
    account.endpoint(
        "disks", instances=2, config={"ModelName": "disks-model", "InstanceType": "ml.m5.xlarge", "VolumeSizeInGB": 30}
    )
    m5 = {"ml.m5.xlarge": Price(Decimal("0.23"), "Hosting", "us-east-1", "2026-09-22", "test")}
    rates = replace(RATES, book=replace(BOOK, hourly={"Hosting": m5}))

    price = hourly_price(account.found()["disks"], rates, NOW)

    assert price.usd == Decimal("0.46") + Decimal(60) * Decimal("0.14") / 720


def test_one_endpoint_that_cannot_be_read_leaves_the_others() -> None:
    """It is named, with the field at fault."""
    account = twelve()
    account.answers["DescribeEndpoint", "busy"]["EndpointArn"] = "nonsense"
    found = list(Endpoints().find(CannedReads(account.lists, account.answers), NOW))

    assert len(found) == 12
    assert [str(each) for each in found if not isinstance(each, StandingResource)] == [
        "busy: EndpointArn: String should match pattern '^arn:aws[a-z-]*:sagemaker:[a-z0-9-]+:\\d{12}:[a-zA-Z-]+/.+$'"
    ]


def test_a_region_of_endpoints_costs_three_calls_each_and_one_listing_of_components() -> None:
    """Endpoint, configuration and model; shared configurations are described once."""
    account = twelve()
    api = CannedReads(account.lists, account.answers)
    list(Endpoints().find(api, NOW))

    assert api.calls == {
        "ListEndpoints": 1,
        "DescribeEndpoint": 12,
        "DescribeEndpointConfig": 12,
        "DescribeModel": 9,
        "ListInferenceComponents": 1,
    }


def test_a_configuration_or_model_that_cannot_be_read_is_not_gone() -> None:
    """The error is named; without its configuration nothing is said of the endpoint."""
    account = Account()
    account.endpoint("a")
    account.endpoint("b")
    account.answers["DescribeEndpointConfig", "a-config"] = ThrottledError("DescribeEndpointConfig: Throttling")
    account.answers["DescribeModel", "b-model"] = ThrottledError("DescribeModel: Throttling")
    found = list(Endpoints().find(CannedReads(account.lists, account.answers), NOW))

    assert [each.name if isinstance(each, StandingResource) else str(each) for each in found] == [
        "DescribeModel: Throttling",
        "DescribeEndpointConfig: Throttling",
        "b",
    ]
