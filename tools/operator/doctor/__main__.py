"""Test SageWatch's assumptions about AWS and Slack on your account, and show which hold.

It only reads, with your own credentials. The one exception is a test message in the Slack channel, which it deletes at
once (--no-post leaves it out). Before it starts it says how many calls it makes and what they cost. Its exit
code is 0 if no assumption is refuted, 1 if one is, and 2 if it could not examine the account.
"""

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path

import boto3
from botocore.exceptions import ClientError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from sagewatch.errors import SettingsError
from sagewatch.formatting import money
from tools.operator.cli import NO_REGION, Interrupts, clock_is_off, run
from tools.operator.doctor import report
from tools.operator.doctor.call_checks import call_checks
from tools.operator.doctor.live import Account, CallFailedError, own_clients
from tools.operator.doctor.open_questions import open_questions
from tools.operator.doctor.quota_checks import quota_checks
from tools.operator.doctor.roles import role_checks
from tools.operator.doctor.rows import Check, Verdict, examine, finding
from tools.operator.doctor.slack_checks import slack_checks
from tools.operator.doctor.stack_checks import stack_checks
from tools.operator.doctor.work_checks import work_checks

_NOT_EXAMINED = 2  # exit code


def checks() -> list[Check]:
    """Every row, in the order in which they are examined."""
    return [
        *stack_checks(),
        *quota_checks(),
        *role_checks(),
        *call_checks(),
        *work_checks(),
        *slack_checks(),
        *open_questions(),
    ]


def main() -> int:
    """Read the arguments and examine the account, or replay a report."""
    given = _arguments()
    work = partial(_replay if given.replay else _doctor, given)
    return run(work, on_interrupt="Stopped. Nothing was changed.", failed=_NOT_EXAMINED)


def _doctor(given: argparse.Namespace) -> int:
    session = boto3.Session()
    if not session.region_name:
        raise SettingsError(NO_REGION)
    every = checks()
    if not _agreed(every, given):
        sys.stdout.write("Nothing was called.\n")
        return 1
    interrupts = Interrupts()
    _use_credentials(session)
    interrupts.check()
    account = Account(
        region=session.region_name,
        clients=own_clients(session),
        stack_name=given.stack,
        clock=lambda: datetime.now(UTC),
        notebook=given.notebook,
        post=given.post,
    )
    rows = examined(every, account, interrupts)
    _show(rows)
    if given.report:
        report.write(given.report, rows, [given.notebook or "", _channel(account)])
        sys.stdout.write(f"Wrote {given.report}. Read it before you attach it to a bug report.\n")
    return _code(rows)


def _use_credentials(session: boto3.Session) -> None:
    """Fail before the first row if there are no usable credentials. A clock that is off has a row of its own."""
    try:
        session.client("sts").get_caller_identity()
    except ClientError as exc:
        if not clock_is_off(exc):
            raise


def _channel(account: Account) -> str:
    try:
        return account.stack.values.get("SlackChannel", "")
    except CallFailedError:  # then no row names it
        return ""


def examined(every: Sequence[Check], account: Account, interrupts: Interrupts) -> list[report.Row]:
    """Examine each check in turn, and show the progress. Raises ``SettingsError`` if there is no such stack."""
    rows = []
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("Examining", total=len(every))
        account.on_call = _Step(progress, task, interrupts)
        for check in every:
            interrupts.check()
            facts = examine(check, account)
            rows.append(report.Row(check, facts, finding(check, facts)))
            progress.advance(task)
    return rows


class _Step:
    """Shows each call, and checks for Ctrl-C before it."""

    def __init__(self, progress: Progress, task: TaskID, interrupts: Interrupts) -> None:
        self._progress, self._task, self._interrupts = progress, task, interrupts

    def __call__(self, call: str) -> None:
        self._interrupts.check()
        self._progress.update(self._task, description=call)


def _agreed(every: Sequence[Check], given: argparse.Namespace) -> bool:
    calls, usd = sum(check.calls for check in every), sum((check.usd for check in every), Decimal(0))
    sys.stdout.write(
        f"{len(every)} rows, about {calls} calls, which cost {money(usd)} or less. Nothing is changed"
        f"{', except a test message in Slack, which is deleted at once' if given.post else ''}.\n"
    )
    if given.yes:
        return True
    sys.stdout.write("Continue? [y/N] ")
    sys.stdout.flush()
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


def _replay(given: argparse.Namespace) -> int:
    rows = list(report.replay(given.replay, checks()))
    _show(rows)
    return _code(rows)


def _show(rows: Sequence[report.Row]) -> None:
    console = Console(highlight=False)
    console.print(report.table(rows))
    console.print(report.summary(rows))


def _code(rows: Sequence[report.Row]) -> int:
    return 1 if any(row.finding.verdict is Verdict.REFUTED for row in rows) else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make doctor", description=__doc__)
    parser.add_argument("--stack", default="sagewatch", help="name of the deployed stack (STACK=)")
    parser.add_argument(
        "--notebook",
        help="a notebook instance in service, to test the way to its Jupyter server: creates a presigned URL "
        "and sends GET requests with it; the URL is not shown",
    )
    parser.add_argument("--no-post", dest="post", action="store_false", help="send no test message to Slack")
    parser.add_argument("--yes", action="store_true", help="do not ask before the first call")
    parser.add_argument("--report", type=Path, help="write a redacted report to this file")
    parser.add_argument("--replay", type=Path, help="judge the facts of a report again; makes no call")
    return parser.parse_args()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except CallFailedError as exc:
        sys.stderr.write(f"{exc}\n")
        sys.exit(_NOT_EXAMINED)
