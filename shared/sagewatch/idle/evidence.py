"""Evidence of a notebook's activity: one reading for each source, all from outside the instance.

A reading never says more than its source can know. What a source cannot tell is ``Unknown``, never idle.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Source(StrEnum):
    """Where a reading is from."""

    JUPYTER = "Jupyter"
    LOG = "jupyter.log"
    AGENT = "agent metrics"
    CLOUDWATCH = "CloudWatch metrics"  # of a standing resource, as its AWS service publishes them
    DESCRIBE = "SageMaker"  # what a Describe or List call says

    @property
    def sees_silent_work(self) -> bool:
        """Whether its silence proves that nothing runs.

        A cell may run for hours without a line in the log. A kernel that waits in ``fit`` or for Athena uses no CPU.
        """
        return self is Source.JUPYTER


@dataclass(frozen=True, slots=True)
class Active:
    """Something runs at this moment; ``since`` where it is known. ``words`` say what: ``kernel python3 is busy``."""

    source: Source
    since: datetime | None
    words: str


@dataclass(frozen=True, slots=True)
class Idle:
    """Nothing runs now. ``since`` is the last activity the source saw, and ``None`` if it saw none.

    ``covers_since`` is how far back it looked; ``None`` means as far back as the session goes. ``silent_terminals``
    counts open terminals without recent output: what runs in one of them is out of sight.
    """

    source: Source
    since: datetime | None
    words: str
    covers_since: datetime | None = None
    silent_terminals: int = 0


@dataclass(frozen=True, slots=True)
class Unknown:
    """The source cannot tell, and ``reason`` says why, without any secret."""

    source: Source
    reason: str


Reading = Active | Idle | Unknown
