"""Lists the reasons against a stop or a change that a person asks for. Each has a name, so that a dialog shows it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import assert_never

from sagewatch.alerts.ports import Lease
from sagewatch.formatting import dated
from sagewatch.idle.decision import opts_out
from sagewatch.idle.evidence import Active, Idle, Reading
from sagewatch.idle.follow_up import shown
from sagewatch.idle.inspection import Inspection
from sagewatch.sagemaker.tags import IGNORE_TAG
from sagewatch.standing.decision import Use, UseDecision
from sagewatch.standing.idling.alerts import StandingAlert
from sagewatch.standing.idling.look import Look

_JUST_NOW = timedelta(minutes=10)


class Objection(StrEnum):
    """The kinds of reasons."""

    ACTIVE = "active"
    UNKNOWN = "unknown"
    LEASED = "leased"
    IGNORED = "ignored"
    USED = "used"
    ONE_WAY = "one-way"
    NEW = "new"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Against:
    """One reason in words; ``user`` is the Slack user it names, if it names one."""

    kind: Objection
    words: str
    user: str | None = None


def objections(
    inspection: Inspection, readings: Sequence[Reading], unsure: str | None, user: str, now: datetime
) -> Sequence[Against]:
    """Name all that speaks against a stop that ``user`` asks for. ``unsure`` says why its use is unknown."""
    return [*_of_use(inspection, readings, unsure, now), *_of_people(inspection, user, now), *_of_platform(inspection)]


def _of_use(
    inspection: Inspection, readings: Sequence[Reading], unsure: str | None, now: datetime
) -> Iterator[Against]:
    active = next((reading.words for reading in readings if isinstance(reading, Active)), None)
    if active:
        yield Against(Objection.ACTIVE, active)
        return
    if unsure:
        yield Against(Objection.UNKNOWN, f"SageWatch could not check whether it is in use ({unsure})")
    sightings = [reading.since for reading in readings if isinstance(reading, Idle) and reading.since]
    last = max([*sightings, *([inspection.state.active_at] if inspection.state.active_at else [])], default=None)
    message = shown(inspection.state)
    restart = inspection.restarted_at
    if restart:
        yield Against(Objection.USED, f"it was started again at {dated(restart)}, after the warning")
    elif last and (now - last < _JUST_NOW or (message and last > message.sent_at)):
        yield Against(Objection.USED, f"it was used at {dated(last)}, after the warning or just now")


def _of_people(inspection: Inspection, user: str, now: datetime) -> Iterator[Against]:
    yield from _of_lease(inspection.state.lease, user, now)
    if inspection.opted_out:
        yield Against(Objection.IGNORED, f"its tag {IGNORE_TAG} opts out of stops")


def _of_lease(lease: Lease | None, user: str, now: datetime) -> Iterator[Against]:
    if lease and lease.in_force(now) and lease.author != user:
        end = dated(lease.until) if lease.until else "another button is pressed"
        yield Against(Objection.LEASED, f"another person keeps it until {end}", lease.author)


def resource_objections(look: Look, alert: StandingAlert, user: str, now: datetime) -> Sequence[Against]:
    """Name all that speaks against changing an idle resource, as it is at this moment."""
    found = [*_of_decision(look.decision, unproven=alert.unproven), *_of_lease(look.state.lease, user, now)]
    if opts_out(look.tags):
        found.append(Against(Objection.IGNORED, f"its tag {IGNORE_TAG} opts out"))
    changed = look.resource.changed_at
    if alert.unproven and changed and alert.sent_at and changed > alert.sent_at:
        found.append(Against(Objection.CHANGED, f"it was changed, or started again, at {dated(changed)}"))
    elif look.resource.configuration != alert.configuration:
        now_is = f"it has changed since this message: it is {look.resource.configuration}"
        found.append(Against(Objection.CHANGED, now_is))
    return found


def _of_decision(decision: UseDecision, *, unproven: bool) -> Iterator[Against]:
    match decision.use:
        case Use.USED:
            yield Against(Objection.USED, f"it is in use: {decision.reason}")
        case Use.UNKNOWN if not unproven:
            yield Against(Objection.UNKNOWN, f"SageWatch could not check whether it is in use ({decision.reason})")
        case Use.NEW:
            yield Against(Objection.NEW, f"it was {decision.reason}")
        case Use.UNKNOWN | Use.IDLE | Use.BILLS_NOTHING:
            return
        case _:
            assert_never(decision.use)


def _of_platform(inspection: Inspection) -> Iterator[Against]:
    if inspection.notebook.stop_is_one_way:
        platform = inspection.notebook.platform or "an unknown platform"
        yield Against(Objection.ONE_WAY, f"on {platform} it cannot be started again")
