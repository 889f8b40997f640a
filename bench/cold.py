"""Cold starts of every function, on what is deployed, against bare boto3 handlers: ``python -m bench.cold``.

A fresh interpreter imports the handler's module, builds what its wiring builds, and makes the clients that its first
event needs: a sweep meets idle notebooks. What AnswerSlack builds at its first press is part of its start: here that
press is about a notebook. The bare handler makes the same clients with boto3 and nothing else: once on a boto3 that
has its bytecode, as Lambda's own has, and once on one that a layer ships as it was installed, without. All run in
turns, so that a noisy minute hits all alike; a ratio is the median of the ratios of single rounds. CPU is the process's
own, from its first line on: the interpreter's start is in neither.
"""

import argparse
import json
import statistics
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.progress import track
from rich.table import Table

from bench.builds import Builds
from tests.worlds.wired import VARIABLES, snake_case

_ROOT = Path(__file__).parent.parent
REGION = "eu-central-1"
REGIONAL: Mapping[str, Sequence[str]] = {
    "RecordJob": ("sagemaker",),
    "TrackNotebook": ("sagemaker",),
    "SweepJobs": ("patient_sagemaker",),
    "SweepResources": ("patient_sagemaker", "cloudwatch"),
    "SweepNotebooks": ("patient_sagemaker", "tagging", "patient_logs", "patient_cloudwatch"),
    "AnswerSlack": ("sagemaker",),
}
CLIENTS: Mapping[str, Sequence[str]] = {
    "RecordJob": ("sqs", "dynamodb", "sagemaker"),
    "TrackNotebook": ("dynamodb", "sqs", "sagemaker"),
    "SweepJobs": ("dynamodb", "sqs", "sagemaker"),
    "SweepNotebooks": ("dynamodb", "sqs", "sagemaker", "resourcegroupstaggingapi", "logs", "cloudwatch"),
    "SweepResources": ("dynamodb", "sqs", "sagemaker", "cloudwatch"),
    "ReceivePress": ("ssm", "dynamodb", "sqs"),
    "AnswerSlack": ("dynamodb", "sqs", "ssm", "sagemaker"),
    "RefreshPrices": ("dynamodb", "pricing"),
    "SendDigest": ("dynamodb", "sqs", "ssm"),
    "DeliverAlert": ("dynamodb", "sqs", "ssm"),
}
_AT_FIRST = {"AnswerSlack": "._work.__self__.notebooks.built"}  # what the first event builds
_TIMED = """
import time
begun = time.process_time()
{program}
took = time.process_time() - begun
import json, sys
status = dict(line.split(":", 1) for line in open("/proc/self/status") if line.startswith("VmRSS"))
print(json.dumps([took, int(status["VmRSS"].split()[0]) / 1024, len(sys.modules)]))
"""


@dataclass(frozen=True)
class Took:
    """One start: CPU seconds, resident MB, modules loaded."""

    cpu: float
    resident: float
    modules: float


def ours(function: str) -> str:
    """The program that starts a function."""
    name = snake_case(function)
    regional = "".join(f"clients.{client}({REGION!r})\n" for client in REGIONAL.get(function, ()))
    more = f"from sagewatch.wiring import clients\n{regional}" if regional else ""
    first = f"{name}(){_AT_FIRST.get(function, '')}"
    return f"from {name} import app\nfrom sagewatch.wiring.{name} import {name}\n{first}\n{more}"


def bare(function: str) -> str:
    """A handler that makes the same clients."""
    made = "".join(f"boto3.client({service!r}, config=config)\n" for service in CLIENTS[function])
    config = "config = Config(connect_timeout=2, read_timeout=6, retries={'mode': 'standard', 'total_max_attempts': 2})"
    return f"import boto3\nfrom botocore.config import Config\n{config}\n{made}"


@dataclass(frozen=True)
class Bench:
    """The deployed build, and the libraries of bare handlers; ``cache`` holds the bytecode of the latter."""

    deployed: Path
    libraries: Path
    cache: Path

    def runs(self, function: str, *, all_yardsticks: bool = True) -> Iterator[tuple[str, Took]]:
        """One round of a function and its two yardsticks, or the first of them alone."""
        layers = [self.deployed / name / "python" for name in ("SharedLayer", "ChartLayer")]
        yield "ours", self.start(function, ours(function), self.deployed / function, *layers)
        yield "bare", self.start(function, bare(function), self.libraries, cached=True)
        if all_yardsticks:
            yield "bare, no bytecode", self.start(function, bare(function), self.libraries)

    def start(
        self,
        function: str,
        program: str,
        *path: Path,
        cached: bool = False,
        variables: Mapping[str, str] | None = None,
    ) -> Took:
        """Run a program in a fresh interpreter."""
        keep = {"PYTHONPYCACHEPREFIX": str(self.cache)} if cached else {"PYTHONDONTWRITEBYTECODE": "1"}
        env = {
            "PATH": "/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "AWS_ACCESS_KEY_ID": "bench",
            "AWS_SECRET_ACCESS_KEY": "bench",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_REGION": REGION,
            "AWS_LAMBDA_FUNCTION_NAME": function,
            "PYTHONPATH": ":".join(map(str, path)),
            **(variables or VARIABLES[function]),
            **keep,
        }
        command = [sys.executable, "-S", "-c", _TIMED.format(program=program)]
        done = subprocess.run(command, env=env, cwd="/", capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"{function} does not start:\n{done.stderr[-2000:]}")
        return Took(*json.loads(done.stdout.splitlines()[-1]))


def main() -> None:
    """Build, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m bench.cold", description="Measure cold starts.")
    parser.add_argument("--rounds", type=int, default=7, help="how often each start is measured (7)")
    parser.add_argument("--build", type=Path, help="a folder of sam build to measure, instead of building one")
    options = parser.parse_args()
    with TemporaryDirectory() as folder:
        builds = Builds.make(Path(folder), options.build)
        bench = Bench(builds.deployed, builds.bare, Path(folder) / "bytecode")
        took: dict[tuple[str, str], list[Took]] = {}
        for function in CLIENTS:  # the first one writes bytecode
            bench.start(function, bare(function), bench.libraries, cached=True)
        for _ in track(range(options.rounds), "cold starts"):
            for function in CLIENTS:
                for name, one in bench.runs(function):
                    took.setdefault((function, name), []).append(one)
    Console().print(_table(took, options.rounds))


def _table(took: Mapping[tuple[str, str], Sequence[Took]], rounds: int) -> Table:
    title = f"cold starts, medians of {rounds} in one run; CPU in seconds"
    table = Table("function", "CPU", "MB", "modules", "bare", "ratio", "bare, no bytecode", "ratio", title=title)
    for function in CLIENTS:
        own = took[function, "ours"]
        cells = [f"{_median(own, 'cpu'):.3f}", f"{_median(own, 'resident'):.0f}", f"{_median(own, 'modules'):.0f}"]
        for name in ("bare", "bare, no bytecode"):
            other = took[function, name]
            ratios = [one.cpu / two.cpu for one, two in zip(own, other, strict=True)]
            cells += [f"{_median(other, 'cpu'):.3f}", f"{statistics.median(ratios):.2f}"]
        table.add_row(function, *cells)
    return table


def _median(runs: Sequence[Took], part: str) -> float:
    values: list[float] = [getattr(run, part) for run in runs]
    return statistics.median(values)


if __name__ == "__main__":
    main()
