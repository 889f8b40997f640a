"""What is measured, each case against the calls that it cannot avoid or against a peer, in turns."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.ledger import digest_of
from bench.stage import Stage, Took

LATENCY = 40  # milliseconds on every call, as on AWS
_LEFT = 240.0  # seconds of SweepNotebooks' timeout
_JOBS_LEFT = 600.0
MOST_SWEEPS = 20  # of one measurement
_POLICY = """
policies:
  - name: stop-idle-notebooks
    resource: aws.sagemaker-notebook
    filters:
      - NotebookInstanceStatus: InService
      - "tag:idle": present
    actions:
      - stop
"""
LIST = """
sagemaker, asked = client("sagemaker"), {"StatusEquals": "InService", "MaxResults": 100}
while True:
    page = sagemaker.list_notebook_instances(**asked)
    if not page.get("NextToken"):
        break
    asked["NextToken"] = page["NextToken"]
"""
_NOTEBOOKS = """
sagemaker, dynamodb = client("sagemaker"), client("dynamodb")
for number in range({count}):
    name = f"lab-{{number:06}}"
    found = sagemaker.describe_notebook_instance(NotebookInstanceName=name)
    sagemaker.list_tags(ResourceArn=found["NotebookInstanceArn"])
    sagemaker.create_presigned_notebook_instance_url(NotebookInstanceName=name)
    dynamodb.put_item(TableName="state", Item={{"pk": {{"S": "bare"}}, "sk": {{"S": name}}}})
"""
JOBS = """
sagemaker = client("sagemaker")
for number in range({count}):
    sagemaker.describe_training_job(TrainingJobName=f"train-{{number}}")
"""


@dataclass(frozen=True)
class Case:
    """One run of ours and, if there is one, of the yardstick; ``prepare`` comes before each."""

    name: str
    ours: Callable[[Stage], Took]
    other: Callable[[Stage], Took] | None = None
    yardstick: str = ""
    prepare: Callable[[Stage], object] = lambda _: None


def first_sweeps(stage: Stage) -> list[Took]:
    """Sweep until nothing is left: carried over, or postponed because a busy machine answered too late."""
    done = [stage.invoke("SweepNotebooks", _LEFT)]
    while len(done) < MOST_SWEEPS and (done[-1].answer["carried_over"] or not done[-1].answer["complete"]):
        done.append(stage.invoke("SweepNotebooks", _LEFT))
    return done


def together(done: Sequence[Took]) -> Took:
    """Add up runs; the peak is the highest."""
    calls: dict[str, int] = {}
    for took in done:
        for name, count in took.calls.items():
            calls[name] = calls.get(name, 0) + count
    return Took(
        sum(took.wall for took in done),
        sum(took.cpu for took in done),
        max(took.peak_mb for took in done),
        done[-1].answer,
        calls,
        done[-1].stopped,
    )


def sweep(stage: Stage) -> Took:
    """One sweep of notebooks."""
    return stage.invoke("SweepNotebooks", _LEFT)


def sweep_jobs(stage: Stage) -> Took:
    """One sweep of jobs."""
    return stage.invoke("SweepJobs", _JOBS_LEFT)


def new_notebooks(count: int, *, idle: int, latency: int = 0) -> Callable[[Stage], object]:
    """Notebooks that no sweep has seen."""

    def prepare(stage: Stage) -> None:
        stage.order("latency", ms=0)
        stage.order("notebooks", running=count, idle=idle)
        stage.order("latency", ms=latency)

    return prepare


def seen_notebooks(count: int, *, idle: int, then: str, latency: int = 0) -> Callable[[Stage], object]:
    """Notebooks that sweeps have seen; ``then`` all inspections, or all stops, become due."""

    def prepare(stage: Stage) -> None:
        new_notebooks(count, idle=idle)(stage)
        first_sweeps(stage)
        if then:
            stage.order(then)
        stage.order("latency", ms=latency)

    return prepare


def open_jobs(count: int, *, latency: int = 0) -> Callable[[Stage], object]:
    """Jobs that run, and that are in the index."""

    def prepare(stage: Stage) -> None:
        stage.order("latency", ms=0)
        stage.order("jobs", ended=0, running=count, seconds=1, age=2 * 86400)
        sweep_jobs(stage)
        stage.order("latency", ms=latency)

    return prepare


def ended_jobs(count: int, *, a_day: int = 100) -> Callable[[Stage], object]:
    """Jobs of the past, so many a day, of which the last day's have rows. Listings have been through."""

    def prepare(stage: Stage) -> None:
        stage.order("latency", ms=0)
        stage.order("jobs", ended=count, running=0, seconds=86400 / a_day, age=3600)
        stage.order("listed")
        sweep_jobs(stage)
        stage.order("latency", ms=LATENCY)

    return prepare


def bare(program: str, count: int = 0) -> Callable[[Stage], Took]:
    """The calls alone, with boto3."""
    return lambda stage: stage.bare(program.format(count=count) if count else program)


def custodian(home: Path) -> Callable[[Stage], Took]:
    """Cloud Custodian, which stops by a tag."""
    policy, out = home.parent / "stop.yml", home.parent / "out"

    def run(stage: Stage) -> Took:
        policy.write_text(_POLICY, encoding="utf-8")
        start = [str(home / "bin/python"), "-c", "from c7n.cli import main; main()"]
        command = [*start, "run", "--cache-period", "0", "-s", str(out), str(policy)]
        return stage.command([*command, "-r", "us-east-1"])

    return run


def cleancloud(home: Path) -> Callable[[Stage], Took]:
    """cleancloud, which finds notebooks by the age of their last change and stops none."""
    start = [str(home / "bin/python"), "-c", "from cleancloud.cli import main; main()"]
    command = [*start, "scan", "--provider", "aws", "--region", "us-east-1", "--category", "ai"]
    report = str(home.parent / "cleancloud.json")
    return lambda stage: stage.command([*command, "--output", "json", "--output-file", report])


def quick() -> list[Case]:
    """Small ones, whose calls and ratios are compared with the recorded ones."""
    return [
        Case("50 first inspections", sweep, bare(_NOTEBOOKS, 50), "their four calls", new_notebooks(50, idle=0)),
        Case("5 stops", sweep, prepare=seen_notebooks(5, idle=5, then="posted")),
        Case("100 open jobs", sweep_jobs, bare(JOBS, 100), "their Describes", open_jobs(100)),
        Case("digest, 10,000 rows", *digest_of(10_000, owners=50), "their Query pages"),
    ]
