"""RecordJob: its settings, and what it is given."""

from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Self

import boto3

from sagewatch.runtime.handlers import QueueHandler
from sagewatch.runtime.settings import FromEnvironment, InboxSettings, RecordingSettings
from sagewatch.runtime.variables import Variables
from sagewatch.wiring.clients import QUICK, entry, sagemaker
from sagewatch.wiring.recording import JOB_LOGS, make_job_recorder, make_parts


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordJobSettings(FromEnvironment):
    """What RecordJob needs. Jobs dearer than ``report_usd`` are reported; 0 is none."""

    inbox: InboxSettings
    recording: RecordingSettings
    report_usd: Decimal

    @classmethod
    def read(cls, env: Variables) -> Self:
        """See ``FromEnvironment.from_env``."""
        return cls(
            inbox=InboxSettings.read(env),
            recording=RecordingSettings.read(env),
            report_usd=env.usd("REPORT_USD"),
        )


@cache
def record_job(settings: RecordJobSettings | None = None) -> QueueHandler:
    """RecordJob: a job changed state. Raises ``SettingsError``."""
    given = settings or RecordJobSettings.from_env()
    sqs = boto3.client("sqs", config=QUICK)
    dynamodb = boto3.client("dynamodb", config=QUICK)
    parts = make_parts(given.recording, dynamodb, sqs, sagemaker)
    recorder = make_job_recorder(parts, report_usd=given.report_usd, logs=JOB_LOGS)
    return entry(recorder.on_message, sqs, given.inbox)
