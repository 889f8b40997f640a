"""Show what SageMaker bills at this moment and until a person ends it: price per hour, owner, since, and last use.

Reads your account with your own credentials and changes nothing. Of a hub's other accounts it shows what the last
sweeps found. Without a deployed stack it uses the prices that SageWatch ships. Prices are on-demand list prices in USD,
less the discount of each account.
"""

import argparse
import csv
import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.status import Status
from rich.table import Table

from sagewatch.clock import iso
from sagewatch.formatting import duration, money
from sagewatch.ledger.totals import UNOWNED
from sagewatch.pricing.job_cost import stored
from sagewatch.sagemaker.fields import REGION
from sagewatch.sagemaker.kinds import KIND_FACTS
from sagewatch.standing.decision import Use
from sagewatch.standing.survey import Standing, SurveyReport
from sagewatch.wiring import standing as wiring
from tools.operator.cli import Interrupts, run
from tools.operator.stacks import values_of

_ALL = "resource"
COLUMNS = (
    *("kind", "name", "account", "region", "owner", "usd_per_hour", "price", "since", "last_use", "use", "reason"),
    *("configuration", "status", "stopping", "call", "arn"),
)


def main() -> int:
    """Read the arguments and print the list."""
    given = _arguments()
    return run(lambda: show(given), on_interrupt="Stopped. Nothing was changed.")


def show(given: argparse.Namespace) -> int:
    """Survey the regions and print what bills."""
    errors = Console(stderr=True, highlight=False, soft_wrap=True)
    interrupts = Interrupts()
    with Status("Reading the stack", console=errors) as status:

        def progress(step: str) -> None:
            status.update(step)

        plan = wiring.plan_survey(lambda: values_of(given.stack), given.region, progress, interrupts.check)
        report = plan.of_accounts.run(given.account, everything=given.all)
    write(report, given.format, given.by, hub=plan.others is not None)
    for sentence in (*([plan.lacks] if plan.lacks else []), *report.problems):
        errors.print(sentence, markup=False)
    return 1 if report.problems else 0


def write(report: SurveyReport, form: str, by: str, *, hub: bool) -> None:
    """Write what was found. Its age comes below a table, and to the error output of CSV and JSON."""
    match form:
        case "csv":
            _write_csv(report.found, (*COLUMNS, "as_of") if hub else COLUMNS)
        case "json":
            sys.stdout.writelines(f"{json.dumps(record(each))}\n" for each in report.found)
        case _:
            Console().print(table_of(report, datetime.now(UTC), by))
    notes = Console(stderr=form != "table", highlight=False, soft_wrap=True)
    for note in report.notes:
        notes.print(note, markup=False)


def record(each: Standing) -> Mapping[str, str]:
    """Return one resource as text; what is unknown is left out. Amounts are text, so that no reader rounds them."""
    resource, decision = each.resource, each.decision
    fields = {
        "kind": resource.kind,
        "name": resource.name,
        "account": resource.account,
        "region": resource.region,
        "owner": each.owner and each.owner.name,
        "usd_per_hour": None if each.hourly.usd is None else f"{stored(each.hourly.usd):f}",
        "price": each.hourly.reason or ("estimated from Hosting" if each.hourly.estimated else None),
        "since": resource.since and iso(resource.since),
        "last_use": decision.last_use and iso(decision.last_use),
        "use": decision.use,
        "reason": decision.reason,
        "configuration": resource.configuration,
        "status": resource.status or None,
        "stopping": resource.stopping or None,
        "call": resource.end and f"{resource.end.operation} {json.dumps(resource.end.request)}",
        "arn": resource.arn,
        "as_of": each.as_of and iso(each.as_of),
    }
    return {name: str(value) for name, value in fields.items() if value is not None}


def _write_csv(found: Iterable[Standing], columns: Sequence[str]) -> None:
    writer = csv.DictWriter(sys.stdout, columns, restval="")
    writer.writeheader()
    writer.writerows(record(each) for each in found)


def table_of(report: SurveyReport, now: datetime, by: str = _ALL) -> Table:
    """Return the table: one row for each resource, or one for each owner, account or kind."""
    table = Table(
        title=f"SageMaker resources that bill on {now:%Y-%m-%d %H:%M} UTC until a person ends them",
        caption="On-demand list prices. ~ is estimated from Hosting. A resource without a price is in no total.",
        box=SIMPLE_HEAD,
        title_justify="left",
        caption_justify="left",
        pad_edge=False,
    )
    if by == _ALL:
        _resources(table, report, now)
    else:
        _groups(table, report.found, by)
    return table


def _resources(table: Table, report: SurveyReport, now: datetime) -> None:
    for column in ("kind", "name", "account", "region", "owner"):
        table.add_column(column, overflow="fold")
    for column in ("per hour", "since"):
        table.add_column(column, justify="right", no_wrap=True)
    for column in ("last use", "use"):
        table.add_column(column, overflow="fold")
    for each in report.found:
        table.add_row(*_cells(each, now), style="yellow" if each.decision.use is Use.IDLE else None)
    table.add_section()
    idle = [each.hourly.usd or Decimal(0) for each in report.found if each.decision.use is Use.IDLE]
    total = [money(report.usd_per_hour), "", "", f"idle: {money(sum(idle, Decimal(0)))}/h"]
    table.add_row("total", f"{len(report.found):,}", "", "", "", *total, style="bold")


def _cells(each: Standing, now: datetime) -> Sequence[str]:
    resource, decision = each.resource, each.decision
    return (
        KIND_FACTS[resource.kind].label,
        resource.name,
        resource.account,
        resource.region,
        each.owner.name if each.owner else "-",
        _price(each),
        duration(int((now - resource.since).total_seconds())) if resource.since else "-",
        f"{decision.last_use:%Y-%m-%d}" if decision.last_use else "-",
        decision.use if decision.use in {Use.USED, Use.IDLE} else f"{decision.use}: {decision.reason}",
    )


def _price(each: Standing) -> str:
    if each.hourly.usd is None:
        return "not hourly" if all(part.covered for part in each.resource.parts) else "unknown"
    return f"{'~' if each.hourly.estimated else ''}{money(each.hourly.usd)}"


def _groups(table: Table, found: Iterable[Standing], by: str) -> None:
    groups: dict[str, list[Standing]] = {}
    for each in found:
        groups.setdefault(_group(each, by), []).append(each)
    table.add_column(by, overflow="fold")
    for column in ("resources", "per hour", "idle, per hour", "without a price"):
        table.add_column(column, justify="right", no_wrap=True)
    for name, members in sorted(groups.items(), key=lambda group: -_sum(group[1])):
        idle = [each for each in members if each.decision.use is Use.IDLE]
        unpriced = sum(each.hourly.usd is None for each in members)
        table.add_row(name, f"{len(members):,}", money(_sum(members)), money(_sum(idle)), f"{unpriced:,}")


def _group(each: Standing, by: str) -> str:
    match by:
        case "owner":
            return each.owner.name if each.owner else UNOWNED
        case "account":
            return each.resource.account
        case _:
            return KIND_FACTS[each.resource.kind].label


def _sum(members: Iterable[Standing]) -> Decimal:
    return sum((each.hourly.usd for each in members if each.hourly.usd is not None), Decimal(0))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make now", description=__doc__)
    parser.add_argument("--stack", default="sagewatch", help="name of the deployed stack (STACK=)")
    parser.add_argument(
        "--region",
        type=_region,
        action="append",
        default=[],
        help="read this region, repeatable (default: all regions the stack watches)",
    )
    parser.add_argument(
        "--account", type=_account, action="append", default=[], help="show this account, repeatable (default: all)"
    )
    parser.add_argument("--all", action="store_true", help="also show what exists and bills nothing at this moment")
    parser.add_argument(
        "--by", choices=(_ALL, "owner", "account", "kind"), default=_ALL, help="total by this (default: resource)"
    )
    formats = parser.add_mutually_exclusive_group()
    for name, text in (("csv", "CSV"), ("json", "JSON, one object per line")):
        formats.add_argument(f"--{name}", dest="format", action="store_const", const=name, default="table", help=text)
    return parser.parse_args()


def _region(text: str) -> str:
    if not re.fullmatch(REGION, text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a region. Use names such as eu-west-1.")
    return text


def _account(text: str) -> str:
    if not re.fullmatch(r"[0-9]{12}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not an account. Use its ID of 12 digits.")
    return text


if __name__ == "__main__":
    sys.exit(main())
