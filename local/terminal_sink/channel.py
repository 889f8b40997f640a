"""A terminal as the channel: each alert is a panel, and an edit is a new panel."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import override

from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from local.terminal_sink.messages import render
from sagewatch.alerts.ports import MessageRef
from sagewatch.delivery.ports import Channel
from sagewatch.delivery.registry import Alert
from sagewatch.errors import MessageGoneError


@dataclass(frozen=True, slots=True)
class _Printed:
    alert_id: str
    thread: MessageRef | None
    place: MessageRef


@dataclass
class TerminalChannel(Channel):
    """Prints alerts. What it printed is remembered as long as the program runs; other channels' threads are gone."""

    console: Console
    clock: Callable[[], datetime]
    name: str = "terminal"
    _printed: list[_Printed] = field(default_factory=list)

    @property
    def posts(self) -> int:
        """How many alerts were printed as messages of their own or as replies."""
        return len(self._printed)

    @override
    def post(self, alert: Alert, thread: MessageRef | None = None, to: str | None = None) -> MessageRef:
        if thread:
            self._must_know(thread)
        place = MessageRef(thread.channel if thread else to or self.name, str(len(self._printed) + 1), self.clock())
        self._print(alert, f"reply to {thread.ts}" if thread else place.ts)
        self._printed.append(_Printed(alert.alert_id, thread, place))
        return place

    @override
    def update(self, posted: MessageRef, alert: Alert) -> None:
        self._must_know(posted)
        self._print(alert, f"edit of {posted.ts}")

    @override
    def find(
        self, alert_id: str, since: datetime, thread: MessageRef | None = None, to: str | None = None
    ) -> MessageRef | None:
        if thread:
            self._must_know(thread)
        return next((kept.place for kept in self._printed if self._fits(kept, alert_id, since, thread, to)), None)

    def _fits(self, kept: _Printed, alert_id: str, since: datetime, thread: MessageRef | None, to: str | None) -> bool:
        where = thread.channel if thread else to or self.name
        return (
            kept.alert_id == alert_id
            and kept.thread == thread
            and kept.place.channel == where
            and kept.place.posted_at >= since
        )

    def _must_know(self, place: MessageRef) -> None:
        if all(kept.place != place for kept in self._printed):
            raise MessageGoneError(f"no message {place.ts} in {place.channel}")

    def _print(self, alert: Alert, number: str) -> None:
        message = render(alert)
        title = Text(f"{number}  {message.title}", style="bold")
        self.console.print(Panel(Text("\n".join(message.lines)), title=title, title_align="left"))
