"""The stores in memory, for tests: real implementations, held to the same contract as the tables."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from sagewatch.alerts.ports import Lease
from sagewatch.idle.state import Watched


@dataclass
class InMemoryWatches:
    """The ``Watches`` port on two dictionaries."""

    kept: dict[str, Watched] = field(default_factory=dict)
    leases: dict[str, Lease] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)

    def of_region(self, region: str) -> Mapping[str, Watched]:
        """See ``Watches.of_region``."""
        arns = self.kept.keys() | self.leases.keys()
        return {arn: self.read(arn, region) for arn in arns if arn.split(":")[3] == region}

    def read(self, arn: str, region: str) -> Watched:
        """See ``Watches.read``."""
        del region
        return replace(self.kept.get(arn, Watched(arn=arn)), lease=self.leases.get(arn))

    def keep(self, watched: Watched, region: str) -> None:
        """See ``Watches.keep``."""
        del region
        self.kept[watched.arn] = watched

    def file(self, alert_id: str, body: str) -> None:
        """See ``Watches.file``."""
        self.files[alert_id] = body

    def filed(self, alert_id: str) -> str | None:
        """See ``Watches.filed``."""
        return self.files.get(alert_id)

    def grant(self, arn: str, region: str, lease: Lease) -> None:
        """See ``Watches.grant``."""
        del region
        self.leases[arn] = lease
