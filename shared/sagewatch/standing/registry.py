"""The table of the kinds of standing resource.

To add a kind, add a module to ``kinds``, its row here, and its row in ``KIND_FACTS``.
"""

from sagewatch.standing.kinds.endpoints import Endpoints
from sagewatch.standing.kinds.notebooks import Notebooks
from sagewatch.standing.ports import StandingKind

STANDING_KINDS: tuple[StandingKind, ...] = (Notebooks(), Endpoints())
