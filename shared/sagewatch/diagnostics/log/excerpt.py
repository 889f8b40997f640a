"""Cut a candidate to one screen; the line that names the error is always on it."""

from collections.abc import Sequence

MOST_LINES, MOST_CHARACTERS = 20, 2500  # of Block Kit's 3,000 for a section, with room for what escaping adds
_LINE_SHOWN, _ERROR_SHOWN = 300, 900  # characters; the error's own line says most
_MESSAGE = 6  # lines that follow the error's


def short(line: str, most: int = _LINE_SHOWN) -> str:
    """Shorten a line from its middle: its beginning says what it is, its end says why."""
    half = most // 2
    return line if len(line) <= most else f"{line[: half - 1]}…{line[-half:]}"


def cut(lines: Sequence[str], error: int, most_lines: int = MOST_LINES, most_characters: int = MOST_CHARACTERS) -> str:
    """Keep the first line, the last frames, the error, and some lines of its message."""
    shown = [short(line, _ERROR_SHOWN if place == error else _LINE_SHOWN) for place, line in enumerate(lines)]
    head, tail = shown[: error + 1], shown[error + 1 :]
    tail = tail[: max(_MESSAGE, most_lines - len(head))]
    room = most_lines - len(tail)
    if len(head) > room:
        head = [head[0], "…", *head[-(room - 2) :]]
    return "\n".join(_fitting(head, tail, most_characters))


def _fitting(head: list[str], tail: list[str], most: int) -> list[str]:
    """Drop frames from the oldest on, then the message from its end, until the text fits."""
    while sum(len(line) + 1 for line in (*head, *tail)) > most:
        if len(head) > 1:
            head = head[1:]
        elif tail:
            tail = tail[:-1]
        else:
            return [head[0][:most]]
    return [*head, *tail]
