"""Clients of other accounts, with the credentials of a role that SageWatch assumes there.

Credentials are kept for as long as they are valid, one set for each account. The clients used last are kept too.
"""

from collections import OrderedDict
from collections.abc import Callable
from threading import RLock
from typing import TYPE_CHECKING, Any, ClassVar

from botocore.config import Config
from botocore.credentials import DeferredRefreshableCredentials
from botocore.session import Session

from sagewatch.adapters.aws_errors import translated
from sagewatch.sagemaker.resources import partition_of
from sagewatch.sagemaker.scopes import Scope, account_in, region_of

if TYPE_CHECKING:
    from mypy_boto3_sts import STSClient

_KEPT_CLIENTS = 64  # a client has some 2 MB of its own; a busy function works in few regions at a time
_SECONDS = 3600  # the most that AWS allows a role that was assumed with a role's credentials


class AssumedRoles:
    """Assumes the role of that name in the account of a scope. Its clients raise what AWS answers to AssumeRole."""

    PERMISSIONS: ClassVar = ("sts:AssumeRole",)

    def __init__(
        self,
        sts: "STSClient",
        *,
        role: str,
        external_id: str = "",
        new_session: Callable[[], Session] = Session,
        prepared: Callable[[str, Any], Any] = lambda _service, client: client,
    ) -> None:
        """``prepared`` is called with the service's name and each new client, and returns the client to use."""
        self._sts = sts
        self._new_session = new_session
        self._prepared = prepared
        self._role = role
        self._external_id = {"DurationSeconds": _SECONDS, **({"ExternalId": external_id} if external_id else {})}
        self._sessions: dict[str, Session] = {}
        self._clients: OrderedDict[tuple[str, Scope, int], Any] = OrderedDict()
        self._loader = new_session().get_component("data_loader")  # it keeps the models of services that it has parsed
        self._lock = RLock()

    def client(self, service: str, scope: Scope, config: Config) -> Any:
        """Return a client of a service in the region and the account of a scope."""
        with self._lock:
            key = service, scope, id(config)
            if key not in self._clients:
                session = self._session(str(account_in(scope)), region_of(scope))
                client = session.create_client(service, region_name=region_of(scope), config=config)
                self._clients[key] = self._prepared(service, client)
            self._clients.move_to_end(key)
            if len(self._clients) > _KEPT_CLIENTS:
                self._clients.popitem(last=False)
            return self._clients[key]

    def check(self, scope: Scope) -> None:
        """Assume the role of a scope's account, unless it is assumed. Raises what ``translated`` does."""
        with self._lock:
            credentials: Any = self._session(str(account_in(scope)), region_of(scope)).get_credentials()
        with translated(f"sts:AssumeRole of {self._role}"):
            credentials.get_frozen_credentials()

    def _session(self, account: str, region: str) -> Session:
        if account not in self._sessions:
            session = self._new_session()
            session.register_component("data_loader", self._loader)
            session.register_component("credential_provider", _Provider(self._credentials(account, region)))
            self._sessions[account] = session
        return self._sessions[account]

    def _credentials(self, account: str, region: str) -> DeferredRefreshableCredentials:
        arn = f"arn:{partition_of(region)}:iam::{account}:role/{self._role}"

        request: Any = {"RoleArn": arn, "RoleSessionName": "sagewatch", **self._external_id}

        def refresh() -> dict[str, str]:
            given = self._sts.assume_role(**request)["Credentials"]
            return {
                "access_key": given["AccessKeyId"],
                "secret_key": given["SecretAccessKey"],
                "token": given["SessionToken"],
                "expiry_time": given["Expiration"].isoformat(),
            }

        return DeferredRefreshableCredentials(refresh, "sts-assume-role")


class _Provider:
    """What a session asks for its credentials."""

    def __init__(self, credentials: DeferredRefreshableCredentials) -> None:
        self._credentials = credentials

    def load_credentials(self) -> DeferredRefreshableCredentials:
        return self._credentials
