"""What all tests share."""

from pathlib import Path
from typing import Any

import pytest
from cfnlint.decode import decode
from hypothesis import HealthCheck, settings
from xdist.scheduler.loadscope import LoadScopeScheduling  # type: ignore[import-untyped] # it has no annotations

# Machines that run tests are shared and noisy: a slow example is no finding.
settings.register_profile("shared-machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared-machine")

pytest_plugins = ["tests.worlds.aws"]
TEMPLATE = Path(__file__).parent.parent / "template.yaml"


_CLOCKS = ("test_notebook_day.py", "test_notebook_week.py")  # each moves a clock of its own


class Rooms(LoadScopeScheduling):  # type: ignore[misc] # xdist's schedulers are not annotated
    """Gives each process whole modules; those on the deployed cloud are divided among two, for each deploys one."""

    def _split_scope(self, nodeid: str) -> str:
        return _room(nodeid)


def _room(nodeid: str) -> str:
    module = nodeid.partition("::")[0]
    if not module.startswith("tests/e2e/") or module.endswith(_CLOCKS):
        return module
    return (
        "jobs"
        if module.endswith(("test_jobs.py", "test_operator.py", "test_sweeps.py", "test_upgrade.py"))
        else "others"
    )


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Rooms:
    """Used where tests run in several processes."""
    return Rooms(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest begins first."""
    items.sort(key=lambda item: not item.nodeid.startswith("tests/e2e/"))


@pytest.fixture(scope="session")
def template() -> dict[str, Any]:
    """template.yaml, with its intrinsic functions as objects."""
    content, problems = decode(str(TEMPLATE))
    assert problems == []
    assert content is not None
    return dict(content)
