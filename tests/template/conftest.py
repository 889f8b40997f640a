"""The template as data."""

from pathlib import Path
from typing import Any

import pytest
from cfnlint.decode import decode

TEMPLATE = Path(__file__).parent.parent.parent / "template.yaml"


@pytest.fixture(scope="session")
def template() -> dict[str, Any]:
    """template.yaml, with its intrinsic functions as objects."""
    content, problems = decode(str(TEMPLATE))
    assert problems == []
    assert content is not None
    return dict(content)
