"""Write which programs run on a notebook instance besides its kernels into a file that its Jupyter server serves.

Run it every minute on the instance (``on-start.sh`` installs it). SageWatch reads the file through Jupyter. It then
sees programs in terminals, also those whose terminal was closed (nohup, tmux). The file names programs and their
number, never their arguments. The script needs no library and no permission.
"""  # noqa: INP001 - a script on its own

import argparse
import json
import os
import pwd
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path

FILE = "sagewatch-activity.json"
VERSION = 1
# What waits for a person or belongs to the notebook itself. Kernels are Jupyter's to report.
_SHELLS = ("bash", "sh", "zsh", "fish", "dash", "tmux", "tmux: server", "tmux: client", "screen")
_TOOLS = ("login", "sshd", "su", "sudo", "less", "more", "man", "top", "htop", "watch", "tail")
_WAITING = frozenset({*_SHELLS, *_TOOLS})
_SERVERS = ("jupyter-lab", "jupyter-notebook", "jupyter-server", "jupyter_server", "jupyter lab", "jupyter notebook")
_ITS_OWN = (*_SERVERS, "ipykernel", "sagewatch_activity", "dockerd", "systemd", "(sd-pam)", "dbus-daemon")


def running(proc: Path, user: int, me: int) -> Iterator[str]:
    """Yield the names of the user's programs that do something, or wait for something other than a person."""
    for entry in proc.iterdir():
        if entry.name.isdigit() and int(entry.name) != me:
            name = _name(entry, user)
            if name:
                yield name


def _name(entry: Path, user: int) -> str:
    """Return the program's name if it counts, else nothing."""
    try:
        status = (entry / "status").read_text(errors="replace")
        command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:  # it has ended meanwhile
        return ""
    facts = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    name = facts.get("Name", "?")
    is_users = facts.get("Uid", "").split("\t")[0] == str(user)
    runs = bool(command) and facts.get("State", "?")[0] not in "ZTX"
    own = name in _WAITING or any(part in command for part in _ITS_OWN)
    return name if is_users and runs and not own else ""


def report(folder: Path, names: list[str], now: datetime) -> dict[str, object]:
    """Return what the file says now: what runs, since when that is watched, and when something ran last."""
    try:
        before = json.loads((folder / FILE).read_text())
    except (OSError, ValueError):
        before = {}
    moment = now.isoformat(timespec="seconds")
    return {
        "version": VERSION,
        "at": moment,
        "watched_since": before.get("watched_since", moment),
        "last_running_at": moment if names else before.get("last_running_at"),
        "running": sorted(names)[:20],
        "count": len(names),
    }


def main() -> None:
    """Write the file, in one move, so that nobody reads half of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("/home/ec2-user/SageMaker"))
    parser.add_argument("--user", default="ec2-user")
    parser.add_argument("--proc", type=Path, default=Path("/proc"))
    given = parser.parse_args()
    names = list(running(given.proc, pwd.getpwnam(given.user).pw_uid, os.getpid()))
    now = datetime.now(timezone.utc)  # noqa: UP017 - the instance has Python 3.9
    content = json.dumps(report(given.folder, names, now))
    new = given.folder / f".{FILE}.new"
    new.write_text(content)
    new.replace(given.folder / FILE)


if __name__ == "__main__":
    main()
