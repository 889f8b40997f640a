"""Protocols for the state that sweeps keep of notebooks, and for sources of evidence."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from sagewatch.alerts.ports import AlertArchive, Lease

if TYPE_CHECKING:
    from sagewatch.errors import UnreadableError
    from sagewatch.idle.evidence import Reading
    from sagewatch.idle.state import NotebookState
    from sagewatch.notebooks.session import Session, StopCall
    from sagewatch.sagemaker.notebooks import Notebook


class NotebookStateReader(Protocol):
    """Reads the state of notebooks."""

    def of_region(self, region: str) -> Mapping[str, NotebookState]:
        """Return the states of a region's notebooks by ARN. Raises what ``Ledger.put`` does."""


class NotebookStates(NotebookStateReader, AlertArchive, Protocol):
    """Stores the state of notebooks. Button handlers write the lease, sweeps write the rest."""

    def read(self, arn: str, region: str) -> NotebookState:
        """Return one notebook's state, read consistently. Raises what ``Ledger.put`` does."""

    def read_region(self, region: str) -> Mapping[str, NotebookState | UnreadableError]:
        """What is remembered of a region's notebooks, by ARN; for an item that cannot be read, the error that names it.

        Raises what ``Ledger.put`` does.
        """

    def save(self, state: NotebookState, region: str) -> NotebookState:
        """Save everything but the lease, and return the state with its new version.

        Raises ``StateChangedError`` if it was saved since this version was read, and what ``Ledger.put`` does.
        """


class LeaseGrant(StrEnum):
    """What became of a lease that a person asked for."""

    GRANTED = "granted"
    OVERTAKEN = "a newer lease is in force"
    STOPPING = "SageWatch is stopping the notebook at this moment"


class Leases(Protocol):
    """Decides between a person who keeps a notebook and a stop of it: the first one wins, and the other is refused."""

    def grant(self, arn: str, region: str, lease: Lease, now: datetime) -> LeaseGrant:
        """Write a lease in place of an older one, unless a stop was claimed. Raises what ``Ledger.put`` does.

        A lease that was granted before is granted again.
        """

    def claim_stop(self, session: Session, call: StopCall, seen: Lease | None) -> bool:
        """Note a stop call in its session; say whether the stop may be made. Raises what ``Ledger.put`` does.

        It may not if the session is over, if someone else has claimed the stop, or if the lease is not the one that
        was ``seen``.
        """


class EvidenceSource(Protocol):
    """A source that sees from outside whether a notebook is used."""

    def read(self, notebook: Notebook, now: datetime, back_to: datetime) -> Reading:
        """Return what is known since ``back_to``. Never raises: a failed read is ``Unknown``."""
