"""Stored items that could not be read: how many, and those that were not named today."""

from typing import ClassVar

from sagewatch.adapters.dynamodb.items import LEFT_OUT
from sagewatch.adapters.dynamodb.sweep_state import DynamoDailyNotices
from sagewatch.errors import SageWatchError
from sagewatch.sweeps import LeftOut


class DynamoLeftOut:
    """Takes what this process has left out, and remembers in WatchState what was named today."""

    PERMISSIONS: ClassVar = ("dynamodb:PutItem",)

    def __init__(self, notices: DynamoDailyNotices) -> None:
        self._notices = notices

    def __call__(self) -> LeftOut:
        """Return what was left out since the last call."""
        found = LEFT_OUT.take()
        return LeftOut(len(found), [sentence for sentence in found if self._is_new(sentence)])

    def _is_new(self, sentence: str) -> bool:
        try:
            return self._notices.first_today(sentence)
        except SageWatchError:  # rather twice than never
            return True
