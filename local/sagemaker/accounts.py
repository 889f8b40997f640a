"""Whose resources a request to moto is about: MiniStack knows the accounts of the credentials that it hands out.

As on AWS, credentials of an assumed role reach the account of the role. What its policy
allows is not checked here.
"""

import re
from functools import cache
from typing import Any

import boto3
from moto.core.responses import BaseResponse

_KEY = re.compile(r"Credential=(\w+)/")


def extend_accounts(default: str) -> None:
    """Let moto keep accounts apart by the access key. A request without one is about the ``default`` account."""

    def account(self: BaseResponse) -> str:
        found = _KEY.search(self.headers.get("Authorization", ""))
        return _account_of(found[1]) if found else default

    setattr(BaseResponse, "get_current_account", account)  # noqa: B010 - moto's class


@cache
def _account_of(key: str) -> str:
    """The account of an access key, which is an account's number for its administrator."""
    if key.isdigit():
        return key
    sts: Any = boto3.client("sts")
    return str(sts.get_access_key_info(AccessKeyId=key)["Account"])
