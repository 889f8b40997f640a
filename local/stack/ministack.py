"""MiniStack (1.5.33), with what happens between the accounts of an organization on AWS, which it leaves out.

- A rule may send events to a bus of another account or region. MiniStack drops them; here that bus gets them, with the
  account and region they happened in. No bus refuses anyone (``template_patches``).
- ``aws:PrincipalArn`` of a role's session is the role's ARN, not the session's.
- The permission to send many messages in one call is that to send one.
- All accounts of ``local.stack.accounts`` are in one organization, which has their names.
"""

import time
from typing import Any

from ministack.app import main
from ministack.core import iam_actions, iam_evaluator
from ministack.core.arn import Arn, parse_arn
from ministack.core.responses import get_account_id, get_region, request_scope
from ministack.services import eventbridge, organizations

from local.stack.accounts import HUB, NAMES, ORGANIZATION

_MANY_MESSAGES = frozenset({"SendMessageBatch", "DeleteMessageBatch", "ChangeMessageVisibilityBatch"})
_to_own_bus = eventbridge._dispatch_to_event_bus  # noqa: SLF001 - MiniStack has no other place for it
_own_key = iam_evaluator._resolve_condition_key  # noqa: SLF001 - as above


_own_action = iam_actions._action_from_target  # noqa: SLF001 - as above


def _to_bus(bus: Arn, event: dict[str, Any], rule: dict[str, Any], path: set[str], payload: str | None = None) -> None:
    """Send an event on to the bus that a rule has as its target. AWS too keeps its account and region."""
    if (bus.account_id, bus.region) == (get_account_id(), get_region()):
        _to_own_bus(bus, event, rule, path, payload)
        return
    sent = {**event, "EventBusName": bus.resource.partition("/")[2], "_DispatchPath": []}
    with request_scope(bus.account_id, bus.region):
        eventbridge._dispatch_event(sent)  # noqa: SLF001 - as above


def _key(key: str, context: Any) -> Any:
    """Answer what a policy's condition asks about."""
    match key.lower():
        case "aws:principalarn":
            return _role_of(context.principal_arn)
        case "aws:principalorgid":
            return _organization_of(context.principal_account)
        case "aws:resourceorgid":
            return _organization_of(parse_arn(context.resource_arn).account_id)
        case _:
            return _own_key(key, context)


def _action(headers: dict[str, str]) -> str | None:
    """Name the action that allows a request."""
    action: str | None = _own_action(headers)
    return action.removesuffix("Batch") if action in _MANY_MESSAGES else action


def _role_of(principal: str) -> str:
    spec = parse_arn(principal)
    kind, _, rest = spec.resource.partition("/")
    if kind != "assumed-role":
        return principal
    return f"arn:{spec.partition}:iam::{spec.account_id}:role/{rest.partition('/')[0]}"


def _organization_of(account: str) -> str | None:
    return ORGANIZATION if account in NAMES else None


def _name_accounts() -> None:
    """Let the hub's account, which is the management account here, describe each account."""
    with request_scope(HUB, "us-east-1"):
        organizations._ensure_org()  # noqa: SLF001 - as above
        for account, name in NAMES.items():
            organizations._accounts[account] = {  # noqa: SLF001 - as above
                "Id": account,
                "Arn": f"arn:aws:organizations::{HUB}:account/{ORGANIZATION}/{account}",
                "Name": name,
                "Status": "ACTIVE",
                "JoinedTimestamp": int(time.time()),
            }


if __name__ == "__main__":
    eventbridge._dispatch_to_event_bus = _to_bus  # noqa: SLF001 - as above
    iam_evaluator._resolve_condition_key = _key  # noqa: SLF001 - as above
    iam_actions._action_from_target = _action  # noqa: SLF001 - as above
    _name_accounts()
    main()
