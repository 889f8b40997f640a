"""The identifiers of buttons and dialogs: the one list that messages and interactions share."""

from typing import Literal

STOP_JOB, SNOOZE_JOB = "stop_job", "snooze_job"


KEEP_4H, KEEP_UNTIL_TOMORROW, STOP_NOW, NEVER_STOP = "keep_4h", "keep_until_tomorrow", "stop_now", "never_stop"


Action = Literal["keep_4h", "keep_until_tomorrow", "stop_now", "never_stop", "stop_anyway"]
JobAction = Literal["stop_job", "snooze_job", "stop_job_sure"]
STOP_ANYWAY, STOP_JOB_SURE = "stop_anyway", "stop_job_sure"  # the callback IDs of the dialogs that ask
