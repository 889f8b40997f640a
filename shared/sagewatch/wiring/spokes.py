"""Clients by scope: the stack's own in its own account, those of an assumed role in the others."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

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
    """The clients of a function. ``reading`` and ``acting`` are the roles in other accounts, if there are any.

    Without ``home``, the account that the stack is in, every account is the stack's own.
    """

    home: str | None
    reading: AssumedRoles | None = None
    acting: AssumedRoles | None = None

    def sagemaker(self, scope: Scope) -> "SageMakerClient":
        """A client for functions that have a queue to wait in."""
        return self._client(self.reading, "sagemaker", scope, QUICK, clients.sagemaker)

    def patient_sagemaker(self, scope: Scope) -> "SageMakerClient":
        """A client for sweeps."""
        return self._client(self.reading, "sagemaker", scope, PATIENT, clients.patient_sagemaker)

    def stopping_sagemaker(self, scope: Scope) -> "SageMakerClient":
        """A client that may stop notebooks and jobs, as far as the account lets it."""
        return self._client(self.acting, "sagemaker", scope, QUICK, clients.sagemaker)

    def logs(self, scope: Scope) -> "CloudWatchLogsClient":
        """A client of CloudWatch Logs."""
        return self._client(self.reading, "logs", scope, QUICK, clients.logs)

    def job_logs(self, scope: Scope) -> "CloudWatchLogsClient":
        """A client for the logs of jobs that failed."""
        return self._client(self.reading, "logs", scope, HINT, clients.job_logs)

    def cloudwatch(self, scope: Scope) -> "CloudWatchClient":
        """A client of CloudWatch."""
        return self._client(self.reading, "cloudwatch", scope, QUICK, clients.cloudwatch)

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


def make_clients(given: HubSettings, *, acting: bool = False) -> ScopedClients:
    """Make the clients of a function; only one that stops something has the acting role."""
    if not given.spoke_roles:
        return ScopedClients(home=given.account)
    sts = client("sts")
    reading, acting_roles = (
        AssumedRoles(sts, role=f"{given.spoke_roles}-{kind}", external_id=given.spoke_external_id)
        for kind in ("read", "act")
    )
    return ScopedClients(home=given.account, reading=reading, acting=acting_roles if acting else None)


def watched_accounts(given: HubSettings) -> WatchedAccounts:
    """The accounts whose events are accepted."""
    return WatchedAccounts(
        home=given.account, named=frozenset(given.spoke_accounts), organization=bool(given.organization_id)
    )
