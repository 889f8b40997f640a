"""A movable clock for a whole cloud: its processes run under libfaketime and read the time from one file.

So what is deployed lives through a day as it would, in a minute: every "now" in it is later, and nothing in it knows.
Only the time of day moves; waits and timeouts last as long as ever. libfaketime is there for Linux on x86_64.
"""

import platform
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path

_SEEN_WITHIN = 1.2  # seconds
MOVES = sys.platform == "linux" and platform.machine() == "x86_64"


@dataclass
class Clock:
    """A clock ``ahead`` of this process's. Move it only while the cloud is idle; running calls would time out."""

    file: Path
    ahead: timedelta = timedelta(0)

    def __post_init__(self) -> None:
        """Start with the real time."""
        self._write()

    def env(self) -> Mapping[str, str]:
        """The environment of a process that uses this clock. Its children inherit it."""
        spec = find_spec("libfaketime")
        if spec is None or spec.origin is None:
            raise RuntimeError("libfaketime is not installed: run `make setup`")
        return {
            "LD_PRELOAD": str(Path(spec.origin).parent / "vendor" / "libfaketime" / "src" / "libfaketime.so.1"),
            "FAKETIME_TIMESTAMP_FILE": str(self.file),
            # Read the file once a second. If every call read it, two threads that read at the same time could miss it
            # and would then use the real time.
            "FAKETIME_CACHE_DURATION": "0",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",  # files keep their real times; otherwise all bytecode would be stale
        }

    def now(self) -> datetime:
        """The time it shows."""
        return datetime.now(UTC) + self.ahead

    def move_to(self, moment: datetime) -> None:
        """Move it forward to this time, and wait until every process has read it."""
        self.ahead += max(moment - self.now(), timedelta(0))
        self._write()
        time.sleep(_SEEN_WITHIN)

    def _write(self) -> None:
        """Write the file atomically, so that no reader sees half of it."""
        new = self.file.with_suffix(".new")
        new.write_text(f"+{self.ahead.total_seconds():.3f}", encoding="utf-8")
        new.replace(self.file)
