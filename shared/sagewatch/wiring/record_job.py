"""RecordJob: its settings and its objects."""

from functools import cache

import boto3

from sagewatch.runtime.handlers import QueueHandler
from sagewatch.runtime.settings import AlertingSettings, InboxSettings
from sagewatch.wiring.clients import QUICK, entry, sagemaker
from sagewatch.wiring.recording import JOB_LOGS, make_job_recorder, make_parts


class RecordJobSettings(AlertingSettings, InboxSettings):
    """Settings of RecordJob."""


@cache
def record_job() -> QueueHandler:
    """RecordJob: a job changed state. Raises ``SettingsError``."""
    given = RecordJobSettings.from_env()
    sqs = boto3.client("sqs", config=QUICK)
    dynamodb = boto3.client("dynamodb", config=QUICK)
    parts = make_parts(given, dynamodb, sqs, sagemaker)
    recorder = make_job_recorder(parts, report_usd=given.report_usd, logs=JOB_LOGS if given.read_logs else None)
    return entry(recorder.on_message, sqs, given)
