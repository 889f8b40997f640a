"""Compares what was measured with what was recorded."""

from collections.abc import Iterator, Mapping

WORSE = 1.2  # times the recorded figure


def worse(figures: Mapping[str, float], recorded: Mapping[str, float]) -> list[str]:
    """Return the names of the figures that are worse by more than a fifth. One that was not recorded is not worse."""
    return [name for name, value in figures.items() if value > recorded.get(name, value) * WORSE]


def lines(figures: Mapping[str, float], recorded: Mapping[str, float]) -> Iterator[str]:
    """Yield a line for each figure."""
    bad = worse(figures, recorded)
    for name, value in figures.items():
        mark = "WORSE" if name in bad else "     "
        yield f"{mark} {name}: {value:.2f} (recorded {recorded.get(name, value):.2f})\n"
