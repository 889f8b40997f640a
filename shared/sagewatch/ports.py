"""What SageWatch needs from the outside, as Protocols. Adapters implement them and raise ``sagewatch.errors`` only.

To implementers: translate every foreign error into the most specific own one, ``from exc``; time out; be safe to call
twice with the same arguments; and declare in ``PERMISSIONS`` the IAM actions your calls need, which a test holds the
template to.
"""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from sagewatch.alerts import Alert
from sagewatch.pricelist import ListedPrice
from sagewatch.pricing import PriceBook
from sagewatch.records import CostRecord, Key, iso
from sagewatch.resources import Job, JobKind
from sagewatch.totals import Amounts, DayTotal, LedgerRow, RollUp, Sum

if TYPE_CHECKING:
    from sagewatch.messages import Message  # Slack's models are heavy, and only delivery needs them


class Clock(Protocol):
    """The time, aware and in UTC."""

    def __call__(self) -> datetime:
        """Say what time it is."""


class MoreTime(Protocol):
    """Whether there is time for one thing more."""

    def __call__(self, share: float = 1) -> bool:
        """Say whether less than that share of the time there was is over."""


class Jobs(Protocol):
    """SageMaker's own account of its jobs."""

    def describe(self, job: Job) -> Job:
        """Ask for the job of that kind, name and region. Tags stay unknown.

        Raises ``JobNotFoundError``, ``ThrottledError``, ``AccessDeniedError``, ``UnavailableError``.
        """

    def tags(self, arn: str, region: str) -> Mapping[str, str]:
        """Ask for the tags of a job or of its parent, none for one that is gone. Raises what else ``describe`` does.

        The tags of parents are asked for by every child, so an answer may be some minutes old.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedJob:
    """What a listing tells of a job: enough to key it and to describe it."""

    kind: JobKind
    name: str
    arn: str
    created_at: datetime

    @property
    def key(self) -> Key:
        """The key its row has, or will have."""
        return self.arn, iso(self.created_at)


class JobLists(Protocol):
    """SageMaker's listings of its jobs."""

    def created_since(
        self, kind: JobKind, region: str, since: datetime, before: datetime | None = None
    ) -> Iterator[Sequence[ListedJob]]:
        """Yield pages of the jobs created after ``since``, newest first, and only those before a time if one is given.

        A page may be empty and not the last. Raises what ``Jobs.describe`` does, but for ``JobNotFoundError``.
        """


class Prices(Protocol):
    """Where price books come from."""

    def book(self, region: str) -> PriceBook:
        """Answer with the region's book, empty for a region nothing is known of."""


class PriceList(Protocol):
    """The list AWS publishes."""

    def documents(self, region: str) -> Iterator[str]:
        """Yield a region's product documents.

        Raises ``ThrottledError``, ``AccessDeniedError``, ``UnavailableError``.
        """


class Regions(Protocol):
    """The regions jobs were seen in."""

    def note(self, region: str) -> None:
        """Note that a region is in use. Raises what ``Ledger.put`` does."""

    def in_use(self) -> AbstractSet[str]:
        """The regions that were noted. Raises what ``Ledger.put`` does."""


class PriceCache(Protocol):
    """The prices that were read from the list last."""

    def keep(self, region: str, prices: Sequence[ListedPrice], now: datetime) -> None:
        """Keep a region's prices in place of those before. Raises what ``Ledger.put`` does."""


@dataclass(frozen=True, slots=True)
class Put:
    """What became of a row, and the sums that the row it took the place of was in."""

    written: bool
    replaced: tuple[Sum, ...] = ()


class Ledger(Protocol):
    """The rows of ended jobs, written."""

    def put(self, row: CostRecord) -> Put:
        """Write a row, and say whether it was written and what it replaced.

        A row only ever gives way to a better one: unpriced to provisional, either to a final one. Raises
        ``ThrottledError``, ``AccessDeniedError``, ``UnavailableError``.
        """


class LedgerKeys(Protocol):
    """What the ledger has rows of."""

    def recorded(self, jobs: Sequence[ListedJob]) -> AbstractSet[Key]:
        """Say which of these jobs have a row. Raises what ``Ledger.put`` does."""

    def times_of(self, arn: str) -> Sequence[datetime]:
        """When the jobs of this ARN that have a row were created, the newest first.

        Raises what ``Ledger.put`` does.
        """


class LedgerRows(Protocol):
    """The rows of ended jobs, read one index partition at a time."""

    def of_day(self, day: str) -> Iterator[LedgerRow]:
        """Yield the rows of jobs that ended on that day (UTC), by the time of their end.

        Raises what ``Ledger.put`` does.
        """

    def amounts_of_day(self, day: str) -> Iterator[Amounts]:
        """Yield what sums need of those rows, in half the time. Raises what ``Ledger.put`` does."""

    def of_owner(self, owner: str, first_day: str, last_day: str) -> Iterator[LedgerRow]:
        """Yield an owner's rows of those days, both included. Raises what ``Ledger.put`` does."""

    def amounts_of_children(self, arn: str, since: str) -> Iterator[Amounts]:
        """Yield what sums need of the rows of a job's children that ended since then. Raises as ``Ledger.put``."""


@dataclass(frozen=True, slots=True)
class RollUpRow:
    """The row of a job that rolls up others: its key, and its own parent."""

    arn: str
    created_at: str
    parent_arn: str | None


class RollUps(Protocol):
    """The ledger's rows of jobs that roll up others."""

    def newest(self, arn: str) -> RollUpRow | None:
        """The newest row of that ARN, if there is one. Raises what ``Ledger.put`` does."""

    def keep(self, row: RollUpRow, total: RollUp) -> None:
        """Write a roll-up into its row. Raises what ``Ledger.put`` does."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A sum that has to be formed anew. ``token`` tells it from a mark that was set again since."""

    sum: Sum
    token: str


class Marks(Protocol):
    """The sums that are no longer right."""

    def add(self, changed: Sum) -> None:
        """Mark a sum. Raises what ``Ledger.put`` does."""

    def all(self, *, young: bool = False) -> Sequence[Mark]:
        """The marks whose rows every reader sees by now; with ``young`` the others too. Raises as ``Ledger.put``."""

    def remove(self, mark: Mark) -> None:
        """Take a mark away, unless it was set again. Raises what ``Ledger.put`` does."""


class Totals(Protocol):
    """The totals of closed days."""

    def keep(self, total: DayTotal) -> None:
        """Keep a day's total in place of the one before. Raises what ``Ledger.put`` does."""

    def between(self, first_day: str, last_day: str) -> Mapping[str, DayTotal]:
        """The totals there are, by day, both ends included. Raises what ``Ledger.put`` does."""


@dataclass(frozen=True, slots=True)
class OpenJob:
    """A job of the index, as much of it as its key tells; ``provisional`` if it ended and its row is not final.

    ``backfilled_at`` is when a backfill put it in: what ended before is the past, of which nobody is told.
    """

    job: Job
    provisional: bool = False
    backfilled_at: datetime | None = None


class OpenJobs(Protocol):
    """The index of jobs whose end has not been recorded, or not for good."""

    def add(self, job: Job, *, provisional: bool = False, backfilled_at: datetime | None = None) -> bool:
        """Put a job in, unless the ledger has its end; say whether it is in. Raises what ``Ledger.put`` does."""

    def remove(self, job: Job) -> None:
        """Take a job out, if it is in. Raises what ``Ledger.put`` does."""

    def of_region(self, region: str) -> Sequence[OpenJob]:
        """The open jobs of a region. Raises what ``Ledger.put`` does."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How far a listing has come: to the jobs created at ``top``.

    A listing goes from the newest job to older ones. One that was cut off has left out what was created between
    ``floor`` and ``low``.
    """

    top: datetime
    low: datetime | None = None
    floor: datetime | None = None


class Checkpoints(Protocol):
    """How far the listings have come, to the second."""

    def read(self, name: str) -> Checkpoint | None:
        """The checkpoint of that name, if any. Raises what ``Ledger.put`` does."""

    def keep(self, name: str, reached: Checkpoint) -> None:
        """Keep a checkpoint. Raises what ``Ledger.put`` does."""


class AlertQueue(Protocol):
    """The way to delivery."""

    def send(self, alert: Alert) -> None:
        """Queue an alert. Raises ``ThrottledError``, ``AccessDeniedError``, ``UnavailableError``."""


@dataclass(frozen=True, slots=True)
class Posted:
    """Where a message stands: Slack's channel id and timestamp."""

    channel: str
    ts: str


# Longer than DeliverAlert may run, so that a claim only lapses when its invocation is dead.
CLAIMED_FOR = timedelta(seconds=45)


class Deliveries(Protocol):
    """Which alerts have been posted."""

    def claim(self, alert_id: str, now: datetime) -> Posted | None:
        """Reserve an alert for this invocation; answer with where it was posted, if it was.

        Raises ``DeliveryInFlightError`` while somebody else holds it, and what ``Ledger.put`` does.
        """

    def confirm(self, alert_id: str, posted: Posted, now: datetime) -> None:
        """Write down where the alert was posted. Raises what ``Ledger.put`` does."""

    def release(self, alert_id: str, now: datetime) -> None:
        """Give a claim back: the post did not happen. Raises what ``Ledger.put`` does."""


class Channel(Protocol):
    """Where people read."""

    def post(self, message: "Message") -> Posted:
        """Post a message.

        Raises ``AlertRefusedError``, ``SecretMissingError``, ``ThrottledError``, ``AccessDeniedError``,
        ``UnavailableError``.
        """


@dataclass(frozen=True, slots=True)
class QueueMessage:
    """One message as its queue handed it over. ``receives`` counts this time."""

    message_id: str
    receipt_handle: str
    body: str
    receives: int


class Inbox(Protocol):
    """The queue a function works off, and the dead-letter queue behind it."""

    def postpone(self, message: QueueMessage, seconds: int) -> None:
        """Hide the message for that long before its next try. Raises ``SageWatchError``."""

    def bury(self, message: QueueMessage, error: Exception) -> None:
        """Put a copy into the dead-letter queue with the error's name and sentence. Raises ``SageWatchError``."""
