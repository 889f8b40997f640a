"""RecordJob: its settings and its objects."""

from sagewatch.runtime.handlers import QueueHandler
from sagewatch.runtime.settings import AlertingSettings, InboxSettings
from sagewatch.wiring.clients import built_once, client, entry
from sagewatch.wiring.recording import make_job_recorder, make_parts
from sagewatch.wiring.scoped_clients import make_clients


class RecordJobSettings(AlertingSettings, InboxSettings):
    """Settings of RecordJob."""


@built_once
def record_job() -> QueueHandler:
    """RecordJob: a job changed state. Raises ``SettingsError``."""
    given = RecordJobSettings.from_env()
    sqs = client("sqs")
    dynamodb = client("dynamodb")
    clients = make_clients(given)
    parts = make_parts(given, dynamodb, sqs, clients, clients.sagemaker)
    recorder = make_job_recorder(parts, report_usd=given.report_usd, read_logs=given.read_logs)
    return entry(recorder.on_message, sqs, given)
