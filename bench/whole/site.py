"""What all steps share: both builds, the peers, and accounts to run them against."""

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from bench import before
from bench.builds import Builds
from bench.stage import Stage, Took, staged
from bench.whole.store import Sample

ROOT = Path(__file__).parent.parent.parent
HOME = ROOT / ".local/bench"
PACKAGES = {"custodian": "c7n==0.9.53", "cleancloud": "cleancloud[aws]==1.32.0", "py-spy": "py-spy==0.4.3"}
_SOURCES = ("functions", "shared", "charts", "prices", "template.yaml", "tools/layers", "requirements-*.in")


@dataclass
class Site:
    """Where steps run. ``share`` scales sizes: 1 is what the page shows, less is a trial."""

    home: Path
    say: Callable[[str], None]
    rounds: int = 2
    share: float = 1

    def size(self, full: int) -> int:
        """How many of something."""
        return max(10, round(full * self.share))

    @property
    def notes(self) -> Path:
        """Where programs that print keep what they printed."""
        return self.home / "notes"

    @cached_property
    def sources(self) -> str:
        """Eight digits that change with what is built."""
        listed = subprocess.run(
            ["git", "ls-files", *_SOURCES],  # noqa: S607 - git
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        files = [ROOT / name for name in listed.stdout.splitlines()]
        text = "".join(f"{path}:{hashlib.sha256(path.read_bytes()).hexdigest()}\n" for path in files if path.exists())
        return hashlib.sha256(text.encode()).hexdigest()[:8]

    @cached_property
    def builds(self) -> Builds:
        """What is deployed today, built once for each state of the sources."""
        folder = self.home / f"build-{self.sources}"
        if not (folder / "ready").exists():
            self.say("building today's functions and layers")
            for old in self.home.glob("build-*"):
                shutil.rmtree(old)
            folder.mkdir(parents=True)
            Builds.make(folder)
            (folder / "ready").touch()
        return Builds(folder / "plain", folder / "deployed", folder / "bare")

    @cached_property
    def before(self) -> Path:
        """What was deployed at the commit that "before" means."""
        self.say(f"building commit {before.COMMIT}")
        return before.built(self.home / "before")

    def peer(self, name: str) -> Path:
        """Install another tool into an environment of its own, once."""
        home, package = self.home / name, PACKAGES[name]
        ready = home / f"{package}.ready"
        if not ready.exists():
            self.say(f"installing {package}")
            uv = str(ROOT / ".uv/bin/uv")
            subprocess.run([uv, "venv", "-q", "--clear", "--python", "3.13", str(home)], check=True)
            pip = [sys.executable, "-m", "pip", "--python", str(home / "bin/python"), "install", "-q", package]
            subprocess.run(pip, check=True, capture_output=True)
            ready.touch()
        return home

    @contextmanager
    def accounts(self) -> Iterator[tuple[Stage, Stage]]:
        """One account, with today's build on it and with that of before."""
        deployed, old = self.builds.deployed, self.before
        with staged(deployed) as stage:
            yield stage, replace(stage, build=old, variables=before.VARIABLES)


def sample(took: Took, units: int = 1, **more: float) -> Sample:
    """One run as it is kept: seconds, MB, calls, and how many things it was about."""
    return {
        "wall": took.wall,
        "cpu": took.cpu,
        "peak_mb": took.peak_mb,
        "calls": took.total,
        "units": units,
        **more,
    }
