"""Builds of equal sources are made once: the local clouds of a test run share one."""

import fcntl
import hashlib
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

_SOURCES = ("template.yaml", "samconfig.toml", "functions", "shared", "charts", "tools/layers")


def build_once(root: Path, cache: Path, target: Path, build: Callable[[Path], None]) -> None:
    """Copy to ``target`` what ``build`` makes of the sources below ``root``; call it only if they changed.

    One process builds at a time. A build that fails leaves nothing in ``cache``.
    """
    cache.mkdir(parents=True, exist_ok=True)
    with _alone(cache.with_suffix(".lock")):
        kept = cache / sources_digest(root)
        if not kept.exists():
            for older in cache.iterdir():
                shutil.rmtree(older) if older.is_dir() else older.unlink()  # sam leaves a file next to the build
            unfinished = kept.with_suffix(".unfinished")
            build(unfinished)
            unfinished.rename(kept)
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(kept, target)


def sources_digest(root: Path) -> str:
    """A digest of all that goes into a build, names and contents."""
    digest = hashlib.sha256()
    for path in sorted(_files(root)):
        digest.update(f"{path.relative_to(root)}\0{path.stat().st_size}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _files(root: Path) -> Iterator[Path]:
    for name in _SOURCES:
        place = root / name
        found = place.rglob("*") if place.is_dir() else [place]
        yield from (path for path in found if path.is_file() and path.suffix != ".pyc")


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Hold a lock that only one process can have."""
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
