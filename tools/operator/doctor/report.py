"""The report: a table for the terminal, and redacted JSON that can be attached to a bug report and judged again."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table

from sagewatch import __version__
from sagewatch.errors import SettingsError
from sagewatch.redaction import redact, without_addresses
from tools.operator.doctor.rows import Check, Facts, Finding, Verdict, finding

_FORM = 1
_ACCOUNT = re.compile(r"(?<!\d)\d{12}(?!\d)")
_STYLES = {Verdict.CONFIRMED: "green", Verdict.REFUTED: "red", Verdict.NOT_CHECKED: "yellow"}


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the report."""

    check: Check
    facts: Facts
    finding: Finding


def table(rows: Sequence[Row]) -> Table:
    """What people read. Refuted rows come first."""
    shown = Table("verdict", "row", "assumption", "seen", box=SIMPLE_HEAD, show_lines=False)
    order = [Verdict.REFUTED, Verdict.NOT_CHECKED, Verdict.CONFIRMED]
    for row in sorted(rows, key=lambda row: order.index(row.finding.verdict)):
        seen = row.finding.seen + (f"\n-> {row.finding.fix}" if row.finding.fix else "")
        verdict = f"[{_STYLES[row.finding.verdict]}]{row.finding.verdict}[/]"
        shown.add_row(verdict, row.check.name, row.check.assumption, _plain(seen))
    return shown


def _plain(text: str) -> str:
    """Text in which Rich sees no markup."""
    return text.replace("[", r"\[")


def summary(rows: Sequence[Row]) -> str:
    """How many rows have each verdict."""
    counts = Counter(row.finding.verdict for row in rows)
    return ", ".join(f"{counts[verdict]} {verdict}" for verdict in Verdict)


def write(path: Path, rows: Sequence[Row], names: Sequence[str]) -> None:
    """Write the report. ``names`` are words to hide, such as the notebook's and the channel's."""
    content = {
        "form": _FORM,
        "version": __version__,
        "rows": {
            row.check.name: {"verdict": row.finding.verdict, "seen": row.finding.seen, "facts": dict(row.facts)}
            for row in rows
        },
    }
    path.write_text(json.dumps(_hidden(content, names), indent=2) + "\n", encoding="utf-8")


def _hidden(value: Any, names: Sequence[str]) -> Any:
    """The same JSON without account numbers, secrets, e-mail addresses and the given names."""
    match value:
        case str():
            text = without_addresses(redact(_ACCOUNT.sub("<account>", value)) or "", own=None)
            for name in names:
                text = text.replace(name, "<name>") if name else text
            return text
        case Mapping():
            return {_hidden(str(key), names): _hidden(inner, names) for key, inner in value.items()}
        case list() | tuple():
            return [_hidden(inner, names) for inner in value]
        case _:
            return value


def replay(path: Path, checks: Sequence[Check]) -> Iterator[Row]:
    """Judge the facts of a report again. Rows of other versions are left out. Raises ``SettingsError``."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as exc:
        raise SettingsError(f"{path} is not a report of `make doctor`") from exc
    if not isinstance(content, dict) or content.get("form") != _FORM:
        raise SettingsError(f"{path} is not a report of `make doctor` of this version")
    for check in checks:
        if check.name in content["rows"]:
            facts = content["rows"][check.name]["facts"]
            yield Row(check, facts, finding(check, facts))
