"""Settings as they come, texts by name, and what they must look like."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sagewatch.digest.budgets import Budget
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

    def pairs(self, name: str) -> Mapping[str, str]:
        """``name=value`` between commas, or nothing."""
        pairs = [word.rpartition("=") for word in self.words(name, default="")]
        if any(not key.strip() or not value.strip() for key, _, value in pairs):
            raise SettingsError(f"{name} must be pairs like name=value between commas")
        return {key.strip(): value.strip() for key, _, value in pairs}

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

    def budgets(self, name: str) -> tuple[Budget, ...]:
        """Pairs ``owner=amount`` between commas, possibly none: USD above 0, and no owner twice."""
        budgets = tuple(_budget(name, word) for word in self.words(name, default=""))
        twice = {budget.owner for budget in budgets if [other.owner for other in budgets].count(budget.owner) > 1}
        if twice:
            raise SettingsError(f"{name} names {', '.join(sorted(twice))} twice")
        return budgets

    def percent(self, name: str) -> Decimal:
        """A percentage from 0 to 100."""
        percent = self._number(name)
        if not 0 <= percent <= 100:  # noqa: PLR2004 - a percentage
            raise SettingsError(f"{name} must lie between 0 and 100, not at {percent}")
        return percent

    def usd(self, name: str) -> Decimal:
        """An amount in USD, which may be 0."""
        amount = self._number(name)
        if amount < 0:
            raise SettingsError(f"{name} must not be negative, as {amount} is")
        return amount

    def _number(self, name: str) -> Decimal:
        value = self.text(name)
        try:
            number = Decimal(value)
        except InvalidOperation as exc:
            raise SettingsError(f"{name} must be a number, not {value!r}") from exc
        if not number.is_finite():
            raise SettingsError(f"{name} must be finite, not {value!r}")
        return number


def _budget(name: str, word: str) -> Budget:
    owner, _, amount = (part.strip() for part in word.rpartition("="))
    try:
        usd = Decimal(amount)
    except InvalidOperation as exc:
        raise SettingsError(f"{name} must be owner=amount, for example ana@example.com=500, not {word!r}") from exc
    if not owner or not usd.is_finite() or usd <= 0:
        raise SettingsError(f"{name} must name an owner and an amount above 0, not {word!r}")
    return Budget(owner, usd)
