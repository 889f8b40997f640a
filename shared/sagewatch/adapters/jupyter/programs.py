"""What the optional lifecycle script says of programs in terminals: a file that Jupyter serves. No I/O happens here."""

from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

_FRESH = timedelta(minutes=5)  # the script writes once a minute; an older file says nothing of now
_SHOWN = 40  # characters of a program's name

FILE = "sagewatch-activity.json"  # in the folder that Jupyter serves; lifecycle/sagewatch_activity.py writes it


def _shown(value: object) -> str:
    return "".join(character for character in str(value) if character.isprintable())[:_SHOWN] or "a program"


class Programs(BaseModel):
    """The programs of the notebook's user that run now, kernels and shells left out, by the instance's clock."""

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    version: Literal[1]
    at: AwareDatetime
    watched_since: AwareDatetime
    last_running_at: AwareDatetime | None = None
    running: list[Annotated[str, BeforeValidator(_shown)]] = Field(max_length=100)
    count: int = Field(ge=0)

    @property
    def last_sign(self) -> datetime:
        """When a program was seen last; before it began to watch, one may have run."""
        return self.last_running_at or self.watched_since


def read_programs(contents: object, now: datetime) -> Programs | None:
    """Read Jupyter's answer for the file. None if there is no such file, or if it cannot be read or is too old."""
    text = contents.get("content") if isinstance(contents, dict) else None
    try:
        programs = Programs.model_validate_json(text) if isinstance(text, str) else None
    except ValidationError:
        return None
    return programs if programs and abs(now - programs.at) <= _FRESH else None
