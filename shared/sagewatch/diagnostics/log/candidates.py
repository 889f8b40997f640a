"""Find candidates for the cause of a log's end: tracebacks, root causes that launchers name, signals, single errors."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

from sagewatch.diagnostics.log.writers import Line
from sagewatch.patterns import lazy_pattern


class Weight(IntEnum):
    """How much a candidate says, least first."""

    NOTICE = 0  # a line with ERROR of a toolkit that repeats what happened
    TEARDOWN = 1  # raised while the process ended
    LAUNCHER = 2  # the launcher reports that its child failed
    LINE = 3  # a line that speaks of an error
    PEER = 4  # the other host ended first
    SURVIVED = 5  # a traceback that the script went on after
    ERROR = 6  # an error without a traceback
    SIGNAL = 7  # a process was killed, says its launcher
    CAUSE = 8  # a script's own traceback, or what the kernel says


@dataclass(frozen=True, slots=True)
class Candidate:
    """Lines of one writer; ``error`` is the index of the line that names the error, ``at`` its place in the stream."""

    weight: Weight
    at: int
    lines: tuple[str, ...]
    error: int

    @property
    def text(self) -> str:
        """The line that names the error."""
        return self.lines[self.error]


_HEADER = lazy_pattern(r"Traceback \(most recent call last\)")
_EXCEPTION = lazy_pattern(
    r"^(?:[a-zA-Z_]\w*\.)*(?:[A-Z]\w*(?:Error|Exception|Exit|Interrupt|Failure|Failed|Timeout|Warning|Fault|Aborted)\w*|[A-Z]\w+)(?: \(see above for traceback\))?(?::(?:\s|$)|\s*$|\()"
)
_CHAIN = lazy_pattern(r"During handling of the above exception|The above exception was the direct cause")
_LOGGED = lazy_pattern(
    r"^\[?\d{4}-\d\d-\d\d|^\d\d/\d\d/\d\d |^(?:INFO|WARNING|ERROR|DEBUG|CRITICAL)\b|^Traceback|^\[\d+\]|^Exception ignored|^ExitCode|^ErrorMessage"
    r'|^Command "|^=+$|^-{5,}$|^[\w.-]+: (?:INFO|WARNING)|^\{.*\}$|^epoch|^step'
)
_TEARDOWN = lazy_pattern(
    r"Exception ignored in|__del__|atexit|can only test a child process|shutdown_workers|Error in sys\.excepthook"
    r"|Fatal Python error: _enter_buffered_busy|resource_tracker|BrokenPipeError|wandb.*(?:BrokenPipe|shutdown)"
)
_LAUNCHER = lazy_pattern(
    r"ChildFailedError|CalledProcessError|ExecuteUserScriptError|RayTaskError|ProcessExitedException|ProcessRaisedException"
    r"|TrialFailed|LaunchError|subprocess-exited-with-error|Primary job  terminated|non-zero exit (?:code|status)|UserScriptError"
    r"|AlgorithmError|mpirun (?:detected|noticed)|MPI_ABORT|SparkException: Application .* finished with failed"
)
_LAUNCHER_FRAME = lazy_pattern(
    r"bin/(?:torchrun|accelerate|deepspeed|ray)\"|torch/distributed/(?:run|launcher)|accelerate/commands/launch"
)
_PEER = lazy_pattern(
    r"(?i)connection (?:closed|reset) by (?:remote )?peer|remote process exited|socketProgress|NCCL.{0,80}(?:timeout|watchdog|remote)"
    r"|Watchdog caught collective|broken pipe.{0,40}rank|peer .{0,40}(?:gone|lost|closed)|HorovodInternalError|ncclRemoteError"
    r"|Gloo.{0,60}(?:timed out|closed|reset)|rendezvous.{0,40}(?:timed? ?out|closed)|ECONNRESET.*rank"
)
_KERNEL = lazy_pattern(
    r"^\s*Killed\s*$|\bKilled\b.{0,40}(?:python|torchrun|/|\w+\.sh)|: line \d+: +\d+ (?:Killed|Segmentation fault|Aborted|Bus error|Illegal instruction)"
    r"|Segmentation fault|core dumped|[Oo]ut of memory: Kill(?:ed)? process|oom-kill|oom_reaper|Illegal instruction"
    r"|std::bad_alloc|Container killed by YARN|Container killed on request. Exit code is 137|NVRM: Xid|uncorrectable ECC|fallen off the bus"
    r"|\[FATAL tini|exec (?:\w+ )?failed: No such file|OCI runtime|java\.lang\.OutOfMemoryError|Bus error"
)
_SIGNAL = lazy_pattern(
    r"Signal \d+ \(SIG[A-Z]+\) received|exitcode\s*: -\d+|exit(?:s with|code:?| code) ?(?:return code = )?-\d+|died with <Signals\.|\(exitcode: -\d+\)|return code = -\d+|on signal \d+ \("
)
_ERROR_START = lazy_pattern(
    r"^(?:[\w.]+\.)?[A-Z]\w*(?:Error|Exception)\b(?::|\s|$)|^(?:Error|error|fatal|FATAL|ERROR)(?::| in )"
)
_JAVA = lazy_pattern(r"^(?:Exception in thread|(?:[a-z]\w*\.)+[A-Z]\w*(?:Exception|Error)\b)")
_ERROR = lazy_pattern(
    r"\bERROR\b|\bError\b|\bFATAL\b|\bCRITICAL\b|\b[A-Z]\w*(?:Error|Exception)\b|\berror: |\bException\b|Execution halted"
    r"|out of memory|No space left on device|Bad HTTP status|Too Large|[Cc]ommand not found|cannot open shared object|Permission denied"
    r"|\"(?:level|severity)\": ?\"(?:error|fatal|critical)\"|\bfatal\b|unrecognized arguments|CUDA error|NCCL WARN|Unable to get response"
)
_NOTICE = lazy_pattern(
    r"sagemaker[-_](?:training|containers|inference)[-_\w]*\s+ERROR|Reporting training FAILURE|Encountered exit_code|^ExitCode|^ErrorMessage"
)
_FRAMES = lazy_pattern(r"^\s+(?:File \"|at |\S)|^$")
_MOST_MESSAGE, _MOST_LAST_WORDS = 12, 6  # lines
_REACH = 400  # lines from a traceback's header on that may belong to it, those of other writers included


def find(lines: Sequence[Line]) -> list[Candidate]:
    """Find all candidates of one stream, in the order of their places."""
    blocks = list(_tracebacks(lines))
    taken = {number for block in blocks for number in block.numbers}
    singles = (_single(lines, index) for index, line in enumerate(lines) if line.number not in taken)
    found = [*(block.candidate for block in blocks), *(single for single in singles if single)]
    return sorted(found, key=lambda candidate: candidate.at)


@dataclass(frozen=True, slots=True)
class _Block:
    candidate: Candidate
    numbers: frozenset[int]


def _tracebacks(lines: Sequence[Line]) -> Iterator[_Block]:
    """Yield all tracebacks. One that another caused begins with that one's error."""
    previous: _Block | None = None
    for index, line in enumerate(lines):
        if _HEADER.search(line.text):
            mine = [other for other in lines[index : index + _REACH] if other.writer == line.writer]
            before = lines[index - 1].text if index else ""
            block = _traceback(mine, before)
            previous = _caused(block, before, previous)
            yield previous


def _caused(block: _Block, before: str, cause: _Block | None) -> _Block:
    if cause is None or not _CHAIN.search(before):
        return block
    found = block.candidate
    lines = (cause.candidate.text, before, *found.lines)
    return replace(block, candidate=replace(found, lines=lines, error=found.error + 2))


def _traceback(mine: Sequence[Line], before: str) -> _Block:
    """Read one traceback: frames are indented, the error is not; lines of others between them are left out."""
    kept, error, last = [mine[0]], None, len(mine)
    for place in range(1, last):
        line = mine[place]
        if line.text[:1].isspace():
            kept.append(line)
        elif _EXCEPTION.match(line.text) or not _goes_on(mine, place):
            error = len(kept)
            kept += [line, *_message(line.text, mine[place + 1 :])]
            break
    texts = tuple(line.text for line in kept)
    at = kept[error].number if error is not None else kept[-1].number
    index = error if error is not None else len(kept) - 1
    return _Block(Candidate(_weight(texts, index, before), at, texts, index), frozenset(line.number for line in kept))


def _goes_on(mine: Sequence[Line], place: int) -> bool:
    """Whether a frame follows within a few lines: then the line between is another writer's without a prefix."""
    for line in mine[place + 1 : place + 4]:
        if line.text.startswith(("  File ", "    ")):
            return True
        if _EXCEPTION.match(line.text) or _HEADER.search(line.text):
            return bool(_EXCEPTION.match(line.text))
    return False


def _message(error: str, rest: Sequence[Line]) -> Iterator[Line]:
    """Yield the further lines of an error's message: indented lines, and names directly above an indented line.

    If the error's own line ends with its colon, the message begins on the next one. What little a writer wrote after its
    error, and before something that ends a message, is the message too.
    """
    ends = next((place for place, line in enumerate(rest) if _ends_message(line.text)), len(rest))
    if ends <= _MOST_LAST_WORDS:
        yield from rest[:ends]
        return
    empty = error.rstrip().endswith(":")
    for place, line in enumerate(rest[: min(ends, _MOST_MESSAGE)]):
        follows = rest[place + 1].text if place + 1 < len(rest) else ""
        if not line.text[:1].isspace() and not follows[:1].isspace() and not (empty and place == 0):
            return
        yield line


def _ends_message(text: str) -> bool:
    return bool(_LOGGED.search(text) or _CHAIN.search(text) or _HEADER.search(text))


def _weight(texts: Sequence[str], error: int, before: str) -> Weight:
    named, frames = texts[error], "\n".join(texts[:error])
    if _TEARDOWN.search(before) or _TEARDOWN.search(named) or "in __del__" in frames:
        return Weight.TEARDOWN
    if _LAUNCHER.search(named) or (_LAUNCHER_FRAME.search(frames) and not _EXCEPTION.match(named)):
        return Weight.LAUNCHER
    if _PEER.search(named):
        return Weight.PEER
    return Weight.CAUSE if _EXCEPTION.match(named) else Weight.LAUNCHER


_BEFORE, _AFTER = 5, 6  # lines around an error that is no traceback


def _single(lines: Sequence[Line], index: int) -> Candidate | None:
    text = lines[index].text
    weight = _weight_of_line(text)
    if weight is None:
        return None
    around = [line.text for line in lines[max(0, index - _BEFORE) : index + _AFTER]]
    return Candidate(weight, lines[index].number, tuple(around), min(index, _BEFORE))


def _weight_of_line(text: str) -> Weight | None:  # noqa: PLR0911 - one line for each kind
    if _NOTICE.search(text):
        return Weight.NOTICE
    if _TEARDOWN.search(text):
        return Weight.TEARDOWN
    if _KERNEL.search(text):
        return Weight.CAUSE
    if _SIGNAL.search(text):
        return Weight.SIGNAL
    if _LAUNCHER.search(text):
        return Weight.LAUNCHER
    if _PEER.search(text):
        return Weight.PEER
    if text.startswith("Caused by:") or _JAVA.match(text) or _ERROR_START.match(text):
        return Weight.ERROR
    return Weight.LINE if _ERROR.search(text) else None
