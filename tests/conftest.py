"""What all tests share."""

from pathlib import Path
from typing import Any

import pytest
from cfnlint.decode import decode
from hypothesis import HealthCheck, settings

# Machines that run tests are shared and noisy: a slow example is no finding.
settings.register_profile("shared-machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared-machine")

TEMPLATE = Path(__file__).parent.parent / "template.yaml"


@pytest.fixture(scope="session")
def template() -> dict[str, Any]:
    """template.yaml, with its intrinsic functions as objects."""
    content, problems = decode(str(TEMPLATE))
    assert problems == []
    assert content is not None
    return dict(content)
