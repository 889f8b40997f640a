"""SageMaker and CloudWatch as standing resources read them: canned answers, and series as they are published."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sagewatch.errors import SageWatchError
from sagewatch.sagemaker.scopes import Scope, account_in, region_of
from sagewatch.standing.evidence import MetricProbe, Points
from sagewatch.standing.ports import Fields, SageMakerReads, StandingSessions, UsageMetrics
from sagewatch.standing.sessions import StandingSession
from sagewatch.standing.studio.ports import Audits, KeptAudit

Answer = Fields | SageWatchError | None


class CannedReads(SageMakerReads):
    """Answers from tables: the elements of a List operation, and the answers of the others by their first field."""

    def __init__(self, lists: Mapping[str, Sequence[Fields]], answers: Mapping[tuple[str, str], Answer]) -> None:
        """Keep both tables and count the calls."""
        self.lists = lists
        self.answers = answers
        self.calls: Counter[str] = Counter()

    def pages(self, operation: str, field: str, request: Fields | None = None) -> Iterator[Fields]:
        """One page."""
        del field, request
        self.calls[operation] += 1
        yield from self.lists.get(operation, ())

    def each(self, operation: str, requests: Sequence[Fields]) -> Iterator[Answer]:
        """By the first field's value; tags are none unless given."""
        for request in requests:
            self.calls[operation] += 1
            key = (operation, str(next(iter(request.values()))))
            yield self.answers.get(key, {"Tags": []} if operation == "ListTags" else None)


class PublishedMetrics(UsageMetrics):
    """A CloudWatch that answers only what was published, under exactly the dimensions it was published in."""

    def __init__(self) -> None:
        """Nothing was published."""
        self.series: dict[tuple[str, str, frozenset[tuple[str, str]]], list[tuple[datetime, float]]] = {}
        self.asked: list[MetricProbe] = []

    def publish(
        self, metric: str, points: Mapping[datetime, float], namespace: str = "AWS/SageMaker", **by: str
    ) -> None:
        """Publish points of a series."""
        self.series.setdefault((namespace, metric, frozenset(by.items())), []).extend(sorted(points.items()))

    def read(self, probes: Sequence[MetricProbe], now: datetime) -> Mapping[MetricProbe, Points | SageWatchError]:
        """Look each series up by its whole name."""
        self.asked += probes
        return {probe: Points(tuple(self._of(probe, now))) for probe in probes}

    def _of(self, probe: MetricProbe, now: datetime) -> Iterator[tuple[datetime, float]]:
        found = self.series.get((probe.namespace, probe.metric, frozenset(probe.dimensions)), [])
        yield from ((moment, value) for moment, value in found if now - probe.look_back <= moment <= now)


def by_name(found: Sequence[Any], key: Callable[[Any], str]) -> dict[str, Any]:
    """Index by a name."""
    return {key(each): each for each in found}


class InMemoryStandingSessions(StandingSessions):
    """Keeps sessions by region and ARN."""

    def __init__(self) -> None:
        """None yet."""
        self.open: dict[tuple[str, str], StandingSession] = {}

    def of_scope(self, scope: Scope) -> Sequence[StandingSession]:
        """By ARN. A bare region is that of every account."""
        every = [session for _, session in sorted(self.open.items(), key=lambda item: item[0])]
        return [each for each in every if each.region == region_of(scope) and account_in(scope) in {None, each.account}]

    def save(self, session: StandingSession) -> None:
        """In place of the one before."""
        self.open[session.region, session.arn] = session

    def end(self, session: StandingSession) -> None:
        """Remove it."""
        self.open.pop((session.region, session.arn), None)


class InMemoryAudits(Audits):
    """Keeps audits by scope."""

    def __init__(self) -> None:
        """None yet."""
        self.kept: dict[str, KeptAudit] = {}

    def all(self) -> Sequence[KeptAudit]:
        """By scope."""
        return [audit for _, audit in sorted(self.kept.items())]

    def last(self, scope: Scope) -> KeptAudit | None:
        """If there was one."""
        return self.kept.get(scope)

    def save(self, scope: Scope, audit: KeptAudit) -> None:
        """In place of the one before."""
        self.kept[scope] = audit
