"""What is remembered of notebooks, and who can tell whether one is used, as Protocols."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from sagewatch.alerts.ports import AlertArchive, Lease
from sagewatch.idle.evidence import Reading
from sagewatch.idle.state import NotebookState
from sagewatch.sagemaker.notebooks import Notebook


class NotebookStateReader(Protocol):
    """What is remembered of notebooks, read."""

    def of_region(self, region: str) -> Mapping[str, NotebookState]:
        """What is remembered of a region's notebooks, by ARN. Raises what ``Ledger.put`` does."""


class NotebookStates(NotebookStateReader, AlertArchive, Protocol):
    """What is remembered of notebooks. The lease is written by those who answer people, the rest by sweeps."""

    def read(self, arn: str, region: str) -> NotebookState:
        """What is remembered of one, read consistently. Raises what ``Ledger.put`` does."""

    def save(self, state: NotebookState, region: str) -> None:
        """Remember all but the lease. Raises what ``Ledger.put`` does."""

    def put_lease(self, arn: str, region: str, lease: Lease) -> None:
        """Write a lease in place of the one before. Raises what ``Ledger.put`` does."""


class EvidenceSource(Protocol):
    """A source that sees from outside whether a notebook is used."""

    def read(self, notebook: Notebook, now: datetime, back_to: datetime) -> Reading:
        """Say what is known, looking back as far as that. Never raises: what cannot be told is ``Unknown``."""
