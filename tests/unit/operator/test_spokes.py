"""What an operator reads about each account: what works, and what is missing with its fix."""

from datetime import date

from sagewatch.spokes.ports import Problem, SpokeState, Trouble
from tests.worlds.builders import NOW
from tools.operator.spokes import report

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
    assert found[4].startswith("    sts:AssumeRole: AccessDenied. Deploy `spoke.yaml`")
    observing = list(report([QUIET], CHECKS, states=[], seen={}, mode="observe", name_of=lambda _: "-"))
    assert observing == ["333344445555  -  eu-west-1  observe  event -, sweep -  ok"]
