"""What every alert has, and the rule that gives each its identity."""

import hashlib
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from sagewatch.fields import Region

# Amounts travel as text: JSON numbers are floats to most readers.
Usd = Annotated[str, Field(pattern=r"^\d+(\.\d+)?$")]


class AlertBase(BaseModel):
    """What every alert has. The same finding always gets the same ``alert_id``, however often it is found.

    ``thread`` is the ``alert_id`` of the message it replies to, ``edits`` that of the message it takes the place of.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    alert_id: str = Field(min_length=1, max_length=200)
    account: str
    region: Region
    instances: str | None
    thread: str | None = None
    edits: str | None = None


def alert_id(finding: str, *identity: str) -> str:
    """Name a finding the same way every time: its kind and a digest of what it is about."""
    return f"{finding}-{hashlib.sha256('|'.join(identity).encode()).hexdigest()[:32]}"
