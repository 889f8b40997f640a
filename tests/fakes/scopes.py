"""Which account the fakes take for the stack's own."""

from sagewatch.sagemaker.scopes import Scope, stored_scope

HOME = "111122223333"


def same_scope(one: Scope, other: Scope) -> bool:
    """Whether both name the same region of the same account."""
    return stored_scope(one, HOME) == stored_scope(other, HOME)
