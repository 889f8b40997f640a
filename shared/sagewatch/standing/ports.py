"""Define the ports of standing resources: what one kind of AWS resource provides, and what they all read through."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from sagewatch.errors import SageWatchError
from sagewatch.sagemaker.kinds import ResourceKind
from sagewatch.sagemaker.scopes import Scope
from sagewatch.standing.evidence import MetricProbe, Points
from sagewatch.standing.resources import StandingResource
from sagewatch.standing.sessions import StandingSession

Fields = Mapping[str, Any]


class SageMakerReads(Protocol):
    """Reads SageMaker in one region of one account, by the names of its operations."""

    def pages(self, operation: str, field: str, request: Fields | None = None) -> Iterator[Fields]:
        """Yield the elements of every page of a List operation.

        Raises ``ThrottledError``, ``AccessDeniedError``, ``UnavailableError``.
        """

    def each(self, operation: str, requests: Sequence[Fields]) -> Iterator[Fields | SageWatchError | None]:
        """Yield the answer to each request in order; ``None`` for what is gone, the error where one failed."""


class UsageMetrics(Protocol):
    """Reads series of CloudWatch in one region of one account."""

    def read(self, probes: Sequence[MetricProbe], now: datetime) -> Mapping[MetricProbe, Points | SageWatchError]:
        """Return the points of each series, or the error that kept them from being read. Raises nothing else."""


class StandingKind(Protocol):
    """One kind of AWS resource that bills until a person ends it. Each is one module of ``kinds``."""

    @property
    def kind(self) -> ResourceKind:
        """Its row of ``KIND_FACTS``."""

    @property
    def also(self) -> tuple[ResourceKind, ...]:
        """Other kinds that its listing holds."""
        return ()

    @property
    def reads(self) -> tuple[str, ...]:
        """The operations of SageMaker that it calls, as IAM names them."""

    def find(self, api: SageMakerReads, now: datetime) -> Iterator[StandingResource | SageWatchError]:
        """Yield every resource that exists; an error for one that cannot be read. Raises what ``api.pages`` does."""


class StandingSessionReader(Protocol):
    """Reads the open sessions of standing resources."""

    def of_scope(self, scope: Scope) -> Sequence[StandingSession]:
        """Return the open sessions of a region of an account. Raises what ``Ledger.put`` does."""


class StandingSessions(StandingSessionReader, Protocol):
    """Stores one open session for each part of a standing resource that bills. Only the sweep writes them."""

    def save(self, session: StandingSession) -> None:
        """Write a session in place of the one before of its part. Raises what ``Ledger.put`` does."""

    def end(self, session: StandingSession) -> None:
        """Remove a session. Raises what ``Ledger.put`` does."""
