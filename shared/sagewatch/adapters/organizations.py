"""The names of accounts, from AWS Organizations."""

from typing import Any, ClassVar, override

from botocore.exceptions import ClientError

from sagewatch.adapters.aws_errors import code_of, is_denied, translated
from sagewatch.delivery.ports import AccountNames

_NOT_KNOWN = frozenset({"AccountNotFoundException", "AWSOrganizationsNotInUseException"})


class OrganizationAccountNames(AccountNames):
    """Asks for one account at a time. AWS answers the management account and delegated administrators only."""

    PERMISSIONS: ClassVar = ("organizations:DescribeAccount",)

    def __init__(self, client: Any) -> None:
        """``client`` is botocore's; its types are not among ours."""
        self._client = client

    @override
    def name(self, account: str) -> str | None:
        with translated("organizations:DescribeAccount"):
            try:
                answer = self._client.describe_account(AccountId=account)
            except ClientError as exc:
                if is_denied(code_of(exc)) or code_of(exc) in _NOT_KNOWN:
                    return None
                raise
        name = answer["Account"].get("Name")
        return name if isinstance(name, str) and name else None
