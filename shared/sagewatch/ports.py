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
from sagewatch.records import CostRecord
from sagewatch.resources import Job, JobKind, JobStatus

if TYPE_CHECKING:
    from sagewatch.messages import Message  # Slack's models are heavy, and only delivery needs them


class Clock(Protocol):
    """The time, aware and in UTC."""

    def __call__(self) -> datetime:
        """Say what time it is."""


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
    """What a listing tells of a job: enough to key it and to say whether it ended."""

    kind: JobKind
    name: str
    arn: str
    status: JobStatus
    created_at: datetime


class JobLists(Protocol):
    """SageMaker's listings of its jobs."""

    def created_since(self, kind: JobKind, region: str, since: datetime) -> Iterator[ListedJob]:
        """Yield the jobs created after a time, oldest first, so that whoever stops early knows how far he came.

        Raises what ``Jobs.describe`` does, but for ``JobNotFoundError``.
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


class PriceCache(Protocol):
    """The prices that were read from the list last, and the regions they are wanted for."""

    def regions(self) -> AbstractSet[str]:
        """The regions somebody asked for. Raises what ``Ledger.put`` does."""

    def keep(self, region: str, prices: Sequence[ListedPrice], now: datetime) -> None:
        """Keep a region's prices in place of those before. Raises what ``Ledger.put`` does."""


class Ledger(Protocol):
    """The rows of ended jobs."""

    def put(self, row: CostRecord) -> bool:
        """Write a row and say whether it was written.

        A final row replaces a provisional one; nothing else is ever replaced. Raises ``ThrottledError``,
        ``AccessDeniedError``, ``UnavailableError``.
        """


class OpenJobs(Protocol):
    """The index of jobs whose end has not been recorded."""

    def add(self, job: Job) -> bool:
        """Put a job in, unless the ledger has its end; say whether it is in. Raises what ``Ledger.put`` does."""

    def remove(self, job: Job) -> None:
        """Take a job out, if it is in. Raises what ``Ledger.put`` does."""


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
