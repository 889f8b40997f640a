"""Running sessions of notebook instances, with their cost so far: `make costs ARGS=--open`."""

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from sagewatch.formatting import duration, money
from sagewatch.notebooks.open_costs import SessionCost
from sagewatch.wiring import operator as wiring
from tools.operator.stacks import values_of


def show_open(stack: str) -> int:
    """Print the running sessions of a stack's regions, the most expensive first."""
    readings = wiring.meter(values_of(stack)).read()
    if readings:
        Console().print(_table(readings))
    else:
        sys.stdout.write("No notebook instance is in service or stopped, as far as the stack knows.\n")
    return 0


def _table(readings: Sequence[SessionCost]) -> Table:
    table = Table(
        title=f"Open sessions of notebook instances on {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, list price estimate",
        caption="Costs of this month: they are in no total until the session or the month ends. "
        "A stopped notebook is billed for its volume.",
        box=SIMPLE_HEAD,
        title_justify="left",
        caption_justify="left",
        pad_edge=False,
    )
    for column in ("notebook", "region", "instance", "owner"):
        table.add_column(column, overflow="fold")
    for column in ("duration", "cost so far", "per hour"):
        table.add_column(column, justify="right", no_wrap=True)
    for reading in readings:
        table.add_row(*_cells(reading))
    table.add_section()
    hourly = sum((reading.hourly.usd or Decimal(0) for reading in readings), Decimal(0))
    table.add_row(
        "total", "", "", "", "", money(sum((r.usd for r in readings), Decimal(0))), money(hourly), style="bold"
    )
    return table


def _cells(reading: SessionCost) -> Sequence[str]:
    session, cost = reading.session, reading.cost
    booked = session.unbooked_since - session.since
    return (
        session.name,
        session.region,
        session.instance_type or "stopped",
        session.owner or "-",
        duration(int(booked.total_seconds()) + (cost.seconds or 0)),
        cost.pricing if cost.usd is None else money(cost.usd),
        "-" if reading.hourly.usd is None else money(reading.hourly.usd),
    )
