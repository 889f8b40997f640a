"""Audit Studio's idle shutdown: where it is off, too long or cannot work, what runs there, and the call that fixes it.

Reads your domains with your own credentials and changes nothing. `--json` shows each call with its whole request.
"""

import argparse
import json
import sys

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.status import Status
from rich.table import Table

from sagewatch.formatting import money
from sagewatch.standing.studio.findings import Finding
from sagewatch.wiring import standing as wiring
from tools.operator.cli import Interrupts, run
from tools.operator.stacks import values_of


def main() -> int:
    """Read the arguments and print the findings."""
    parser = argparse.ArgumentParser(prog="make studio", description=__doc__)
    parser.add_argument("--stack", default="sagewatch", help="name of the deployed stack (STACK=)")
    parser.add_argument(
        "--region", action="append", default=[], help="region, repeatable (default: those of the stack)"
    )
    parser.add_argument("--json", action="store_true", help="JSON, one finding per line, with its call")
    given = parser.parse_args()
    return run(lambda: audit(given), on_interrupt="Stopped. Nothing was changed.")


def audit(given: argparse.Namespace) -> int:
    """Audit the domains of every region."""
    errors, interrupts = Console(stderr=True, highlight=False, soft_wrap=True), Interrupts()
    found: list[tuple[str, Finding]] = []
    problems: list[str] = []
    with Status("Reading Studio domains", console=errors):
        plan = wiring.plan_survey(lambda: values_of(given.stack), given.region, lambda _step: None, interrupts.check)
        for region in plan.regions:
            report = plan.audit.run(region)
            found += [(region, finding) for finding in report.findings]
            problems += report.problems
    if given.json:
        sys.stdout.writelines(f"{json.dumps(_record(region, finding))}\n" for region, finding in found)
    elif found:
        Console().print(_table(found))
    else:
        sys.stdout.write("Idle shutdown is on, and short enough, in every domain that was read.\n")
    for sentence in (*([plan.lacks] if plan.lacks else []), *problems):
        errors.print(sentence, markup=False)
    return 1 if found or problems else 0


def _record(region: str, finding: Finding) -> dict[str, object]:
    call = finding.call and {"operation": finding.call.operation, "request": finding.call.request}
    facts = {name: getattr(finding, name) for name in ("fault", "domain", "place", "app_type", "reason")}
    apps = [f"{app.profile or app.space}/{app.name} on {app.instance_type}" for app in finding.apps]
    return {"region": region, **facts, "apps": apps, "usd_per_hour": f"{finding.usd:f}", "call": call}


def _table(found: list[tuple[str, Finding]]) -> Table:
    table = Table(
        title="Studio apps that idle shutdown does not reach in time",
        caption="--json shows the whole request of each call. Running apps may need a restart after a change.",
        box=SIMPLE_HEAD,
        title_justify="left",
        caption_justify="left",
        pad_edge=False,
    )
    for column in ("region", "domain", "set in", "app type", "finding"):
        table.add_column(column, overflow="fold")
    for column in ("apps", "per hour"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("fix")
    for region, each in found:
        cells = (region, each.domain, each.place, each.app_type, each.reason)
        table.add_row(*cells, str(len(each.apps)), money(each.usd), each.call.operation if each.call else "-")
    return table


if __name__ == "__main__":
    sys.exit(main())
