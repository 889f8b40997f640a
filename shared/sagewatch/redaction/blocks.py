"""Redact private keys of several lines: PEM and PGP, whole, or with one end outside of the text."""

from sagewatch.patterns import lazy_pattern
from sagewatch.redaction.slots import SLOT

_KEY = r"[A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
_BEGIN = lazy_pattern(rf"-----BEGIN {_KEY}")
_END = lazy_pattern(rf"-----END {_KEY}")
# A literal ``\n`` separates lines in JSON and in repr; a log puts its own prefix before each line.
_BODY_STEP = lazy_pattern(r"(?:\r?\n|\\n)(?:[\w+/=]{4,}+|[^\n]{0,60}?[\w+/=]{16,}+)[ \t\r]*(?=\n|\\n|\Z)")
_BODY_LINE = lazy_pattern(r"(?:^|(?<=[\s:>\]]))[\w+/=]{30,}[ \t\r]*$")
_MOST = 200  # lines of one key


def without_key_blocks(text: str) -> str:
    """Replace private keys. One whose end is missing ends with its last line that looks like a key's."""
    if "PRIVATE KEY" not in text:
        return text
    return _without_headless(_without_begun(text))


def _without_begun(text: str) -> str:
    kept, at = [], 0
    while begin := _BEGIN.search(text, at):
        kept += [text[at : begin.start()], SLOT]
        at = _end_of(text, begin.end())
    return "".join((*kept, text[at:]))


def _end_of(text: str, start: int) -> int:
    """Return where a key ends: at its END line if that comes before the next key's BEGIN, else after its lines."""
    end = _END.search(text, start, start + 100 * _MOST)
    following = _BEGIN.search(text, start, end.start()) if end else None
    if end and not following:
        return end.end()
    at = start
    for _ in range(_MOST):
        line = _BODY_STEP.match(text, at)
        if line is None:
            return at
        at = line.end()
    return at


def _without_headless(text: str) -> str:
    """Replace the lines before an END whose BEGIN is older than what was read of the log."""
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if _END.search(line):
            lines[number] = _END.sub(SLOT, line)
            _blank_above(lines, number)
    return "\n".join(lines)


def _blank_above(lines: list[str], number: int) -> None:
    for above in range(number - 1, max(-1, number - _MOST), -1):
        if not _BODY_LINE.search(lines[above]):
            return
        lines[above] = _BODY_LINE.sub(SLOT, lines[above])
