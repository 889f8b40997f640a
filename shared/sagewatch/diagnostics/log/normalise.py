"""Clean lines as a terminal would show them: without colours, boxes, progress bars and the environment's dump."""

from collections.abc import Iterable, Iterator

from sagewatch.patterns import lazy_pattern

# Colours and cursor movements (ECMA-48 control sequences, and xterm's titles), then what else does not print, and what
# turns the direction of text around.
_ESCAPES = lazy_pattern(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b.")
_INVISIBLE = lazy_pattern(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
# tqdm and keras write no end of line: what another writer prints next follows the bar.
_BAR = lazy_pattern(
    r"^.{0,200}?(?:\d{1,3}%\s?\|[^|]{0,200}\|[^\[]{0,60}\[[^\]]{0,120}(?:\]|$)"
    r"|\d+/(?:\d+|\?|Unknown) \[[=>.]{5,60}\](?:(?! - (?=[A-Z]\w*Error)).)*?(?=Traceback|[A-Z]\w*(?:Error|Exception):|ERROR|$))"
)
_SPEED = lazy_pattern(r"[ \d.?](?:it|s|B|ba|examples)/(?:it|s|ba)\b")
# The training toolkit writes the job's whole environment, hyperparameters included, into its log.
_ENVIRONMENT = lazy_pattern(r"^\s*SM_[A-Z0-9_]+=|^\s*SM_FRAMEWORK_PARAMS|^Training Env:|^Environment variables:")
# rich draws boxes around tracebacks.
_BOX_TITLE = lazy_pattern(r"^\s*[╭┌+][─━-]{2,}\s?(Traceback \(most recent call last\))\s?[─━-]*[╮┐+]?\s*$")
_BOX_RULE = lazy_pattern(r"^\s*[╭╰├┌└][─━┄]+.*[╮╯┤┐┘]?\s*$")
_BOX_SIDE = lazy_pattern(r"^\s*[│┃](.*?)[│┃]?\s*$")
_FRAME = lazy_pattern(r"^\s*(\S+\.py):(\d+) in (\S+)\s*$")


def normalise(events: Iterable[str]) -> list[str]:
    """Turn the events of a stream into clean lines; nothing is shortened yet, because masking needs whole lines."""
    return [line for line in _lines(events) if line.strip() and not _ENVIRONMENT.search(line)]


def _lines(events: Iterable[str]) -> Iterator[str]:
    inside = False
    for event in events:
        for raw in event.split("\n"):
            for line in _cleaned(raw):
                if "Training Env:" in line:
                    inside = True
                inside = inside and not _ends_environment(line)
                if not inside:
                    yield _unboxed(line)


def _ends_environment(line: str) -> bool:
    """The dump is JSON, so it ends with its last brace; a log that is cut elsewhere ends it with an error."""
    return line == "}" or line.startswith(("Invoking script", "Traceback", "Environment variables"))


def _cleaned(line: str) -> Iterator[str]:
    """Syslog writes a tab as ``#011`` and a carriage return as ``#015``; behind the last one is what was shown last."""
    plain = _ESCAPES.sub("", line.replace("#011", "\t").replace("#015", "\r"))
    last = next((part for part in reversed(plain.split("\r")) if part.strip()), "")
    shown = _INVISIBLE.sub("", last).rstrip()
    rest = _without_bar(shown)
    if rest:
        yield rest


def _without_bar(line: str) -> str:
    if "%|" not in line and "[=" not in line and "[." not in line and "/s" not in line and "/it" not in line:
        return line
    bar = _BAR.match(line)
    if bar:
        return line[bar.end() :].strip(" ") if line[bar.end() :].strip() else ""
    return "" if _SPEED.search(line) and line.endswith("]") else line


def _unboxed(line: str) -> str:
    if title := _BOX_TITLE.match(line):
        return f"{title[1]}:"
    if _BOX_RULE.match(line):
        return ""
    side = _BOX_SIDE.match(line)
    if side is None:
        return line
    frame = _FRAME.match(side[1])
    return f'  File "{frame[1]}", line {frame[2]}, in {frame[3]}' if frame else f"    {side[1].strip()}".rstrip()
