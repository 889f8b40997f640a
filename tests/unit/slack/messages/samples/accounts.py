"""Messages about accounts that cannot be read, one for each kind of problem."""

from datetime import timedelta

from sagewatch.spokes.alerts import account_unreadable
from sagewatch.spokes.ports import Problem, Trouble
from tests.worlds.builders import NOW

UNREADABLE = {
    problem.value: account_unreadable(
        "222233334444/eu-west-1",
        Trouble(problem=problem, since=NOW - timedelta(hours=1), times=4),
        "sts:AssumeRole: AccessDenied: not authorized to perform: sts:AssumeRole",
        NOW,
    )
    for problem in Problem
}
