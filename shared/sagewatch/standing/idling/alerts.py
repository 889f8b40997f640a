"""The alert about an idle standing resource."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Literal

from pydantic import AwareDatetime, ConfigDict, Field

from sagewatch.alerts.base import OpenAlert, Usd
from sagewatch.models import LazyModel
from sagewatch.sagemaker.kinds import ResourceKind
from sagewatch.standing.actions import ResourceAction

_UNDER_WAY_FOR = timedelta(hours=1)  # its tries are over by then; what is continued later is asked about again


class TakenAction(LazyModel):
    """An action that a person confirmed: who, when it was pressed, when it began, and whether it is done."""

    model_config = ConfigDict(defer_build=True, extra="ignore", frozen=True, hide_input_in_errors=True)

    action: ResourceAction
    by: str
    pressed_at: AwareDatetime
    begun_at: AwareDatetime
    done: bool = False


class StandingAlert(OpenAlert):
    """A standing resource is idle, or nothing shows whether it is used (``unproven``).

    ``reason`` is the evidence in words, ``keys`` what names the resource in requests, ``since`` when it was created.
    ``stop_at`` is ``None`` if SageWatch will not end it by itself. ``actions`` are the buttons that change something.
    ``sent_at`` is when it was written; early ones do not say. ``taken`` is the action that was begun last; one that
    failed is not kept.
    """

    finding: Literal["standing-idle"] = "standing-idle"
    kind: ResourceKind
    name: str = Field(min_length=1, max_length=300)
    arn: str
    keys: Mapping[str, str] = Field(default_factory=dict)
    configuration: str
    stopping: str
    reason: str
    since: AwareDatetime | None
    last_use: AwareDatetime | None
    hourly_usd: Usd | None
    price_note: str | None = None
    stop_at: AwareDatetime | None = None
    observe: bool
    unproven: bool = False
    actions: tuple[ResourceAction, ...] = ()
    sent_at: AwareDatetime | None = None
    taken: TakenAction | None = None

    @property
    def can_be_restored(self) -> bool:
        """Whether it was deleted, and its recipe is kept."""
        return ResourceAction.RESTORE in self.actions

    def under_way(self, now: datetime) -> TakenAction | None:
        """Return the action that is being done at this moment: everything else waits for it."""
        taken = self.taken
        return taken if taken and not taken.done and now - taken.begun_at < _UNDER_WAY_FOR else None
