"""Each finding has its kind of alert."""

from typing import get_args

import pytest

from sagewatch.alerts.base import AlertBase
from sagewatch.delivery.registry import Finding, kind_of


def _kinds(base: type[AlertBase]) -> set[type[AlertBase]]:
    return {kind for sub in base.__subclasses__() for kind in (sub, *_kinds(sub)) if "finding" in kind.model_fields}


@pytest.mark.parametrize("finding", get_args(Finding))
def test_a_finding_is_one_that_its_kind_has(finding: Finding) -> None:
    """So that a message that names it can be read."""
    assert finding in get_args(kind_of(finding).model_fields["finding"].annotation)


def test_every_kind_of_alert_can_be_read() -> None:
    """Those that the product defines are those that delivery reads."""
    read = {kind_of(finding) for finding in get_args(Finding)}

    assert {kind for kind in _kinds(AlertBase) if kind.__module__.startswith("sagewatch.")} == read
