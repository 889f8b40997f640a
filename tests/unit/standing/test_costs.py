"""What standing resources cost, by hand: over a month end, a scale-out and a change of configuration, to the cent."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest

from sagewatch.adapters.sagemaker.reads import SESSION_KINDS
from sagewatch.errors import SweepIncompleteError, ThrottledError
from sagewatch.jobs.sweep_run import no_time_limit
from sagewatch.ledger.focus import charge, has_charge
from sagewatch.ledger.records import CostRecord
from sagewatch.ledger.totals import spend_of
from sagewatch.pricing.job_cost import PricingStatus
from sagewatch.standing.decision import Use
from sagewatch.standing.studio.audit import StudioAudit, WeeklyAudit
from sagewatch.standing.sweep import StandingSweep
from tests.fakes.jobs import InMemoryCheckpoints
from tests.fakes.ledger import InMemoryLedger
from tests.fakes.pricing import InMemoryPrices
from tests.fakes.sagemaker import InMemoryRegions
from tests.fakes.standing import CannedReads, InMemoryAudits, InMemoryStandingSessions, PublishedMetrics
from tests.unit.standing.test_other_kinds import ARN, BOOK, Place
from tests.worlds.standing import IdleWorld

EVENING = datetime(2026, 11, 30, 22, 0, tzinfo=UTC)  # two hours before the end of a November of 720 hours
HOUR = timedelta(hours=1)
LONG_AGO = EVENING - timedelta(days=90)
Json = dict[str, Any]


class World:
    """A region that is swept at chosen times."""

    def __init__(self) -> None:
        """Nothing in it."""
        self.place = Place()
        self.now = EVENING
        self.ledger = InMemoryLedger()
        self.sessions = InMemoryStandingSessions()
        self.audits = InMemoryAudits()
        self.metrics = PublishedMetrics()
        self.reads: CannedReads | None = None
        self.checkpoints = InMemoryCheckpoints()
        self.regions = InMemoryRegions(home="111122223333")

    def sweep(self, at: datetime) -> Any:
        """Sweep at that time, with what is there."""
        self.now = at
        self.reads = CannedReads(self.place.lists, self.place.answers)
        swept = StandingSweep(
            kinds=SESSION_KINDS,
            api_of=lambda _: self.reads or CannedReads({}, {}),
            metrics_of=lambda _: self.metrics,
            sessions=self.sessions,
            ledger=self.ledger,
            prices=InMemoryPrices({"us-east-1": BOOK}),
            checkpoints=self.checkpoints,
            audit=WeeklyAudit(
                audit=StudioAudit(
                    api_of=lambda _: self.reads or CannedReads({}, {}), prices=InMemoryPrices({"us-east-1": BOOK})
                ),
                audits=self.audits,
                clock=lambda: self.now,
            ),
            idle=IdleWorld().sweeper.idle,
            regions=self.regions,
            owner_tag_keys=("owner",),
            clock=lambda: self.now,
            home_region="us-east-1",
        )
        return swept.sweep(no_time_limit)

    def rows(self) -> list[CostRecord]:
        """The rows of the ledger, by their beginning."""
        return sorted(self.ledger.rows.values(), key=lambda row: (row.created_at, row.resource_arn))

    def costs(self) -> list[tuple[str, str, Decimal | None]]:
        """When each row begins and ends, and its cost in whole cents."""
        return [(row.created_at, row.ended_at, cents(row.cost_usd)) for row in self.rows()]


def cents(usd: Decimal | None) -> Decimal | None:
    """An amount in whole cents."""
    return usd if usd is None else usd.quantize(Decimal("0.01"), ROUND_HALF_UP)


@pytest.fixture
def world() -> World:
    """A region of its own."""
    return World()


def endpoint(world: World, count: int, instance_type: str, created: datetime, changed: datetime) -> None:
    """An endpoint with one variant; a change makes another configuration."""
    config = f"c-{instance_type}"
    world.place.lists["ListEndpoints"] = [{"EndpointName": "llm"}]
    world.place.answers["DescribeEndpoint", "llm"] = {
        "EndpointName": "llm",
        "EndpointArn": f"{ARN}endpoint/llm",
        "EndpointConfigName": config,
        "EndpointStatus": "InService",
        "CreationTime": created,
        "LastModifiedTime": changed,
        "ProductionVariants": [{"VariantName": "blue", "CurrentInstanceCount": count}],
    }
    world.place.answers["DescribeEndpointConfig", config] = {
        "ProductionVariants": [{"VariantName": "blue", "ModelName": "m", "InstanceType": instance_type}]
    }
    world.place.answers["DescribeModel", "m"] = {"PrimaryContainer": {}}
    world.place.answers["ListTags", f"{ARN}endpoint/llm"] = {"Tags": [{"Key": "owner", "Value": "ana"}]}


def test_an_endpoint_over_a_scale_out_a_month_end_and_a_new_configuration(world: World) -> None:
    """By hand: 2 h 10 min x $1.408, 2 h and 1 h x $2.816, 2 h x $0.23: $11.96 in all."""
    created = EVENING - timedelta(hours=2, minutes=10)
    changed = datetime(2026, 12, 1, 1, 0, tzinfo=UTC)
    world.sweep(EVENING - timedelta(hours=2, minutes=15))
    endpoint(world, 1, "ml.g5.xlarge", created, created)
    world.sweep(EVENING - timedelta(hours=2))
    world.sweep(EVENING - timedelta(minutes=15))
    endpoint(world, 2, "ml.g5.xlarge", created, created)  # autoscaling: nothing dates it
    world.sweep(EVENING)
    world.sweep(EVENING + 2 * HOUR + timedelta(minutes=15))
    endpoint(world, 1, "ml.m5.xlarge", created, changed)
    world.sweep(changed + timedelta(minutes=5))
    world.sweep(changed + timedelta(minutes=105))
    world.place.lists["ListEndpoints"] = []
    world.sweep(changed + 2 * HOUR)

    assert world.costs() == [
        ("2026-11-30T19:50:00Z", "2026-11-30T22:00:00Z", Decimal("3.05")),
        ("2026-11-30T22:00:00Z", "2026-11-30T23:59:59Z", Decimal("5.63")),
        ("2026-12-01T00:00:00Z", "2026-12-01T01:00:00Z", Decimal("2.82")),
        ("2026-12-01T01:00:00Z", "2026-12-01T03:00:00Z", Decimal("0.46")),
    ]
    assert sum(row.cost_usd or 0 for row in world.rows()) == Decimal("11.9586666667")
    assert [row.pricing_reason.partition("; ")[2] for row in world.rows()] == [
        "its end is known to 15 min, or $0.35",
        "",
        "",
        "its end is known to 15 min, or $0.06",
    ]
    assert {(row.owner, row.resource_name, row.instances) for row in world.rows()} == {
        ("ana", "llm/blue", "1 x ml.g5.xlarge"),
        ("ana", "llm/blue", "2 x ml.g5.xlarge"),
        ("ana", "llm/blue", "1 x ml.m5.xlarge"),
    }
    assert world.sessions.open == {}


def canvas(world: World, size: int) -> None:
    """A session of Canvas has no size."""
    del size
    described(world, "ListApps", {"AppName": "default"}, "DescribeApp", f"{ARN}app/d-1/ana/canvas/default")
    app = {"AppType": "Canvas", "DomainId": "d-1", "UserProfileName": "ana", "Status": "InService"}
    world.place.lists["ListApps"][0].update(app)
    world.place.answers["DescribeApp", "default"].update(app)
    world.place.answers["DescribeApp", "default"]["AppArn"] = f"{ARN}app/d-1/ana/canvas/default"


def studio_app(world: World, size: int) -> None:
    """An app that is restarted on another type."""
    canvas(world, size)
    spec = {"InstanceType": "ml.m5.xlarge" if size == 1 else "ml.g5.xlarge"}
    changes = {"AppType": "JupyterLab", "ResourceSpec": spec}
    world.place.lists["ListApps"][0].update(changes)
    world.place.answers["DescribeApp", "default"].update(changes)


def space(world: World, size: int) -> None:
    """100 GB, then 200."""
    described(world, "ListSpaces", {"SpaceName": "s", "DomainId": "d-1"}, "DescribeSpace", f"{ARN}space/d-1/s")
    settings = {"SpaceStorageSettings": {"EbsStorageSettings": {"EbsVolumeSizeInGb": 100 * size}}}
    world.place.answers["DescribeSpace", "s"] |= {
        "SpaceArn": f"{ARN}space/d-1/s",
        "SpaceSettings": settings,
        "Status": "InService",
    }


def mlflow(world: World, size: int) -> None:
    """Small; another size has no known price."""
    name = {"TrackingServerName": "exp"}
    described(world, "ListMlflowTrackingServers", name, "DescribeMlflowTrackingServer", "")
    world.place.answers["DescribeMlflowTrackingServer", "exp"] |= {
        "TrackingServerArn": f"{ARN}mlflow-tracking-server/exp",
        "TrackingServerStatus": "Created",
        "TrackingServerSize": "Small" if size == 1 else "Medium",
    }


def cluster(world: World, size: int) -> None:
    """Nodes of one group."""
    described(world, "ListClusters", {"ClusterName": "pod"}, "DescribeCluster", "")
    group = {"InstanceGroupName": "gpu", "InstanceType": "ml.p4d.24xlarge", "CurrentCount": size}
    world.place.answers["DescribeCluster", "pod"] |= {
        "ClusterArn": f"{ARN}cluster/pod",
        "ClusterStatus": "InService",
        "InstanceGroups": [group],
    }


def feature_group(world: World, size: int) -> None:
    """Provisioned read units, whose price is not known."""
    described(world, "ListFeatureGroups", {"FeatureGroupName": "fg"}, "DescribeFeatureGroup", "")
    world.place.answers["DescribeFeatureGroup", "fg"] |= {
        "FeatureGroupArn": f"{ARN}feature-group/fg",
        "ThroughputConfig": {"ThroughputMode": "Provisioned", "ProvisionedReadCapacityUnits": 10 * size},
    }


def asynchronous(world: World, size: int) -> None:
    """An asynchronous endpoint has prices of its own; where they are not known, those of Hosting."""
    endpoint(world, size, "ml.g5.xlarge", LONG_AGO, LONG_AGO)
    world.place.answers["DescribeEndpoint", "llm"]["AsyncInferenceConfig"] = {}


def serverless(world: World, size: int) -> None:
    """4 GB, with provisioned concurrency."""
    endpoint(world, 0, "ml.g5.xlarge", LONG_AGO, LONG_AGO)
    provisioned = {"MemorySizeInMB": 4096, "ProvisionedConcurrency": size}
    world.place.answers["DescribeEndpoint", "llm"]["ProductionVariants"] = [
        {"VariantName": "blue", "CurrentServerlessConfig": provisioned}
    ]


def described(world: World, listing: str, summary: Json, describe: str, arn: str) -> None:
    """Replace the only resource of a listing."""
    del arn
    world.place.lists[listing] = [dict(summary)]
    world.place.answers[describe, str(next(iter(summary.values())))] = {**summary, "CreationTime": LONG_AGO}


@pytest.mark.parametrize(
    ("resource", "cost"),
    [
        # 1 h at the first size, 1 h and 2 h at the second, of which the last lies in a December of 744 hours.
        pytest.param(asynchronous, ["1.41", "2.82", "5.63"], id="asynchronous: 1, then 2 at $1.408"),
        pytest.param(serverless, ["0.06", "0.12", "0.23"], id="serverless: 4 GB x $0.0144, then twice that"),
        pytest.param(canvas, ["3.80", "3.80"], id="Canvas: $1.90 an hour, whatever its size"),
        pytest.param(studio_app, ["0.23", "1.41", "2.82"], id="a Studio app: $0.23, then $1.408"),
        pytest.param(space, ["0.02", "0.03", "0.06"], id="100 GB, then 200 GB x $0.112 / 720 or 744"),
        pytest.param(mlflow, ["0.60", None, None], id="MLflow: Small $0.60; Medium has no price"),
        pytest.param(cluster, ["25.91", "51.82", "103.64"], id="HyperPod: 1, then 2 nodes at $25.91"),
        pytest.param(feature_group, [None, None, None], id="a feature group: no price is known"),
    ],
)
def test_every_kind_over_a_month_end_and_a_change(
    world: World, resource: Callable[[World, int], None], cost: Sequence[str | None]
) -> None:
    """Found at 22:00, changed at 23:00, ended at 02:00 of the next month."""
    resource(world, 1)
    world.sweep(EVENING)
    resource(world, 2)
    world.sweep(EVENING + HOUR)
    world.sweep(EVENING + 3 * HOUR)
    world.place.lists.clear()
    world.sweep(EVENING + 4 * HOUR)

    assert [usd for _, _, usd in world.costs()] == [None if usd is None else Decimal(usd) for usd in cost]
    assert {row.pricing for row in world.rows() if row.cost_usd is None} <= {PricingStatus.UNPRICED}
    assert world.rows()[0].created_at == "2026-11-30T22:00:00Z"
    assert world.rows()[-1].ended_at == "2026-12-01T02:00:00Z"
    assert "what it cost before is in no row" in world.rows()[0].pricing_reason or world.rows()[0].cost_usd is None
    assert world.sessions.open == {}


def test_a_shadow_variant_bills_in_full_beside_the_production_variant(world: World) -> None:
    """By hand: 2 h and 2 h x $1.408; 1 h x $0.23, then 1 h and 2 h x $0.46."""
    for at, count in ((EVENING, 1), (EVENING + HOUR, 2), (EVENING + 3 * HOUR, 2)):
        endpoint(world, 1, "ml.g5.xlarge", LONG_AGO, LONG_AGO)
        shadow = [{"VariantName": "shadow", "CurrentInstanceCount": count}]
        world.place.answers["DescribeEndpoint", "llm"]["ShadowProductionVariants"] = shadow
        configured = [{"VariantName": "shadow", "ModelName": "m", "InstanceType": "ml.m5.xlarge"}]
        world.place.answers["DescribeEndpointConfig", "c-ml.g5.xlarge"]["ShadowProductionVariants"] = configured
        world.sweep(at)
    world.place.lists.clear()
    world.sweep(EVENING + 4 * HOUR)

    assert [(row.resource_name, cents(row.cost_usd)) for row in world.rows()] == [
        ("llm/blue", Decimal("2.82")),
        ("llm/shadow", Decimal("0.23")),
        ("llm/shadow", Decimal("0.46")),
        ("llm/blue", Decimal("2.82")),
        ("llm/shadow", Decimal("0.92")),
    ]


def test_reserved_capacity_is_covered_and_never_priced(world: World) -> None:
    """It was paid before: no cost, and no unpriced job either."""
    endpoint(world, 4, "ml.g5.xlarge", LONG_AGO, LONG_AGO)
    variant = world.place.answers["DescribeEndpoint", "llm"]["ProductionVariants"][0]
    variant["CapacityReservationConfig"] = {"MlReservationArn": "arn:plan"}
    world.sweep(EVENING)
    world.place.lists.clear()
    world.sweep(EVENING + HOUR)
    [row] = world.rows()

    assert (row.pricing, row.cost_usd) == (PricingStatus.COVERED, None)


def test_a_listing_that_fails_ends_no_session(world: World) -> None:
    """What cannot be read is not gone. The sweep says what failed, and the next one continues."""
    endpoint(world, 1, "ml.g5.xlarge", LONG_AGO, LONG_AGO)
    world.sweep(EVENING)
    world.place.answers["DescribeEndpoint", "llm"] = ThrottledError("sagemaker:DescribeEndpoint of llm: Throttling")
    with pytest.raises(SweepIncompleteError, match="Throttling"):
        world.sweep(EVENING + HOUR)

    assert world.rows() == []
    assert len(world.sessions.open) == 1


def test_one_resource_that_cannot_be_read_keeps_no_deleted_one_of_its_kind_billing(world: World) -> None:
    """Only its own session stays open."""
    endpoint(world, 1, "ml.g5.xlarge", LONG_AGO, LONG_AGO)
    world.place.answers["DescribeEndpoint", "old"] = {
        **world.place.answers["DescribeEndpoint", "llm"],
        "EndpointName": "old",
        "EndpointArn": f"{ARN}endpoint/old",
    }
    world.place.lists["ListEndpoints"].append({"EndpointName": "old"})
    world.sweep(EVENING)
    world.place.lists["ListEndpoints"].pop()
    world.place.answers["DescribeEndpoint", "llm"] = ThrottledError("sagemaker:DescribeEndpoint of llm: Throttling")
    with pytest.raises(SweepIncompleteError, match="Throttling"):
        world.sweep(EVENING + HOUR)

    assert [row.resource_name for row in world.rows()] == ["old/blue"]
    assert [session.name for session in world.sessions.open.values()] == ["llm/blue"]


def test_what_began_while_its_kind_could_not_be_read_began_then(world: World) -> None:
    """The other kinds have been read meanwhile. Two failures in a row, then one sweep without."""
    created = EVENING + timedelta(minutes=10)
    broken = ThrottledError("sagemaker:DescribeEndpoint of llm: Throttling")
    world.sweep(EVENING)
    endpoint(world, 1, "ml.g5.xlarge", created, created)
    answer, world.place.answers["DescribeEndpoint", "llm"] = world.place.answers["DescribeEndpoint", "llm"], broken
    for late in (1, 2):
        with pytest.raises(SweepIncompleteError):
            world.sweep(EVENING + late * HOUR)
    world.place.answers["DescribeEndpoint", "llm"] = answer
    world.sweep(EVENING + 3 * HOUR)
    world.sweep(EVENING + 3 * HOUR + timedelta(minutes=15))
    [session] = world.sessions.open.values()

    assert (session.since, session.unseen) == (created, False)
    world.place.lists["ListEndpoints"] = []
    world.sweep(EVENING + 3 * HOUR + timedelta(minutes=30))
    assert "known to 15 min" in world.rows()[-1].pricing_reason


def test_an_owner_whose_tags_could_not_be_read_is_read_with_the_daily_judgement(world: World) -> None:
    """Until then the session has none."""
    endpoint(world, 1, "ml.g5.xlarge", LONG_AGO, LONG_AGO)
    tags = world.place.answers["ListTags", f"{ARN}endpoint/llm"]
    world.place.answers["ListTags", f"{ARN}endpoint/llm"] = ThrottledError("sagemaker:ListTags: Throttling")
    world.sweep(EVENING - 30 * HOUR)
    world.place.answers["ListTags", f"{ARN}endpoint/llm"] = tags
    world.sweep(EVENING - 6 * HOUR)
    [session] = world.sessions.open.values()

    assert session.owner == "ana"


def test_an_unchanged_resource_costs_no_write_and_is_judged_once_a_day(world: World) -> None:
    """Tags are read for new sessions, metrics once a day."""
    endpoint(world, 1, "ml.g5.xlarge", LONG_AGO, LONG_AGO)
    for quarter in range(4):
        world.sweep(EVENING - 5 * HOUR + quarter * timedelta(minutes=15))
    [session] = world.sessions.open.values()

    assert (session.use, session.judged_at) == (Use.IDLE, EVENING - 5 * HOUR)
    assert len(world.metrics.asked) == 1
    assert world.reads
    assert "ListTags" not in world.reads.calls


def test_rows_count_in_totals_and_are_charges_of_focus(world: World) -> None:
    """As any other row."""
    endpoint(world, 1, "ml.g5.xlarge", LONG_AGO, LONG_AGO)
    world.sweep(EVENING)
    world.place.lists.clear()
    world.sweep(EVENING + HOUR)
    [row] = list(world.ledger.of_day("2026-11-30"))

    assert spend_of(row).cost_usd == Decimal("1.408")
    assert has_charge(row)
    assert {name: charge(row)[name] for name in ("BilledCost", "ResourceType", "ConsumedQuantity", "ResourceId")} == {
        "BilledCost": "1.408",
        "ResourceType": "Endpoint",
        "ConsumedQuantity": "1.0",
        "ResourceId": f"{ARN}endpoint/llm/blue",
    }


def test_studio_is_audited_once_a_week(world: World) -> None:
    """A domain without idle shutdown: one finding for each app type."""
    world.place.lists["ListDomains"] = [{"DomainId": "d-1"}]
    world.place.answers["DescribeDomain", "d-1"] = {"DomainId": "d-1"}
    for days in range(9):
        world.sweep(EVENING + timedelta(days=days))
    [audit] = world.audits.all()

    assert (audit.count, audit.audited_at) == (2, EVENING + timedelta(days=7))
    assert [(each.fault, each.app_type) for each in audit.findings] == [("off", "CodeEditor"), ("off", "JupyterLab")]


def test_an_outage_over_a_month_end_still_makes_a_row_for_each_month(world: World) -> None:
    """No sweep ran between 22:00 and 02:00: 2 h x $1.408 in each month, and the end is known to 4 h."""
    endpoint(world, 1, "ml.g5.xlarge", LONG_AGO, LONG_AGO)
    world.sweep(EVENING)
    world.place.lists.clear()
    world.sweep(EVENING + 4 * HOUR)

    assert world.costs() == [
        ("2026-11-30T22:00:00Z", "2026-11-30T23:59:59Z", Decimal("2.82")),
        ("2026-12-01T00:00:00Z", "2026-12-01T02:00:00Z", Decimal("2.82")),
    ]
    assert world.rows()[1].pricing_reason.endswith("its end is known to 4 h, or $5.63")


def test_only_the_stacks_own_account_is_swept() -> None:
    """One account that cannot be read would fail every sweep, so docs/organization.md leaves them out."""
    world = World()
    for scope in ("eu-west-1", "222233334444/us-east-1"):
        world.regions.add(scope)
    world.sweep(EVENING)

    assert set(world.checkpoints.kept) == {"standing#us-east-1", "standing#eu-west-1"}
