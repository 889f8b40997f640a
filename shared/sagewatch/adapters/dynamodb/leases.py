"""Leases as items keep them. One that never ends is stored with the year 9999, as every release has read it.

``written_at`` has whole seconds, as every release has compared it. ``pressed_at`` says which of two buttons that were
pressed within one second was the later one.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sagewatch.adapters.dynamodb.items import read_item
from sagewatch.alerts.ports import Lease
from sagewatch.clock import iso
from sagewatch.models import LazyAdapter

_NO_END = datetime(9999, 12, 31, tzinfo=UTC)
_SHOWN_FOR = timedelta(days=90)  # who kept what, for those who ask later
_LEASE: LazyAdapter[Lease] = LazyAdapter(Lease)


def lease_item(lease: Lease) -> dict[str, str]:
    """Write a lease as an item's attributes."""
    return {
        "author": lease.author,
        "until": iso(lease.until or _NO_END),
        "written_at": iso(lease.written_at),
        "pressed_at": lease.written_at.astimezone(UTC).isoformat(timespec="microseconds"),
    }


def lease_expiry(lease: Lease) -> int | None:
    """Say when a lease's item may go, in seconds since 1970; one without an end stays."""
    return int((lease.until + _SHOWN_FOR).timestamp()) if lease.until else None


def read_lease(item: Mapping[str, Any]) -> Lease:
    """Read a lease from an item's attributes. Raises ``UnreadableError``."""
    lease = read_item(_LEASE, {**item, "written_at": item.get("pressed_at", item.get("written_at"))}, "lease")
    return Lease(lease.author, None, lease.written_at) if lease.until == _NO_END else lease
