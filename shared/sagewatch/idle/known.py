"""Gives notebooks the tags that are known of them, a hundred at a time and no earlier than they are needed."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import batched

from sagewatch.sagemaker.notebooks import Notebook
from sagewatch.sagemaker.ports import KnownTags
from sagewatch.sagemaker.scopes import Scope

ARNS_AT_ONCE = 100  # what one call takes


def with_tags(known: KnownTags, notebooks: Iterable[Notebook]) -> Iterator[Notebook]:
    """Yield the notebooks in their order, with the tags that are known. The tags of the others stay unknown."""
    for some in batched(notebooks, ARNS_AT_ONCE, strict=False):
        by_scope: dict[Scope, list[str]] = defaultdict(list)
        for notebook in some:
            by_scope[notebook.scope].append(notebook.arn)
        found = {arn: tags for scope, arns in by_scope.items() for arn, tags in known.of(arns, scope).items()}
        yield from (replace(notebook, tags=found.get(notebook.arn)) for notebook in some)
