"""What a person may do with an idle resource in Slack."""

from enum import StrEnum


class ResourceAction(StrEnum):
    """What a person may do with an idle resource. Values are stored in messages."""

    COPIES_TO_ZERO = "copies to zero"
    SCALE_IN = "scale in"
    DELETE = "delete and keep the recipe"
    END = "end"  # its one call: see ``EndCall``
    RESTORE = "restore"
