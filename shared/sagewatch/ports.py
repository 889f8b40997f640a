"""What SageWatch needs from the outside, as Protocols. Adapters implement them and raise ``sagewatch.errors`` only.

To implementers: translate every foreign error into the most specific own one, ``from exc``; time out; be safe to call
twice with the same arguments; and declare in ``PERMISSIONS`` the IAM actions your calls need, which a test holds the
template to.
"""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from sagewatch.alerts import Alert
from sagewatch.digest import Chart
from sagewatch.evidence import Reading
from sagewatch.notebooks import Notebook
from sagewatch.presses import AnyPress
from sagewatch.pricing import PriceBook
from sagewatch.records import Key, iso
from sagewatch.resources import Job, JobKind
from sagewatch.use import RawHosts, Window

if TYPE_CHECKING:
    from slack_sdk.models.views import View

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


class JobMetrics(Protocol):
    """What CloudWatch is told of the hosts of jobs."""

    def read(self, job: Job, window: Window) -> RawHosts:
        """Answer with each host's metrics in that time; a host or a metric without any is not in it.

        Nobody else's hosts are, were their job's name to begin with this one's. Raises ``ThrottledError``,
        ``AccessDeniedError``, ``UnavailableError``.
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


class JobLogs(Protocol):
    """What jobs wrote to their logs."""

    def tails(self, job: Job) -> Iterator[Sequence[str]]:
        """Yield the last events of a job's hosts, the first host's first, each in order; nothing where there is no log.

        At most two hosts are read. Raises ``ThrottledError``, ``AccessDeniedError``, ``UnavailableError``.
        """


class JobLists(Protocol):
    """SageMaker's listings of its jobs."""

    def created_since(
        self, kind: JobKind, region: str, since: datetime, before: datetime | None = None
    ) -> Iterator[Sequence[ListedJob]]:
        """Yield pages of the jobs created after ``since``, newest first, and only those before a time if one is given.

        A page may be empty and not the last. Raises what ``Jobs.describe`` does, but for ``JobNotFoundError``.
        """


class Notebooks(Protocol):
    """SageMaker's own account of its notebook instances."""

    def describe(self, name: str, region: str, account: str) -> Notebook:
        """Ask for the notebook of that name, with its volume and platform. Tags stay unknown.

        Raises ``NotebookNotFoundError``, ``ThrottledError``, ``AccessDeniedError``, ``UnavailableError``, and
        ``MalformedEventError`` for an answer that cannot be understood.
        """

    def tags(self, arn: str, region: str) -> Mapping[str, str]:
        """Ask for a notebook's tags, none for one that is gone. Raises what else ``describe`` does."""


class NotebookLists(Protocol):
    """SageMaker's listing of its notebook instances."""

    def in_service(self, region: str) -> Iterator[Sequence[Notebook]]:
        """Yield pages of the notebooks that run. Raises what else ``Notebooks.describe`` does."""

    def of_region(self, region: str) -> Iterator[Sequence[Notebook]]:
        """Yield pages of all notebooks, whatever their status. Raises what else ``Notebooks.describe`` does."""


class Stop(StrEnum):
    """What a stop that was not refused found. ``ALREADY`` is one that is not billed any more."""

    STOPPING = "stopping"
    ALREADY = "already"
    GONE = "gone"


class NotebookStops(Protocol):
    """The one call that ends a notebook's session."""

    def stop(self, notebook: Notebook) -> Stop:
        """Stop a notebook.

        Raises ``StopRefusedError`` with AWS's sentence, ``ThrottledError``, ``AccessDeniedError``,
        ``UnavailableError``.
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

    def post(self, message: "Message", thread: Posted | None = None, to: str | None = None) -> Posted:
        """Post a message, in a thread if one is given, else in the channel ``to`` or the usual one.

        Raises ``AlertRefusedError``, of which ``ThreadGoneError`` is one, ``SecretMissingError``, ``ThrottledError``,
        ``AccessDeniedError``, ``UnavailableError``, of which ``NoAnswerError`` says that it may have been posted.
        """

    def update(self, posted: Posted, message: "Message") -> None:
        """Put a message in the place of one that was posted. Raises what ``post`` does."""

    def find(
        self, alert_id: str, since: datetime, thread: Posted | None = None, to: str | None = None
    ) -> Posted | None:
        """Where an alert stands that may have been posted since then, by its metadata. Raises what ``post`` does."""


class People(Protocol):
    """Whom Slack knows."""

    def id_of(self, email: str) -> str | None:
        """The Slack user with that address, if there is one. Raises what ``Channel.post`` and ``Ledger.put`` do."""


class Pictures(Protocol):
    """Pictures for messages."""

    def upload(self, name: str, picture: bytes, alt_text: str) -> str:
        """Put a PNG where messages can show it, and only they; answer with its ID. Raises what ``Channel.post`` does.

        It can be shown some moments later, and until then a message with it raises ``PictureNotReadyError``.
        """


class Painter(Protocol):
    """Somebody who draws."""

    def draw(self, chart: Chart) -> bytes:
        """Draw a chart, as a PNG."""


class Dialogs(Protocol):
    """What Slack shows to one person."""

    def open(self, trigger: str, view: "View") -> str:
        """Open a dialog for whoever pressed, within three seconds; answer with its ID. Raises what ``post`` does."""

    def update(self, view_id: str, view: "View") -> None:
        """Show something else in a dialog. Raises what ``post`` does."""

    def whisper(self, channel: str, user: str, text: str) -> None:
        """Say something to one person in a channel. Raises what ``post`` does."""

    def members(self, group: str) -> AbstractSet[str]:
        """The users of a user group, none of one that is not there. Raises what ``post`` does."""


class PressQueue(Protocol):
    """The way behind the door."""

    def send(self, press: AnyPress) -> None:
        """Queue a press. Raises ``ThrottledError``, ``AccessDeniedError``, ``UnavailableError``."""


class EvidenceSource(Protocol):
    """Somebody who can tell from outside whether a notebook is used."""

    def read(self, notebook: Notebook, now: datetime) -> Reading:
        """Say what is known. Never raises: what cannot be told is ``Unknown``, with the reason."""


@dataclass(frozen=True, slots=True)
class QueueMessage:
    """One message as its queue handed it over. ``receives`` counts this time; ``sent_at`` is when it was queued."""

    message_id: str
    receipt_handle: str
    body: str
    receives: int
    sent_at: datetime | None = None


class Inbox(Protocol):
    """The queue a function works off, and the dead-letter queue behind it."""

    def postpone(self, message: QueueMessage, seconds: int) -> None:
        """Hide the message for that long before its next try. Raises ``SageWatchError``."""

    def bury(self, message: QueueMessage, error: Exception) -> None:
        """Put a copy into the dead-letter queue with the error's name and sentence. Raises ``SageWatchError``."""
