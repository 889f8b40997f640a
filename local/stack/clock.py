"""The clock of a whole cloud, which can be moved: its processes run under libfaketime, and all read one file.

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
    """The clock that is ``ahead`` of this process's. Move it while the cloud is at rest: what runs would time out."""

    file: Path
    ahead: timedelta = timedelta(0)

    def __post_init__(self) -> None:
        """Show the time as it is."""
        self._write()

    def env(self) -> Mapping[str, str]:
        """What a process that is to live by this clock is started with, and hands on to those it starts."""
        spec = find_spec("libfaketime")
        if spec is None or spec.origin is None:
            raise RuntimeError("libfaketime is not installed: run `make setup`")
        return {
            "LD_PRELOAD": str(Path(spec.origin).parent / "vendor" / "libfaketime" / "src" / "libfaketime.so.1"),
            "FAKETIME_TIMESTAMP_FILE": str(self.file),
            # Once in a second. Not at every look at the clock: two threads that read at once can miss the file, and
            # would then live by the real time.
            "FAKETIME_CACHE_DURATION": "0",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",  # files keep their times, or all bytecode would be stale
        }

    def now(self) -> datetime:
        """What it shows."""
        return datetime.now(UTC) + self.ahead

    def move_to(self, moment: datetime) -> None:
        """Let it show that time now, which must not be before what it shows, and wait until everybody has seen it."""
        self.ahead += max(moment - self.now(), timedelta(0))
        self._write()
        time.sleep(_SEEN_WITHIN)

    def _write(self) -> None:
        """All at once: a reader must never see half of it."""
        new = self.file.with_suffix(".new")
        new.write_text(f"+{self.ahead.total_seconds():.3f}", encoding="utf-8")
        new.replace(self.file)
