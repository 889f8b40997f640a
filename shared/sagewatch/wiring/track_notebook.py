"""TrackNotebook: its settings, and what it is given."""

from dataclasses import dataclass
from functools import cache
from typing import Self

import boto3

from sagewatch.runtime.handlers import QueueHandler
from sagewatch.runtime.settings import FromEnvironment, InboxSettings, LedgerSettings
from sagewatch.runtime.variables import Variables
from sagewatch.wiring.clients import QUICK, entry
from sagewatch.wiring.tracking import make_notebook_tracking


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackNotebookSettings(FromEnvironment):
    """What TrackNotebook needs."""

    inbox: InboxSettings
    ledger: LedgerSettings

    @classmethod
    def read(cls, env: Variables) -> Self:
        """See ``FromEnvironment.from_env``."""
        return cls(
            inbox=InboxSettings.read(env),
            ledger=LedgerSettings.read(env),
        )


@cache
def track_notebook(settings: TrackNotebookSettings | None = None) -> QueueHandler:
    """TrackNotebook: a notebook instance changed state. Raises ``SettingsError``."""
    given = settings or TrackNotebookSettings.from_env()
    tracking = make_notebook_tracking(given.ledger, boto3.client("dynamodb", config=QUICK))
    return entry(tracking.tracker.on_message, boto3.client("sqs", config=QUICK), given.inbox)
