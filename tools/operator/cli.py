"""Shared by the operator's commands: errors as one line, days as arguments, a clean stop on Ctrl-C."""

import argparse
import os
import signal
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOTokenLoadError,
    TokenRetrievalError,
    UnauthorizedSSOTokenError,
)
from rich.console import Console

from sagewatch.errors import SageWatchError

INTERRUPTED = 130  # a shell's exit code for a program that Ctrl-C ended
NO_CREDENTIALS = (
    "No usable AWS credentials. Run `aws sso login` or `aws configure`, or set AWS_PROFILE, "
    "then run this command again."
)
NO_REGION = "No region is set. Set AWS_DEFAULT_REGION, or a profile with a region."
NO_ANSWER = "The input ended before an answer. Run this command in a terminal, where you can type one."
_UNUSABLE = (
    CredentialRetrievalError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOTokenLoadError,
    TokenRetrievalError,
    UnauthorizedSSOTokenError,
)
_REFUSED_CREDENTIALS = frozenset(
    {
        "AuthFailure",
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "RequestExpired",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
_SKEW_SECONDS = 300  # AWS refuses what was signed by a clock that is further off
_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "AuthorizationError", "UnauthorizedOperation"})


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


def code_of(error: ClientError) -> str:
    """The error code of AWS's answer."""
    return error.response.get("Error", {}).get("Code", "")


def clock_is_off(error: ClientError, now: datetime | None = None) -> int:
    """By how many seconds this machine's clock is ahead of AWS's, if AWS refused a signature for it; otherwise 0."""
    if code_of(error) not in _REFUSED_CREDENTIALS:
        return 0
    try:
        theirs = parsedate_to_datetime(error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})["date"])
    except (KeyError, ValueError):
        return 0
    ahead = round(((now or datetime.now(UTC)) - theirs).total_seconds())
    return ahead if abs(ahead) > _SKEW_SECONDS else 0


def sentence(error: Exception) -> str:
    """What an operator reads of an error, and what to do: about credentials, a permission, or the error itself."""
    if isinstance(error, SageWatchError):
        return _known(error.__cause__) or str(error)
    return _known(error) or f"{str(error).rstrip('.')}. Run the command again."


def _known(error: BaseException | None) -> str | None:
    match error:
        case NoRegionError():
            return NO_REGION
        case EndpointConnectionError():
            return f"{str(error).rstrip('.')}. Check the region's name and the network, then run the command again."
        case ClientError():
            return _refusal(error)
        case _ if isinstance(error, _UNUSABLE):
            return NO_CREDENTIALS
        case _:
            return None


def _refusal(error: ClientError) -> str | None:
    code = code_of(error)
    if ahead := clock_is_off(error):
        way = "ahead of" if ahead > 0 else "behind"
        return f"This machine's clock is {abs(ahead)} s {way} AWS's, so AWS refuses its requests. Set it (NTP)."
    if code in _DENIED:
        refused = f"You may not call {error.operation_name} ({code})."
        return f"{refused} Allow it for your credentials, then run the command again."
    return NO_CREDENTIALS if code in _REFUSED_CREDENTIALS else None


def run(work: Callable[[], int], *, on_interrupt: str, failed: int = 1) -> int:
    """Run a command and return its exit code. An expected error, Ctrl-C or the end of input prints one line.

    ``failed`` is the exit code after an error.
    """
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    try:
        return work()
    except (SageWatchError, ClientError, BotoCoreError) as exc:
        console.print(sentence(exc), style="red", markup=False)
        return failed
    except EOFError:
        console.print(f"\n{NO_ANSWER}", style="red", markup=False)
        return failed
    except KeyboardInterrupt:
        console.print(f"\n{on_interrupt}", markup=False)
        return INTERRUPTED
    except BrokenPipeError:  # `| head` has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
