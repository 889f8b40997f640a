"""Choose the cause among the candidates: the weightiest, and of equal ones the last."""

from collections.abc import Sequence

from sagewatch.diagnostics.log.candidates import Candidate, Weight

_SERIOUS = frozenset({Weight.ERROR, Weight.SIGNAL, Weight.CAUSE})
_APART = 6  # lines between a traceback that was survived and a later error


def best(found: Sequence[Candidate]) -> Candidate | None:
    """Return the cause of a stream's end; ``None`` where nothing in it is an error."""
    last = max((candidate.at for candidate in found if candidate.weight in _SERIOUS), default=0)
    ranked = [(_weight(candidate, last), candidate.at, candidate) for candidate in found]
    return max(ranked, key=lambda rank: rank[:2])[2] if ranked else None


def _weight(candidate: Candidate, last: int) -> Weight:
    """A traceback that other work follows was survived, if a later error is none of a launcher or of the end."""
    if candidate.weight is not Weight.CAUSE:
        return candidate.weight
    survived = last > candidate.at + _APART + len(candidate.lines) // 8
    return Weight.SURVIVED if survived else Weight.CAUSE
