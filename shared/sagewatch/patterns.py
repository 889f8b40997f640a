"""Regular expressions that are compiled when they are first used.

SageWatch has two hundred of them, for logs, names and secrets. A start compiles none, an event those that it needs.
"""

import re
from functools import cached_property
from typing import Any, cast


class LazyPattern:
    """Compiles at the first use of a method."""

    def __init__(self, pattern: str, flags: int) -> None:
        self._arguments = pattern, flags

    @cached_property
    def _compiled(self) -> re.Pattern[str]:
        return re.compile(*self._arguments)

    def __getattr__(self, name: str) -> Any:
        """The attribute of the compiled pattern."""
        return getattr(self._compiled, name)


def lazy_pattern(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """A pattern that behaves as ``re.compile`` returns it. A fault in it raises at its first use."""
    return cast("re.Pattern[str]", LazyPattern(pattern, flags))
