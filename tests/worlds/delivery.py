"""A delivery with given stores and channel."""

from collections.abc import Mapping

from sagewatch.alerts.ports import AlertQueue
from sagewatch.clock import Clock
from sagewatch.delivery.deliver import AlertDelivery
from sagewatch.delivery.group import GroupDelivery
from sagewatch.delivery.ports import AlertGroups, Channel
from sagewatch.delivery.posting import MessagePosting
from tests.fakes.delivery import InMemoryDeliveries


def a_delivery(
    deliveries: InMemoryDeliveries,
    groups: AlertGroups,
    channel: Channel,
    alerts: AlertQueue,
    clock: Clock,
    routes: Mapping[str, str] | None = None,
) -> AlertDelivery:
    """Wire it as DeliverAlert does."""
    posting = MessagePosting(
        deliveries=deliveries, posted=deliveries, channel=channel, clock=clock, routes=routes or {}
    )
    group_delivery = GroupDelivery(
        posting=posting,
        deliveries=deliveries,
        posted=deliveries,
        channel=channel,
        groups=groups,
        alerts=alerts,
        clock=clock,
    )
    return AlertDelivery(deliveries=deliveries, posting=posting, groups=group_delivery, clock=clock)
