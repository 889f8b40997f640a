"""Orders the inspections of open jobs, so that every job has its turn however early a sweep ends.

A lane is the open jobs of one region, in the order of their keys. A sweep continues where the last one stopped, so the
job that was inspected least recently comes first. Lanes that have been through fewer laps come first; lanes of the same
lap take turns. So with ten sweeps' worth of work, ten sweeps inspect every job.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from sagewatch.errors import UnreadableError
from sagewatch.jobs.ports import Cursor, OpenJob

Entries = Iterator[tuple[str, OpenJob | UnreadableError]]


@dataclass(frozen=True, slots=True)
class Turn:
    """A lane's turn: the job, if there was one, the cursors before and after it, and which turn of the lane it was."""

    lane: "Lane"
    entry: OpenJob | UnreadableError | None
    before: Cursor
    after: Cursor
    number: int


@dataclass(slots=True)
class Lane:
    """The open jobs of a region, each at most once a sweep. Holds one page of them in memory.

    ``cursor`` is behind the last turn that was taken, and ``reached`` behind the last one that is done, with all before
    it. A lane is ``resting`` if SageMaker throttles its region.
    """

    region: str
    read: Callable[[str | None], Entries]
    cursor: Cursor
    turns: int = 0
    finished: bool = False
    resting: bool = False
    reached: Cursor = field(init=False)
    _start: str | None = field(init=False)
    _wrapped: bool = field(default=False, init=False)
    _entries: Entries | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        """Begin behind the job that was inspected last."""
        self._start, self.reached = self.cursor.after, self.cursor

    def turn(self) -> Turn:
        """Take the next open job. Raises what ``take`` does."""
        before, entry = self.cursor, self.take()
        return Turn(self, entry, before, self.cursor, self.turns)

    def take(self) -> OpenJob | UnreadableError | None:
        """Return the next open job; ``None`` if this turn only began a lap or ended the lane. Raises what reads do."""
        if self._entries is None:
            self._entries = self.read(self.cursor.after)
        found = next(self._entries, None)
        if found is None or (self._wrapped and self._start is not None and found[0] > self._start):
            self._end_of_lap()
            return None
        self.cursor = replace(self.cursor, after=found[0])
        self.turns += 1
        return found[1]

    def _end_of_lap(self) -> None:
        """Continue from the beginning, up to where this sweep began. Then every job has had its turn."""
        self.finished = self._wrapped or self._start is None
        if not self._wrapped:
            self.cursor = Cursor(None, self.cursor.lap + 1)
        self._wrapped, self._entries = True, None


def lanes_of(cursors: Mapping[str, Cursor], read: Callable[[str, str | None], Entries]) -> list[Lane]:
    """Return the lane of each region."""
    caught = zip(cursors, caught_up(list(cursors.values())), strict=True)
    return [Lane(region, partial(read, region), cursor) for region, cursor in caught]


def next_lane(lanes: Sequence[Lane]) -> Lane:
    """Return the lane whose turn it is."""
    return min(lanes, key=lambda lane: (lane.cursor.lap, lane.turns))


def caught_up(cursors: Sequence[Cursor]) -> list[Cursor]:
    """Let no cursor be more than a lap behind: a new region, or one that could not be read, must not take all turns."""
    last = max((cursor.lap for cursor in cursors), default=0)
    return [replace(cursor, lap=max(cursor.lap, last - 1)) for cursor in cursors]
