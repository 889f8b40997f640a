"""AnswerSlack: its settings and its objects."""

from zoneinfo import ZoneInfo

from pydantic import Field

from sagewatch.adapters.dynamodb.open_jobs import DynamoSnoozes
from sagewatch.adapters.sagemaker.job_stops import SageMakerJobStops
from sagewatch.adapters.sagemaker.jobs import SageMakerJobs
from sagewatch.adapters.slack.api import SlackApi
from sagewatch.adapters.slack.dialogs import SlackDialogs
from sagewatch.adapters.ssm import SsmSecret
from sagewatch.runtime.handlers import QueueHandler
from sagewatch.runtime.settings import InboxSettings, NotebookSettings, Text, Words
from sagewatch.slack.interactions.answer import PressAnswers
from sagewatch.slack.interactions.job_buttons import JobButtons
from sagewatch.slack.interactions.notebook_buttons import NotebookButtons
from sagewatch.slack.interactions.people import People
from sagewatch.wiring.clients import built_once, client, entry, now
from sagewatch.wiring.resource_answers import make_resource_answers
from sagewatch.wiring.spokes import make_clients
from sagewatch.wiring.stopping import make_notebook_stopping


class AnswerSlackSettings(InboxSettings, NotebookSettings):
    """Settings of AnswerSlack. Without ``approvers`` everybody may press buttons."""

    zone: ZoneInfo = Field(alias="TIMEZONE")
    approvers: Words = Field((), alias="SLACK_APPROVERS")
    slack_token_parameter: Text
    slack_api_url: Text


@built_once
def answer_slack() -> QueueHandler:
    """AnswerSlack: the work that presses in its queue ask for. Raises ``SettingsError``."""
    given = AnswerSlackSettings.from_env()
    dynamodb, sqs = client("dynamodb"), client("sqs")
    ssm = client("ssm")
    token = SsmSecret(ssm, given.slack_token_parameter, now)
    dialogs = SlackDialogs(SlackApi(token=token, api_url=given.slack_api_url))
    people = People(dialogs=dialogs, approvers=given.approvers, zone=given.zone)
    clients = make_clients(given, acting=True)
    stopping = make_notebook_stopping(given, dynamodb, sqs, clients)
    jobs = JobButtons(
        jobs=SageMakerJobs(clients.sagemaker, now),
        stops=SageMakerJobStops(clients.stopping_sagemaker),
        snoozes=DynamoSnoozes(dynamodb, given.watch_state, given.account),
        archive=stopping.states,
        alerts=stopping.alerts,
        people=people,
        prices=stopping.tracking.prices,
        clock=now,
        zone=given.zone,
        enforce=given.enforce,
    )
    notebooks = NotebookButtons(
        sessions=stopping.tracking.sessions,
        states=stopping.states,
        leases=stopping.leases,
        announcements=stopping.announcements,
        inspector=stopping.inspector,
        notebook_stop=stopping.notebook_stop,
        people=people,
        clock=now,
    )
    idle = make_resource_answers(given, dynamodb, sqs, people)
    answers = PressAnswers(
        people=people, notebooks=notebooks, jobs=jobs, resources=idle.buttons, announced=idle.announced
    )
    return entry(answers.on_message, sqs, given)
