"""The identifiers of buttons and dialogs: the one list that messages and interactions share."""

from enum import StrEnum
from typing import Literal

from sagewatch.standing.actions import ResourceAction


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
    KEEP_A_DAY = "keep_a_day"
    KEEP_A_MONTH = "keep_a_month"
    KEEP_ALWAYS = "keep_always"
    COPIES_TO_ZERO = "copies_to_zero"
    SCALE_IN = "scale_in"
    DELETE_ENDPOINT = "delete_endpoint"
    END_RESOURCE = "end_resource"
    RESTORE_ENDPOINT = "restore_endpoint"
    RESOURCE_SURE = "resource_sure"


NotebookActionId = Literal[
    ActionId.KEEP_4H, ActionId.KEEP_UNTIL_TOMORROW, ActionId.STOP_NOW, ActionId.NEVER_STOP, ActionId.STOP_ANYWAY
]
JobActionId = Literal[ActionId.STOP_JOB, ActionId.SNOOZE_JOB, ActionId.STOP_JOB_SURE]
ResourceActionId = Literal[
    ActionId.KEEP_A_DAY,
    ActionId.KEEP_A_MONTH,
    ActionId.KEEP_ALWAYS,
    ActionId.COPIES_TO_ZERO,
    ActionId.SCALE_IN,
    ActionId.DELETE_ENDPOINT,
    ActionId.END_RESOURCE,
    ActionId.RESTORE_ENDPOINT,
    ActionId.RESOURCE_SURE,
]
DialogId = Literal[ActionId.STOP_ANYWAY, ActionId.STOP_JOB_SURE, ActionId.RESOURCE_SURE]  # the dialogs that ask
# What may be done with an idle resource, by its button.
RESOURCE_ACTIONS = {
    ActionId.COPIES_TO_ZERO: ResourceAction.COPIES_TO_ZERO,
    ActionId.SCALE_IN: ResourceAction.SCALE_IN,
    ActionId.DELETE_ENDPOINT: ResourceAction.DELETE,
    ActionId.END_RESOURCE: ResourceAction.END,
    ActionId.RESTORE_ENDPOINT: ResourceAction.RESTORE,
}
# The buttons that open a dialog at once, while Slack's trigger is valid; a dialog that was confirmed is closed.
OPENS_DIALOG = frozenset({ActionId.STOP_NOW, ActionId.STOP_JOB, *RESOURCE_ACTIONS})
