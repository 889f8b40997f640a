"""List the messages in a stack's dead-letter queues, with the reasons, and return messages to their queues.

Without --return it changes nothing. It sends a message to its queue first and deletes it afterwards. If the command is
interrupted in between, a function handles the message twice, which does no harm. Records of scheduled runs that failed
have no queue; --discard-runs deletes them, because the next run does their work.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Sequence

from sagewatch.runtime.dead_letters import DeadLetter, DeadLetterQueues
from sagewatch.wiring import operator as wiring
from tools.operator.cli import run
from tools.operator.stacks import values_of


def main() -> int:
    """Read the arguments, list, and return what was asked for."""
    given = _arguments()
    return run(lambda: redrive(given), on_interrupt="Stopped. What was not returned is still in its dead-letter queue.")


def redrive(given: argparse.Namespace) -> int:
    """List the dead-letter queues of a stack; return or discard what the arguments ask for."""
    work = wiring.redrive(values_of(given.stack))
    letters = work.letters()
    sys.stdout.write("".join(f"{line}\n" for line in report(letters)))
    done = Counter(_settle(work, letter, given) for letter in letters)
    sys.stdout.write(", ".join(f"{count} {how}" for how, count in sorted(done.items())) + ("\n" if done else ""))
    return 0


def _settle(work: DeadLetterQueues, letter: DeadLetter, given: argparse.Namespace) -> str:
    if letter.target == "run" and given.discard_runs:
        work.discard(letter)
        return "discarded"
    if letter.target not in {None, "run"} and given.give_back:
        work.give_back(letter)
        return "returned"
    work.release(letter)
    return "left in place"


def report(letters: Sequence[DeadLetter]) -> Iterator[str]:
    """One line for each queue and reason, the most frequent first. Bodies are not shown: they hold what jobs wrote."""
    if not letters:
        yield "Both dead-letter queues are empty."
    kinds = Counter((letter.queue.removesuffix("Url"), letter.target, letter.why) for letter in letters)
    for (queue, target, why), count in kinds.most_common():
        way = {None: "not recognised", "run": "a scheduled run"}.get(target, f"from {str(target).removesuffix('Url')}")
        yield f"{count:>5}  {queue}  {way}: {why}"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make redrive", description=__doc__)
    parser.add_argument("--stack", default="sagewatch", help="the stack's name (sagewatch)")
    parser.add_argument("--return", dest="give_back", action="store_true", help="return messages to their queues")
    parser.add_argument("--discard-runs", action="store_true", help="delete the records of scheduled runs that failed")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
