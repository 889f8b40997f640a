"""What people have looked at and SageWatch does not read: ``reviewed.txt``, one path a line, ``#`` says why."""

from importlib.resources import files


def reviewed() -> frozenset[str]:
    """Every path on the list."""
    lines = files(__package__).joinpath("reviewed.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(path for line in lines if (path := line.partition("#")[0].strip()))
