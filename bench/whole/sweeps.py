"""Steps about sweeps and digests against an account; what is slow on the build of before runs at a smaller size."""

from collections.abc import Callable, Mapping, Sequence

from bench import cases
from bench.cases import LATENCY
from bench.ledger import digest_of
from bench.stage import Stage, Took
from bench.whole.site import Site, sample
from bench.whole.store import Runs, Sample

_STEADY_ROUNDS = 3
_SMALLER = 10  # times, for what takes minutes on the build of before

type Found = dict[str, list[Sample]]


def many_notebooks(site: Site) -> Runs:
    """5,000 notebooks, a tenth idle: first sweeps, sweeps with nothing due, peers on the same account, and stops."""
    count = site.size(5000)
    runs: Found = {}
    with site.accounts() as (now, old):
        _first_sweeps(site, old, count // _SMALLER, "before", runs)
        _stops(site, old, count // _SMALLER // 10, "before", runs)
        _first_sweeps(site, now, count, "now", runs)
        _nothing_due(site, now, old, count, runs)
        _stops(site, now, count // 10, "now", runs)
        cases.new_notebooks(count, idle=count // 10)(now)
        site.say(f"Cloud Custodian stops {count // 10:,} of {count:,} notebooks")
        took = cases.custodian(site.peer("custodian"))(now)
        _add(runs, "stops: Cloud Custodian", took, count // 10, stopped=took.stopped)
    return runs


def _first_sweeps(site: Site, stage: Stage, count: int, which: str, runs: Found) -> None:
    cases.new_notebooks(count, idle=count // 10)(stage)
    site.say(f"first sweeps over {count:,} notebooks, {which}")
    done = cases.first_sweeps(stage)
    longest = max(took.wall for took in done)
    _add(runs, f"first: {which}", cases.together(done), count, sweeps=len(done), longest=longest)


def _nothing_due(site: Site, now: Stage, old: Stage, count: int, runs: Found) -> None:
    """Both builds, the listing alone and cleancloud's finding in turns, then once with the waits of AWS."""
    find = cases.cleancloud(site.peer("cleancloud"))
    for number in range(_STEADY_ROUNDS):
        site.say(f"nothing due among {count:,} notebooks: {number + 1} of {_STEADY_ROUNDS}")
        _add(runs, "nothing due: now", cases.sweep(now), count)
        _add(runs, "nothing due: before", cases.sweep(old), count)
        _add(runs, "nothing due: floor", cases.bare(cases.LIST)(now), count)
        _add(runs, "nothing due: cleancloud", find(now), count)
    now.order("latency", ms=LATENCY)
    _add(runs, "nothing due, 40 ms: now", cases.sweep(now), count)
    now.order("latency", ms=0)


def _stops(site: Site, stage: Stage, due: int, which: str, runs: Found) -> None:
    stage.order("posted")
    site.say(f"{due:,} stops, {which}")
    done = [cases.sweep(stage)]
    while done[-1].answer["carried_over"] and done[-1].stopped < due and len(done) < cases.MOST_SWEEPS:
        done.append(cases.sweep(stage))
    _add(runs, f"stops: {which}", cases.together(done), due, stopped=done[-1].stopped, sweeps=len(done))


def with_latency(site: Site) -> Runs:
    """What AWS's waits make of inspections, stops and open jobs; before at a fifth of the size, once."""
    runs: Found = {}
    with site.accounts() as (now, old):
        for number in range(site.rounds):
            turns = (("now", now, 1), *((("before", old, 5),) if number == 0 else ()))
            for which, stage, smaller in turns:
                for name, full, prepare, run in _WITH_LATENCY:
                    count = max(2, site.size(full) // smaller)
                    site.say(f"{count:,} {name}, {which}: {number + 1} of {site.rounds}")
                    prepare(count)(stage)
                    took = run(stage)
                    more = {"carried_over": float(took.answer.get("carried_over", 0)), "stopped": float(took.stopped)}
                    _add(runs, f"{name}: {which}", took, count, **more)
    return runs


type _Prepare = Callable[[int], Callable[[Stage], object]]
_WITH_LATENCY: Sequence[tuple[str, int, _Prepare, Callable[[Stage], Took]]] = (
    ("first inspections", 500, lambda n: cases.new_notebooks(n, idle=n // 10, latency=LATENCY), cases.sweep),
    ("due", 500, lambda n: cases.seen_notebooks(n, idle=n // 10, then="due", latency=LATENCY), cases.sweep),
    ("stops", 50, lambda n: cases.seen_notebooks(n, idle=n, then="posted", latency=LATENCY), cases.sweep),
    ("open jobs", 1000, lambda n: cases.open_jobs(n, latency=LATENCY), cases.sweep_jobs),
)


def jobs_without_rows(site: Site) -> Runs:
    """10,000 jobs that no event reported; before at a tenth of the size, without latency."""
    runs: Found = {}
    with site.accounts() as (now, old):
        for which, stage, count in (("before", old, site.size(1000)), ("now", now, site.size(10_000))):
            site.say(f"{count:,} jobs without rows, {which}")
            stage.order("jobs", ended=count, running=0, seconds=60, age=3600)
            done = [cases.sweep_jobs(stage)]
            while done[-1].answer.get("complete") is False and len(done) < 5:  # noqa: PLR2004 - it is ever fewer
                done.append(cases.sweep_jobs(stage))
            _add(runs, which, cases.together(done), count, sweeps=len(done))
    return runs


def past_jobs(site: Site) -> Runs:
    """Sweeps when nothing happened, with a thousand and a hundred thousand jobs of the past."""
    runs: Found = {}
    with site.accounts() as (now, old):
        for count in (1_000, 100_000):
            for which, stage in (("before", old), ("now", now)):
                site.say(f"{count:,} past jobs, {which}")
                cases.ended_jobs(count, a_day=20)(stage)
                _add(runs, f"{count}: {which}", cases.sweep_jobs(stage), count)
    return runs


def digests(site: Site) -> Runs:
    """Weekly digests over 300,000 rows, and with 1,000 owners; ``floor`` is the Query pages alone."""
    runs: Found = {}
    with site.accounts() as (now, old):
        for number in range(site.rounds):
            for owners in (50, 1000):
                rows = site.size(300_000)
                ours, alone = digest_of(rows, owners=owners)
                for which, run, stage in (("now", ours, now), ("before", ours, old), ("floor", alone, now)):
                    site.say(f"weekly digest, {rows:,} rows, {owners:,} owners, {which}: {number + 1} of {site.rounds}")
                    _add(runs, f"{owners} owners: {which}", run(stage), rows)
    return runs


def _add(runs: Found, what: str, took: Took, units: int, **more: float) -> None:
    runs.setdefault(what, []).append(sample(took, units, **more))


def per_unit(samples: Sequence[Mapping[str, float]], what: str) -> list[float]:
    """A figure of each sample, divided by how many things it was about."""
    return [one[what] / one["units"] for one in samples]
