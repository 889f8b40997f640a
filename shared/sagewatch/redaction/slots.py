"""Define the placeholders for redacted text, and read lists of words."""

SLOT = "[redacted]"
ARGUMENTS = "[arguments left out]"


def words(text: str) -> tuple[str, ...]:
    """Return the words of a text, for lists that are easier to read as one."""
    return tuple(text.split())
