"""HyperPod clusters: the nodes of every instance group, at the rates of clusters, which differ from those of jobs."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import override

from pydantic import Field

from sagewatch.errors import SageWatchError
from sagewatch.idle.evidence import Source, Unknown
from sagewatch.sagemaker.fields import Arn, Timestamp
from sagewatch.sagemaker.kinds import ResourceKind
from sagewatch.sagemaker.model_parts import MOST_GB, AwsModel
from sagewatch.sagemaker.resources import MAX_INSTANCES
from sagewatch.standing.evidence import Answered
from sagewatch.standing.kinds.reading import found
from sagewatch.standing.ports import SageMakerReads, StandingKind
from sagewatch.standing.resources import BilledLine, BilledPart, StandingResource, Unit

_NO_METRIC = "SageMaker publishes no use of nodes; the scheduler of the cluster knows its jobs"
_STOPPING = "Scale its instance groups in, or delete the cluster: what is only on its nodes is lost"


class Volume(AwsModel):
    """A node's volume."""

    volume_size_in_gb: int | None = Field(None, alias="VolumeSizeInGB", ge=0, le=MOST_GB)


class NodeStorage(AwsModel):
    """A node's storage."""

    ebs_volume_config: Volume | None = None


class TypeDetails(AwsModel):
    """One of the types of a group that mixes them."""

    instance_type: str | None = None
    current_count: int | None = Field(None, ge=0, le=MAX_INSTANCES)


class Group(AwsModel):
    """A restricted instance group, which has one type."""

    name: str = Field(alias="InstanceGroupName")
    instance_type: str | None = None
    current_count: int | None = Field(None, ge=0, le=MAX_INSTANCES)
    instance_storage_configs: list[NodeStorage] | None = None
    training_plan_arn: str | None = None

    @property
    def fleet(self) -> list[tuple[str | None, int | None]]:
        """Types with their counts."""
        return [(self.instance_type, self.current_count)]

    @property
    def gb_per_node(self) -> int:
        """The volumes of a node."""
        volumes = [each.ebs_volume_config for each in self.instance_storage_configs or []]
        return sum(volume.volume_size_in_gb or 0 for volume in volumes if volume)


class MixedGroup(Group):
    """An instance group, which may mix types."""

    instance_type_details: list[TypeDetails] | None = None

    @property
    @override
    def fleet(self) -> list[tuple[str | None, int | None]]:
        mixed = [(each.instance_type, each.current_count) for each in self.instance_type_details or []]
        return mixed or [(self.instance_type, self.current_count)]


class ClusterModel(AwsModel):
    """DescribeCluster."""

    arn: Arn = Field(alias="ClusterArn")
    name: str = Field(alias="ClusterName")
    status: str = Field(alias="ClusterStatus")
    creation_time: Timestamp = None
    instance_groups: list[MixedGroup] | None = None
    restricted_instance_groups: list[Group] | None = None

    @property
    def groups(self) -> list[Group]:
        """All groups."""
        return [*(self.instance_groups or []), *(self.restricted_instance_groups or [])]


@dataclass(frozen=True, slots=True)
class Clusters(StandingKind):
    """The HyperPod clusters of a region."""

    kind: ResourceKind = ResourceKind.CLUSTER
    reads: tuple[str, ...] = ("ListClusters", "DescribeCluster")

    def find(self, api: SageMakerReads, now: datetime) -> Iterator[StandingResource | SageWatchError]:
        """One Describe each: its groups carry the counts."""
        del now
        names = [cluster["ClusterName"] for cluster in api.pages("ListClusters", "ClusterSummaries")]
        answers = api.each("DescribeCluster", [{"ClusterName": name} for name in names])
        yield from found(ClusterModel, names, answers, _resource)


def _resource(cluster: ClusterModel) -> StandingResource:
    return StandingResource(
        kind=ResourceKind.CLUSTER,
        arn=cluster.arn,
        name=cluster.name,
        status=cluster.status,
        since=cluster.creation_time,
        configuration=", ".join(_words(group) for group in cluster.groups) or "no instance groups",
        parts=tuple(_part(group) for group in cluster.groups),
        evidence=Answered(Unknown(Source.DESCRIBE, _NO_METRIC)),
        stopping=_STOPPING,
        note="all its instance groups are at 0 nodes",
    )


def _part(group: Group) -> BilledPart:
    if any(count is None or (name is None and count) for name, count in group.fleet):
        return BilledPart(name=group.name, unpriced=f"the nodes of group {group.name} are unknown")
    nodes = sum(count or 0 for _, count in group.fleet)
    volumes = BilledLine("Cluster", "", Decimal(group.gb_per_node * nodes), Unit.GB_MONTH)
    return BilledPart(
        name=group.name,
        lines=(*(BilledLine("Cluster", name or "", Decimal(count or 0)) for name, count in group.fleet), volumes),
        covered="prepaid by a training plan" if group.training_plan_arn and nodes else None,
    )


def _words(group: Group) -> str:
    return f"{group.name}: {' + '.join(f'{count} x {name}' for name, count in group.fleet)}"
