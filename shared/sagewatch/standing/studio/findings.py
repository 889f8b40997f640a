"""Finds where idle shutdown is off, too long, or cannot work, what runs there, and the call that fixes it. Pure."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from sagewatch.formatting import duration
from sagewatch.standing.resources import EndCall
from sagewatch.standing.studio.settings import (
    SETTINGS,
    Domain,
    IdleSettings,
    RunningApp,
    idle_settings,
    with_idle_shutdown,
)

LONGEST, WANTED = 8 * 60, 120  # minutes: longer is reported; the calls ask for this
_OLD_IMAGE = re.compile(r"^[01](\.|$)")
_CLASSIC = {
    "JupyterServer": "Studio Classic has no idle shutdown",
    "KernelGateway": "Studio Classic has no idle shutdown",
    "RStudioServerPro": "RStudio has no idle shutdown",
    "RSessionGateway": "RStudio has no idle shutdown",
    "TensorBoard": "TensorBoard has no idle shutdown",
    "DetailedProfiler": "the profiler has no idle shutdown",
}


class Fault(StrEnum):
    """What is wrong with idle shutdown."""

    OFF = "off"
    TOO_LONG = "too long"
    CANNOT_WORK = "cannot work"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One fault, where it is set, what runs under it, and the call that fixes it, if one does."""

    fault: Fault
    domain: str
    place: str
    app_type: str
    reason: str
    apps: tuple[RunningApp, ...] = ()
    call: EndCall | None = None

    @property
    def usd(self) -> Decimal:
        """What an hour of the apps under it costs, as far as is known."""
        return sum((app.usd for app in self.apps if app.usd is not None), Decimal(0))


def findings(domain: Domain) -> Sequence[Finding]:
    """Return the findings of a domain, the most expensive first."""
    found = [finding for app_type in SETTINGS for finding in _of_type(domain, app_type)]
    return sorted([*found, *_cannot_work(domain)], key=lambda each: (-each.usd, each.place, each.app_type))


def _of_type(domain: Domain, app_type: str) -> Iterator[Finding]:
    """The domain's own setting counts for every profile without one."""
    overriding = {name for name, own in domain.profiles.items() if idle_settings(own, app_type).enabled is not None}
    under = [app for app in domain.apps if app.app_type == app_type and app.profile not in overriding]
    call = _update_domain(domain, app_type)
    yield from _judged(domain, app_type, "the domain", idle_settings(domain.user_settings, app_type), under, call)
    for name in sorted(overriding):
        own = domain.profiles[name]
        apps = [app for app in domain.apps if app.app_type == app_type and app.profile == name]
        settings = with_idle_shutdown(own, app_type, WANTED)
        request = {"DomainId": domain.domain_id, "UserProfileName": name, "UserSettings": settings}
        place = f"user profile {name}"
        call = EndCall("UpdateUserProfile", request)
        yield from _judged(domain, app_type, place, idle_settings(own, app_type), apps, call)
    yield from _spaces(domain, app_type)


def _judged(  # noqa: PLR0913, PLR0917 - what is known of the setting
    domain: Domain, app_type: str, place: str, idle: IdleSettings, apps: Iterable[RunningApp], call: EndCall
) -> Iterator[Finding]:
    fault = _fault(idle)
    if fault:
        kind, reason = fault
        yield Finding(
            fault=kind,
            domain=domain.domain_id,
            place=place,
            app_type=app_type,
            reason=reason,
            apps=tuple(apps),
            call=call,
        )


def _fault(idle: IdleSettings) -> tuple[Fault, str] | None:
    """A time that users may raise counts as the longest that they may set."""
    if not idle.enabled:
        return Fault.OFF, "idle shutdown is off"
    if idle.minutes and idle.minutes > LONGEST:
        return Fault.TOO_LONG, f"apps are shut down after {duration(idle.minutes * 60)} without activity"
    if idle.most_minutes and idle.most_minutes > LONGEST:
        return Fault.TOO_LONG, f"users may set up to {duration(idle.most_minutes * 60)}"
    return None


def _spaces(domain: Domain, app_type: str) -> Iterator[Finding]:
    """A space's own time, between the limits of its owner's profile or domain."""
    for name, settings in sorted(domain.spaces.items()):
        block = settings.get(SETTINGS[app_type]) or {}
        minutes = ((block.get("AppLifecycleManagement") or {}).get("IdleSettings") or {}).get("IdleTimeoutInMinutes")
        if minutes and minutes > LONGEST:
            idle = {"AppLifecycleManagement": {"IdleSettings": {"IdleTimeoutInMinutes": WANTED}}}
            request = {
                "DomainId": domain.domain_id,
                "SpaceName": name,
                "SpaceSettings": {SETTINGS[app_type]: {**block, **idle}},
            }
            yield Finding(
                fault=Fault.TOO_LONG,
                domain=domain.domain_id,
                place=f"space {name}",
                app_type=app_type,
                reason=f"its apps are shut down after {duration(minutes * 60)} without activity",
                apps=tuple(app for app in domain.apps if app.app_type == app_type and app.space == name),
                call=EndCall("UpdateSpace", request),
            )


def _update_domain(domain: Domain, app_type: str) -> EndCall:
    settings = with_idle_shutdown(domain.user_settings, app_type, WANTED)
    return EndCall("UpdateDomain", {"DomainId": domain.domain_id, "DefaultUserSettings": settings})


def _cannot_work(domain: Domain) -> Iterator[Finding]:
    """Apps that idle shutdown never reaches, whatever the settings say."""
    for app in domain.apps:
        reason = _unreachable(domain, app)
        if reason:
            place = f"space {app.space}" if app.space else f"user profile {app.profile}"
            keys = {"UserProfileName": app.profile, "SpaceName": app.space}
            names = {"DomainId": domain.domain_id, "AppType": app.app_type, "AppName": app.name}
            yield Finding(
                fault=Fault.CANNOT_WORK,
                domain=domain.domain_id,
                place=place,
                app_type=app.app_type,
                reason=reason,
                apps=(app,),
                call=EndCall("DeleteApp", names | {name: value for name, value in keys.items() if value}),
            )


def _unreachable(domain: Domain, app: RunningApp) -> str | None:
    if app.app_type in _CLASSIC:
        return None if app.instance_type is None else _CLASSIC[app.app_type]
    if app.image_alias and _OLD_IMAGE.match(app.image_alias):
        return f"its image is version {app.image_alias}; idle shutdown needs SageMaker Distribution 2.0"
    if app.app_type == "CodeEditor" and app.space in domain.shared:
        return "a domain has no idle settings for Code Editor in shared spaces"
    return None
