"""Clients by scope: the stack's own in its own account, those of an assumed role in the others."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.config import Config

from sagewatch.adapters.assumed_roles import AssumedRoles
from sagewatch.errors import ForeignAccountError
from sagewatch.runtime.settings import HubSettings
from sagewatch.sagemaker.scopes import Scope, WatchedAccounts, account_in, region_of
from sagewatch.wiring import clients
from sagewatch.wiring.clients import HINT, PATIENT, QUICK, client

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_sagemaker import SageMakerClient


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopedClients:
    """The clients of a function. ``reading``, ``asking`` and ``acting`` are the roles in other accounts, if any.

    Without ``home``, the account that the stack is in, every account is the stack's own. Those of a sweep are patient
    and keep to the rates of ``clients``.
    """

    home: str | None
    sweeping: bool = False
    reading: AssumedRoles | None = None
    asking: AssumedRoles | None = None
    acting: AssumedRoles | None = None

    def sagemaker(self, scope: Scope) -> "SageMakerClient":
        """A client for functions that have a queue to wait in."""
        own = clients.patient_sagemaker if self.sweeping else clients.sagemaker
        return self._client(self.reading, "sagemaker", scope, self._config, own)

    def patient_sagemaker(self, scope: Scope) -> "SageMakerClient":
        """A client for sweeps."""
        return self._client(self.reading, "sagemaker", scope, PATIENT, clients.patient_sagemaker)

    def asking_sagemaker(self, scope: Scope) -> "SageMakerClient":
        """A client that may make the URL by which a notebook is asked for its kernels."""
        own = clients.patient_sagemaker if self.sweeping else clients.sagemaker
        return self._client(self.asking, "sagemaker", scope, self._config, own)

    def stopping_sagemaker(self, scope: Scope) -> "SageMakerClient":
        """A client that may stop notebooks and jobs, as far as the account lets it."""
        return self._client(self.acting, "sagemaker", scope, QUICK, clients.stopping_sagemaker)

    def logs(self, scope: Scope) -> "CloudWatchLogsClient":
        """A client of CloudWatch Logs."""
        own = clients.patient_logs if self.sweeping else clients.logs
        return self._client(self.reading, "logs", scope, self._config, own)

    def job_logs(self, scope: Scope) -> "CloudWatchLogsClient":
        """A client for the logs of jobs that failed."""
        return self._client(self.reading, "logs", scope, HINT, clients.job_logs)

    def cloudwatch(self, scope: Scope) -> "CloudWatchClient":
        """A client of CloudWatch."""
        own = clients.patient_cloudwatch if self.sweeping else clients.cloudwatch
        return self._client(self.reading, "cloudwatch", scope, self._config, own)

    def tagging(self, scope: Scope) -> Any:
        """A client of the Resource Groups Tagging API, for sweeps."""
        return self._client(self.reading, "resourcegroupstaggingapi", scope, HINT, clients.tagging)

    @property
    def _config(self) -> Config:
        return PATIENT if self.sweeping else QUICK

    def _client[C](
        self, roles: AssumedRoles | None, service: str, scope: Scope, config: Config, own: Callable[[str], C]
    ) -> C:
        account = account_in(scope)
        if account in {None, self.home} or self.home is None:
            return own(region_of(scope))
        if roles is None:
            raise ForeignAccountError(f"account {account} is not watched by this stack")
        assumed: C = roles.client(service, scope, config)
        return assumed


def make_clients(given: HubSettings, *, acting: bool = False, sweeping: bool = False) -> ScopedClients:
    """Make the clients of a function; only one that stops something has the roles beyond reading."""
    if not given.spoke_roles:
        return ScopedClients(home=given.account, sweeping=sweeping)
    sts = client("sts")
    prepared = clients.paced if sweeping else _as_it_is
    reading, asking, stopping = (
        AssumedRoles(sts, role=f"{given.spoke_roles}-{kind}", external_id=given.spoke_external_id, prepared=prepared)
        for kind in ("read", "inspect", "act")
    )
    more = {"asking": asking, "acting": stopping} if acting else {}
    return ScopedClients(home=given.account, sweeping=sweeping, reading=reading, **more)


def _as_it_is(service: str, made: object) -> object:
    del service
    return made


def watched_accounts(given: HubSettings) -> WatchedAccounts:
    """The accounts whose events are accepted."""
    return WatchedAccounts(
        home=given.account, named=frozenset(given.spoke_accounts), organization=bool(given.organization_id)
    )
