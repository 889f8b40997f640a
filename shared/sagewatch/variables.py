"""Settings as they come, texts by name, and what they must look like."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sagewatch.errors import SettingsError


class Variables:
    """Typed look-ups by name. Each raises ``SettingsError``, which names what is at fault."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        """Keep the texts."""
        self._variables = variables

    def text(self, name: str, default: str | None = None) -> str:
        """A text that is not empty."""
        value = self._variables.get(name, "").strip() or default
        if value is None:
            raise SettingsError(f"{name} is missing or empty")
        return value

    def words(self, name: str, default: str | None = None) -> tuple[str, ...]:
        """Words between commas."""
        return tuple(word.strip() for word in self.text(name, default).split(",") if word.strip())

    def count(self, name: str) -> int:
        """A whole number above 0."""
        value = self.text(name)
        if not value.isdigit() or int(value) < 1:
            raise SettingsError(f"{name} must be a whole number above 0, not {value!r}")
        return int(value)

    def hours(self, name: str) -> timedelta:
        """A number of hours, at least one."""
        return timedelta(hours=self.count(name))

    def minutes(self, name: str) -> timedelta:
        """A number of minutes, which may be 0."""
        value = self.text(name)
        if not value.isdigit():
            raise SettingsError(f"{name} must be a whole number of minutes, not {value!r}")
        return timedelta(minutes=int(value))

    def chosen(self, name: str, yes: str, no: str) -> bool:
        """Whether it says ``yes`` rather than ``no``."""
        value = self.text(name)
        if value not in {yes, no}:
            raise SettingsError(f"{name} must be {yes} or {no}, not {value!r}")
        return value == yes

    def zone(self, name: str) -> ZoneInfo:
        """A time zone by its IANA name."""
        value = self.text(name)
        try:
            return ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError) as exc:
            raise SettingsError(f"{name} is no time zone of the IANA database: {value!r}") from exc

    def percent(self, name: str) -> Decimal:
        """A percentage from 0 to 100."""
        percent = self._number(name)
        if percent > 100:  # noqa: PLR2004 - a percentage
            raise SettingsError(f"{name} must lie between 0 and 100, not at {percent}")
        return percent

    def usd(self, name: str) -> Decimal:
        """An amount of USD, which may be 0."""
        return self._number(name)

    def _number(self, name: str) -> Decimal:
        value = self.text(name)
        try:
            number = Decimal(value)
        except InvalidOperation as exc:
            raise SettingsError(f"{name} must be a number, not {value!r}") from exc
        if not number.is_finite() or number < 0:
            raise SettingsError(f"{name} must be a number from 0 on, not {value}")
        return number
