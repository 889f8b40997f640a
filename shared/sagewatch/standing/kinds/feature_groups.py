"""Feature groups with provisioned throughput or an in-memory online store: billed whether or not they are read."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from pydantic import Field

from sagewatch.errors import SageWatchError
from sagewatch.owners.owner import role_owner
from sagewatch.sagemaker.fields import Arn, Timestamp
from sagewatch.sagemaker.kinds import ResourceKind
from sagewatch.sagemaker.model_parts import AwsModel
from sagewatch.standing.evidence import MetricProbe, Metrics
from sagewatch.standing.kinds.reading import found
from sagewatch.standing.ports import SageMakerReads, StandingKind
from sagewatch.standing.resources import BilledLine, BilledPart, StandingResource

_STOPPING = "UpdateFeatureGroup to on-demand throughput, once in 24 hours: nothing is lost"
_SILENCE = "other series of the group were published in 90 days, and this one only for requests"
_OPERATIONS = {
    "ConsumedReadCapacityUnits": ("GetRecord", "BatchGetRecord"),
    "ConsumedReadRequestsUnits": ("GetRecord", "BatchGetRecord"),
    "ConsumedWriteCapacityUnits": ("PutRecord", "DeleteRecord"),
    "ConsumedWriteRequestsUnits": ("PutRecord", "DeleteRecord"),
}


class Throughput(AwsModel):
    """What is provisioned."""

    throughput_mode: str | None = None
    provisioned_read_capacity_units: int | None = None
    provisioned_write_capacity_units: int | None = None


class OnlineStore(AwsModel):
    """The online store."""

    enable_online_store: bool | None = None
    storage_type: str | None = None


class GroupModel(AwsModel):
    """DescribeFeatureGroup."""

    arn: Arn = Field(alias="FeatureGroupArn")
    name: str = Field(alias="FeatureGroupName")
    status: str = Field("", alias="FeatureGroupStatus")
    creation_time: Timestamp = None
    last_modified_time: Timestamp = None
    role_arn: str | None = None
    throughput_config: Throughput | None = None
    online_store_config: OnlineStore | None = None

    @property
    def in_memory(self) -> bool:
        """Whether its online store is a cache of its own."""
        return self.online_store_config is not None and self.online_store_config.storage_type == "InMemory"

    @property
    def units(self) -> tuple[int, int]:
        """The provisioned read and write capacity units; on demand there are none."""
        config = self.throughput_config
        if config is None or config.throughput_mode != "Provisioned":
            return 0, 0
        return config.provisioned_read_capacity_units or 0, config.provisioned_write_capacity_units or 0


@dataclass(frozen=True, slots=True)
class FeatureGroups(StandingKind):
    """The feature groups of a region."""

    kind: ResourceKind = ResourceKind.FEATURE_GROUP
    reads: tuple[str, ...] = ("ListFeatureGroups", "DescribeFeatureGroup")

    def find(self, api: SageMakerReads, now: datetime) -> Iterator[StandingResource | SageWatchError]:
        """Those on demand bill nothing without requests."""
        del now
        names = [group["FeatureGroupName"] for group in api.pages("ListFeatureGroups", "FeatureGroupSummaries")]
        answers = api.each("DescribeFeatureGroup", [{"FeatureGroupName": name} for name in names])
        yield from found(GroupModel, names, answers, _resource)


def _resource(group: GroupModel) -> StandingResource:
    reads, writes = group.units
    memory = ", in memory" if group.in_memory else ""
    return StandingResource(
        kind=ResourceKind.FEATURE_GROUP,
        arn=group.arn,
        name=group.name,
        status=group.status,
        since=group.creation_time,
        changed_at=group.last_modified_time,
        configuration=f"{reads} read and {writes} write capacity units{memory}",
        parts=(
            BilledPart(
                lines=(
                    BilledLine("FeatureStore", "provisioned read capacity unit", Decimal(reads)),
                    BilledLine("FeatureStore", "provisioned write capacity unit", Decimal(writes)),
                    BilledLine("FeatureStore", "in-memory store", Decimal(1 if group.in_memory else 0)),
                )
            ),
        ),
        evidence=Metrics(probes=tuple(_probes(group.name)), silence=_SILENCE, one_proves_all=True),
        stopping=_STOPPING,
        owner=role_owner(group.role_arn),
        note="on demand: only requests and storage are billed",
    )


def _probes(name: str) -> Iterator[MetricProbe]:
    for metric, operations in _OPERATIONS.items():
        for operation in operations:
            yield MetricProbe(
                namespace="AWS/SageMaker/FeatureStore",
                metric=metric,
                dimensions=(("FeatureGroupName", name), ("OperationName", operation)),
            )
