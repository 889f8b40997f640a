"""Every other kind against a CloudWatch that answers only published dimension sets: what is used, idle and unknown."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator

from sagewatch.errors import SageWatchError
from sagewatch.pricing.book import Price, PriceBook, Rates
from sagewatch.sagemaker.kinds import ResourceKind
from sagewatch.standing.decision import Use, UseDecision, decide
from sagewatch.standing.evidence import Metrics
from sagewatch.standing.hourly import hourly_price
from sagewatch.standing.kinds.clusters import Clusters
from sagewatch.standing.kinds.domain_files import DomainFiles
from sagewatch.standing.kinds.feature_groups import FeatureGroups
from sagewatch.standing.kinds.mlflow_servers import MlflowServers
from sagewatch.standing.kinds.monitoring_schedules import MonitoringSchedules
from sagewatch.standing.kinds.notebooks import Notebooks
from sagewatch.standing.kinds.partner_apps import PartnerApps
from sagewatch.standing.kinds.spaces import Spaces
from sagewatch.standing.kinds.studio_apps import StudioApps
from sagewatch.standing.kinds.training_plans import TrainingPlans
from sagewatch.standing.kinds.warm_pools import WarmPools
from sagewatch.standing.ports import StandingKind
from sagewatch.standing.resources import StandingResource
from tests.fakes.standing import CannedReads, PublishedMetrics

NOW = datetime(2026, 11, 27, 9, 30, tzinfo=UTC)
OLD, FRESH = NOW - timedelta(days=40), NOW - timedelta(hours=1)
ARN = "arn:aws:sagemaker:us-east-1:123456789012:"
Json = dict[str, Any]


def price(usd: str, component: str) -> Price:
    """A price of the list."""
    return Price(Decimal(usd), component, "us-east-1", "2026-09-22", "test")


PRICES = {
    "Hosting": {"ml.m5.xlarge": "0.23", "ml.g5.xlarge": "1.408"},
    "Canvas": {"Session-Hrs": "1.90"},
    "MLflow": {"Small": "0.60"},
    "ServerlessInf": {"provisioned concurrency": "0.0144"},
    "Cluster": {"ml.p4d.24xlarge": "25.91"},
}
BOOK = PriceBook(
    hourly={
        component: {item: price(usd, component) for item, usd in items.items()} for component, items in PRICES.items()
    },
    volumes={"Studio": price("0.112", "Studio"), "Notebook": price("0.14", "Notebook")},
)
RATES = Rates(BOOK, Decimal(0))


class Place:
    """A region, with the answers of one kind's calls and the published series."""

    def __init__(self) -> None:
        """Nothing there."""
        self.lists: dict[str, list[Json]] = {}
        self.answers: dict[tuple[str, str], Any] = {}
        self.metrics = PublishedMetrics()

    def add(self, listing: str, summary: Json, describe: str = "", answer: Json | None = None) -> None:
        """Something that is listed, and described by the first field of its summary."""
        self.lists.setdefault(listing, []).append(summary)
        if describe:
            self.answers[describe, str(next(iter(summary.values())))] = {**summary, **(answer or {})}

    def found(self, kind: StandingKind) -> Sequence[StandingResource]:
        """What the kind finds; nothing may be unreadable."""
        found = list(kind.find(CannedReads(self.lists, self.answers), NOW))
        assert [each for each in found if isinstance(each, SageWatchError)] == []
        return [each for each in found if isinstance(each, StandingResource)]

    def decided(self, kind: StandingKind) -> Mapping[str, UseDecision]:
        """The decision about each, by name."""
        return {each.name: self._decide(each) for each in self.found(kind)}

    def uses(self, kind: StandingKind) -> Mapping[str, Use]:
        """Whether each is used."""
        return {name: decision.use for name, decision in self.decided(kind).items()}

    def hours(self, kind: StandingKind) -> Mapping[str, tuple[Decimal | None, str | None]]:
        """What an hour of each costs, or why that is not known."""
        prices = {each.name: hourly_price(each, RATES, NOW) for each in self.found(kind)}
        return {name: (found.usd, found.reason) for name, found in prices.items()}

    def _decide(self, each: StandingResource) -> UseDecision:
        probes = each.evidence.probes if isinstance(each.evidence, Metrics) else ()
        return decide(each, self.metrics.read(probes, NOW), NOW)


def app(place: Place, name: str, app_type: str, user: str, created: datetime = OLD, **fields: Any) -> None:
    """An app of a user."""
    keys = {"AppName": name, "AppType": app_type, "DomainId": "d-1", "UserProfileName": user, "Status": "InService"}
    arn = f"{ARN}app/d-1/{user}/{app_type.lower()}/{name}"
    place.add("ListApps", {**keys, **fields}, "DescribeApp", {"AppArn": arn, "CreationTime": created})


def canvas(place: Place, user: str, seconds: float | None, at: datetime = NOW, created: datetime = OLD) -> None:
    """A Canvas session whose last point says how long it has not been used, with an hour of points before it."""
    steps = [timedelta(minutes=5 * n) for n in range(12)]
    app(place, f"canvas-{user}", "Canvas", user, created)
    if seconds is not None:
        place.metrics.publish(
            "TimeSinceLastActive",
            {at - step: max(seconds - step.total_seconds(), 0) for step in steps},
            namespace="/aws/sagemaker/Canvas/AppActivity",
            DomainId="d-1",
            UserProfileName=user,
        )


def test_canvas_is_judged_by_the_time_since_it_was_last_active() -> None:
    """Four hours, and a point of the last hour: an older one says nothing of now."""
    place = Place()
    canvas(place, "busy", 600.0)
    canvas(place, "idle", 5 * 3600.0)
    canvas(place, "silent", None)
    canvas(place, "stale", 5 * 3600.0, at=NOW - timedelta(hours=2))
    canvas(place, "new", 3000.0 * 6, created=FRESH)

    decided = {name.partition("/")[0]: decision for name, decision in place.decided(StudioApps()).items()}

    assert {name: decision.use for name, decision in decided.items()} == {
        "busy": Use.USED,
        "idle": Use.IDLE,
        "silent": Use.UNKNOWN,
        "stale": Use.UNKNOWN,
        "new": Use.NEW,
    }
    assert decided["idle"].last_use == NOW - timedelta(hours=5)
    assert place.hours(StudioApps())["idle/Canvas/canvas-idle"] == (Decimal("1.90"), None)


def test_a_studio_app_is_never_idle_because_health_checks_set_its_last_activity() -> None:
    """A Jupyter server of Studio Classic is free, and a kernel's system instance is an ml.t3.medium."""
    place = Place()
    app(place, "lab", "JupyterLab", "ana", ResourceSpec={"InstanceType": "ml.g5.xlarge"})
    app(place, "server", "JupyterServer", "ana", ResourceSpec={"InstanceType": "system"})
    app(place, "kernel", "KernelGateway", "ana", ResourceSpec={"InstanceType": "system"})
    app(place, "planned", "CodeEditor", "bo", ResourceSpec={"InstanceType": "ml.g5.xlarge", "TrainingPlanArn": "p"})
    app(place, "gone", "JupyterLab", "bo", Status="Deleted")

    assert place.uses(StudioApps()) == {
        "ana/JupyterLab/lab": Use.UNKNOWN,
        "ana/JupyterServer/server": Use.BILLS_NOTHING,
        "ana/KernelGateway/kernel": Use.UNKNOWN,
        "bo/CodeEditor/planned": Use.UNKNOWN,
    }
    assert place.hours(StudioApps()) == {
        "ana/JupyterLab/lab": (Decimal("1.408"), None),
        "ana/JupyterServer/server": (Decimal(0), None),
        "ana/KernelGateway/kernel": (None, "no price is known for ml.t3.medium (Studio-KernelGateway) in us-east-1"),
        "bo/CodeEditor/planned": (None, "prepaid by a training plan"),
    }


def test_an_app_without_an_instance_type_is_unpriced_and_never_free() -> None:
    """Its listing may show the type that DescribeApp does not."""
    place = Place()
    app(place, "typeless", "JupyterLab", "ana")
    app(place, "listed", "JupyterLab", "ana", ResourceSpec={"InstanceType": "ml.g5.xlarge"})
    app(place, "server", "JupyterServer", "ana")
    place.answers["DescribeApp", "listed"].pop("ResourceSpec", None)

    assert place.hours(StudioApps()) == {
        "ana/JupyterLab/typeless": (None, "its instance type is not known"),
        "ana/JupyterLab/listed": (Decimal("1.408"), None),
        "ana/JupyterServer/server": (Decimal(0), None),
    }


def test_a_space_is_in_use_while_an_app_of_it_runs_and_unknown_otherwise() -> None:
    """100 GB at $0.112 in a November of 720 hours."""
    place = Place()
    for name in ("open", "closed"):
        settings = {"SpaceStorageSettings": {"EbsStorageSettings": {"EbsVolumeSizeInGb": 100}}}
        answer = {"SpaceArn": f"{ARN}space/d-1/{name}", "CreationTime": OLD, "SpaceSettings": settings}
        place.add("ListSpaces", {"SpaceName": name, "DomainId": "d-1", "Status": "InService"}, "DescribeSpace", answer)
    place.add("ListApps", {"AppName": "lab", "DomainId": "d-1", "SpaceName": "open", "Status": "InService"})

    assert place.uses(Spaces()) == {"open": Use.USED, "closed": Use.UNKNOWN}
    assert place.hours(Spaces())["closed"] == (Decimal(100) * Decimal("0.112") * (Decimal(3600) / 2592000), None)


def test_a_tracking_server_of_a_deleted_domain_is_found_and_priced() -> None:
    """The console does not show it. One that is stuck in Updating bills; a stopped one does not."""
    place = Place()
    rows = (("orphan", "Created", "d-gone"), ("stuck", "Updating", "d-1"), ("stopped", "Stopped", "d-1"))
    for name, status, domain in rows:
        summary = {"TrackingServerName": name, "TrackingServerStatus": status}
        answer = {
            "TrackingServerArn": f"{ARN}mlflow-tracking-server/{name}",
            "TrackingServerSize": "Small",
            "IsActive": "Inactive" if status == "Stopped" else "Active",
            "CreationTime": OLD,
            "CreatedBy": {"UserProfileName": "ana", "DomainId": domain},
        }
        place.add("ListMlflowTrackingServers", summary, "DescribeMlflowTrackingServer", answer)
    place.add("ListDomains", {"DomainId": "d-1"})

    assert place.uses(MlflowServers()) == {
        "orphan": Use.UNKNOWN,
        "stuck": Use.UNKNOWN,
        "stopped": Use.BILLS_NOTHING,
    }
    assert place.hours(MlflowServers())["orphan"] == (Decimal("0.60"), None)
    words = {each.name: each.configuration for each in place.found(MlflowServers())}
    assert words["orphan"].endswith("its domain d-gone is deleted, so the console does not show it")
    assert "deleted" not in words["stuck"]


def test_a_cluster_bills_the_nodes_of_every_group_at_the_rates_of_clusters() -> None:
    """Nodes on a training plan are prepaid; groups at 0 bill nothing; two parts make one price."""
    place = Place()
    groups: dict[str, list[Json]] = {
        "mixed": [
            {"InstanceGroupName": "gpu", "InstanceType": "ml.p4d.24xlarge", "CurrentCount": 2},
            {"InstanceGroupName": "head", "InstanceType": "ml.m5.xlarge", "CurrentCount": 1},
        ],
        "zero": [{"InstanceGroupName": "gpu", "InstanceType": "ml.p4d.24xlarge", "CurrentCount": 0}],
        "planned": [
            {"InstanceGroupName": "gpu", "InstanceType": "ml.p4d.24xlarge", "CurrentCount": 4, "TrainingPlanArn": "p"}
        ],
    }
    for name, members in groups.items():
        answer = {"ClusterArn": f"{ARN}cluster/{name}", "CreationTime": OLD, "InstanceGroups": members}
        place.add("ListClusters", {"ClusterName": name, "ClusterStatus": "InService"}, "DescribeCluster", answer)

    assert place.uses(Clusters()) == {"mixed": Use.UNKNOWN, "zero": Use.BILLS_NOTHING, "planned": Use.UNKNOWN}
    assert place.hours(Clusters()) == {
        "mixed": (2 * Decimal("25.91") + Decimal("0.23"), None),
        "zero": (Decimal(0), None),
        "planned": (None, "prepaid by a training plan"),
    }


def test_a_warm_pool_is_idle_once_it_has_waited_for_half_an_hour() -> None:
    """A pool that is in use, reused or over is none that waits."""
    place = Place()
    rows = (("waits", "Available", 40), ("just-begun", "Available", 5), ("taken", "InUse", 40))
    for name, status, minutes in rows:
        answer = {
            "TrainingJobArn": f"{ARN}training-job/{name}",
            "TrainingJobStatus": "Completed",
            "ResourceConfig": {"InstanceType": "ml.g5.xlarge", "InstanceCount": 2, "KeepAlivePeriodInSeconds": 3600},
            "CreationTime": NOW - timedelta(hours=3),
            "TrainingStartTime": NOW - timedelta(hours=3),
            "TrainingEndTime": NOW - timedelta(minutes=minutes),
            "WarmPoolStatus": {"Status": status},
        }
        place.add("ListTrainingJobs", {"TrainingJobName": name}, "DescribeTrainingJob", answer)

    assert place.uses(WarmPools()) == {"waits": Use.IDLE, "just-begun": Use.NEW}
    assert place.hours(WarmPools())["waits"] == (Decimal("2.816"), None)


def test_a_training_plan_is_idle_if_none_of_its_instances_is_in_use() -> None:
    """It is prepaid; what the unused part of its fee loses in an hour is said."""
    place = Place()
    rows = (("unused", 0, OLD), ("partly", 6, OLD), ("begun", 0, FRESH), ("unclear", None, OLD))
    for name, used, start in rows:
        summary = {
            "TrainingPlanArn": f"{ARN}training-plan/{name}",
            "TrainingPlanName": name,
            "Status": "Active",
            "StartTime": start,
            "EndTime": start + timedelta(days=50),
            "UpfrontFee": "12000",
            "TotalInstanceCount": 8,
            "AvailableInstanceCount": None if used is None else 8 - used,
            "InUseInstanceCount": used,
        }
        place.add("ListTrainingPlans", summary)
    place.add("ListTrainingPlans", {**place.lists["ListTrainingPlans"][0], "Status": "Scheduled"})

    assert place.uses(TrainingPlans()) == {
        "unused": Use.IDLE,
        "partly": Use.USED,
        "begun": Use.NEW,
        "unclear": Use.UNKNOWN,
    }
    assert place.hours(TrainingPlans())["partly"] == (
        None,
        "prepaid, $12,000.00 paid; its 2 unused instances lose $2.50/h",
    )


@pytest.mark.parametrize(
    ("status", "use", "usd"),
    [
        ("InService", Use.UNKNOWN, Decimal("0.23") + Decimal(50) * Decimal("0.14") * (Decimal(3600) / 2592000)),
        ("Stopped", Use.UNKNOWN, Decimal(50) * Decimal("0.14") * (Decimal(3600) / 2592000)),
    ],
)
def test_a_notebook_bills_its_instance_in_service_and_its_volume_always(status: str, use: Use, usd: Decimal) -> None:
    """Its use is decided from its kernels, not from a listing."""
    place = Place()
    answer = {
        "NotebookInstanceArn": f"{ARN}notebook-instance/nb",
        "InstanceType": "ml.m5.xlarge",
        "VolumeSizeInGB": 50,
        "CreationTime": OLD,
        "LastModifiedTime": OLD,
    }
    summary = {"NotebookInstanceName": "nb", "NotebookInstanceStatus": status}
    place.add("ListNotebookInstances", summary, "DescribeNotebookInstance", answer)

    assert place.uses(Notebooks()) == {"nb": use}
    assert place.hours(Notebooks()) == {"nb": (usd, None)}
    assert [each.kind for each in place.found(Notebooks())] == [ResourceKind.NOTEBOOK]


def test_a_feature_group_is_idle_once_its_series_exist_and_show_no_use() -> None:
    """One series of a group proves the names of the others; without any, silence proves nothing."""
    place = Place()
    for name in ("read", "forgotten", "never-published", "on-demand", "in-memory"):
        provisioned = {"ThroughputMode": "Provisioned", "ProvisionedReadCapacityUnits": 10}
        answer = {
            "FeatureGroupArn": f"{ARN}feature-group/{name}",
            "CreationTime": OLD,
            "ThroughputConfig": provisioned
            if name not in {"on-demand", "in-memory"}
            else {"ThroughputMode": "OnDemand"},
            "OnlineStoreConfig": {"StorageType": "InMemory" if name == "in-memory" else "Standard"},
        }
        place.add("ListFeatureGroups", {"FeatureGroupName": name}, "DescribeFeatureGroup", answer)
    for name, operation, days in (("read", "GetRecord", 1), ("forgotten", "PutRecord", 30)):
        place.metrics.publish(
            "ConsumedReadCapacityUnits" if operation == "GetRecord" else "ConsumedWriteCapacityUnits",
            {NOW - timedelta(days=days): 5.0},
            namespace="AWS/SageMaker/FeatureStore",
            FeatureGroupName=name,
            OperationName=operation,
        )

    assert place.uses(FeatureGroups()) == {
        "read": Use.USED,
        "forgotten": Use.IDLE,
        "never-published": Use.UNKNOWN,
        "on-demand": Use.BILLS_NOTHING,
        "in-memory": Use.UNKNOWN,
    }
    assert place.hours(FeatureGroups())["read"] == (
        None,
        "no price is known for provisioned read capacity unit (FeatureStore) in us-east-1",
    )


def test_a_monitoring_schedule_is_idle_if_its_endpoint_does_not_exist() -> None:
    """Otherwise its last run decides. Its cost is in the rows of processing jobs."""
    place = Place()
    for name, endpoint, run in (
        ("watches", "live", {"MonitoringExecutionStatus": "CompletedWithViolations", "ScheduledTime": FRESH}),
        ("orphan", "deleted", {"MonitoringExecutionStatus": "Failed", "ScheduledTime": FRESH}),
        ("fails", "live", {"MonitoringExecutionStatus": "Failed", "ScheduledTime": FRESH}),
    ):
        answer = {
            "MonitoringScheduleArn": f"{ARN}monitoring-schedule/{name}",
            "MonitoringScheduleStatus": "Scheduled",
            "EndpointName": endpoint,
            "CreationTime": OLD,
            "LastMonitoringExecutionSummary": run,
        }
        place.add("ListMonitoringSchedules", {"MonitoringScheduleName": name}, "DescribeMonitoringSchedule", answer)
    place.add("ListEndpoints", {"EndpointName": "live"})

    decided = place.decided(MonitoringSchedules())

    assert {name: (each.use, each.last_use) for name, each in decided.items()} == {
        "watches": (Use.USED, FRESH),
        "orphan": (Use.IDLE, None),
        "fails": (Use.UNKNOWN, None),
    }
    assert place.hours(MonitoringSchedules())["orphan"] == (
        None,
        "each of its runs is a processing job, with a row of its own",
    )


def test_the_files_of_a_domain_are_billed_by_efs_at_a_price_that_is_not_known() -> None:
    """A domain without a home file system bills nothing. Unknown is not 0."""
    place = Place()
    for name, files in (("d-1", "fs-1"), ("d-2", None)):
        answer = {"DomainArn": f"{ARN}domain/{name}", "Status": "InService", "CreationTime": OLD}
        place.add("ListDomains", {"DomainId": name}, "DescribeDomain", {**answer, "HomeEfsFileSystemId": files})

    assert place.uses(DomainFiles()) == {"d-1/fs-1": Use.UNKNOWN, "d-2/no file system": Use.BILLS_NOTHING}
    assert place.hours(DomainFiles())["d-1/fs-1"] == (
        None,
        "Amazon EFS bills each GB that is stored in it, and SageMaker does not say how many there are",
    )


def test_a_partner_app_is_billed_by_its_tier_at_a_price_that_is_not_known() -> None:
    """One that failed may hold what it was given. A deleted one stays listed, and is left out."""
    place = Place()
    for name, status in (("comet", "Available"), ("fiddler", "Failed"), ("gone", "Deleted")):
        arn = f"{ARN}partner-app/{name}"
        summary = {"Arn": arn, "Name": name, "Status": status, "Type": "comet"}
        place.add("ListPartnerApps", summary, "DescribePartnerApp", {"Tier": "small", "CreationTime": OLD})

    assert place.uses(PartnerApps()) == {"comet": Use.UNKNOWN, "fiddler": Use.UNKNOWN}
    assert place.hours(PartnerApps())["comet"] == (
        None,
        "AWS Marketplace bills the tier of this app; SageMaker's price list does not have it",
    )
    assert place.found(PartnerApps())[0].configuration == "comet, tier small"


def test_every_call_that_ends_a_bill_is_one_of_the_api() -> None:
    """Its operation exists, and its request has the fields that the service wants."""
    place = Place()
    canvas(place, "ana", None)
    app(place, "lab", "JupyterLab", "ana")
    for listing, summary, describe, arn in (
        (
            "ListMlflowTrackingServers",
            {"TrackingServerName": "exp"},
            "DescribeMlflowTrackingServer",
            "TrackingServerArn",
        ),
        (
            "ListMonitoringSchedules",
            {"MonitoringScheduleName": "m"},
            "DescribeMonitoringSchedule",
            "MonitoringScheduleArn",
        ),
        ("ListNotebookInstances", {"NotebookInstanceName": "nb"}, "DescribeNotebookInstance", "NotebookInstanceArn"),
    ):
        status = {"TrackingServerStatus": "Created", "MonitoringScheduleStatus": "Scheduled"}
        notebook = {"NotebookInstanceStatus": "InService", "InstanceType": "ml.m5.xlarge"}
        place.add(listing, dict(summary), describe, {**status, **notebook, arn: f"{ARN}x/y"})
    pool = {"TrainingJobStatus": "Completed", "WarmPoolStatus": {"Status": "Available"}, "TrainingEndTime": OLD}
    place.add(
        "ListTrainingJobs",
        {"TrainingJobName": "p"},
        "DescribeTrainingJob",
        {**pool, "TrainingJobArn": f"{ARN}training-job/p"},
    )
    kinds: tuple[StandingKind, ...] = (StudioApps(), MlflowServers(), MonitoringSchedules(), Notebooks(), WarmPools())
    ends = [each.end for kind in kinds for each in place.found(kind)]
    api = botocore.session.get_session().get_service_model("sagemaker")

    assert [end and end.operation for end in ends] == [
        "DeleteApp",
        "DeleteApp",
        "StopMlflowTrackingServer",
        "StopMonitoringSchedule",
        "StopNotebookInstance",
        "UpdateTrainingJob",
    ]
    for end in ends:
        assert end
        shape: Any = api.operation_model(end.operation).input_shape
        assert ParamValidator().validate(dict(end.request), shape).generate_report() == ""
