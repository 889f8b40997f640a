"""Secrets: SSM SecureStrings, cached in memory for five minutes and stored nowhere else."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, ClassVar

from sagewatch.adapters.aws_errors import translated
from sagewatch.clock import Clock
from sagewatch.errors import SecretMissingError

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient


_KEPT_FOR = timedelta(minutes=5)
_READ_EVERY = timedelta(minutes=1)  # at most, however many wrong signatures arrive


class SsmSecret:
    """Reads one SecureString at first use."""

    PERMISSIONS: ClassVar = ("ssm:GetParameter",)

    def __init__(self, client: "SSMClient", name: str, clock: Clock) -> None:
        self._client = client
        self._name = name
        self._clock = clock
        self._kept: tuple[str, datetime] | None = None
        self._missing: tuple[SecretMissingError, datetime] | None = None

    def __call__(self) -> str:
        """Return the secret.

        Raises ``SecretMissingError``, ``ThrottledError``, ``AccessDeniedError``, ``UnavailableError``.
        """
        now = self._clock()
        if self._missing and now < self._missing[1]:
            raise self._missing[0]
        if self._kept is None or now >= self._kept[1]:
            self._kept = (self._found(now), now + _KEPT_FOR)
        return self._kept[0]

    def recheck(self) -> bool:
        """Read the secret again at the next use, if it was read more than a minute ago; say whether it will be.

        It may have been rotated.
        """
        old = self._kept is not None and self._clock() >= self._kept[1] - _KEPT_FOR + _READ_EVERY
        if old:
            self._kept = None
        return old

    def forget(self) -> None:
        """Read the secret again at the next use, because a service rejected it."""
        self._kept = None

    def _found(self, now: datetime) -> str:
        try:
            return self._read()
        except SecretMissingError as exc:
            self._missing = (exc, now + _READ_EVERY)
            raise

    def _read(self) -> str:
        with translated(f"ssm:GetParameter of {self._name}"):
            try:
                answer = self._client.get_parameter(Name=self._name, WithDecryption=True)
            except self._client.exceptions.ParameterNotFound as exc:
                raise SecretMissingError(f"the SSM parameter {self._name} does not exist") from exc
        value = answer["Parameter"].get("Value", "").strip()
        if not value:
            raise SecretMissingError(f"the SSM parameter {self._name} is empty")
        return value
