"""The rows of the page's table: what was measured, before and now, against its goal."""

import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from bench import cold
from bench.whole.store import Measured, Sample, Store
from bench.whole.sweeps import per_unit

NOTHING = "not measured"
_MS = 1000
_TWO_MINUTES = 120
_FEW = 5  # calls that do not make a sweep grow


@dataclass(frozen=True)
class Row:
    """One line; ``met`` is ``None`` where there is no goal or no figure."""

    what: str
    before: str
    now: str
    goal: str
    met: bool | None
    step: str

    def line(self) -> str:
        """The line in Markdown."""
        met = {True: "yes", False: "**no**", None: ""}[self.met]
        command = f"`make bench STEPS={self.step}`"
        return f"| {self.what} | {self.before} | {self.now} | {self.goal} | {met} | {command} |"


@dataclass(frozen=True)
class Seen:
    """The results of one step, and figures of them."""

    step: str
    measured: Measured

    def samples(self, what: str) -> Sequence[Sample]:
        """The samples of one thing."""
        return self.measured.samples(what)

    def middle(self, what: str, part: str) -> float | None:
        """The median of a figure; ``None`` if it was not measured."""
        found = [one[part] for one in self.samples(what) if part in one]
        return statistics.median(found) if found else None

    def each(self, what: str, part: str) -> float | None:
        """The median of a figure for each thing that a run was about."""
        found = per_unit(self.samples(what), part)
        return statistics.median(found) if found else None

    def ratio(self, what: str, against: str) -> float | None:
        """The median of the rounds' ratios of CPU."""
        pairs = zip(self.samples(what), self.samples(against), strict=False)
        found = [one["cpu"] / other["cpu"] for one, other in pairs]
        return statistics.median(found) if found else None

    def shown(self, what: str, part: str, unit: str = "s", factor: float = 1) -> str:
        """The median with half the spread of its values, if there are several."""
        found = [one[part] * factor for one in self.samples(what) if part in one]
        return f"{spread(found)} {unit}".strip() if found else NOTHING


def spread(found: Sequence[float]) -> str:
    """The median, and half of what lies between the lowest and the highest."""
    middle = statistics.median(found)
    half = f" ± {number((max(found) - min(found)) / 2)}" if len(found) > 1 else ""
    return f"{number(middle)}{half}"


def number(value: float | None) -> str:
    """Three digits at most, more only of large whole numbers."""
    if value is None:
        return NOTHING
    large, middling = 100, 10
    if abs(value) >= large:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= middling else f"{value:.2g}" if abs(value) < 1 else f"{value:.2f}"


def rows(store: Store) -> Iterator[Row]:
    """Every row whose step was measured."""
    for step, make in _ROWS.items():
        measured = store.load(step)
        if measured:
            yield from make(Seen(step, measured))


def under(value: float | None, goal: float) -> bool | None:
    """Whether a goal is met; rounding as the table does."""
    return None if value is None else round(value, 2) <= goal


def _cold(seen: Seen) -> Iterator[Row]:
    for yardstick, goal, text in (("bare", 1.0, "under 1.0"), ("bare, no bytecode", 0.5, "under 0.5")):
        now = {function: seen.ratio(f"{function}: ours", f"{function}: {yardstick}") for function in cold.CLIENTS}
        old = {function: seen.ratio(f"{function}: before", f"{function}: {yardstick}") for function in cold.CLIENTS}
        known = [ratio for ratio in now.values() if ratio is not None]
        what = "its bytecode, as Lambda's own has" if yardstick == "bare" else "no bytecode, in a layer of its own"
        yield Row(
            f"cold start, CPU against a bare handler on a boto3 with {what}: RecordJob; all functions",
            f"{number(old['RecordJob'])}; {_range(old.values())}",
            f"{number(now['RecordJob'])}; {_range(now.values())}",
            f"{text} for each",
            max(known) < goal if known else None,
            seen.step,
        )


def _range(values: object) -> str:
    found = [value for value in values if value is not None]  # type: ignore[attr-defined] # a view of a dict
    return f"{number(min(found))} to {number(max(found))}" if found else NOTHING


def _event(seen: Seen) -> Iterator[Row]:
    for case, goal in (("completed training", 1.2), ("failed training", 2.0)):
        figures = {}
        for which in ("before", "now"):
            ratios = [one["cpu"] / one["floor_cpu"] for one in seen.samples(f"{case}: {which}")]
            middle = statistics.median(ratios) if ratios else None
            figures[which] = (f"{number(middle)}, {seen.shown(f'{case}: {which}', 'cpu', 'ms', _MS)}", middle)
        name = case.replace("training", "job")
        what = f"a {name} through RecordJob, CPU against its calls alone"
        (old, _), (new, ratio) = figures["before"], figures["now"]
        yield Row(what, old, new, number(goal), under(ratio, goal), seen.step)


def _inspection(seen: Seen) -> Iterator[Row]:
    now = seen.middle("https: now", "cpu")
    old, new = (seen.shown(f"https: {which}", "cpu", "ms", _MS) for which in ("before", "now"))
    met = under(None if now is None else now * _MS, 5)
    yield Row("one inspection of a notebook over HTTPS, CPU", old, new, "5 ms", met, seen.step)


def _notebooks(seen: Seen) -> Iterator[Row]:
    old, new = (seen.each(f"first: {which}", "calls") for which in ("before", "now"))
    goal = None if old is None else old / 5
    longest = seen.middle("first: now", "longest")
    sweeps, count = seen.middle("first: now", "sweeps"), seen.middle("first: now", "units")
    smaller = number(seen.middle("first: before", "units"))
    yield Row(
        f"first sweeps over {number(count)} notebooks, a tenth idle (before: {smaller})",
        f"{number(old)} calls, {number(_ms(seen.each('first: before', 'wall')))} ms each; 1 sweep",
        f"{number(new)} calls, {number(_ms(seen.each('first: now', 'wall')))} ms each; "
        f"{number(sweeps)} sweeps, the longest {number(longest)} s",
        f"{number(goal)} calls each; sweeps under 120 s",
        None if None in {new, goal, longest} else bool(new <= goal and longest < _TWO_MINUTES),  # type: ignore[operator] # known
        seen.step,
    )
    old, new = (seen.each(f"stops: {which}", "calls") for which in ("before", "now"))
    yield Row(
        f"{number(seen.middle('stops: now', 'units'))} stops (before: {number(seen.middle('stops: before', 'units'))})",
        f"{number(old)} calls, {number(seen.each('stops: before', 'wall'))} s each",
        f"{number(new)} calls, {number(seen.each('stops: now', 'wall'))} s each",
        "12 calls each",
        under(new, 12),
        seen.step,
    )
    wall = seen.middle("nothing due: now", "wall")
    yield Row(
        f"sweep over {number(count)} notebooks, nothing due",
        _steady(seen, "before"),
        _steady(seen, "now"),
        "wall under 15 s, CPU and calls as they were",
        under(wall, 15),
        seen.step,
    )


def _steady(seen: Seen, which: str) -> str:
    parts = (seen.shown(f"nothing due: {which}", "wall"), seen.shown(f"nothing due: {which}", "cpu", "CPU s"))
    return f"{', '.join(parts)}, {number(seen.middle(f'nothing due: {which}', 'calls'))} calls"


def _ms(value: float | None) -> float | None:
    return None if value is None else value * _MS


def _latency(seen: Seen) -> Iterator[Row]:
    goals = {"first inspections": 30, "due": 15, "stops": 6, "open jobs": 15}
    for name, goal in goals.items():
        wall, count = seen.middle(f"{name}: now", "wall"), seen.middle(f"{name}: now", "units")
        each, smaller = seen.each(f"{name}: before", "wall"), seen.middle(f"{name}: before", "units")
        new, carried = seen.each(f"{name}: now", "wall"), seen.middle(f"{name}: now", "carried_over")
        left = f", {number(carried)} carried over" if carried else ""
        old, calls = (number(seen.each(f"{name}: {which}", "calls")) for which in ("before", "now"))
        yield Row(
            f"40 ms on every call: {number(count)} {name}",
            f"{seen.shown(f'{name}: before', 'wall')} for {number(smaller)}, {number(each)} s and {old} calls each",
            f"{seen.shown(f'{name}: now', 'wall')}, {number(new)} s and {calls} calls each{left}",
            f"{goal} s",
            under(wall, goal),
            seen.step,
        )


def _past(seen: Seen) -> Iterator[Row]:
    sizes = sorted({int(what.partition(":")[0]) for what in seen.measured.runs})
    texts, calls = [], []
    for which in ("before", "now"):
        found = [seen.middle(f"{size}: {which}", "calls") for size in sizes]
        texts.append(" and ".join(f"{number(value)} calls" for value in found))
        calls.append([value for value in found if value is not None])
    flat = len(calls[1]) == len(sizes) and max(calls[1]) - min(calls[1]) <= _FEW
    what = f"sweep of jobs with {' and '.join(f'{size:,}' for size in sizes)} past jobs (10^6: see growth)"
    yield Row(what, texts[0], texts[1], "flat", flat, seen.step)


def _rowless(seen: Seen) -> Iterator[Row]:
    old, new = seen.each("before", "cpu"), seen.each("now", "cpu")
    texts = [
        f"{seen.shown(which, 'cpu', 'CPU s')} for {number(seen.middle(which, 'units'))}, "
        f"{number(_ms(each))} ms and {number(seen.each(which, 'calls'))} calls each"
        for which, each in (("before", old), ("now", new))
    ]
    met = None if old is None or new is None else new <= old / 2
    yield Row("first sweeps over jobs without rows", texts[0], texts[1], "half the CPU of each", met, seen.step)


def _digest(seen: Seen) -> Iterator[Row]:
    for owners, seconds, peak in ((50, 15, 130), (1000, 20, 256)):
        name = f"{owners} owners"
        texts = [
            f"{seen.shown(f'{name}: {which}', 'wall')}, {seen.shown(f'{name}: {which}', 'cpu', 'CPU s')}, "
            f"{number(seen.middle(f'{name}: {which}', 'peak_mb'))} MB"
            for which in ("before", "now")
        ]
        wall, used = seen.middle(f"{name}: now", "wall"), seen.middle(f"{name}: now", "peak_mb")
        met = None if wall is None or used is None else wall <= seconds and used <= peak
        rows_ = number(seen.middle(f"{name}: now", "units"))
        what = f"weekly digest, {rows_} rows, {owners:,} owners"
        yield Row(what, texts[0], texts[1], f"{seconds} s, {peak} MB", met, seen.step)


def _press(seen: Seen) -> Iterator[Row]:
    for action, name in (("keep_4h", "a button"), ("stop_now", "a button that opens a dialog")):
        now = seen.middle(f"{action}: ReceivePress", "cpu")
        bare = seen.shown(f"{action}: bare", "cpu")
        texts = [seen.shown(f"{action}: {which}", "cpu") for which in ("before", "ReceivePress")]
        what = f"a press of {name}, cold, CPU until Slack has its answer (bare handler {bare})"
        yield Row(what, texts[0], texts[1], "0.4 s", under(now, 0.4), seen.step)


def _layers(seen: Seen) -> Iterator[Row]:
    for layer, goal in (("SharedLayer", 15), ("ChartLayer", 40)):
        now = seen.middle(f"{layer}: now", "mb")
        texts = [seen.shown(f"{layer}: {which}", "mb", "MB") for which in ("before", "now")]
        texts[1] = texts[1] if now is not None else "there is none"
        met = True if now is None else now < goal
        yield Row(f"{layer}, unzipped", texts[0], texts[1], f"under {goal} MB", met, seen.step)


_ROWS: dict[str, Callable[[Seen], Iterator[Row]]] = {
    "cold": _cold,
    "event": _event,
    "inspection": _inspection,
    "notebooks": _notebooks,
    "latency": _latency,
    "past": _past,
    "rowless": _rowless,
    "digest": _digest,
    "press": _press,
    "layers": _layers,
}
