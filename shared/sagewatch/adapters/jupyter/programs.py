"""What the optional lifecycle script says of programs in terminals: a file that Jupyter serves. No I/O happens here.

A file that is there and says nothing of now leaves open what runs: its script has stopped, or a hand wrote it.
"""

from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from sagewatch.formatting import duration

_FRESH = timedelta(minutes=5)  # the script writes once a minute
_SHOWN = 40  # characters of a program's name

FILE = "sagewatch-activity.json"  # in the folder that Jupyter serves; lifecycle/sagewatch_activity.py writes it


def _shown(value: object) -> str:
    return "".join(character for character in str(value) if character.isprintable())[:_SHOWN] or "a program"


class DoubtError(Exception):
    """Jupyter's answer does not show whether the notebook is in use; the text says why."""


class Programs(BaseModel):
    """The programs of the notebook's user that run now, kernels and shells left out, by the instance's clock.

    ``containers`` counts Docker's, whose programs belong to other users.
    """

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    version: Literal[1]
    at: AwareDatetime
    watched_since: AwareDatetime
    last_running_at: AwareDatetime | None = None
    running: list[Annotated[str, BeforeValidator(_shown)]] = Field(max_length=100)
    count: int = Field(ge=0)
    containers: int = Field(ge=0, default=0)

    @property
    def last_sign(self) -> datetime:
        """When a program was seen last; before it began to watch, one may have run."""
        return self.last_running_at or self.watched_since


def read_programs(contents: object, now: datetime) -> Programs | None:
    """Read Jupyter's answer for the file. ``None`` if there is no such file.

    Raises ``DoubtError`` if the file cannot be read or is old.
    """
    if contents is None:
        return None
    text = contents.get("content") if isinstance(contents, dict) else None
    try:
        programs = Programs.model_validate_json(text if isinstance(text, str) else "")
    except ValidationError:
        raise DoubtError(f"{FILE} cannot be read; delete it, or install the lifecycle script again") from None
    age = abs(now - programs.at)
    if age > _FRESH:
        old = duration(int(age.total_seconds()))
        raise DoubtError(f"{FILE} is {old} old: restart its lifecycle script, or delete the file")
    return programs
