"""Query what was spent on SageMaker: by day, owner, kind or job, as a table, CSV, JSON lines or FOCUS CSV.

Amounts are on-demand list price estimates in USD, less the stack's discount. A job counts on the day (UTC) it ended.
Jobs of unknown cost are counted as unpriced and are in no total. Tuning and AutoML jobs show the total of the jobs they
started, which have their own rows, so they are in no total either.
"""

import argparse
import csv
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, fields
from datetime import UTC, date, datetime
from decimal import Decimal

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.status import Status
from rich.table import Table

from sagewatch.errors import SettingsError
from sagewatch.formatting import duration, money
from sagewatch.ledger import focus
from sagewatch.ledger.queries import Filter, GroupBy, LedgerQueries, LedgerQuery
from sagewatch.ledger.totals import NOTHING, LedgerRow, Spend, spend_of
from sagewatch.pricing.job_cost import PricingStatus, is_lower_bound
from sagewatch.sagemaker.kinds import ResourceKind
from sagewatch.wiring import operator as wiring
from tools.operator.cli import day, run
from tools.operator.open_sessions import show_open
from tools.operator.stacks import values_of

_CALCULATED = ("=", "+", "-", "@", "\t", "\r")  # how formulas begin (OWASP, "CSV injection")
_JOB = "job"
_TOP = 20
_COLUMNS = tuple(field.name for field in fields(LedgerRow))


def main() -> int:
    """Read the arguments and print the answer."""
    given = _arguments()
    return run(lambda: show_open(given.stack) if given.open else answer(given), on_interrupt="Stopped.")


def answer(given: argparse.Namespace) -> int:
    """Query the ledger and print the answer."""
    question = LedgerQuery(
        first_day=given.since, last_day=given.until, owner=given.owner, kind=given.kind, account=given.account
    )
    if question.first_day > question.last_day:
        raise SettingsError(f"--since {given.since} is after --until {given.until}")
    with Status("Reading the ledger", console=Console(stderr=True)) as status:
        spending = wiring.spending(values_of(given.stack), lambda day: status.update(f"Reading the ledger: {day}"))
        if given.format == "focus":
            return _write_focus(spending, question, given.only)
        if given.by == _JOB:
            return _write_jobs(spending, question, given)
        groups = spending.grouped(question, GroupBy(given.by))
    _write_groups(groups, question, given)
    return 0


def _write_focus(spending: LedgerQueries, question: LedgerQuery, only: Filter) -> int:
    unknown = covered = 0
    writer = csv.DictWriter(sys.stdout, focus.COLUMNS)
    writer.writeheader()
    for row in spending.jobs(question, only):
        if not focus.has_charge(row):
            unknown += spend_of(row).unpriced_jobs
            covered += row.pricing is PricingStatus.COVERED
            continue
        writer.writerow(_no_formulas(focus.charge(row)))
    if unknown:
        sys.stderr.write(f"Left out {unknown} jobs of unknown cost. --only unpriced lists them.\n")
    if covered:
        sys.stderr.write(f"Left out {covered} jobs that a prepaid training plan covers. They have no charge.\n")
    return 0


def _write_jobs(spending: LedgerQueries, question: LedgerQuery, given: argparse.Namespace) -> int:
    top = _TOP if given.top is None and given.format == "table" else given.top
    rows = spending.most_expensive(question, top, given.only) if top else spending.jobs(question, given.only)
    match given.format:
        case "csv":
            _write_csv(_COLUMNS, map(_texts, rows))
        case "json":
            _write_json(map(_texts, rows))
        case _:
            _show_jobs(list(rows), question, given.only)
    return 0


def _write_groups(groups: Mapping[str, Spend], question: LedgerQuery, given: argparse.Namespace) -> None:
    largest = (
        sorted(groups.items(), key=lambda group: -group[1].cost_usd)
        if given.by != GroupBy.DAY
        else sorted(groups.items())
    )
    shown = largest[: given.top] if given.top else largest
    records = ({given.by: name, **_amounts(spend)} for name, spend in shown)
    match given.format:
        case "csv":
            _write_csv((given.by, *asdict(NOTHING)), records)
        case "json":
            _write_json(records)
        case _:
            Console().print(_groups_table(shown, groups, question, given.by))


def _write_csv(columns: Iterable[str], records: Iterable[Mapping[str, str]]) -> None:
    writer = csv.DictWriter(sys.stdout, list(columns))
    writer.writeheader()
    writer.writerows(map(_no_formulas, records))


def _no_formulas(record: Mapping[str, str]) -> dict[str, str]:
    """Mark text that a spreadsheet would calculate, such as an owner tag that begins with ``=``."""
    return {name: f"'{value}" if value.startswith(_CALCULATED) else value for name, value in record.items()}


def _write_json(records: Iterable[Mapping[str, str]]) -> None:
    """One object per line, with amounts as text, so that no reader turns them into floats."""
    for record in records:
        sys.stdout.write(f"{json.dumps(record)}\n")


def _texts(row: LedgerRow) -> dict[str, str]:
    return {name: _plain(value) for name in _COLUMNS if (value := getattr(row, name)) is not None}


def _amounts(spend: Spend) -> dict[str, str]:
    return {name: _plain(value) for name, value in asdict(spend).items()}


def _plain(value: object) -> str:
    return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)


def _groups_table(shown: list[tuple[str, Spend]], groups: Mapping[str, Spend], question: LedgerQuery, by: str) -> Table:
    whole = sum(groups.values(), NOTHING)
    table = _table(f"SageMaker jobs that ended {_period(question)}, on-demand list price estimate")
    table.add_column(by)
    for column in ("jobs", "cost", "failed", "saved by spot", "unpriced"):
        table.add_column(column, justify="right", no_wrap=True)
    for name, spend in shown:
        table.add_row(name, *_cells(spend))
    if len(shown) < len(groups):
        named = dict(shown)
        rest = sum((spend for name, spend in groups.items() if name not in named), NOTHING)
        table.add_row(f"({len(groups) - len(shown)} more)", *_cells(rest), style="dim")
    table.add_section()
    table.add_row("total", *_cells(whole), style="bold")
    return table


def _cells(spend: Spend) -> Iterator[str]:
    yield f"{spend.jobs:,}"
    yield f"{money(spend.cost_usd)}{'*' if spend.provisional_jobs else ''}"
    yield f"{money(spend.failed_usd)} in {spend.failed_jobs:,}" if spend.failed_jobs else "-"
    yield money(spend.spot_savings_usd) if spend.spot_savings_usd else "-"
    yield f"{spend.unpriced_jobs:,}" if spend.unpriced_jobs else "-"


def _show_jobs(rows: list[LedgerRow], question: LedgerQuery, only: Filter) -> None:
    if rows:
        Console().print(_jobs_table(rows, question, only))
    else:
        sys.stdout.write(f"No such job ended {_period(question)}.\n")


def _jobs_table(rows: Iterable[LedgerRow], question: LedgerQuery, only: Filter) -> Table:
    which = "most expensive" if only is Filter.ALL else only
    table = _table(f"The {which} SageMaker jobs that ended {_period(question)}, on-demand list price estimate")
    amount = "saved" if only is Filter.SPOT else "billed"
    for column in ("ended", "kind", "job", "result", "owner"):
        table.add_column(column, no_wrap=column in {"ended", "kind"}, overflow="fold")
    for column in (amount, "cost"):
        table.add_column(column, justify="right", no_wrap=True)
    for row in rows:
        table.add_row(
            row.ended_on,
            row.kind,
            row.resource_name,
            row.failure_class or row.status,
            row.owner or "-",
            _saved(row) if only is Filter.SPOT else _billed(row),
            _cost(row),
        )
    return table


def _saved(row: LedgerRow) -> str:
    return "-" if row.spot_savings_usd is None else money(row.spot_savings_usd)


def _billed(row: LedgerRow) -> str:
    return "-" if row.billable_seconds is None else duration(row.billable_seconds)


def _cost(row: LedgerRow) -> str:
    if row.rollup_jobs is not None:
        known = "unknown" if row.rollup_usd is None else money(row.rollup_usd)
        return f"({known} in {row.rollup_jobs} jobs)"
    if row.cost_usd is None:
        return row.pricing
    at_least = "at least " if is_lower_bound(row.pricing_reason) else ""
    return f"{at_least}{money(row.cost_usd)}{'*' if row.pricing == 'provisional' else ''}"


def _table(title: str) -> Table:
    caption = "* may still change. Days are in UTC; a job counts on the day it ended."
    return Table(
        title=title, caption=caption, box=SIMPLE_HEAD, title_justify="left", caption_justify="left", pad_edge=False
    )


def _period(question: LedgerQuery) -> str:
    if question.first_day == question.last_day:
        return f"on {question.first_day}"
    return f"from {question.first_day} to {question.last_day}"


def _arguments() -> argparse.Namespace:
    today = datetime.now(UTC).date()
    parser = argparse.ArgumentParser(prog="make costs", description=__doc__)
    parser.add_argument("--stack", default="sagewatch", help="name of the deployed stack (STACK=)")
    parser.add_argument(
        "--open", action="store_true", help="show running sessions of notebook instances instead of finished work"
    )
    parser.add_argument("--by", choices=[*GroupBy, _JOB], help="group by this (default: owner)")
    parser.add_argument(
        "--since", type=day, default=date(today.year, today.month, 1), help="first day (default: first of this month)"
    )
    parser.add_argument("--until", type=day, default=today, help="last day, inclusive (default: today)")
    parser.add_argument("--owner", help="show only this owner's jobs")
    parser.add_argument("--account", help="show only this account's jobs")
    parser.add_argument("--kind", type=ResourceKind, choices=list(ResourceKind), help="show only jobs of this kind")
    parser.add_argument(
        "--only",
        type=Filter,
        choices=list(Filter),
        default=Filter.ALL,
        help="list jobs that failed, ran on spot, or have no price",
    )
    parser.add_argument(
        "--top",
        type=_count,
        help=f"show only this many, the most expensive first (default for a table of jobs: {_TOP})",
    )
    formats = parser.add_mutually_exclusive_group()
    for name, text in (
        ("csv", "CSV"),
        ("json", "JSON, one object per line"),
        ("focus", f"CSV in the columns of FOCUS {focus.VERSION}"),
    ):
        formats.add_argument(f"--{name}", dest="format", action="store_const", const=name, default="table", help=text)
    given = parser.parse_args()
    if given.format == "focus" and (given.by or given.top):
        parser.error("--focus writes one charge per job. Remove --by and --top.")
    if given.only is not Filter.ALL and given.by not in {None, _JOB}:
        parser.error("--only lists jobs. Remove --by, or use --by job.")
    given.by = given.by or (GroupBy.OWNER if given.only is Filter.ALL else _JOB)
    return given


def _count(text: str) -> int:
    if not text.isdigit() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0.")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
