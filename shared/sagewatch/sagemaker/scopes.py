"""Name where SageWatch watches: a region of an account, as one text, its scope.

A region of the stack's own account is its bare name, ``eu-west-1``, as state has always been stored. A region of
another account has the account before it, ``222233334444/eu-west-1``. Whatever takes a scope takes both forms of the
stack's own account. Without a known own account every account is the stack's own, as before there were others.
"""

from dataclasses import dataclass

from sagewatch.errors import ForeignAccountError
from sagewatch.sagemaker.resources import account_of

type Scope = str


def region_of(scope: Scope) -> str:
    """Return the region of a scope."""
    return scope.rpartition("/")[2]


def account_in(scope: Scope) -> str | None:
    """Return the account that a scope names; ``None`` is the stack's own."""
    return scope.rpartition("/")[0] or None


def stored_scope(scope: Scope, home: str | None) -> Scope:
    """Return a scope as state is stored: without the account if it is the stack's own."""
    foreign = home is not None and account_in(scope) not in {None, home}
    return scope if foreign else region_of(scope)


def scope_of_arn(arn: str, region: Scope) -> Scope:
    """Return the scope of a resource, with its account. Raises what ``account_of`` does."""
    return f"{account_of(arn)}/{region_of(region)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchedAccounts:
    """The accounts that a stack watches: its own, those that are named, or all that its event bus lets in."""

    home: str | None = None
    named: frozenset[str] = frozenset()
    organization: bool = False

    def check(self, account: str) -> None:
        """Raise ``ForeignAccountError`` for an account that the stack does not watch."""
        if self.home in {None, account} or self.organization or account in self.named:
            return
        raise ForeignAccountError(
            f"account {account} is not watched: neither OrganizationId nor SpokeAccounts of this stack includes it"
        )


EVERY_ACCOUNT = WatchedAccounts()
