"""The rows of the report: an assumption, what was seen, and the verdict.

A check has two halves. ``look`` calls services and returns facts, which are plain JSON. ``judge`` is pure and turns
facts into a finding, so a report that a user sends can be judged again without the account.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sagewatch.errors import NoAnswerError
from tools.operator.doctor.live import Account, CallFailedError, NotCheckedError

type Facts = Mapping[str, Any]
_CUT = 160  # characters of a service's sentence


class Verdict(StrEnum):
    """What a check says of its assumption."""

    CONFIRMED = "confirmed"
    REFUTED = "refuted"
    NOT_CHECKED = "not checked"


@dataclass(frozen=True, slots=True)
class Finding:
    """A verdict, what was seen, and what to do about it."""

    verdict: Verdict
    seen: str
    fix: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One row. ``name`` stays the same across releases, because reports refer to it. ``calls`` is the most it makes."""

    name: str
    assumption: str
    look: Callable[[Account], Facts]
    judge: Callable[[Facts], Finding]
    calls: int = 1
    usd: Decimal = Decimal(0)


def confirmed(seen: str) -> Finding:
    """The assumption holds."""
    return Finding(Verdict.CONFIRMED, seen)


def refuted(seen: str, fix: str) -> Finding:
    """The assumption does not hold."""
    return Finding(Verdict.REFUTED, seen, fix)


def not_checked(why: str, fix: str = "") -> Finding:
    """Nothing was seen that decides."""
    return Finding(Verdict.NOT_CHECKED, why, fix)


def judge_found(facts: Facts) -> Finding:
    """Judge how many log streams or metrics were found for each kind."""
    said = ", ".join(f"{kind}: {count} {facts['what']}" for kind, count in facts["found"].items())
    if all(facts["found"].values()):
        return confirmed(said)
    return refuted(said, "A job of a few seconds has none. Otherwise report this row: alerts lack the log or the use.")


def examine(check: Check, account: Account) -> Facts:
    """Collect a check's facts. A refused or failed call is a fact as well."""
    try:
        return check.look(account)
    except (NotCheckedError, NoAnswerError) as exc:
        return {"not_checked": str(exc)}
    except CallFailedError as exc:
        return exc.facts()
    except (LookupError, TypeError, ValueError) as exc:  # an answer of a form that no one has seen yet
        return {"failed": check.name, "why": f"an answer has another form than expected ({type(exc).__name__}: {exc})"}


def finding(check: Check, facts: Facts) -> Finding:
    """Judge facts, from a live account or from a report."""
    if "not_checked" in facts:
        return not_checked(str(facts["not_checked"])[:_CUT])
    if "denied" in facts:
        return not_checked(f"you may not call {facts['denied']}", f"Allow {facts['denied']} for your own credentials.")
    if "failed" in facts:
        return not_checked(f"{facts['failed']} failed: {facts['why']}"[:_CUT])
    return check.judge(facts)
