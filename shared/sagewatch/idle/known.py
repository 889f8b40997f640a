"""Gives notebooks the tags that are known of them, a hundred at a time and no earlier than they are needed."""

from collections import defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice

from sagewatch.sagemaker.notebooks import Notebook
from sagewatch.sagemaker.ports import KnownTags
from sagewatch.sagemaker.scopes import Scope

ARNS_AT_ONCE = 100  # what one call takes


def with_tags(known: KnownTags, notebooks: Sequence[Notebook]) -> Iterator[Notebook]:
    """Yield the notebooks in their order, with the tags that are known. The tags of the others stay unknown.

    A call takes the next hundred of one region, wherever they are in the order.
    """
    waiting: dict[Scope, deque[str]] = defaultdict(deque)
    for notebook in notebooks:
        waiting[notebook.scope].append(notebook.arn)
    found: dict[str, Mapping[str, str]] = {}
    for notebook in notebooks:
        arns = waiting[notebook.scope]
        if arns and arns[0] == notebook.arn:
            some = list(islice(arns, ARNS_AT_ONCE))
            waiting[notebook.scope] = deque(islice(arns, ARNS_AT_ONCE, None))
            found.update(known.of(some, notebook.scope))
        yield replace(notebook, tags=found.get(notebook.arn))
