"""How sweeps grow: the sizes, what is measured at each, and the plots."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench import cases
from bench.cases import LATENCY
from bench.growth import Growth, growths
from bench.stage import Stage, Took
from bench.whole.site import Site, sample
from bench.whole.store import Runs, Sample


def growth(site: Site) -> Runs:
    """Seconds and calls at each size; the sizes lie far enough apart for a slope to show."""
    runs: dict[str, list[Sample]] = {}
    with site.accounts() as (now, _):
        for size in map(site.size, (250, 500, 1000)):
            site.say(f"growth: {size:,} notebooks with nothing due")
            cases.seen_notebooks(size, idle=0, then="", latency=LATENCY)(now)
            runs.setdefault("notebooks with nothing due", []).append(_sample(cases.sweep(now), size))
        for size in map(site.size, (100, 250, 500, 1000)):
            site.say(f"growth: {size:,} notebooks to inspect")
            let_be_due(now, size)
            runs.setdefault("notebooks to inspect", []).append(_sample(cases.sweep(now), size))
        for each in growths():
            if each.name in runs:
                continue
            for size in each.sizes if each.log_scale else map(site.size, each.sizes):
                site.say(f"growth: {size:,} {each.name}")
                each.prepare(size)(now)
                runs.setdefault(each.name, []).append(_sample(each.run(now, size), size))
    return runs


def _sample(took: Took, size: int) -> Sample:
    return sample(took, size)


def let_be_due(stage: Stage, count: int) -> None:
    """Let the next inspections of so many notebooks be due."""
    stage.order("latency", ms=0)
    client, past = stage.client("dynamodb"), f"{datetime.now(UTC) - timedelta(minutes=1):%Y-%m-%dT%H:%M:%SZ}"
    pages = client.get_paginator("scan").paginate(TableName="state")
    watched = [item for page in pages for item in page["Items"] if "look_at" in item]
    for item in watched[:count]:
        client.put_item(TableName="state", Item={**item, "look_at": {"S": past}})
    stage.order("latency", ms=LATENCY)


def drawn(runs: Runs, folder: Path) -> list[Growth]:
    """The growths with their points, drawn into a folder."""
    found = []
    for each in growths():
        for one in sorted(runs.get(each.name, ()), key=lambda one: one["units"]):
            took = Took(one["wall"], one["cpu"], one["peak_mb"], calls={"all": int(one["calls"])})
            each.points.append((int(one["units"]), took))
        if len(each.points) > 1:
            each.draw(folder)
            found.append(each)
    return found
