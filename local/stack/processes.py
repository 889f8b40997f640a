"""Servers as processes: start them, wait until they answer, and know whether they still run."""

import os
import subprocess
import time
import urllib.request
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

_READY_SECONDS = 600  # bounds how long a failure takes: one that ended is noticed at once


class CloudError(Exception):
    """The local cloud cannot be started, deployed to or found. The text says what to do."""


def spawn(command: Sequence[str], log: Path, env: Mapping[str, str], folder: Path) -> "subprocess.Popen[bytes]":
    """Start a server in its own session, so that Ctrl-C reaches only this process, which then ends the server."""
    out: IO[bytes] = log.open("wb")
    with out:
        return subprocess.Popen(
            command, cwd=folder, env=env, stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip


def wait_for(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    """Wait until a server answers. Raises ``CloudError`` with the end of its log."""
    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(OSError), urllib.request.urlopen(url, timeout=2):  # noqa: S310 - our own server
            return
        time.sleep(0.1)
    raise CloudError(f"{url} does not answer:\n{tail(log)}")


def begun_at(pid: int) -> str | None:
    """A process's start time as ps prints it; ``None`` if it has ended."""
    done = subprocess.run(("ps", "-o", "lstart=", "-p", str(pid)), capture_output=True, text=True, check=False)
    return done.stdout.strip() or None


def is_running(group: int) -> bool:
    """Whether any process of the group is alive. Reaps our ended children first."""
    with suppress(ChildProcessError):
        os.waitpid(-group, os.WNOHANG)
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def tail(log: Path, lines: int = 25) -> str:
    """The last lines of a log."""
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
