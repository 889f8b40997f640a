"""``make bench`` loses nothing: not to an error, not to Ctrl-C, not to what is not measured."""

import io
from collections.abc import Sequence
from pathlib import Path

import pytest
from rich.console import Console

from bench.whole import page
from bench.whole.profiles import part_of
from bench.whole.rows import number, rows, spread
from bench.whole.run import Run, run
from bench.whole.site import Site
from bench.whole.steps import Step
from bench.whole.store import Runs, Store

SILENT = Console(file=io.StringIO())


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty one."""
    return Store(tmp_path / "results")


def one_run(steps: Sequence[Step], store: Store) -> Run:
    """Run steps, of which none needs a build."""
    return run(steps, store, Site(store.folder, lambda _: None), SILENT)


def works(_: Site) -> Runs:
    """Measures something."""
    return {"now": [{"wall": 1.5, "cpu": 1.0}]}


def fails(_: Site) -> Runs:
    """As a program that ends with an error."""
    raise SystemExit("the function does not start")


def interrupts(_: Site) -> Runs:
    """As a person does."""
    raise KeyboardInterrupt


def test_an_error_ends_one_step_and_not_the_others(store: Store) -> None:
    """Its reason is kept."""
    done = one_run([Step("bad", "bad", 1, fails), Step("good", "good", 1, works)], store)

    assert (done.measured, list(done.failed), done.interrupted) == (["good"], ["bad"], False)
    assert "does not start" in (store.folder / "bad.failed.txt").read_text(encoding="utf-8")


def test_an_interruption_keeps_what_was_measured_and_the_next_run_goes_on(store: Store) -> None:
    """The first step is not measured twice."""
    first = one_run([Step("a", "a", 1, works), Step("b", "b", 1, interrupts), Step("c", "c", 1, works)], store)

    assert (first.measured, first.interrupted) == (["a"], True)
    assert one_run([Step("a", "a", 1, fails), Step("b", "b", 1, works), Step("c", "c", 1, works)], store).measured == [
        "b",
        "c",
    ]


def test_values_are_kept_as_pyperf_reads_them(store: Store) -> None:
    """In a file next to the project's own."""
    store.keep("a", works(Site(store.folder, lambda _: None)), 3)

    assert (store.folder / "a.pyperf.json").exists()
    assert store.everything() == [store.load("a")]


def test_the_table_has_before_now_goal_and_whether_it_is_met(store: Store) -> None:
    """A press within 0.4 s meets its goal, one above does not."""
    presses = {
        f"{action}: {which}": [{"wall": 1.0, "cpu": cpu, "again": 0.01}]
        for action, own in (("keep_4h", 0.25), ("stop_now", 0.5))
        for which, cpu in (("before", 1.6), ("ReceivePress", own), ("bare", 0.2))
    }
    store.keep("press", presses, 1)

    first, second = rows(store)

    assert (first.before, first.now, first.met) == ("1.60 s", "0.25 s", True)
    assert second.met is False
    assert "| 0.4 s | **no** | `make bench STEPS=press` |" in second.line()


def test_what_stands_outside_of_the_marks_stays(store: Store, tmp_path: Path) -> None:
    """Only what the program wrote is replaced, and it can be replaced again."""
    written = tmp_path / "page.md"
    written.write_text(f"by hand\n\n{page.BEGIN}old\n{page.END}\nby hand too\n", encoding="utf-8")

    page.write(store, written)
    page.write(store, written)

    text = written.read_text(encoding="utf-8")
    assert text.startswith("by hand\n")
    assert text.endswith("\nby hand too\n")
    assert text.count(page.BEGIN) == 1
    assert "old\n" not in text


def test_a_sample_belongs_to_the_innermost_part_that_its_stack_names() -> None:
    """A module that is compiled on behalf of another is compiling."""
    parts = {"compiling": "source_to_code", "models": "raw_decode", "rest": ""}

    assert part_of("run (a.py);source_to_code (b.py);_call (c.py)", parts) == "compiling"
    assert part_of("source_to_code (a.py);raw_decode (json/decoder.py)", parts) == "models"
    assert part_of("run (a.py)", parts) == "rest"


def test_figures_are_short() -> None:
    """Two or three digits, and the spread of several values."""
    assert [number(value) for value in (None, 0.0123, 1.234, 12.34, 12345)] == [
        "not measured",
        "0.012",
        "1.23",
        "12.3",
        "12,345",
    ]
    assert spread([1.0, 2.0, 3.0]) == "2.00 ± 1.00"
