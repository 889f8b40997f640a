"""The text of Slack messages.

Escaping: Slack's
"Formatting text": with ``& < >`` replaced, neither links nor mentions can be made.
"""

import html
from datetime import UTC, datetime
from decimal import Decimal

from sagewatch.formatting import money
from sagewatch.sagemaker.console import console_url, logs_url
from sagewatch.sagemaker.kinds import ResourceKind

_TITLE = 80  # characters: AWS allows a name 50, and an ID has 12
_CENT = Decimal("0.01")


def code_block(text: str, limit: int) -> str:
    """Return text unchanged in a code block, but with apostrophes for backticks, so that it cannot end the block.

    Whole lines are left out from its beginning until it fits; of a last line that is too long, the beginning stays.
    """
    lines = [escape(line) for line in text.replace("`", "'").split("\n")]
    room = limit - len("```\n\n```")
    while len(lines) > 1 and sum(len(line) + 1 for line in lines) > room + 1:
        lines = lines[1:]
    if len(lines[0]) > room:
        lines = [escape(cut(text.rpartition("\n")[2].replace("`", "'"), room // len("&amp;")))]
    return "```\n" + "\n".join(lines) + "\n```"


def links(kind: ResourceKind, name: str, region: str) -> str:
    """Where to look further: the console and the logs, where its kind has them."""
    pages = (("Open in the console", console_url), ("Logs", logs_url))
    urls = ((text, make(kind, name, region)) for text, make in pages)
    return "  |  ".join(f"<{escape(url)}|{text}>" for text, url in urls if url)


def moment(at: datetime) -> str:
    """Slack shows a date token in each reader's own zone; the fallback is UTC."""
    fallback = f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    return f"<!date^{int(at.timestamp())}^{{date_short_pretty}} {{time}}|{fallback}>"


def sentence(text: str) -> str:
    """A clause as a sentence, harmless; nothing stays nothing."""
    return escape(f"{text[:1].upper()}{text[1:]}.") if text else ""


def amount(usd: Decimal) -> str:
    """An amount to the cent: ``$39.39``, or ``< $0.01``."""
    return "< $0.01" if 0 < usd < _CENT else money(usd)


def hourly(usd: Decimal) -> str:
    """What an hour costs: ``$1.52/h``."""
    return f"{amount(usd)}/h"


def code(text: str) -> str:
    """A name, tag or type in code style, harmless."""
    return f"`{escape(text).replace('`', "'")}`"


def by(user: str | None) -> str:
    """Name the person behind a sentence."""
    return f" (<@{user}>)" if user else ""


def done_by(text: str, user: str | None) -> str:
    """What was done, as a sentence, and in brackets the Slack user who did it."""
    return f"{sentence(text)[:-1]}{by(user)}." if user else sentence(text)


def outcome_of(text: str, user: str | None) -> str:
    """What became of a message, with a check mark where something was done."""
    undone = text.lower().startswith(("trial mode", "aws refused"))
    return f"{'' if undone else ':white_check_mark: '}{done_by(text, user)}"


def place(account: str, region: str) -> str:
    """Where something runs, harmless: the account's title and the region."""
    return f"{escape(cut(account, _TITLE))}, {escape(region)}"


def person(name: str | None, user: str | None = None) -> str:
    """A person by name, or mentioned where Slack's user ID is known. Only our own look-up makes a mention."""
    return f"<@{user}>" if user else escape(name or "unknown")


def escape(text: str) -> str:
    """Make text from jobs harmless in mrkdwn, as Slack asks for: ``&``, ``<`` and ``>`` become entities."""
    return html.escape(text, quote=False)


def cut(text: str, limit: int) -> str:
    """Cut text to a limit, and show that it was."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
