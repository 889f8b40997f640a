"""What SageWatch needs from the outside, as Protocols. Adapters implement them and raise ``sagewatch.errors`` only.

To implementers: translate every foreign error into the most specific own one, ``from exc``; time out; be safe to call
twice with the same arguments; and declare in ``PERMISSIONS`` the IAM actions your calls need, which a test holds the
template to.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from sagewatch.alerts import Alert
from sagewatch.pricing import PriceBook
from sagewatch.records import Key, iso
from sagewatch.resources import Job, JobKind

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


class AlertQueue(Protocol):
    """The way to delivery."""

    def send(self, alert: Alert) -> None:
        """Queue an alert. Raises ``ThrottledError``, ``AccessDeniedError``, ``UnavailableError``."""


@dataclass(frozen=True, slots=True)
class Posted:
    """Where a message stands: Slack's channel id and timestamp."""

    channel: str
    ts: str


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
