"""Define the ports of idle standing resources: who may end one, the call that does, and the way to what makes it."""

from datetime import datetime
from typing import Protocol

from sagewatch.alerts.ports import Lease
from sagewatch.idle.ports import LeaseGrant
from sagewatch.standing.idling.orders import AnnouncedStop
from sagewatch.standing.resources import EndCall


class ResourceLeases(Protocol):
    """Decides between a person who keeps a resource and a call that ends it: the first wins, the other is refused."""

    def grant(self, arn: str, region: str, lease: Lease, now: datetime) -> LeaseGrant:
        """Write a lease in place of an older one, unless someone is ending it. Raises what ``Ledger.put`` does.

        A lease that was granted before is granted again.
        """

    def claim(self, arn: str, region: str, by: str, now: datetime, seen: Lease | None) -> bool:
        """Note who is ending it; say whether they may. Raises what ``Ledger.put`` does.

        They may not if someone else is ending it, or if the lease is not the one that was ``seen``.
        """

    def release(self, arn: str, region: str, by: str) -> None:
        """Forget their claim: it is over. That of someone else stays. Raises what ``Ledger.put`` does."""


class EndCalls(Protocol):
    """Makes the one call that ends the bill of a resource."""

    def end(self, region: str, ending: EndCall) -> bool:
        """Make the call; say whether the resource was still there.

        Raises ``StopRefusedError``, ``ThrottledError``, ``AccessDeniedError``, ``UnavailableError``.
        """


class AnnouncedStops(Protocol):
    """The way to the function that may end resources."""

    def send(self, stop: AnnouncedStop) -> None:
        """Queue it. Raises ``ThrottledError``, ``AccessDeniedError``, ``UnavailableError``."""
