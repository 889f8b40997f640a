"""Check the accounts that a hub knows: name, regions, mode, last event, last sweep, what is missing and its fix.

The hub's own function assumes the roles, so that the answer is about the permissions that count. Names come from
Organizations, if your credentials may read them.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime
from functools import cache
from itertools import batched
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from sagewatch.errors import SettingsError
from sagewatch.sagemaker.scopes import Scope, account_in, region_of
from sagewatch.spokes.alerts import STEPS
from sagewatch.spokes.ports import Problem, SpokeState
from sagewatch.wiring import operator as wiring
from tools.operator.cli import run
from tools.operator.stacks import values_of

_AT_ONCE, _BATCH = 4, 10  # invocations, and scopes in each
LONGEST_CHECK = 260  # seconds: longer than the function's timeout; botocore would wait for 60, and ask again
_WAITS = Config(read_timeout=LONGEST_CHECK, retries={"mode": "standard", "total_max_attempts": 2})
_NO_ANSWER = {"read": "the function gave no answer"}
_NO_ACT = "nothing can be stopped there: set ActRole=create in the account's spoke stack if its owner agrees"


def main() -> int:
    """Check and print."""
    parser = argparse.ArgumentParser(prog="make spokes", description=__doc__)
    parser.add_argument("--stack", default="sagewatch", help="the stack's name (sagewatch)")
    given = parser.parse_args()
    return run(lambda: show(given.stack), on_interrupt="Stopped. Nothing was changed.")


def show(stack: str) -> int:
    """Print a line for each region of each account. The exit code is 1 if one cannot be read."""
    values = values_of(stack)
    if "SweepNotebooksName" not in values or "HubBusArn" not in values:
        raise SettingsError("this stack watches no other account: set OrganizationId or SpokeAccounts (make deploy)")
    known = wiring.spokes(values)
    scopes = known.scopes()
    checks = checked(boto3.client("lambda", config=_WAITS), values["SweepNotebooksName"], scopes)
    lines = report(
        scopes,
        checks,
        states=known.states.all(),
        seen=known.last_seen(),
        mode=values["Mode"],
        name_of=name_of,
    )
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return int(failed(checks))


def failed(checks: Mapping[Scope, Mapping[str, str]]) -> bool:
    """Say whether one of them cannot be read."""
    return any(check["read"] for check in checks.values())


def checked(client: Any, function: str, scopes: Sequence[Scope]) -> dict[Scope, dict[str, str]]:
    """Let the hub's function check the scopes, some at a time. One that gets no answer cannot be read."""

    def ask(batch: Sequence[Scope]) -> dict[Scope, dict[str, str]]:
        answer = client.invoke(FunctionName=function, Payload=json.dumps({"spokes": batch}))
        found = json.loads(answer["Payload"].read())
        if "FunctionError" in answer:
            reason = f"{function} failed: {found.get('errorMessage', 'no reason')}"
            return {scope: {"read": reason} for scope in batch}
        return {scope: found.get(scope, _NO_ANSWER) for scope in batch}

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        answers = pool.map(ask, batched(scopes, _BATCH, strict=False))
        return {scope: check for answer in answers for scope, check in answer.items()}


def report(  # noqa: PLR0913 - what is known of accounts, each from another place
    scopes: Sequence[Scope],
    checks: Mapping[Scope, Mapping[str, str]],
    *,
    states: Sequence[SpokeState],
    seen: Mapping[Scope, date],
    mode: str,
    name_of: Callable[[str], str],
) -> Iterator[str]:
    """A line for each scope, and one below it for what is missing."""
    if not scopes:
        yield "No event of another account has arrived, and SpokeAccounts names none. Deploy spoke.yaml there."
    swept = {state.scope: state.swept_at for state in states if state.swept_at}
    problems = {state.scope: state.trouble.problem for state in states if state.trouble}
    for scope in scopes:
        check, account = checks[scope], str(account_in(scope))
        acts = mode if mode == "observe" or not check.get("act") else "no stops"
        last = f"event {seen.get(scope, '-')}, sweep {_minute(swept.get(scope))}"
        result = "cannot be read" if check["read"] else "ok"
        yield f"{account}  {name_of(account)}  {region_of(scope)}  {acts}  {last}  {result}"
        if check["read"]:
            yield f"    {check['read']}. {STEPS[problems.get(scope, Problem.ROLE)]}"
        elif acts == "no stops":
            yield f"    {_NO_ACT}."


def _minute(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M}" if moment else "-"


@cache
def name_of(account: str) -> str:
    """The account's name, or a hyphen if Organizations does not say."""
    try:
        client: Any = boto3.client("organizations", region_name="us-east-1")
        return str(client.describe_account(AccountId=account)["Account"]["Name"])
    except (ClientError, BotoCoreError):
        return "-"


if __name__ == "__main__":
    sys.exit(main())
