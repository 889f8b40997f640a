"""What the watch over running jobs needs besides, as Protocols; ``ports`` says what implementers owe."""

from datetime import datetime
from typing import Protocol

from sagewatch.ports import Stop
from sagewatch.resources import Job
from sagewatch.stores import OpenJob
from sagewatch.watches import Lease


class JobStops(Protocol):
    """The one call that ends a job, of whichever kind."""

    def stop(self, job: Job) -> Stop:
        """Stop a job; ``Stop.ALREADY`` is one that has ended or is ending.

        Raises ``StopRefusedError`` with AWS's sentence, ``ThrottledError``, ``AccessDeniedError``,
        ``UnavailableError``.
        """


class JobUse(Protocol):
    """Somebody who can tell how far a job uses its instances."""

    def sentence(self, job: Job, now: datetime) -> str | None:
        """Say it of the last hour, without a full stop; ``None`` where nothing is known.

        Raises ``ThrottledError``, ``AccessDeniedError``, ``UnavailableError``.
        """


class Snoozes(Protocol):
    """The open jobs, for those who answer people."""

    def find(self, job: Job) -> OpenJob | None:
        """The job as it stands in the index this moment, if it is in. Raises what ``Ledger.put`` does."""

    def snooze(self, job: Job, lease: Lease) -> bool:
        """Keep a snooze in place of the one before; say whether the job is in. Raises what ``Ledger.put`` does."""
