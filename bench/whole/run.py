"""Runs steps in turn and keeps each result. An error ends one step, Ctrl-C ends all; what was measured is kept."""

import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from bench.whole.site import Site
from bench.whole.steps import Step
from bench.whole.store import Store


@dataclass
class Run:
    """Which steps are over, which failed, and whether a person ended it."""

    measured: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    interrupted: bool = False


def run(steps: Sequence[Step], store: Store, site: Site, console: Console) -> Run:
    """Run those steps that have no result yet."""
    left = [step for step in steps if not store.has(step.name)]
    done, total = Run(), sum(step.minutes for step in left)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(20), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        doing = progress.add_task("", total=total)

        def say(text: str) -> None:
            minutes = total - progress.tasks[0].completed
            progress.update(doing, description=f"{text} [dim]({minutes:.0f} min left)[/dim]")

        site.say = say
        for step in left:
            say(step.title)
            try:
                _measure(step, store, site, done, console)
            except KeyboardInterrupt:
                done.interrupted = True
                break
            progress.advance(doing, step.minutes)
    return done


def _measure(step: Step, store: Store, site: Site, done: Run, console: Console) -> None:
    began = time.monotonic()
    try:
        runs = step.run(site)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - the other steps are measured all the same
        reason = str(error) or traceback.format_exc()
        store.failed(step.name, "".join(traceback.format_exception(error)))
        done.failed[step.name] = reason
        console.print(f"[red]failed[/red] {step.title}: {reason.strip().splitlines()[-1][:200]}")
        return
    seconds = time.monotonic() - began
    store.keep(step.name, runs, seconds)
    done.measured.append(step.name)
    console.print(f"[green]done[/green]   {step.title}: {seconds:.0f} s")
