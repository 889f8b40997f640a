"""Inspects one notebook: describes it, collects evidence, and decides."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sagewatch.clock import Clock
from sagewatch.idle.decision import (
    IdleDecision,
    IdleRules,
    Verdict,
    decide,
    decide_unseen,
    opts_out,
    rules_for,
    uncertainty,
)
from sagewatch.idle.evidence import Active, Reading
from sagewatch.idle.ports import EvidenceSource
from sagewatch.idle.state import NotebookState
from sagewatch.notebooks.session import Session
from sagewatch.notebooks.transitions import is_other_run
from sagewatch.sagemaker.notebooks import Notebook
from sagewatch.sagemaker.ports import Notebooks


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """A notebook as it was seen, what was remembered of it, and the decision that follows.

    ``older_tags`` means that its tags may be minutes old: enough to leave it alone.
    """

    notebook: Notebook
    session: Session
    state: NotebookState
    decision: IdleDecision
    readings: tuple[Reading, ...] = ()
    tag_fault: str | None = None
    older_tags: bool = False

    @property
    def restarted_at(self) -> datetime | None:
        """When it was started again, if that was after its recorded session began."""
        if not is_other_run(self.notebook, self.session):
            return None
        times = (self.notebook.created_at, self.notebook.modified_at)
        return max(time for time in times if time is not None)

    @property
    def opted_out(self) -> bool:
        """Whether its tag says that SageWatch leaves it alone."""
        return opts_out(self.notebook.tags or {})

    @property
    def leaves_alone(self) -> bool:
        """Whether the decision changes no message and sends none: the notebook is kept."""
        announced = self.state.pending or self.state.message
        return self.decision.verdict is Verdict.KEEP and not announced and not self.tag_fault

    @property
    def active(self) -> Active | None:
        """What was seen at work, if anything was."""
        return next((reading for reading in self.readings if isinstance(reading, Active)), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class NotebookInspector:
    """Gathers what is known of a notebook at this moment: its tags and platform, and evidence where it needs some."""

    notebooks: Notebooks
    evidence: tuple[EvidenceSource, ...]
    clock: Clock
    rules: IdleRules

    def inspect(
        self, session: Session, state: NotebookState, *, last: bool = False, seen: Notebook | None = None
    ) -> Inspection:
        """Inspect a notebook as it is now; ``last`` says that a stop would follow at once.

        ``seen`` is the notebook as this sweep has listed or described it, with tags that may be minutes old. They are
        enough to leave it alone where nothing is announced. Whatever else follows is decided once more, by its
        description and its tags of this moment. Raises what ``Notebooks.describe`` does.
        """
        if seen is None:
            return self._inspected(self.describe(session), session, state, last=last)
        found = self._inspected(seen, session, state, last=last)
        if found.leaves_alone:
            return replace(found, older_tags=True)
        return self._again(found, seen, session, state, last=last)

    def by_own_tags(self, found: Inspection) -> Inspection:
        """Decide once more, by the tags of this moment, where older ones may have decided.

        Raises what ``inspect`` does.
        """
        if not found.older_tags:
            return found
        return self._again(found, found.notebook, found.session, found.state, last=False)

    def with_role(self, found: Inspection) -> Inspection:
        """Describe a notebook that was only listed: no listing names its role.

        Raises what ``Notebooks.describe`` does.
        """
        if found.notebook.role_arn:
            return found
        session = found.session
        now = self.notebooks.describe(session.name, session.region, session.account)
        return replace(found, notebook=replace(now, tags=found.notebook.tags))

    def _again(
        self, found: Inspection, seen: Notebook, session: Session, state: NotebookState, *, last: bool
    ) -> Inspection:
        """Decide by what the notebook is now. What was read of its activity counts if it was read for the same."""
        now = self.describe(session) if seen.volume_gb is None else self._tagged(seen)
        readings = found.readings if _is_as(now, seen) else None
        return self._inspected(now, session, state, last=last, readings=readings)

    def _inspected(
        self,
        notebook: Notebook,
        session: Session,
        state: NotebookState,
        *,
        last: bool,
        readings: tuple[Reading, ...] | None = None,
    ) -> Inspection:
        rules, fault = rules_for(notebook.tags or {}, self.rules)
        state = state.of_run(session.since, notebook.created_at)
        unseen = _restarted(notebook, session, self.clock()) or decide_unseen(
            notebook, state, session.since, rules, self.clock()
        )
        if unseen:
            readings = ()
        elif not readings:
            readings = tuple(self.read(notebook, self._back_to(state, rules), last=last))
        decision = unseen or decide(notebook, readings, state, session.since, rules, self.clock())
        return Inspection(
            notebook=notebook,
            session=session,
            state=state,
            decision=decision,
            readings=readings,
            tag_fault=fault,
        )

    def describe(self, session: Session) -> Notebook:
        """Describe a notebook with its tags. Raises what ``Notebooks.describe`` does."""
        return self._tagged(self.notebooks.describe(session.name, session.region, session.account))

    def _tagged(self, notebook: Notebook) -> Notebook:
        return replace(notebook, tags=self.notebooks.tags(notebook.arn, notebook.scope))

    def read(self, notebook: Notebook, back_to: datetime | None = None, *, last: bool = False) -> Iterator[Reading]:
        """Ask one source after the other; one that sees it at work is enough.

        Jupyter is asked first, as its answer is often enough; before a stop it is asked last, so that it is the newest.
        """
        now = self.clock()
        for source in reversed(self.evidence) if last else self.evidence:
            reading = source.read(notebook, self.clock(), back_to or now - self.rules.idle_after)
            yield reading
            if isinstance(reading, Active):
                return

    def doubt(self, inspection: Inspection, readings: Sequence[Reading]) -> str | None:
        """Say why the readings do not show whether it is in use; ``None`` if they do."""
        rules, _ = rules_for(inspection.notebook.tags or {}, self.rules)
        return uncertainty(inspection.notebook, readings, inspection.state, rules, self.clock())

    def _back_to(self, state: NotebookState, rules: IdleRules) -> datetime:
        """How far back sources have to look: the whole limit, and everything since the announcement."""
        limit = self.clock() - rules.idle_after
        return min(limit, state.pending.warned_at) if state.pending else limit


def _is_as(notebook: Notebook, seen: Notebook) -> bool:
    """Whether what decides about a notebook, and what to read of it, is still as it was seen."""
    known = replace(seen, volume_gb=notebook.volume_gb, platform=notebook.platform, role_arn=notebook.role_arn)
    return replace(known, failure_reason=notebook.failure_reason) == notebook


def _restarted(notebook: Notebook, session: Session, now: datetime) -> IdleDecision | None:
    """Its session is that of an earlier run; the next sweep puts that in order."""
    if notebook.running and is_other_run(notebook, session):  # a stop moves its last change too
        return IdleDecision(Verdict.KEEP, "it was started again since its session was recorded", now)
    return None
