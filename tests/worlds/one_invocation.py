"""Invocations of a function in a process of its own: `python -m tests.worlds.one_invocation <function> <ISO time> ...`.

The event is read from standard input, what the function answers is printed, once for each time. The clock begins there,
so that a test can let a claim lapse without waiting. ``SECONDS_LEFT`` in the environment is the time it has.
"""

import importlib
import json
import os
import sys
from dataclasses import dataclass

from freezegun import freeze_time


@dataclass
class Context:
    """The context of an invocation."""

    function_name: str
    memory_limit_in_mb: int = 512
    aws_request_id: str = "00000000-0000-0000-0000-000000000000"
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:111122223333:function:killed"

    def get_remaining_time_in_millis(self) -> int:
        """Half a minute, if the test does not say."""
        return 1000 * int(os.environ.get("SECONDS_LEFT", "30"))


def main() -> None:
    """Run it."""
    function, *times = sys.argv[1:]
    event = json.load(sys.stdin)
    for now in times:
        with freeze_time(now, tick=True):
            handler = importlib.import_module(f"{function}.app").handler
            sys.stdout.write(f"{json.dumps(handler(event, Context(function)))}\n")


if __name__ == "__main__":
    main()
