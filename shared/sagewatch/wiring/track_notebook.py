"""TrackNotebook: its settings and its objects."""

from sagewatch.runtime.handlers import QueueHandler
from sagewatch.runtime.settings import InboxSettings, LedgerSettings
from sagewatch.wiring.clients import built_once, client, entry
from sagewatch.wiring.scoped_clients import make_clients
from sagewatch.wiring.tracking import make_notebook_tracking


class TrackNotebookSettings(InboxSettings, LedgerSettings):
    """Settings of TrackNotebook."""


@built_once
def track_notebook() -> QueueHandler:
    """TrackNotebook: a notebook instance changed state. Raises ``SettingsError``."""
    given = TrackNotebookSettings.from_env()
    tracking = make_notebook_tracking(given, client("dynamodb"), make_clients(given))
    return entry(tracking.tracker.on_message, client("sqs"), given)
