"""What an operator reads about each account: what works, and what is missing with its fix."""

import io
import json
from datetime import date
from typing import Any

from sagewatch.spokes.ports import Problem, SpokeState, Trouble
from tests.worlds.builders import NOW
from tools.operator.spokes import checked, failed, report

OPEN, QUIET, BROKEN = (f"{account}/eu-west-1" for account in ("222233334444", "333344445555", "444455556666"))
CHECKS = {
    OPEN: {"read": "", "act": ""},
    QUIET: {"read": "", "act": "sts:AssumeRole: AccessDenied"},
    BROKEN: {"read": "sts:AssumeRole: AccessDenied", "act": "sts:AssumeRole: AccessDenied"},
}
STATES = [
    SpokeState(scope=OPEN, sweep="SweepJobs", swept_at=NOW),
    SpokeState(scope=BROKEN, sweep="SweepJobs", trouble=Trouble(problem=Problem.ROLE, since=NOW, times=3)),
]


def test_each_region_says_its_mode_its_last_signs_and_what_is_missing() -> None:
    """An account without the act role is named as such only if the hub would act."""
    seen = {OPEN: date(2026, 11, 20)}
    names = {"222233334444": "ml-prod"}
    found = list(
        report(
            list(CHECKS),
            CHECKS,
            states=STATES,
            seen=seen,
            mode="enforce",
            name_of=lambda account: names.get(account, "-"),
        )
    )

    assert found[0] == f"222233334444  ml-prod  eu-west-1  enforce  event 2026-11-20, sweep {NOW:%Y-%m-%d %H:%M}  ok"
    assert found[1] == "333344445555  -  eu-west-1  no stops  event -, sweep -  ok"
    assert "ActRole=create" in found[2]
    assert found[3].endswith("cannot be read")
    assert found[4].startswith("    sts:AssumeRole: AccessDenied. For SageWatch's operator: ")
    observing = list(report([QUIET], CHECKS, states=[], seen={}, mode="observe", name_of=lambda _: "-"))
    assert observing == ["333344445555  -  eu-west-1  observe  event -, sweep -  ok"]


class Function:
    """A Lambda client whose function fails when it is asked about a scope, and leaves out another."""

    def invoke(self, *, FunctionName: str, Payload: str) -> dict[str, Any]:  # noqa: N803 - boto3's names
        """Answer as Lambda does."""
        asked = json.loads(Payload)["spokes"]
        assert FunctionName == "SweepNotebooks"
        if BROKEN in asked:
            return {"FunctionError": "Unhandled", "Payload": io.BytesIO(b'{"errorMessage": "Task timed out"}')}
        return {"Payload": io.BytesIO(json.dumps({one: CHECKS[one] for one in asked if one != QUIET}).encode())}


def test_a_region_that_has_no_answer_is_not_well() -> None:
    """Neither a function that fails nor one that leaves a region out looks like a success."""
    for broken in ([QUIET], [BROKEN], [OPEN, QUIET]):
        checks = checked(Function(), "SweepNotebooks", broken)
        assert failed(checks)
        assert set(checks) == set(broken)
    assert not failed(checked(Function(), "SweepNotebooks", [OPEN]))
    assert checked(Function(), "SweepNotebooks", [BROKEN])[BROKEN] == {"read": "SweepNotebooks failed: Task timed out"}
