"""What sweeps keep of resources that bill, as a survey shows it: parts together, priced and judged. Pure, without I/O.

An open session says what bills, since when, and what was decided about its use. It has no status and no call that
would end the bill, so those are empty.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import assert_never

from sagewatch.idle.evidence import Source, Unknown
from sagewatch.notebooks.session import Session
from sagewatch.owners.owner import Owner
from sagewatch.pricing.book import Rates
from sagewatch.sagemaker.kinds import ResourceKind
from sagewatch.standing.decision import Use, UseDecision
from sagewatch.standing.evidence import Answered
from sagewatch.standing.hourly import hourly_price
from sagewatch.standing.kinds.notebooks import UNSEEN, billed_lines
from sagewatch.standing.resources import BilledLine, BilledPart, StandingResource, Unit
from sagewatch.standing.sessions import StandingSession
from sagewatch.standing.survey import Standing

JUDGED_FOR = timedelta(days=2)  # sweeps judge once a day
_WITH_PARTS = frozenset({ResourceKind.ENDPOINT, ResourceKind.CLUSTER})  # their names have no slash
_STOPPED = "it is stopped"
_SIZE_UNKNOWN = f"{_STOPPED}, and the size of its volume is not known"


def kept_resources(
    sessions: Iterable[StandingSession], rates: Rates, now: datetime, swept_at: datetime | None
) -> Iterator[Standing]:
    """Yield one resource for all its parts. ``swept_at`` is when its region was last swept."""
    groups: dict[str, list[StandingSession]] = {}
    for session in sessions:
        groups.setdefault(_whole(session)[0], []).append(session)
    for parts in groups.values():
        resource = _resource(parts)
        owner = next((Owner(each.owner, each.owner_source or "") for each in parts if each.owner), None)
        known = [moment for each in parts for moment in (each.since, each.judged_at)]
        yield Standing(
            resource=resource,
            hourly=hourly_price(resource, rates, now),
            owner=owner,
            decision=_decision(parts, now),
            as_of=_latest(swept_at, *known),
        )


def kept_notebook(session: Session, rates: Rates, now: datetime, swept_at: datetime | None) -> Standing:
    """Return a notebook instance. Its use is not in its session."""
    why = UNSEEN if session.in_service else _STOPPED
    lines = tuple(billed_lines(session.instance_type, session.volume_gb))
    resource = StandingResource(
        kind=ResourceKind.NOTEBOOK,
        arn=session.arn,
        name=session.name,
        status="",
        since=session.since,
        configuration=f"{session.instance_type or 'stopped'}, {session.volume_gb or '?'} GB",
        parts=(BilledPart(lines=lines, unpriced=None if lines else _SIZE_UNKNOWN),),
        evidence=Answered(Unknown(Source.DESCRIBE, why)),
        stopping="",
    )
    return Standing(
        resource=resource,
        hourly=hourly_price(resource, rates, now),
        owner=Owner(session.owner, session.owner_source or "") if session.owner else None,
        decision=UseDecision(Use.UNKNOWN, why),
        as_of=_latest(swept_at, session.since),
    )


def _whole(session: StandingSession) -> tuple[str, str]:
    """The ARN and the name of the resource that a session is a part of."""
    name, slash, part = session.name.partition("/")
    if session.kind in _WITH_PARTS and slash:
        return session.arn.removesuffix(f"/{part.lower()}"), name
    return session.arn, session.name


def _resource(parts: Sequence[StandingSession]) -> StandingResource:
    arn, name = _whole(parts[0])
    return StandingResource(
        kind=parts[0].kind,
        arn=arn,
        name=name,
        status="",
        since=max(each.since for each in parts),
        configuration=" + ".join(_words(line) for each in parts for line in each.lines) or "unknown",
        parts=tuple(_billed(each.part) for each in parts),
        evidence=Answered(Unknown(Source.DESCRIBE, "read by a sweep")),
        stopping="",
    )


def _billed(part: BilledPart) -> BilledPart:
    return part if part.bills or part.covered else BilledPart(unpriced="nothing says what it bills")


def _words(line: BilledLine) -> str:
    match line.unit:
        case Unit.HOUR:
            return f"{line.quantity:f} x {line.item}"
        case Unit.GB_MONTH:
            return f"{line.quantity:f} GB"
        case _:
            assert_never(line.unit)


def _decision(parts: Sequence[StandingSession], now: datetime) -> UseDecision:
    """What was decided about all parts. A part that is new, or was judged long ago, leaves the use unknown."""
    last = _latest(*(each.last_use for each in parts))
    judged = _latest(*(each.judged_at for each in parts))
    uses = {each.use for each in parts}
    if judged is None or None in uses:
        return UseDecision(Use.UNKNOWN, "no sweep has judged it as it is now", last)
    reason = f"judged by the sweep of {judged:%Y-%m-%d %H:%M} UTC"
    if min(each.judged_at or judged - JUDGED_FOR for each in parts) <= now - JUDGED_FOR:
        return UseDecision(Use.UNKNOWN, f"{reason}, which is too long ago", last)
    if Use.USED in uses:
        return UseDecision(Use.USED, reason, last)
    [use, *others] = [each for each in Use if each in uses]
    if others:
        return UseDecision(Use.UNKNOWN, "its parts were judged at different times", last)
    return UseDecision(use, reason, last)


def _latest(*moments: datetime | None) -> datetime | None:
    return max((moment for moment in moments if moment), default=None)
