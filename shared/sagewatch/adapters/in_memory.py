"""The ports in memory, for tests and for dry runs: real implementations, held to the same contract as the others."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sagewatch.alerts import Alert
from sagewatch.costs import Pricing
from sagewatch.errors import DeliveryInFlightError, JobNotFoundError
from sagewatch.messages import Message
from sagewatch.ports import CLAIMED_FOR, Posted, QueueMessage
from sagewatch.pricing import EMPTY_BOOK, PriceBook
from sagewatch.records import CostRecord, key_time
from sagewatch.resources import Job, JobKind


@dataclass
class InMemoryJobs:
    """The ``Jobs`` port on a dictionary keyed by kind, region and name."""

    found: dict[tuple[JobKind, str, str], Job] = field(default_factory=dict)
    tagged: dict[str, Mapping[str, str]] = field(default_factory=dict)
    failure: Exception | None = None
    calls: list[str] = field(default_factory=list)

    def describe(self, job: Job) -> Job:
        """See ``Jobs.describe``."""
        self.calls.append(f"describe {job.kind} {job.name} in {job.region}")
        if self.failure:
            raise self.failure
        try:
            return self.found[job.kind, job.region, job.name]
        except KeyError as exc:
            raise JobNotFoundError(f"{job.kind} job {job.name} is not in {job.region}") from exc

    def tags(self, arn: str, region: str) -> Mapping[str, str]:
        """See ``Jobs.tags``."""
        self.calls.append(f"tags {arn} in {region}")
        return self.tagged.get(arn, {})


@dataclass
class InMemoryPrices:
    """The ``Prices`` port on a dictionary."""

    books: Mapping[str, PriceBook] = field(default_factory=dict)

    def book(self, region: str) -> PriceBook:
        """See ``Prices.book``."""
        return self.books.get(region, EMPTY_BOOK)


@dataclass
class InMemoryLedger:
    """The ``Ledger`` port on a dictionary."""

    rows: dict[tuple[str, str], CostRecord] = field(default_factory=dict)

    def put(self, row: CostRecord) -> bool:
        """See ``Ledger.put``."""
        key = (row.resource_arn, row.created_at)
        before = self.rows.get(key)
        if before and not (before.pricing is Pricing.PROVISIONAL and row.pricing is not Pricing.PROVISIONAL):
            return False
        self.rows[key] = row
        return True


@dataclass
class InMemoryOpenJobs:
    """The ``OpenJobs`` port on a dictionary, beside the ledger it looks into."""

    ledger: InMemoryLedger
    jobs: dict[tuple[str, str], Job] = field(default_factory=dict)

    def add(self, job: Job) -> bool:
        """See ``OpenJobs.add``."""
        key = (job.arn, key_time(job))
        if key in self.ledger.rows:
            return False
        self.jobs[key] = job
        return True

    def remove(self, job: Job) -> None:
        """See ``OpenJobs.remove``."""
        self.jobs.pop((job.arn, key_time(job)), None)


@dataclass
class InMemoryAlertQueue:
    """The ``AlertQueue`` port on a list."""

    sent: list[Alert] = field(default_factory=list)

    def send(self, alert: Alert) -> None:
        """See ``AlertQueue.send``."""
        self.sent.append(alert)


@dataclass
class InMemoryDeliveries:
    """The ``Deliveries`` port on two dictionaries."""

    claims: dict[str, datetime] = field(default_factory=dict)
    posted: dict[str, Posted] = field(default_factory=dict)

    def claim(self, alert_id: str, now: datetime) -> Posted | None:
        """See ``Deliveries.claim``."""
        if alert_id in self.posted:
            return self.posted[alert_id]
        if alert_id in self.claims and self.claims[alert_id] > now:
            left = max(1, int((self.claims[alert_id] - now).total_seconds()))
            raise DeliveryInFlightError(f"alert {alert_id} is being posted", retry_after=left)
        self.claims[alert_id] = now + CLAIMED_FOR
        return None

    def confirm(self, alert_id: str, posted: Posted, now: datetime) -> None:
        """See ``Deliveries.confirm``."""
        del now
        self.posted[alert_id] = posted

    def release(self, alert_id: str, now: datetime) -> None:
        """See ``Deliveries.release``."""
        self.claims[alert_id] = now


@dataclass
class InMemoryChannel:
    """The ``Channel`` port on a list."""

    messages: list[Message] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)

    def post(self, message: Message) -> Posted:
        """See ``Channel.post``. Raises the next of ``failures``, if there is one."""
        if self.failures:
            raise self.failures.pop(0)
        self.messages.append(message)
        return Posted("C0MEMORY", f"{len(self.messages)}.000000")


@dataclass
class InMemoryInbox:
    """The ``Inbox`` port on two lists."""

    postponed: list[tuple[str, int]] = field(default_factory=list)
    buried: list[tuple[str, str, str]] = field(default_factory=list)

    def postpone(self, message: QueueMessage, seconds: int) -> None:
        """See ``Inbox.postpone``."""
        self.postponed.append((message.body, seconds))

    def bury(self, message: QueueMessage, error: Exception) -> None:
        """See ``Inbox.bury``."""
        self.buried.append((message.body, type(error).__name__, str(error)))
