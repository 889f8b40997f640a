"""Sweeps standing resources: keeps their sessions, writes their rows, and judges once a day whether they are used."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import assert_never, override

from sagewatch.clock import Clock, TimeBudget
from sagewatch.errors import SageWatchError, SweepIncompleteError
from sagewatch.jobs.ports import Checkpoint, Checkpoints
from sagewatch.ledger.ports import Ledger
from sagewatch.notebooks.session import SessionEnd
from sagewatch.outcomes import EmfMetric, nonzero
from sagewatch.owners.owner import Owner, tagged_owner
from sagewatch.pricing.ports import Prices
from sagewatch.sagemaker.kinds import KIND_FACTS, ResourceKind
from sagewatch.sagemaker.ports import RegionReader, watched_regions
from sagewatch.sagemaker.scopes import Scope
from sagewatch.standing.changes import Begin, Change, Finish, RegionReading, SessionChange, changes
from sagewatch.standing.decision import decide
from sagewatch.standing.evidence import Metrics
from sagewatch.standing.hourly import hourly_price
from sagewatch.standing.idling.follow_up import IdleFollowUp
from sagewatch.standing.idling.verdicts import Judged
from sagewatch.standing.kinds.reading import known_tags
from sagewatch.standing.ports import SageMakerReads, StandingKind, StandingSessions, UsageMetrics
from sagewatch.standing.resources import ResourceUnreadError, StandingResource
from sagewatch.standing.sessions import StandingSession, book, close, has_sessions, part_arn, session_of
from sagewatch.standing.studio.audit import WeeklyAudit
from sagewatch.sweeps import SweepReport, continue_on_error, first_few

_JUDGED_FOR = timedelta(hours=23)  # once a day: CloudWatch charges for each series that is read


@dataclass(slots=True, kw_only=True)
class StandingSweepReport(SweepReport):
    """What a sweep of standing resources did."""

    found: int = 0
    begun: int = 0
    changed: int = 0
    ended: int = 0
    booked: int = 0
    judged: int = 0

    @override
    def to_log(self) -> Mapping[str, object]:
        return {"effect": "swept", **SweepReport.to_log(self)}

    @override
    def metrics(self, sent_at: datetime | None = None) -> Mapping[EmfMetric, float]:
        del sent_at
        counts = {
            EmfMetric.SWEEPS_INCOMPLETE: int(not self.complete),
            EmfMetric.SWEEP_FAILURES: len(self.failures),
        }
        return nonzero(counts)


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingSweep:
    """Sweeps the standing resources of every region in use, in the stack's own account."""

    kinds: Sequence[StandingKind]
    api_of: Callable[[str], SageMakerReads]
    metrics_of: Callable[[str], UsageMetrics]
    sessions: StandingSessions
    ledger: Ledger
    prices: Prices
    checkpoints: Checkpoints
    audit: WeeklyAudit
    regions: RegionReader
    idle: IdleFollowUp
    owner_tag_keys: Sequence[str]
    clock: Clock
    home_region: str

    def sweep(self, more_time: TimeBudget) -> StandingSweepReport:
        """Read every region, and write what changed. Raises ``SweepIncompleteError`` if a failure needs a person."""
        report = StandingSweepReport()
        for scope in watched_regions(self.home_region, self.regions):
            if not more_time():
                report.complete = False
                break
            with continue_on_error(report, f"standing resources in {scope}"):
                self._scope(scope, report)
        if report.failures:
            raise SweepIncompleteError("; ".join(first_few(report.failures)), outcome=report)
        return report

    def _scope(self, scope: Scope, report: StandingSweepReport) -> None:
        reading, problems = self._read(scope, report)
        report.found += len(reading.found)
        sessions = {session.arn: session for session in self.sessions.of_scope(scope)}
        todo = list(changes(sessions, reading))
        owners = self._owners(scope, [change.resource for change in todo if isinstance(change, Begin)])
        for change in todo:
            with continue_on_error(report, _subject(change)):
                self._apply(change, owners, sessions, reading.now, report)
        for session in list(sessions.values()):
            with continue_on_error(report, session.name):
                sessions[session.arn] = self._book(session, reading.now, report)
        judged = list(self._judge(scope, reading, sessions))
        with continue_on_error(report, f"idle resources in {scope}"):
            applied = self.idle.run(scope, [each for each, _ in judged], reading, report)
            self._keep_judgements(judged, applied, reading.now, report)
        with continue_on_error(report, f"audit of Studio in {scope}"):
            report.failures.extend(self.audit.run(scope))
        self._reached(scope, reading, problems)

    def _read(self, scope: Scope, report: StandingSweepReport) -> tuple[RegionReading, AbstractSet[ResourceKind]]:
        """Return the reading, and the kinds with an error. A listing that fails ends no session of its kind."""
        last, api, now = self._last(scope), self.api_of(scope), self.clock()
        found: list[StandingResource] = []
        whole: set[ResourceKind] = set()
        faulty = set(self._kinds())
        unread: set[str] = set()
        for kind in self.kinds:
            names = {kind.kind, *kind.also}
            with continue_on_error(report, f"{KIND_FACTS[kind.kind].label.lower()}s in {scope}"):
                problems = _take(kind.find(api, now), found)
                report.failures.extend(str(problem) for problem in problems)
                unread |= {problem.name for problem in problems if isinstance(problem, ResourceUnreadError)}
                whole |= names if all(isinstance(problem, ResourceUnreadError) for problem in problems) else set()
                faulty -= set() if problems else names
        return RegionReading(found=found, whole=whole, now=now, last=last, unread=unread), faulty

    def _last(self, scope: Scope) -> Mapping[ResourceKind, datetime]:
        """When each kind was last read. The kinds have checkpoints of their own only if the last sweep had errors."""
        before = self.checkpoints.read(_checkpoint(scope))
        if before is None:
            return {}
        if before.low is None:
            return dict.fromkeys(self._kinds(), before.top)
        kept = {kind: self.checkpoints.read(_checkpoint(scope, kind)) for kind in self._kinds()}
        return {kind: checkpoint.top for kind, checkpoint in kept.items() if checkpoint}

    def _reached(self, scope: Scope, reading: RegionReading, faulty: AbstractSet[ResourceKind]) -> None:
        for kind in self._kinds() if faulty else ():
            top = reading.last.get(kind) if kind in faulty else reading.now
            if top:
                self.checkpoints.save(_checkpoint(scope, kind), Checkpoint(top=top))
        self.checkpoints.save(_checkpoint(scope), Checkpoint(top=reading.now, low=reading.now if faulty else None))

    def _kinds(self) -> Sequence[ResourceKind]:
        return [name for kind in self.kinds for name in (kind.kind, *kind.also)]

    def _owners(self, scope: Scope, resources: Iterable[StandingResource]) -> Mapping[str, Owner | None]:
        """The owners of resources whose tags can be read."""
        asked = {each.arn: each for each in resources}
        found = self._tags(scope, asked.values()).items()
        return {arn: tagged_owner(tags, self.owner_tag_keys) or asked[arn].owner for arn, tags in found}

    def _tags(self, scope: Scope, resources: Iterable[StandingResource]) -> Mapping[str, Mapping[str, str]]:
        """The tags of resources, where they can be read: a call each."""
        arns = list(dict.fromkeys(each.arn for each in resources))
        answers = self.api_of(scope).each("ListTags", [{"ResourceArn": arn} for arn in arns])
        return {
            arn: tags for arn, answer in zip(arns, answers, strict=True) if (tags := known_tags(answer)) is not None
        }

    def _apply(
        self,
        change: SessionChange,
        owners: Mapping[str, Owner | None],
        sessions: dict[str, StandingSession],
        now: datetime,
        report: StandingSweepReport,
    ) -> None:
        """Rows are written before the state, so that nothing is lost between them; a row twice is one row."""
        match change:
            case Begin(resource, part, since, unseen):
                session = session_of(resource, part, owners.get(resource.arn, resource.owner), since, unseen=unseen)
                self.sessions.save(session)
                sessions[session.arn] = session
                report.begun += 1
            case Change(before, after, sampled):
                self._write(before, after.since, SessionEnd.CONTINUED, now, sampled)
                self.sessions.save(after)
                sessions[after.arn] = after
                report.changed += 1
            case Finish(session, at, how, sampled):
                self._write(session, at, how, now, sampled)
                self.sessions.end(session)
                del sessions[session.arn]
                report.ended += 1
            case _:
                assert_never(change)

    def _write(
        self, session: StandingSession, at: datetime, how: SessionEnd, now: datetime, sampled: timedelta | None
    ) -> None:
        rates = self.prices.rates(session.scope)
        for row in close(session, at, how, now=now, rates=rates, sampled=sampled):
            self.ledger.put(row)

    def _book(self, session: StandingSession, now: datetime, report: StandingSweepReport) -> StandingSession:
        booked, rows = book(session, now=now, rates=self.prices.rates(session.scope))
        for row in rows:
            self.ledger.put(row)
        if rows:
            self.sessions.save(booked)
            report.booked += 1
        return booked

    def _judge(
        self, scope: Scope, reading: RegionReading, sessions: Mapping[str, StandingSession]
    ) -> Iterator[tuple[Judged, Sequence[StandingSession]]]:
        due = [(each, open_) for each in reading.found if (open_ := list(_due(each, sessions, reading.now)))]
        probes = dict.fromkeys(
            probe for each, _ in due if isinstance(each.evidence, Metrics) for probe in each.evidence.probes
        )
        answers = self.metrics_of(scope).read(list(probes), reading.now) if due else {}
        tags = self._tags(scope, [each for each, _ in due])
        rates = self.prices.rates(scope)
        for resource, open_sessions in due:
            decision, own = decide(resource, answers, reading.now), tags.get(resource.arn)
            owner = None if own is None else tagged_owner(own, self.owner_tag_keys) or resource.owner
            judged = Judged(
                resource=resource,
                decision=decision,
                hourly=hourly_price(resource, rates, reading.now),
                tags=own,
                owner=owner.name if owner else open_sessions[0].owner,
            )
            use, last = decision.use, decision.last_use
            yield judged, [_owned(replace(session, use=use, last_use=last), owner) for session in open_sessions]

    def _keep_judgements(
        self,
        judged: Sequence[tuple[Judged, Sequence[StandingSession]]],
        applied: AbstractSet[str],
        now: datetime,
        report: StandingSweepReport,
    ) -> None:
        """What was decided; and when, if it was also done: else it is judged again in the next sweep."""
        for each, open_sessions in judged:
            with continue_on_error(report, each.resource.name):
                for session in open_sessions:
                    done = each.resource.arn in applied
                    self.sessions.save(replace(session, judged_at=now if done else session.judged_at))
                report.judged += 1


def _take(each: Iterator[StandingResource | SageWatchError], found: list[StandingResource]) -> Sequence[SageWatchError]:
    problems = []
    for resource in each:
        if isinstance(resource, SageWatchError):
            problems.append(resource)
        else:
            found.append(resource)
    return problems


def _due(
    resource: StandingResource, sessions: Mapping[str, StandingSession], now: datetime
) -> Iterator[StandingSession]:
    for part in resource.parts if has_sessions(resource.kind) else ():
        session = sessions.get(part_arn(resource, part))
        again = timedelta() if resource.kind is ResourceKind.CANVAS else _JUDGED_FOR  # it may be ended by itself
        if session and (session.judged_at is None or now - session.judged_at >= again):
            yield session


def _subject(change: SessionChange) -> str:
    match change:
        case Begin(resource):
            return resource.name
        case Change(session) | Finish(session):
            return session.name
        case _:
            assert_never(change)


def _owned(session: StandingSession, owner: Owner | None) -> StandingSession:
    return replace(session, owner=owner.name, owner_source=owner.source) if owner else session


def _checkpoint(scope: Scope, kind: ResourceKind | None = None) -> str:
    return f"standing#{scope}#{kind}" if kind else f"standing#{scope}"
