"""What the watch over running jobs needs from the outside, as Protocols; ``ports`` says what implementers owe."""

from datetime import datetime
from typing import Protocol

from sagewatch.ports import Stop
from sagewatch.resources import Job


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
