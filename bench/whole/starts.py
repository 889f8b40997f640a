"""Steps about one process: cold starts, one event, a press, one inspection, and the layers' sizes."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import botocore

from bench import answer, before, cold, events
from bench.jupyter import make_certificate, serving
from bench.whole.site import Site
from bench.whole.store import Runs, Sample

_ROUNDS, _BLOCKS, _INSPECTIONS = 5, 5, 20
QUICK_FUNCTIONS = ("RecordJob", "DeliverAlert")


def cold_starts(
    site: Site, rounds: int = _ROUNDS, functions: tuple[str, ...] = tuple(cold.CLIENTS), *, old: bool = True
) -> Runs:
    """Each function, its bare handlers, and the function of before, in turns."""
    runs: dict[str, list[Sample]] = {}
    bench = cold.Bench(site.builds.deployed, site.builds.bare, site.home / "bytecode")
    for function in functions:  # the first one writes bytecode
        bench.start(function, cold.bare(function), bench.libraries, cached=True)
    for number in range(rounds):
        for function in functions:
            site.say(f"cold start of {function}: {number + 1} of {rounds}")
            for name, took in bench.runs(function, all_yardsticks=old):
                runs.setdefault(f"{function}: {name}", []).append(_cold(took))
            if old and function in before.VARIABLES:
                runs.setdefault(f"{function}: before", []).append(_cold(_start_before(site, bench, function)))
    return runs


def _start_before(site: Site, bench: cold.Bench, function: str) -> cold.Took:
    layers = ["SharedLayer", *(["ChartLayer"] if function == "SendDigest" else [])]
    path = [site.before / function, *(site.before / layer / "python" for layer in layers)]
    return bench.start(function, before.start(function), *path, variables=before.VARIABLES[function])


def _cold(took: cold.Took) -> Sample:
    return {"cpu": took.cpu, "resident_mb": took.resident, "modules": took.modules}


def one_event(site: Site, rounds: int = 3, *, old: bool = True) -> Runs:
    """A completed and a failed job through RecordJob, warm, in blocks of twenty; ``floor`` is its calls alone."""
    runs: dict[str, list[Sample]] = {}
    builds: dict[str, tuple[Path, Mapping[str, str] | None]] = {"now": (site.builds.deployed, None)}
    if old:
        builds["before"] = (site.before, before.VARIABLES["RecordJob"])
    with events.serving() as url:
        for number in range(rounds):
            for case, event in events.CASES.items():
                for name, (build, variables) in builds.items():
                    site.say(f"{case}, {name}: {number + 1} of {rounds}")
                    took, calls = events.measured(build, url, event, _BLOCKS, variables)
                    samples = [
                        {"cpu": own, "floor_cpu": floor, "own_clients_cpu": theirs, "calls": len(calls)}
                        for own, floor, theirs in took
                    ]
                    runs.setdefault(f"{case}: {name}", []).extend(samples)
    return runs


def presses(site: Site) -> Runs:
    """A press from cold until Slack has its answer."""
    runs: dict[str, list[Sample]] = {}
    old = answer.Start(
        "before",
        "from answer_slack.app import handler",
        (str(site.before / "AnswerSlack"), str(site.before / "SharedLayer/python")),
        variables={**before.VARIABLES["AnswerSlack"], "SLACK_API_URL": ""},
    )
    folder = site.builds.deployed.parent
    with answer.servers() as url:
        answer.press(folder, url, answer.STARTS[1], "stop_now")  # writes the bytecode
        for number in range(_ROUNDS):
            for action in answer.ACTIONS:
                for start in (*answer.STARTS, old):
                    site.say(f"a press of {action}, {start.name}: {number + 1} of {_ROUNDS}")
                    took = answer.press(folder, url, start, action)
                    sample = {"wall": took.wall, "cpu": took.cpu, "again": took.again}
                    runs.setdefault(f"{action}: {start.name}", []).append(sample)
    return runs


_NOW = """
from sagewatch.adapters.jupyter.client import JupyterEvidence
from sagewatch.sagemaker.notebooks import Notebook, NotebookStatus
def read(source, notebook, now): return source.read(notebook, now, now)
"""
_BEFORE = """
from sagewatch.adapters.jupyter_evidence import JupyterEvidence
from sagewatch.notebooks import Notebook, NotebookStatus
def read(source, notebook, now): return source.read(notebook, now)
"""
INSPECTION = """
import json, sys, time
from datetime import UTC, datetime
from types import SimpleNamespace
{imports}
url, count = sys.argv[1], int(sys.argv[2])
class SageMaker:
    meta = SimpleNamespace(endpoint_url="http://localhost")
    def create_presigned_notebook_instance_url(self, **_): return {{"AuthorizedUrl": url + "/?authToken=t"}}
source, now = JupyterEvidence(lambda _: SageMaker()), datetime.now(UTC)
arn = "arn:aws:sagemaker:us-east-1:111122223333:notebook-instance/lab"
known = dict(name="lab", arn=arn, account="111122223333", region="us-east-1", status=NotebookStatus.IN_SERVICE)
notebook = Notebook(**known)
found = read(source, notebook, now)
assert type(found).__name__ == "Idle", found
begun, clock = time.process_time(), time.perf_counter()
for _ in range(count):
    read(source, notebook, now)
print(json.dumps({{"cpu": (time.process_time() - begun) / count, "wall": (time.perf_counter() - clock) / count}}))
"""


def inspection_of(site: Site, which: str) -> tuple[str, dict[str, str]]:
    """The program that inspects one notebook with a build, and its environment."""
    build = site.builds.deployed if which == "now" else site.before
    path = f"{build / 'SweepNotebooks'}:{build / 'SharedLayer/python'}"
    program = INSPECTION.format(imports=_NOW if which == "now" else _BEFORE)
    return program, {"PATH": "/usr/bin:/bin", "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}


def trusted(folder: Path) -> tuple[Path, Path]:
    """Make a certificate for localhost, and a file of it and of the root certificates that botocore ships."""
    certificate, bundle = make_certificate(folder), folder / "roots.pem"
    roots = Path(botocore.__file__).parent / "cacert.pem"
    bundle.write_text(roots.read_text(encoding="utf-8") + certificate.read_text(encoding="utf-8"), encoding="utf-8")
    return certificate, bundle


def inspections(site: Site) -> Runs:
    """One inspection of one notebook's Jupyter over HTTPS and over HTTP."""
    runs: dict[str, list[Sample]] = {}
    with TemporaryDirectory() as folder:
        certificate, bundle = trusted(Path(folder))
        with serving(None) as plain, serving(certificate) as secure:
            for number in range(_ROUNDS):
                for which in ("now", "before"):
                    for scheme, url in (("https", secure), ("http", plain)):
                        site.say(f"an inspection over {scheme}, {which}: {number + 1} of {_ROUNDS}")
                        program, env = inspection_of(site, which)
                        command = [sys.executable, "-S", "-c", program, url, str(_INSPECTIONS)]
                        env["SSL_CERT_FILE"] = str(bundle)
                        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False, cwd="/")
                        if done.returncode:
                            raise SystemExit(f"the inspection failed:\n{done.stderr[-2000:]}")
                        runs.setdefault(f"{scheme}: {which}", []).append(json.loads(done.stdout))
    return runs


def layers(site: Site) -> Runs:
    """MB of both layers, unzipped, as they are deployed."""
    return {
        f"{layer}: {which}": [{"mb": _mb(build / layer)}]
        for which, build in (("now", site.builds.deployed), ("before", site.before))
        for layer in ("SharedLayer", "ChartLayer")
        if (build / layer).exists()
    }


def _mb(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6
