"""What SendDigest reads of the environment, through ``settings``."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Self
from zoneinfo import ZoneInfo

from sagewatch.budgets import Budget
from sagewatch.settings import FromEnvironment
from sagewatch.variables import Variables


@dataclass(frozen=True, slots=True, kw_only=True)
class SendDigestSettings(FromEnvironment):
    """What SendDigest needs. ``account`` and ``home_region`` are the stack's own."""

    cost_ledger: str
    watch_state: str
    alert_queue_url: str
    dead_letter_queues: Mapping[str, str]
    discount_percent: Decimal
    zone: ZoneInfo
    budgets: tuple[Budget, ...]
    slack_token_parameter: str
    slack_api_url: str
    account: str
    home_region: str

    @classmethod
    def read(cls, env: Variables) -> Self:
        """See ``FromEnvironment.from_env``."""
        return cls(
            cost_ledger=env.text("COST_LEDGER"),
            watch_state=env.text("WATCH_STATE"),
            alert_queue_url=env.text("ALERT_QUEUE_URL"),
            dead_letter_queues={
                "EventDeadLetterQueue": env.text("EVENT_DEAD_LETTER_QUEUE_URL"),
                "AlertDeadLetterQueue": env.text("ALERT_DEAD_LETTER_QUEUE_URL"),
            },
            discount_percent=env.percent("DISCOUNT_PERCENT"),
            zone=env.zone("TIMEZONE"),
            budgets=env.budgets("MONTHLY_BUDGETS"),
            slack_token_parameter=env.text("SLACK_TOKEN_PARAMETER"),
            slack_api_url=env.text("SLACK_API_URL"),
            account=env.text("ACCOUNT"),
            home_region=env.text("AWS_REGION"),
        )
