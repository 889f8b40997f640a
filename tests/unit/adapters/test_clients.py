"""What the wiring does itself."""

from dataclasses import dataclass, field

from sagewatch.wiring.clients import Throttle


@dataclass
class Watch:
    """A time that passes by sleeping."""

    now: float = 100.0
    slept: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        """Let it pass."""
        self.slept.append(seconds)
        self.now += seconds


def test_calls_in_one_region_keep_their_distance() -> None:
    """Only the rest of it is waited for, and nothing before the first."""
    watch = Watch()
    pace = Throttle(0.5, lambda: watch.now, watch.sleep)
    pace("us-east-1")
    pace("us-east-1")
    watch.now += 0.25
    pace("us-east-1")
    watch.now += 0.5
    pace("us-east-1")

    assert watch.slept == [0.5, 0.25]


def test_regions_do_not_wait_for_one_another() -> None:
    """Each has a quota of its own."""
    watch = Watch()
    pace = Throttle(0.5, lambda: watch.now, watch.sleep)
    for region in ("us-east-1", "eu-west-1", "us-east-1"):
        pace(region)

    assert watch.slept == [0.5]
