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
    """A notebook as it was seen, what was remembered of it, and the decision that follows."""

    notebook: Notebook
    session: Session
    state: NotebookState
    decision: IdleDecision
    readings: tuple[Reading, ...] = ()
    tag_fault: str | None = None

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

        ``seen`` is the notebook with its tags if it has just been described. Raises what ``Notebooks.describe`` does.
        """
        notebook = seen or self.describe(session)
        rules, fault = rules_for(notebook.tags or {}, self.rules)
        state = state.of_run(session.since, notebook.created_at)
        unseen = _restarted(notebook, session, self.clock()) or decide_unseen(
            notebook, state, session.since, rules, self.clock()
        )
        readings = () if unseen else tuple(self.read(notebook, self._back_to(state, rules), last=last))
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
        described = self.notebooks.describe(session.name, session.region, session.account)
        return replace(described, tags=self.notebooks.tags(described.arn, described.scope))

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


def _restarted(notebook: Notebook, session: Session, now: datetime) -> IdleDecision | None:
    """Its session is that of an earlier run; the next sweep puts that in order."""
    if notebook.running and is_other_run(notebook, session):  # a stop moves its last change too
        return IdleDecision(Verdict.KEEP, "it was started again since its session was recorded", now)
    return None
