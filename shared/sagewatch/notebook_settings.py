"""What the functions about notebook instances, and the one that answers Slack, read of the environment."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Self
from zoneinfo import ZoneInfo

from sagewatch.settings import FromEnvironment, InboxSettings, LedgerSettings, RecordingSettings
from sagewatch.variables import Variables


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


@dataclass(frozen=True, slots=True, kw_only=True)
class NotebookSettings:
    """What whoever may stop notebooks needs: the rules, and how far they go."""

    recording: RecordingSettings
    enforce: bool
    idle_after: timedelta
    warn: timedelta
    ask_jupyter: bool

    @classmethod
    def read(cls, env: Variables) -> Self:
        """Read what SweepNotebooks and AnswerSlack share."""
        return cls(
            recording=RecordingSettings.read(env),
            enforce=env.chosen("MODE", "enforce", "observe"),
            idle_after=env.minutes("IDLE_AFTER_MINUTES"),
            warn=env.minutes("WARN_MINUTES"),
            ask_jupyter=env.chosen("JUPYTER_EVIDENCE", "enabled", "disabled"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepNotebooksSettings(FromEnvironment):
    """What SweepNotebooks needs. ``home_region`` is the stack's own."""

    notebooks: NotebookSettings
    max_stops: int
    long_running: timedelta
    home_region: str

    @classmethod
    def read(cls, env: Variables) -> Self:
        """See ``FromEnvironment.from_env``."""
        return cls(
            notebooks=NotebookSettings.read(env),
            max_stops=env.count("MAX_STOPS_PER_SWEEP"),
            long_running=env.hours("LONG_RUNNING_HOURS"),
            home_region=env.text("AWS_REGION"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerSlackSettings(FromEnvironment):
    """What AnswerSlack needs. No ``approvers`` means everybody."""

    inbox: InboxSettings
    notebooks: NotebookSettings
    zone: ZoneInfo
    approvers: tuple[str, ...]
    slack_token_parameter: str
    slack_signing_secret_parameter: str
    slack_api_url: str

    @classmethod
    def read(cls, env: Variables) -> Self:
        """See ``FromEnvironment.from_env``."""
        return cls(
            inbox=InboxSettings.read(env),
            notebooks=NotebookSettings.read(env),
            zone=env.zone("TIMEZONE"),
            approvers=env.words("SLACK_APPROVERS", default=""),
            slack_token_parameter=env.text("SLACK_TOKEN_PARAMETER"),
            slack_signing_secret_parameter=env.text("SLACK_SIGNING_SECRET_PARAMETER"),
            slack_api_url=env.text("SLACK_API_URL"),
        )
