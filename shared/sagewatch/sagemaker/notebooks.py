"""Define notebook instances as values: their status, and what their tags ask SageWatch to do."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import override

from sagewatch.patterns import lazy_pattern

KEPT_FOLDER = "/home/ec2-user/SageMaker"  # all that a stop keeps: it is the volume; the rest is the instance
# "Starting July 1, 2026, you can no longer create new or restart stopped AL2 notebook instances" (developer guide,
# nbi-al2); AL1 went the same way in 2024. An unknown platform counts as one of them.
_ONE_WAY = lazy_pattern(r"notebook-al[12]-")


class NotebookStatus(StrEnum):
    """Notebook instance statuses, in the API's spelling.

    A status that AWS adds later becomes ``UNKNOWN``: it says nothing about the session, which stays as it is.
    """

    PENDING = "Pending"
    IN_SERVICE = "InService"
    STOPPING = "Stopping"
    STOPPED = "Stopped"
    FAILED = "Failed"
    DELETING = "Deleting"
    UPDATING = "Updating"
    PENDING_MAINTENANCE = "PendingMaintenance"
    IN_MAINTENANCE = "InMaintenance"
    UNKNOWN = "Unknown"

    @classmethod
    @override
    def _missing_(cls, value: object) -> "NotebookStatus | None":
        return cls.UNKNOWN if isinstance(value, str) and value else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Notebook:
    """One notebook instance, as read from an event, a listing or a Describe call.

    ``None`` always means "not known". Times are aware and in UTC. ``arn`` is in lower case; ``name`` keeps its case.
    Events and listings have neither ``platform`` nor ``volume_gb``.
    """

    name: str
    arn: str
    account: str
    region: str
    status: NotebookStatus
    instance_type: str | None = None
    created_at: datetime | None = None
    modified_at: datetime | None = None
    volume_gb: int | None = None
    platform: str | None = None
    role_arn: str | None = None
    failure_reason: str | None = None
    tags: Mapping[str, str] | None = None

    @property
    def scope(self) -> str:
        """The notebook's account and region, as ``scopes`` names them."""
        return f"{self.account}/{self.region}"

    @property
    def stop_is_one_way(self) -> bool:
        """Whether it cannot be started again after a stop, as far as is known."""
        return self.platform is None or _ONE_WAY.match(self.platform) is not None

    @property
    def running(self) -> bool:
        """Whether its instance is billed: from InService on, until it leaves it."""
        return self.status in {NotebookStatus.IN_SERVICE, NotebookStatus.UPDATING}
