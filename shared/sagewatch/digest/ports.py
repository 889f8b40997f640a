"""What the digest needs from the outside, as Protocols."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from sagewatch.digest.summary import Chart


class SweepTimes(Protocol):
    """The sweeps that were noted."""

    def of(self, function: str) -> Sequence[datetime]:
        """When those of the last five weeks began, the oldest first. Raises what ``Ledger.put`` does."""


class DeadLetters(Protocol):
    """What lies in the dead-letter queues."""

    def waiting(self) -> Mapping[str, int]:
        """About how many messages each queue holds, by its name in the template, also where there are none.

        Raises ``ThrottledError``, ``AccessDeniedError``, ``UnavailableError``.
        """


class ImageUploads(Protocol):
    """Pictures for messages."""

    def upload(self, name: str, picture: bytes, alt_text: str) -> str:
        """Put a PNG where messages can show it, and only they; answer with its ID. Raises what ``Channel.post`` does.

        It can be shown some moments later, and until then a message with it raises ``ImageNotReadyError``.
        """


class ChartRenderer(Protocol):
    """Somebody who draws."""

    def draw(self, chart: Chart) -> bytes:
        """Draw a chart, as a PNG."""
