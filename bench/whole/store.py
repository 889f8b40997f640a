"""What was measured, one file for each step, kept as soon as the step is over."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyperf  # type: ignore[import-untyped] # it has none

type Sample = Mapping[str, float]
type Runs = Mapping[str, Sequence[Sample]]


@dataclass(frozen=True)
class Measured:
    """The samples of a step by what ran, and how long the step took; ``load`` is the machine's at its end."""

    runs: Runs
    seconds: float
    load: float
    at: str

    def samples(self, what: str) -> Sequence[Sample]:
        """The samples of one thing, none if it did not run."""
        return self.runs.get(what, ())


@dataclass(frozen=True)
class Store:
    """A folder of results: ``<step>.json``, the same values in pyperf's format, and ``<step>.failed.txt``."""

    folder: Path

    def has(self, step: str) -> bool:
        """Whether a step has been measured."""
        return self._file(step).exists()

    def load(self, step: str) -> Measured | None:
        """What a step measured; ``None`` if it was not."""
        if not self.has(step):
            return None
        kept: dict[str, Any] = json.loads(self._file(step).read_text(encoding="utf-8"))
        return Measured(**kept)

    def everything(self) -> list[Measured]:
        """All that was measured."""
        steps = [path.stem for path in sorted(self.folder.glob("*.json")) if "." not in path.stem]
        return [measured for step in steps if (measured := self.load(step))]

    def keep(self, step: str, runs: Runs, seconds: float) -> None:
        """Write what a step measured, all or nothing."""
        self.folder.mkdir(parents=True, exist_ok=True)
        kept = {
            "runs": runs,
            "seconds": seconds,
            "load": os.getloadavg()[1],
            "at": f"{datetime.now(UTC):%Y-%m-%d %H:%M}",
        }
        unfinished = self._file(step).with_suffix(".part")
        unfinished.write_text(json.dumps(kept, indent=1), encoding="utf-8")
        unfinished.rename(self._file(step))
        self._failure(step).unlink(missing_ok=True)
        self._for_pyperf(step, runs)

    def forget(self, step: str) -> None:
        """Let a step be measured again."""
        self._file(step).unlink(missing_ok=True)

    def failed(self, step: str, reason: str) -> None:
        """Keep why a step measured nothing."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._failure(step).write_text(reason, encoding="utf-8")

    def _file(self, step: str) -> Path:
        return self.folder / f"{step}.json"

    def _failure(self, step: str) -> Path:
        return self.folder / f"{step}.failed.txt"

    def _for_pyperf(self, step: str, runs: Runs) -> None:
        """Write the seconds for ``python -m pyperf stats`` and ``compare_to``."""
        found = [
            pyperf.Benchmark([_run(f"{step}, {what}, {part}", sample[part]) for sample in samples])
            for what, samples in runs.items()
            for part in ("wall", "cpu")
            if samples and all(sample.get(part, 0) > 0 for sample in samples)
        ]
        if found:
            pyperf.BenchmarkSuite(found).dump(str(self.folder / f"{step}.pyperf.json"), replace=True)


def _run(name: str, value: float) -> pyperf.Run:
    return pyperf.Run([value], metadata={"name": name, "unit": "second"}, collect_metadata=False)
