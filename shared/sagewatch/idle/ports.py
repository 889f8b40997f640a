"""Protocols for the state that sweeps keep of notebooks, and for sources of evidence."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from sagewatch.alerts.ports import AlertArchive, Lease
from sagewatch.idle.evidence import Reading
from sagewatch.idle.state import NotebookState
from sagewatch.sagemaker.notebooks import Notebook


class NotebookStateReader(Protocol):
    """Reads the state of notebooks."""

    def of_region(self, region: str) -> Mapping[str, NotebookState]:
        """Return the states of a region's notebooks by ARN. Raises what ``Ledger.put`` does."""


class NotebookStates(NotebookStateReader, AlertArchive, Protocol):
    """Stores the state of notebooks. Button handlers write the lease, sweeps write the rest."""

    def read(self, arn: str, region: str) -> NotebookState:
        """Return one notebook's state, read consistently. Raises what ``Ledger.put`` does."""

    def save(self, state: NotebookState, region: str) -> None:
        """Save everything but the lease. Raises what ``Ledger.put`` does."""

    def put_lease(self, arn: str, region: str, lease: Lease) -> None:
        """Write a lease in place of the one before. Raises what ``Ledger.put`` does."""


class EvidenceSource(Protocol):
    """A source that sees from outside whether a notebook is used."""

    def read(self, notebook: Notebook, now: datetime, back_to: datetime) -> Reading:
        """Return what is known since ``back_to``. Never raises: a failed read is ``Unknown``."""
