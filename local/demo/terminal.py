"""What people would see: the Slack channel, and the ledger with its totals, on a terminal."""

import html
import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from local.demo.notebook_day import PlayedNotebook
from sagewatch.formatting import duration, money

_OWNER = 8  # columns
_DATE = re.compile(r"<!date\^[^|>]*\|([^>]*)>")
_LINK = re.compile(r"<(https?://[^|>]+)\|([^>]*)>")
_BOLD = re.compile(r"\*([^*\n]+)\*")


def message_panel(message: Mapping[str, Any]) -> Panel:
    """One message as Slack shows it."""
    parts: list[RenderableType] = []
    title = "SageWatch"
    for block in message["blocks"]:
        if block["type"] == "header":
            title = block["text"]["text"]
        else:
            parts.append(_block(block))
    return Panel(Group(*parts), title=Text(title, style="bold"), title_align="left", border_style="red")


def _block(block: Mapping[str, Any]) -> RenderableType:
    if "fields" in block:
        grid = Table.grid(padding=(0, 3))
        cells = [mrkdwn(field["text"].replace("*\n", ":* ", 1)) for field in block["fields"]]
        for left in range(0, len(cells), 3):
            grid.add_row(*cells[left : left + 3])
        return grid
    if block["type"] == "context":
        return Group(*(Text.assemble(mrkdwn(element["text"]), style="dim") for element in block["elements"]))
    if block["type"] == "image":
        return Text(f"[picture: {block['alt_text']}]", style="dim italic")
    if block["type"] == "actions":
        return Text("   ".join(f"[{button['text']['text']}]" for button in block["elements"]), style="reverse")
    return mrkdwn(block["text"]["text"])


def mrkdwn(text: str) -> Text:
    """Slack's markup as a terminal shows it: bold, links, dates in UTC, entities as the characters they stand for."""
    shown = Text()
    plain = _DATE.sub(r"\1", text)
    place = 0
    for link in _LINK.finditer(plain):
        shown.append_text(_bold(plain[place : link.start()]))
        shown.append(html.unescape(link[2]), style=f"underline link {html.unescape(link[1])}")
        place = link.end()
    return shown.append_text(_bold(plain[place:]))


def _bold(text: str) -> Text:
    shown = Text()
    for number, part in enumerate(_BOLD.split(text)):
        shown.append(html.unescape(part), style="bold" if number % 2 else "")
    return shown


def ledger_table(rows: Iterable[Mapping[str, Any]]) -> Table:
    """The ledger, oldest end first, within 80 columns. A word in place of an amount says why there is none."""
    table = Table(
        title="CostLedger, ends in UTC; in brackets what the jobs it started cost",
        title_justify="left",
        box=SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
    )
    table.padding = (0, 1, 0, 0)
    for column in ("ended", "kind", "job", "how"):
        table.add_column(column, no_wrap=column != "how")  # what gives way on a narrow terminal
    for column in ("billed", "cost"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("owner", no_wrap=True, max_width=_OWNER)
    for row in sorted(rows, key=lambda row: row["ended_at"]):
        table.add_row(
            row["ended_at"][11:16],
            row["kind"],
            row["resource_name"],
            row.get("failure_class", row["status"]).replace("-", " "),
            duration(int(row["billable_seconds"])) if "billable_seconds" in row else "-",
            _cost(row),
            row.get("owner", "-").partition("@")[0],
        )
    return table


def notebook_table(team: Iterable[PlayedNotebook], decided: Mapping[str, tuple[str, str]]) -> Table:
    """What each notebook did, what was decided of it last, and in which words."""
    table = Table(
        title="Notebooks, decided last", title_justify="left", box=SIMPLE_HEAD, show_edge=False, pad_edge=False
    )
    table.padding = (0, 1, 0, 0)
    for column in ("notebook", "what it does", "decision", "reason"):
        table.add_column(column, no_wrap=column == "notebook")
    for lab in team:
        table.add_row(lab.name, lab.does, *decided.get(lab.name, ("none", "it was not looked at")))
    return table


def _cost(row: Mapping[str, Any]) -> str:
    """A sum of other rows is in brackets."""
    if "rollup_usd" in row:
        return f"({money(row['rollup_usd'])})"
    return money(row["cost_usd"]) if "cost_usd" in row else row["pricing"].replace("not-instance-priced", "-")


def totals(rows: Sequence[Mapping[str, Any]]) -> RenderableType:
    """The sums people ask for first, and what is in none of them."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(justify="right")
    paid = [row for row in rows if "cost_usd" in row]
    failed = [row for row in paid if "failure_class" in row]
    for amount, what in (
        (_sum(paid, "cost_usd"), f"spent on {len(paid)} priced jobs, at on-demand list prices"),
        (_sum(failed, "cost_usd"), f"of it on {len(failed)} jobs that failed or hit their limit"),
        (_sum(rows, "spot_savings_usd"), "saved by spot"),
    ):
        grid.add_row(Text(money(amount), style="bold"), what)
    for row in rows:
        if "cost_usd" not in row:
            grid.add_row(Text(row["pricing"], style="yellow"), f"{row['resource_name']}: {row['pricing_reason']}")
    return grid


def _sum(rows: Iterable[Mapping[str, Any]], name: str) -> Decimal:
    return sum((Decimal(row[name]) for row in rows if name in row), Decimal(0))
