"""AnswerSlack: its settings, and what it is given."""

from dataclasses import dataclass
from functools import cache
from typing import Self
from zoneinfo import ZoneInfo

import boto3

from sagewatch.adapters.dynamodb.idle_state import DynamoSeenRequests
from sagewatch.adapters.dynamodb.open_jobs import DynamoSnoozes
from sagewatch.adapters.sagemaker.job_stops import SageMakerJobStops
from sagewatch.adapters.sagemaker.jobs import SageMakerJobs
from sagewatch.adapters.slack import SlackDialogs
from sagewatch.adapters.sqs import SqsPressQueue
from sagewatch.adapters.ssm import SsmSecret
from sagewatch.runtime.handlers import SlackHandler
from sagewatch.runtime.settings import FromEnvironment, InboxSettings, NotebookSettings
from sagewatch.runtime.variables import Variables
from sagewatch.slack.interactions.endpoint import SlackEndpoint
from sagewatch.slack.interactions.job_buttons import JobButtons
from sagewatch.slack.interactions.notebook_buttons import NotebookButtons
from sagewatch.wiring.clients import QUICK, entry, now, sagemaker
from sagewatch.wiring.stopping import make_notebook_stopping


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


@cache
def answer_slack(settings: AnswerSlackSettings | None = None) -> SlackHandler:
    """AnswerSlack: the interactions endpoint and its queue. Raises ``SettingsError``."""
    given = settings or AnswerSlackSettings.from_env()
    dynamodb, sqs = boto3.client("dynamodb", config=QUICK), boto3.client("sqs", config=QUICK)
    ssm = boto3.client("ssm", config=QUICK)
    dialogs = SlackDialogs(token=SsmSecret(ssm, given.slack_token_parameter, now), api_url=given.slack_api_url)
    endpoint = SlackEndpoint(
        secret=SsmSecret(ssm, given.slack_signing_secret_parameter, now),
        presses=DynamoSeenRequests(dynamodb, given.notebooks.recording.watch_state),
        queue=SqsPressQueue(sqs, given.inbox.queue_url),
        dialogs=dialogs,
        clock=now,
    )
    stopping, tables = make_notebook_stopping(given.notebooks, dynamodb, sqs), given.notebooks.recording
    jobs = JobButtons(
        jobs=SageMakerJobs(sagemaker, now),
        stops=SageMakerJobStops(sagemaker),
        snoozes=DynamoSnoozes(dynamodb, tables.watch_state),
        files=stopping.states,
        alerts=stopping.alerts,
        dialogs=dialogs,
        prices=stopping.tracking.prices,
        clock=now,
        zone=given.zone,
        discount_percent=tables.discount_percent,
        enforce=given.notebooks.enforce,
    )
    answerer = NotebookButtons(
        sessions=stopping.tracking.sessions,
        states=stopping.states,
        announcements=stopping.announcements,
        inspector=stopping.inspector,
        notebook_stop=stopping.notebook_stop,
        jobs=jobs,
        dialogs=dialogs,
        clock=now,
        zone=given.zone,
        approvers=given.approvers,
    )
    return SlackHandler(
        lambda request: endpoint.handle(request).to_response(), entry(answerer.on_message, sqs, given.inbox)
    )
