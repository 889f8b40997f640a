"""The ports of the digest: finished sweeps, dead letters, images and charts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from sagewatch.digest.summary import Chart


class SweepTimes(Protocol):
    """Reads the sweeps that finished."""

    def of(self, function: str) -> Sequence[datetime]:
        """Return when the sweeps of the last five weeks began, the oldest first. Raises what ``Ledger.put`` does."""


class DeadLetters(Protocol):
    """Counts what is in the dead-letter queues."""

    def waiting(self) -> Mapping[str, int]:
        """Return about how many messages each queue holds, by its name in the template, empty queues too.

        Raises ``ThrottledError``, ``AccessDeniedError``, ``UnavailableError``.
        """


class ImageUploads(Protocol):
    """Uploads images for messages."""

    def upload(self, name: str, picture: bytes, alt_text: str) -> str:
        """Upload a PNG that only messages can show, and return its ID. Raises what ``Channel.post`` does.

        It can be shown some moments later, and until then a message with it raises ``ImageNotReadyError``.
        """


class ChartRenderer(Protocol):
    """Renders charts."""

    def draw(self, chart: Chart) -> bytes:
        """Return a chart as a PNG."""
