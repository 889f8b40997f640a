"""Studio's settings of idle shutdown, as domains, user profiles, spaces and apps describe them.

SageMaker shuts an idle JupyterLab or Code Editor app down if its domain, or its user's profile, says so. A profile
overrides its domain, and a space may choose a time between their limits (SageMaker developer guide, "Idle shutdown").
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

Fields = Mapping[str, Any]
# App types that idle shutdown knows, by the name of their settings.
SETTINGS = {"JupyterLab": "JupyterLabAppSettings", "CodeEditor": "CodeEditorAppSettings"}


@dataclass(frozen=True, slots=True)
class IdleSettings:
    """What a block of settings says. ``None`` is not set, which means off in a domain."""

    enabled: bool | None = None
    minutes: int | None = None
    most_minutes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningApp:
    """An app in service; ``usd`` is its hour, ``None`` if its price is not known."""

    domain: str
    profile: str | None
    space: str | None
    app_type: str
    name: str
    instance_type: str | None
    image_alias: str | None = None
    usd: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """A domain: its settings for users, those of its profiles by name, and its spaces' by name.

    ``shared`` are the names of spaces that more than one user shares.
    """

    domain_id: str
    arn: str
    name: str
    user_settings: Fields
    profiles: Mapping[str, Fields]
    spaces: Mapping[str, Fields]
    shared: frozenset[str]
    apps: tuple[RunningApp, ...]


def idle_settings(settings: Fields, app_type: str) -> IdleSettings:
    """Read the idle settings of one app type from UserSettings."""
    block = settings.get(SETTINGS[app_type]) or {}
    idle = (block.get("AppLifecycleManagement") or {}).get("IdleSettings") or {}
    state = idle.get("LifecycleManagement")
    return IdleSettings(
        enabled=None if state is None else state == "ENABLED",
        minutes=idle.get("IdleTimeoutInMinutes"),
        most_minutes=idle.get("MaxIdleTimeoutInMinutes"),
    )


def with_idle_shutdown(settings: Fields, app_type: str, minutes: int) -> Fields:
    """Return the block of one app type with idle shutdown on; everything else stays, because lists are replaced."""
    block = dict(settings.get(SETTINGS[app_type]) or {})
    idle = dict((block.get("AppLifecycleManagement") or {}).get("IdleSettings") or {})
    least = idle.get("MinIdleTimeoutInMinutes")
    limits = {"MinIdleTimeoutInMinutes": least} if least and least <= minutes else {}
    block["AppLifecycleManagement"] = {
        "IdleSettings": {
            **limits,
            "LifecycleManagement": "ENABLED",
            "IdleTimeoutInMinutes": minutes,
            "MaxIdleTimeoutInMinutes": minutes,
        }
    }
    return {SETTINGS[app_type]: block}
