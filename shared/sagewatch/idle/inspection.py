"""A look at one notebook: what it is at this moment, what is known of its activity, and what follows."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from sagewatch.clock import Clock
from sagewatch.idle.decision import IdleDecision, IdleRules, decide, decide_unseen, rules_for
from sagewatch.idle.evidence import Active, Reading
from sagewatch.idle.ports import EvidenceSource
from sagewatch.idle.state import NotebookState
from sagewatch.notebooks.session import Session
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

    def inspect(self, session: Session, state: NotebookState) -> Inspection:
        """See a notebook as it stands. Raises what ``Notebooks.describe`` does."""
        described = self.notebooks.describe(session.name, session.region, session.account)
        notebook = replace(described, tags=self.notebooks.tags(described.arn, described.region))
        rules, fault = rules_for(notebook.tags or {}, self.rules)
        unseen = decide_unseen(notebook, state, session.since, rules, self.clock())
        readings = () if unseen else tuple(self.read(notebook))
        decision = unseen or decide(notebook, readings, state, session.since, rules, self.clock())
        return Inspection(
            notebook=notebook,
            session=session,
            state=state,
            decision=decision,
            readings=readings,
            tag_fault=fault,
        )

    def read(self, notebook: Notebook) -> Iterator[Reading]:
        """Ask one source after the other; one that sees it at work is enough."""
        for source in self.evidence:
            reading = source.read(notebook, self.clock())
            yield reading
            if isinstance(reading, Active):
                return
