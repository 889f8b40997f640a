"""The lifecycle script, run as on an instance, and what SageWatch makes of the file it writes."""

import json
import os
import pwd
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sagewatch.adapters.jupyter.activity import read_jupyter
from sagewatch.adapters.jupyter.programs import FILE
from sagewatch.idle.evidence import Active, Idle, Reading, Source, Unknown

SCRIPT, ME = Path("lifecycle/sagewatch_activity.py"), pwd.getpwuid(os.getuid()).pw_name
TERMINAL = [{"name": "1", "last_activity": "2026-11-20T03:00:00Z"}]


def process(
    proc: Path, number: int, name: str, command: str, *, user: int = os.getuid(), state: str = "S", parent: int = 1
) -> None:
    """A process as Linux shows it under /proc."""
    (proc / str(number)).mkdir(parents=True)
    (proc / str(number) / "status").write_text(
        f"Name:\t{name}\nState:\t{state} (x)\nPPid:\t{parent}\nUid:\t{user}\t{user}\n"
    )
    (proc / str(number) / "cmdline").write_bytes(command.replace(" ", "\0").encode())


def written(folder: Path) -> str:
    """Run the script; return the file."""
    (folder / "proc").mkdir(exist_ok=True)
    given = ["--folder", str(folder), "--user", ME, "--proc", str(folder / "proc")]
    subprocess.run([sys.executable, str(SCRIPT), *given], check=True)  # noqa: S603 - our own script
    return (folder / FILE).read_text()


def reading(text: str, now: datetime | None = None) -> Reading:
    """What SageWatch reads next to a silent terminal."""
    return read_jupyter([], TERMINAL, now or datetime.now(UTC), timedelta(0), {"content": text, "format": "text"})


def test_a_program_without_output_is_seen_whether_or_not_its_terminal_is_open(tmp_path: Path) -> None:
    """nohup, tmux, a redirected output; its arguments, which may be secret, stay on the instance."""
    process(tmp_path / "proc", 7, "python", "python train.py --token s3cret")
    text = written(tmp_path)

    assert "s3cret" not in text
    assert reading(text) == Active(reading(text).source, None, "program python runs outside the kernels")
    no_terminal = read_jupyter([], [], datetime.now(UTC), timedelta(0), {"content": text})
    assert isinstance(no_terminal, Active)


@pytest.mark.parametrize(
    "command",
    [
        "python /home/ec2-user/SageMaker/jupyter-notebooks/train.py",
        "python train.py --data /home/ec2-user/SageMaker/my-jupyter-notebook-x",
        "python train.py --name systemd-logs-dockerd",
    ],
)
def test_a_program_is_known_by_what_is_run_not_by_its_folders_and_arguments(tmp_path: Path, command: str) -> None:
    """These may have any name."""
    process(tmp_path / "proc", 7, "python", command)

    assert isinstance(reading(written(tmp_path)), Active)


def test_a_program_that_the_user_runs_as_root_is_seen(tmp_path: Path) -> None:
    """It belongs to root, and runs below sudo."""
    process(tmp_path / "proc", 7, "sudo", "sudo python train.py", user=0)
    process(tmp_path / "proc", 8, "python", "python train.py", user=4242, parent=7)

    assert isinstance(reading(written(tmp_path)), Active)


@pytest.mark.parametrize(
    ("name", "command", "changes"),
    [
        ("bash", "-bash", {}),
        ("tmux: server", "tmux new", {}),
        ("jupyter-lab", "python /usr/bin/jupyter-lab", {}),
        ("python", "python -m ipykernel_launcher -f k.json", {}),
        ("python", "python train.py", {"state": "Z"}),
        ("python", "python train.py", {"user": 4242}),
        ("kworker", "", {}),
    ],
)
def test_what_waits_for_a_person_or_is_the_notebooks_own_is_no_program(
    tmp_path: Path, name: str, command: str, changes: dict[str, object]
) -> None:
    """An open terminal is then no riddle any more."""
    process(tmp_path / "proc", 7, name, command, **changes)  # type: ignore[arg-type] # a case
    found = reading(written(tmp_path))

    assert isinstance(found, Idle)
    assert (found.silent_terminals, "no program runs outside the kernels" in found.words) == (0, True)


def test_the_end_of_a_program_is_the_last_activity(tmp_path: Path) -> None:
    """The file keeps when one ran last."""
    process(tmp_path / "proc", 7, "python", "python train.py")
    before = datetime.fromisoformat(json.loads(written(tmp_path))["at"])
    for part in ("status", "cmdline"):
        (tmp_path / "proc" / "7" / part).unlink()
    (tmp_path / "proc" / "7").rmdir()
    found = reading(written(tmp_path))

    assert isinstance(found, Idle)
    assert found.since == before


def test_a_container_is_seen_though_its_programs_belong_to_others(tmp_path: Path) -> None:
    """``docker run --detach`` leaves no program of the user. What it does is unknown, and its end is a last sign."""
    process(tmp_path / "proc", 7, "dockerd", "/usr/bin/dockerd", user=4242)
    process(tmp_path / "proc", 8, "containerd-shim", "/usr/bin/containerd-shim-runc-v2 -id 1", user=4242)
    process(tmp_path / "proc", 9, "python", "python train.py", user=4242, parent=8)
    text = written(tmp_path)

    assert reading(text) == Unknown(Source.JUPYTER, "1 container runs in Docker, and SageWatch cannot see its work")
    assert json.loads(text)["last_running_at"] == json.loads(text)["at"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no JSON",
        "[]",
        '{"version": 2}',
        '{"version": 1, "at": "2026-11-20T03:00:00Z", "watched_since": "2026-11-20T03:00:00Z", "running": []}',
    ],
)
def test_beside_a_file_that_cannot_be_read_nothing_is_idle(text: str) -> None:
    """Something ran there that can no longer be seen, whether or not a terminal is open."""
    for terminals in ([], TERMINAL):
        found = read_jupyter([], terminals, datetime.now(UTC), timedelta(0), {"content": text})
        assert found == Unknown(
            Source.JUPYTER, f"{FILE} cannot be read; delete it, or install the lifecycle script again"
        )


@pytest.mark.parametrize("minutes", [6, -6, 60 * 24 * 30])
def test_beside_an_old_file_nothing_is_idle_and_a_busy_kernel_is_busy(tmp_path: Path, minutes: int) -> None:
    """Its script has stopped, and a program in a closed terminal may still run."""
    text, now = written(tmp_path), datetime.now(UTC) + timedelta(minutes=minutes)
    found = reading(text, now)
    busy = read_jupyter([{"execution_state": "busy"}], [], now, timedelta(0), {"content": text})

    assert isinstance(found, Unknown)
    assert f"{FILE} is " in found.reason
    assert isinstance(busy, Active)


def test_the_lifecycle_configuration_holds_the_program_and_fits() -> None:
    """SageMaker takes 16,384 characters of base64; bash takes it as it is."""
    made, bash = str(Path("lifecycle/make-config.sh").resolve()), "/bin/bash"
    config = subprocess.run([bash, made], check=True, capture_output=True, text=True).stdout  # noqa: S603 - ours
    encoded = subprocess.run([bash, made, "--base64"], check=True, capture_output=True).stdout  # noqa: S603 - ours
    subprocess.run([bash, "-n"], check=True, input=config, text=True)  # noqa: S603 - ours

    assert SCRIPT.read_text() in config
    assert len(encoded) < 16_384


def test_the_start_script_uses_no_cron_and_starts_the_notebook_without_a_timer(tmp_path: Path) -> None:
    """Amazon Linux 2023 installs no cron, and a failed "Start notebook" script keeps a notebook from starting."""
    home, calls = tmp_path / "home", tmp_path / "calls"
    home.mkdir()
    (tmp_path / "bin").mkdir()
    for name in ("systemctl", "systemd-run"):
        program = tmp_path / "bin" / name
        program.write_text(f'#!/bin/bash\necho "{name} $*" >> {calls}\nexit 1\n')
        program.chmod(0o755)
    script = Path("lifecycle/on-start.sh").read_text().replace("/usr/local/bin", str(home))
    script = script.replace("/home/ec2-user/SageMaker", str(home)).replace("@PROGRAM@", "raise SystemExit(1)")
    environment = {"PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin"}
    ended = subprocess.run(["/bin/bash"], check=False, input=script, text=True, env=environment)

    assert ended.returncode == 0
    assert "cron" not in script.replace("no cron", "")
    assert [line.split()[0] for line in calls.read_text().splitlines()] == ["systemctl", "systemd-run"]
