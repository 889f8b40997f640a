"""The ports in memory, for tests and for dry runs: real implementations, held to the same contract as the others."""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import fmean

from slack_sdk.models.views import View

from sagewatch.alerts import Alert
from sagewatch.errors import JobNotFoundError, NoAnswerError
from sagewatch.messages import Message
from sagewatch.ports import ListedJob, Posted, QueueMessage
from sagewatch.presses import AnyPress
from sagewatch.pricing import EMPTY_BOOK, PriceBook
from sagewatch.resources import Job, JobKind
from sagewatch.use import Metric, Raw, RawHosts, Window


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
class InMemoryJobLogs:
    """The ``JobLogs`` port on a dictionary of hosts' events by the name of their job."""

    written: dict[str, list[list[str]]] = field(default_factory=dict)
    failure: Exception | None = None
    calls: list[str] = field(default_factory=list)

    def tails(self, job: Job) -> Iterator[Sequence[str]]:
        """See ``JobLogs.tails``."""
        self.calls.append(f"log of {job.name}")
        if self.failure:
            raise self.failure
        yield from [] if job.kind.is_rollup else self.written.get(job.name, [])[:2]


@dataclass
class InMemoryJobMetrics:
    """The ``JobMetrics`` port on points, by kind and name of the job, host, metric and minute."""

    points: dict[tuple[JobKind, str, str, Metric], dict[datetime, float]] = field(default_factory=dict)
    failure: Exception | None = None
    calls: list[str] = field(default_factory=list)

    def read(self, job: Job, window: Window) -> RawHosts:
        """See ``JobMetrics.read``."""
        self.calls.append(f"{window.length // timedelta(minutes=1)} minutes of {job.kind} {job.name}")
        if self.failure:
            raise self.failure
        hosts: dict[str, dict[Metric, Raw]] = {}
        for (kind, name, host, metric), points in self.points.items():
            told = {at: value for at, value in points.items() if window.begin <= at < window.end}
            if (kind, name) == (job.kind, job.name) and told:
                hosts.setdefault(host, {})[metric] = _raw(told, window)
        return hosts


def _raw(points: Mapping[datetime, float], window: Window) -> Raw:
    periods: dict[int, list[float]] = {}
    for at, value in points.items():
        periods.setdefault((at - window.begin) // window.period, []).append(value)
    return Raw(fmean(fmean(values) for values in periods.values()), max(points.values()), len(periods))


@dataclass
class InMemoryLists:
    """The ``JobLists`` port on a list, in pages of ``page``."""

    listed: list[ListedJob] = field(default_factory=list)
    page: int = 100
    failures: dict[JobKind, Exception] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)

    def created_since(
        self, kind: JobKind, region: str, since: datetime, before: datetime | None = None
    ) -> Iterator[Sequence[ListedJob]]:
        """See ``JobLists.created_since``."""
        there = [job for job in self.listed if job.kind is kind and job.arn.split(":")[3] == region]
        wanted = (job for job in there if job.created_at > since and (before is None or job.created_at < before))
        found = sorted(wanted, key=lambda job: job.created_at, reverse=True)
        for first in range(0, max(1, len(found)), self.page):
            self.calls.append(f"list {kind} in {region}")
            if kind in self.failures:
                raise self.failures[kind]
            yield found[first : first + self.page]


@dataclass
class InMemoryPrices:
    """The ``Prices`` port on a dictionary."""

    books: Mapping[str, PriceBook] = field(default_factory=dict)

    def book(self, region: str) -> PriceBook:
        """See ``Prices.book``."""
        return self.books.get(region, EMPTY_BOOK)


@dataclass
class InMemoryAlertQueue:
    """The ``AlertQueue`` port on a list."""

    sent: list[Alert] = field(default_factory=list)

    def send(self, alert: Alert) -> None:
        """See ``AlertQueue.send``."""
        self.sent.append(alert)


@dataclass
class InMemoryChannel:
    """The ``Channel`` port on a list."""

    messages: list[Message] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)

    threads: list[Posted | None] = field(default_factory=list)
    places: list[Posted] = field(default_factory=list)
    updates: list[tuple[Posted, Message]] = field(default_factory=list)

    def post(self, message: Message, thread: Posted | None = None, to: str | None = None) -> Posted:
        """See ``Channel.post``. Raises the next of ``failures``, if there is one; some of them after posting."""
        failure = self.failures.pop(0) if self.failures else None
        if failure and not isinstance(failure, NoAnswerError):
            raise failure
        self.messages.append(message)
        self.threads.append(thread)
        self.places.append(Posted(to or "C0MEMORY", f"{len(self.messages)}.000000"))
        if failure:
            raise failure
        return self.places[-1]

    def update(self, posted: Posted, message: Message) -> None:
        """See ``Channel.update``."""
        if self.failures:
            raise self.failures.pop(0)
        self.updates.append((posted, message))

    def find(
        self, alert_id: str, since: datetime, thread: Posted | None = None, to: str | None = None
    ) -> Posted | None:
        """See ``Channel.find``."""
        del since, thread, to
        names = [message.metadata.event_payload["alert_id"] for message in self.messages]
        return self.places[names.index(alert_id)] if alert_id in names else None


@dataclass
class InMemoryPeople:
    """The ``People`` port on a dictionary."""

    users: dict[str, str] = field(default_factory=dict)

    def id_of(self, email: str) -> str | None:
        """See ``People.id_of``."""
        return self.users.get(email)


@dataclass
class InMemoryPictures:
    """The ``Pictures`` port on a dictionary: name, content and words of each by its ID."""

    kept: dict[str, tuple[str, bytes, str]] = field(default_factory=dict)
    failure: Exception | None = None

    def upload(self, name: str, picture: bytes, alt_text: str) -> str:
        """See ``Pictures.upload``."""
        if self.failure:
            raise self.failure
        file_id = f"F0MEMORY{len(self.kept):02}"
        self.kept[file_id] = (name, picture, alt_text)
        return file_id


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


@dataclass
class InMemoryPressQueue:
    """The ``PressQueue`` port on a list."""

    sent: list[AnyPress] = field(default_factory=list)

    def send(self, press: AnyPress) -> None:
        """See ``PressQueue.send``."""
        self.sent.append(press)


@dataclass
class InMemoryDialogs:
    """The ``Dialogs`` port on lists and dictionaries."""

    views: dict[str, list[View]] = field(default_factory=dict)
    whispers: list[tuple[str, str, str]] = field(default_factory=list)
    groups: dict[str, frozenset[str]] = field(default_factory=dict)
    failure: Exception | None = None

    def open(self, trigger: str, view: View) -> str:
        """See ``Dialogs.open``."""
        if self.failure:
            raise self.failure
        self.views[f"V-{trigger}"] = [view]
        return f"V-{trigger}"

    def update(self, view_id: str, view: View) -> None:
        """See ``Dialogs.update``."""
        if self.failure:
            raise self.failure
        self.views[view_id].append(view)

    def whisper(self, channel: str, user: str, text: str) -> None:
        """See ``Dialogs.whisper``."""
        self.whispers.append((channel, user, text))

    def members(self, group: str) -> AbstractSet[str]:
        """See ``Dialogs.members``."""
        return self.groups.get(group, frozenset())
