"""How a sweep grows, with a slope, and the size that one run cannot finish: plots in ``docs/images``."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import matplotlib as mpl

from bench.cases import LATENCY, ended_jobs, open_jobs, seen_notebooks, sweep, sweep_jobs
from bench.stage import Stage, Took

mpl.use("Agg")
from matplotlib import pyplot as plt

IMAGES = Path(__file__).parent.parent / "docs/images"


@dataclass(frozen=True)
class Growth:
    """What grows, in which sizes, and the seconds that one run has for it."""

    name: str
    sizes: Sequence[int]
    prepare: Callable[[int], Callable[[Stage], object]]
    run: Callable[[Stage, int], Took]
    seconds: float
    afterwards: str
    log_scale: bool = False
    points: list[tuple[int, Took]] = field(default_factory=list)

    def slope(self) -> tuple[float, float]:
        """Return the seconds of an empty run and of one thing more, by least squares."""
        sizes = [float(size) for size, _ in self.points]
        walls = [took.wall for _, took in self.points]
        middle, mean = sum(sizes) / len(sizes), sum(walls) / len(walls)
        spread = sum((size - middle) ** 2 for size in sizes)
        more = sum((size - middle) * (wall - mean) for size, wall in zip(sizes, walls, strict=True)) / spread
        return mean - more * middle, more

    def most(self) -> float | None:
        """The size that one run just finishes; ``None`` if it does not grow."""
        start, more = self.slope()
        return (self.seconds - start) / more if more * self.points[-1][0] > 0.1 * self.points[-1][1].wall else None

    def draw(self, folder: Path = IMAGES) -> Path:
        """Draw seconds and calls against the size."""
        figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.2), layout="constrained")
        sizes = [size for size, _ in self.points]
        for axis, label, values in (
            (left, "seconds", [took.wall for _, took in self.points]),
            (right, "calls to AWS", [float(took.total) for _, took in self.points]),
        ):
            axis.plot(sizes, values, "o-", color="#1f5fa8")
            axis.set(xlabel=self.name, ylabel=label, ylim=(0, max(values) * 1.25))
            axis.set_xscale("log" if self.log_scale else "linear")
            axis.grid(alpha=0.3)
            for size, value in zip(sizes, values, strict=True):
                axis.annotate(
                    f"{value:,.0f}", (size, value), (0, 6), textcoords="offset points", ha="center", fontsize=8
                )
        path = folder / f"growth-{self.name.replace(' ', '-').replace(',', '')}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, dpi=110, metadata={"Software": None})
        plt.close(figure)
        return path


def growths() -> list[Growth]:
    """Notebooks, open jobs, past jobs and events."""
    return [
        Growth(
            "notebooks with nothing due",
            (250, 500, 1000),
            lambda size: seen_notebooks(size, idle=0, then="", latency=LATENCY),
            lambda stage, _: sweep(stage),
            120,
            "the region's listing fails and is retried with the next sweep",
        ),
        Growth(
            "notebooks to inspect",
            (100, 250, 500, 1000),
            lambda size: seen_notebooks(size, idle=0, then="due", latency=LATENCY),
            lambda stage, _: sweep(stage),
            120 * 0.7,
            "the next sweep inspects the rest, those that waited longest first",
        ),
        Growth(
            "open jobs",
            (125, 250, 500, 1000),
            lambda size: open_jobs(size, latency=LATENCY),
            lambda stage, _: sweep_jobs(stage),
            480,
            "the next sweep continues behind the last job",
        ),
        Growth(
            "past jobs",
            (1000, 10_000, 100_000, 1_000_000),
            lambda size: ended_jobs(size, a_day=20),
            lambda stage, _: sweep_jobs(stage),
            480,
            "does not occur",
            log_scale=True,
        ),
        Growth(
            "events",
            (100, 200, 400, 800),
            _events,
            _record,
            60,
            "the queue keeps the rest",
        ),
    ]


def _events(size: int) -> Callable[[Stage], object]:
    def prepare(stage: Stage) -> None:
        stage.order("latency", ms=0)
        stage.order("jobs", ended=size, running=0, seconds=60, age=3600)

    return prepare


def _record(stage: Stage, size: int) -> Took:
    """Record as many ended jobs as there are, in batches of ten, a fifth of them twice, without latency."""
    numbers = [*range(size * 4 // 5), *range(size // 5)]
    batches = [
        {
            "Records": [
                _message(stage, number, place + first) for place, number in enumerate(numbers[first : first + 10])
            ]
        }
        for first in range(0, len(numbers), 10)
    ]
    return stage.invoke("RecordJob", 900, "".join(json.dumps(batch) + "\n" for batch in batches))


def _message(stage: Stage, number: int, message: int) -> dict[str, object]:
    name = f"train-{number}"
    described = stage.client("sagemaker").describe_training_job(TrainingJobName=name)
    milliseconds = {
        key: int(described[key].timestamp() * 1000)
        for key in ("CreationTime", "TrainingStartTime", "TrainingEndTime", "LastModifiedTime")
    }
    detail = {
        "TrainingJobName": name,
        "TrainingJobArn": described["TrainingJobArn"],
        "TrainingJobStatus": "Completed",
        "SecondaryStatus": "Completed",
        "ResourceConfig": described["ResourceConfig"],
        "RoleArn": described["RoleArn"],
        "Tags": {},
        **milliseconds,
    }
    event = {
        "version": "0",
        "id": str(message),
        "detail-type": "SageMaker Training Job State Change",
        "source": "aws.sagemaker",
        "account": "123456789012",
        "time": "2026-11-27T00:00:00Z",
        "region": "us-east-1",
        "resources": [described["TrainingJobArn"]],
        "detail": detail,
    }
    attributes = {"ApproximateReceiveCount": "1", "SentTimestamp": str(milliseconds["LastModifiedTime"])}
    return {
        "messageId": str(message),
        "receiptHandle": "receipt",
        "body": json.dumps(event),
        "attributes": attributes,
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:events",
        "awsRegion": "us-east-1",
    }
