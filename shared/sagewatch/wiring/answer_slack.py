"""AnswerSlack: its settings and its objects."""

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from pydantic import Field

from sagewatch.adapters.slack.api import SlackApi
from sagewatch.adapters.slack.dialogs import SlackDialogs
from sagewatch.adapters.ssm import SsmSecret
from sagewatch.once import Once
from sagewatch.runtime.handlers import QueueHandler
from sagewatch.runtime.settings import InboxSettings, NotebookSettings, Text, Words
from sagewatch.slack.interactions.answer import PressAnswers
from sagewatch.slack.interactions.people import People
from sagewatch.wiring.clients import built_once, client, entry, now
from sagewatch.wiring.late import Late

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sqs import SQSClient

    from sagewatch.slack.interactions.job_buttons import JobButtons
    from sagewatch.slack.interactions.notebook_buttons import NotebookButtons
    from sagewatch.wiring.resource_answers import ResourceAnswers


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
    dynamodb, sqs, ssm = client("dynamodb"), client("sqs"), client("ssm")
    token = SsmSecret(ssm, given.slack_token_parameter, now)
    dialogs = SlackDialogs(SlackApi(token=token, api_url=given.slack_api_url))
    kinds = _Kinds(given, dynamodb, sqs, People(dialogs=dialogs, approvers=given.approvers, zone=given.zone))
    answers = PressAnswers(
        people=kinds.people,
        notebooks=Late(kinds.notebooks),
        jobs=Late(kinds.jobs),
        resources=Late(lambda: kinds.resources().buttons),
        announced=Late(lambda: kinds.resources().announced),
    )
    return entry(answers.on_message, sqs, given)


class _Kinds:
    """Builds what answers each kind of press. Its imports are late: a press is about one kind."""

    def __init__(
        self, given: AnswerSlackSettings, dynamodb: "DynamoDBClient", sqs: "SQSClient", people: People
    ) -> None:
        self.given, self.dynamodb, self.sqs, self.people = given, dynamodb, sqs, people
        self.resources = Once(self._resources)

    def notebooks(self) -> "NotebookButtons":
        from sagewatch.wiring.notebook_answers import make_notebook_buttons  # noqa: PLC0415 - heavy, and one kind's

        return make_notebook_buttons(self.given, self.dynamodb, self.sqs, self.people)

    def jobs(self) -> "JobButtons":
        from sagewatch.wiring.job_answers import make_job_buttons  # noqa: PLC0415 - heavy, and one kind's

        return make_job_buttons(self.given, self.dynamodb, self.sqs, self.people, self.given.zone)

    def _resources(self) -> "ResourceAnswers":
        from sagewatch.wiring.resource_answers import make_resource_answers  # noqa: PLC0415 - heavy, and one kind's

        return make_resource_answers(self.given, self.dynamodb, self.sqs, self.people)
