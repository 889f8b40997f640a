"""Shared by the operator's commands: errors as one line, days as arguments, a clean stop on Ctrl-C."""

import argparse
import os
import signal
import sys
from collections.abc import Callable
from datetime import date

from rich.console import Console

from sagewatch.errors import SageWatchError

INTERRUPTED = 130  # a shell's exit code for a program that Ctrl-C ended


def day(text: str) -> date:
    """A day as an argument."""
    try:
        return date.fromisoformat(text)
    except ValueError as exc:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date. Use the form 2026-08-01.") from exc


class Interrupts:
    """Ctrl-C, checked between two steps. A second press ends the program at once.

    If awscrt is installed, botocore signs requests with it. An exception inside its callback is lost: the program
    continues ("Exception ignored in ... should_sign_header_wrapper") or waits for ever.
    """

    def __init__(self) -> None:
        """Listen from now on."""
        self._pressed = False
        signal.signal(signal.SIGINT, self._press)

    def _press(self, *_: object) -> None:
        if self._pressed:
            raise KeyboardInterrupt
        self._pressed = True

    def check(self) -> None:
        """Raise ``KeyboardInterrupt`` if it was pressed."""
        if self._pressed:
            raise KeyboardInterrupt


def run(work: Callable[[], int], *, on_interrupt: str) -> int:
    """Run a command and return its exit code. An expected error or Ctrl-C prints one line, no traceback."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    try:
        return work()
    except SageWatchError as exc:
        console.print(str(exc), style="red", markup=False)
        return 1
    except KeyboardInterrupt:
        console.print(on_interrupt, markup=False)
        return INTERRUPTED
    except BrokenPipeError:  # `| head` has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
