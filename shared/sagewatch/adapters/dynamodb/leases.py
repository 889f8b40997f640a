"""Leases as items keep them. One that never ends is stored with the year 9999, as every release has read it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from pydantic import TypeAdapter

from sagewatch.adapters.dynamodb.items import read_item
from sagewatch.alerts.ports import Lease
from sagewatch.clock import iso

_NO_END = datetime(9999, 12, 31, tzinfo=UTC)
_LEASE: TypeAdapter[Lease] = TypeAdapter(Lease)


def lease_item(lease: Lease) -> dict[str, str]:
    """Write a lease as an item's attributes."""
    return {"author": lease.author, "until": iso(lease.until or _NO_END), "written_at": iso(lease.written_at)}


def read_lease(item: Mapping[str, Any]) -> Lease:
    """Read a lease from an item's attributes. Raises ``UnreadableError``."""
    lease = read_item(_LEASE, item, "lease")
    return Lease(lease.author, None, lease.written_at) if lease.until == _NO_END else lease
