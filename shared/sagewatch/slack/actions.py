"""The identifiers of buttons and dialogs: the one list that messages and interactions share."""

from enum import StrEnum
from typing import Literal


class ActionId(StrEnum):
    """A button, or a dialog's submit button: Slack's ``action_id`` or ``callback_id``."""

    KEEP_4H = "keep_4h"
    KEEP_UNTIL_TOMORROW = "keep_until_tomorrow"
    STOP_NOW = "stop_now"
    NEVER_STOP = "never_stop"
    STOP_ANYWAY = "stop_anyway"
    STOP_JOB = "stop_job"
    SNOOZE_JOB = "snooze_job"
    STOP_JOB_SURE = "stop_job_sure"


NotebookActionId = Literal[
    ActionId.KEEP_4H, ActionId.KEEP_UNTIL_TOMORROW, ActionId.STOP_NOW, ActionId.NEVER_STOP, ActionId.STOP_ANYWAY
]
JobActionId = Literal[ActionId.STOP_JOB, ActionId.SNOOZE_JOB, ActionId.STOP_JOB_SURE]
DialogId = Literal[ActionId.STOP_ANYWAY, ActionId.STOP_JOB_SURE]  # the dialogs that ask
