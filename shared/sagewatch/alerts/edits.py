"""Edits messages that were posted: what a message shows last is also what is remembered of it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pydantic import ValidationError

from sagewatch.alerts.base import AlertBase, alert_id
from sagewatch.alerts.ports import AlertArchive, AlertQueue
from sagewatch.errors import StateChangedError

_TURNS = 5  # of invocations that edit one message at the same moment


@dataclass(frozen=True, slots=True)
class MessageEdits[A: AlertBase]:
    """Edits the messages of one kind of alert. A message that was closed stays closed."""

    kind: type[A]
    archive: AlertArchive
    alerts: AlertQueue

    def find(self, root: str) -> A | None:
        """Load an alert; one that another release wrote and this one cannot read is not known."""
        return self._read(self.archive.load(root))

    def edit(self, root: str, name: str, change: Callable[[A], A], *, repeat: bool = False) -> bool:
        """Queue an edit, then remember it; return whether the message is known and was open.

        If someone else changed the message in between, both are done again: so what is remembered last is queued last,
        and a crash in between repeats the edit. ``name`` is the edit's identity, and ``repeat`` sends it even if it
        changes nothing. An edit that would open a closed message queues its end again, because an open state may have
        been queued behind it.
        """
        for turn, (body, alert) in enumerate(self._turns(root)):
            changed = change(alert)
            if alert.closed:
                if not changed.closed:
                    self._send(alert, root, alert_id("edit", name, "closed"))
                return False
            if changed == alert and not repeat:
                return True
            self._send(changed, root, alert_id("edit", name, str(turn)) if turn else name)
            if self.archive.replace(root, body, changed.model_dump_json()):
                return True
        return False

    def note(self, root: str, change: Callable[[A], A]) -> None:
        """Remember a change of an open message without an edit."""
        for body, alert in self._turns(root):
            if alert.closed or self.archive.replace(root, body, change(alert).model_dump_json()):
                return

    def _turns(self, root: str) -> Iterator[tuple[str, A]]:
        """Yield the alert as it is remembered, again and again; nothing if it is not known.

        Raises ``StateChangedError`` after some turns.
        """
        for _ in range(_TURNS):
            body = self.archive.load(root)
            alert = self._read(body)
            if body is None or alert is None:
                return
            yield body, alert
        raise StateChangedError(f"the message {root} is being changed by others", retry_after=1)

    def _read(self, body: str | None) -> A | None:
        try:
            return self.kind.model_validate_json(body) if body else None
        except ValidationError:
            return None

    def _send(self, alert: A, root: str, name: str) -> None:
        self.alerts.send(alert.model_copy(update={"alert_id": name, "edits": root}))
