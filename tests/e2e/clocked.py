"""A cloud of one's own whose clock is moved, for tests of notebooks over days."""

from collections.abc import Iterator
from contextlib import contextmanager

from local.stack.clock import Clock
from local.stack.cloud import ROOT, LocalCloud
from tests.e2e.conftest import keep_calls


@contextmanager
def clocked_cloud(name: str) -> Iterator[tuple[LocalCloud, Clock]]:
    """A cloud with what is built, for no other test's clock may be moved. At the end its calls are compared."""
    home = ROOT / ".local" / f"test-{name}"
    home.parent.mkdir(exist_ok=True)
    clock = Clock(home.with_suffix(".clock"))
    cloud = LocalCloud.start(home, clock, usual_ports=False)
    try:
        cloud.put_secrets()
        cloud.build()
        yield cloud, clock
        keep_calls(cloud, name)
    finally:
        cloud.stop()
        clock.file.unlink()


def deploy_without_schedules(cloud: LocalCloud, *overrides: str) -> None:
    """Deploy as a user would, but for the schedules: the test says when a sweep runs."""
    cloud.deploy(["MaxStopsPerSweep=60", *overrides])
    scheduler = cloud.session().client("scheduler", endpoint_url=cloud.aws_url)
    for schedule in scheduler.list_schedules()["Schedules"]:
        scheduler.delete_schedule(Name=schedule["Name"])
