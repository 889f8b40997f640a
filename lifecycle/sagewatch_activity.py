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
_SERVERS = frozenset({"jupyter-lab", "jupyter-notebook", "jupyter-server", "jupyter_server"})
_KERNELS = frozenset({"ipykernel", "ipykernel_launcher"})
_ITS_OWN = _SERVERS | _KERNELS | {"sagewatch_activity.py", "dockerd", "systemd", "(sd-pam)", "dbus-daemon"}
_SERVES = frozenset({"lab", "notebook", "server"})  # "jupyter lab"
_CONTAINER = "containerd-shim"  # Docker runs one for each container, whose programs belong to other users
_AS_ANOTHER_USER = frozenset({"sudo", "su"})


def processes(proc: Path) -> dict[int, tuple[str, dict[str, str], list[str]]]:
    """Return each process's name, status and command."""
    return {int(entry.name): _facts(entry) for entry in proc.iterdir() if entry.name.isdigit()}


def containers(found: dict[int, tuple[str, dict[str, str], list[str]]]) -> int:
    """Count Docker's containers that run."""
    return sum(name.startswith(_CONTAINER) for name, _, _ in found.values())


def running(found: dict[int, tuple[str, dict[str, str], list[str]]], user: int, me: int) -> Iterator[str]:
    """Yield the names of programs that the user started, also as root, and that wait for no person."""
    for number, (name, facts, words) in found.items():
        runs = bool(words) and facts.get("State", "?")[0] not in "ZTX"
        own = name in _WAITING or _is_its_own(words)
        if number != me and runs and not own and _is_users(number, found, user):
            yield name


def _facts(entry: Path) -> tuple[str, dict[str, str], list[str]]:
    """Return a process's name, its status, and its command; nothing of one that has ended meanwhile."""
    try:
        status = (entry / "status").read_text(errors="replace")
        command = (entry / "cmdline").read_bytes().decode(errors="replace")
    except OSError:
        return "", {}, []
    facts = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    return facts.get("Name", "?"), facts, [word for word in command.split("\0") if word]


def _is_its_own(words: list[str]) -> bool:
    """Whether it belongs to the notebook itself, by what is run: folders and arguments may have any name."""
    run = [word.rpartition("/")[2] for word in words if not word.startswith("-")]
    after = run[run.index("jupyter") + 1 :][:1] if "jupyter" in run[:2] else []
    return not _ITS_OWN.isdisjoint(run[:2]) or not _SERVES.isdisjoint(after)


def _is_users(number: int, found: dict[int, tuple[str, dict[str, str], list[str]]], user: int) -> bool:
    """Whether the user started it: it is the user's, or runs below a ``sudo`` or ``su``."""
    if found[number][1].get("Uid", "").split("\t")[0] == str(user):
        return True
    while number in found:
        if found[number][0] in _AS_ANOTHER_USER:
            return True
        found, number = {k: v for k, v in found.items() if k != number}, int(found[number][1].get("PPid", "0") or 0)
    return False


def report(folder: Path, names: list[str], contained: int, now: datetime) -> dict[str, object]:
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
        "last_running_at": moment if names or contained else before.get("last_running_at"),
        "running": sorted(names)[:20],
        "count": len(names),
        "containers": contained,
    }


def main() -> None:
    """Write the file, in one move, so that nobody reads half of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("/home/ec2-user/SageMaker"))
    parser.add_argument("--user", default="ec2-user")
    parser.add_argument("--proc", type=Path, default=Path("/proc"))
    given = parser.parse_args()
    found = processes(given.proc)
    names = list(running(found, pwd.getpwnam(given.user).pw_uid, os.getpid()))
    now = datetime.now(timezone.utc)  # noqa: UP017 - the instance has Python 3.9
    content = json.dumps(report(given.folder, names, containers(found), now))
    new = given.folder / f".{FILE}.new"
    new.write_text(content)
    new.replace(given.folder / FILE)


if __name__ == "__main__":
    main()
