"""Where the time of the two largest gains went, before and now: bars drawn from py-spy's samples.

py-spy samples a program from outside, so that a profile costs the program nothing. Each sample goes to the first part
whose pattern its stack matches, from the innermost frame outwards.
"""

import re
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import matplotlib as mpl

from bench import before, cold
from bench.jupyter import serving
from bench.whole.site import Site
from bench.whole.starts import inspection_of, trusted
from bench.whole.store import Runs
from tests.worlds.wired import VARIABLES

mpl.use("Agg")
from matplotlib import pyplot as plt

_RATE, _REPEATS = 500, 3  # samples a second
_START: Mapping[str, str] = {
    "compiling source": r"source_to_code|_compile_bytecode_source|py_compile",
    "reading models of services": r"raw_decode|json/decoder|load_data_with_path|botocore/loaders",
    "compiling regular expressions": r"/re/_|/re/__init__",
    "writing methods of dataclasses": r"/dataclasses\.py",
    "pydantic": r"pydantic",
    "botocore and boto3": r"botocore|boto3|dateutil|urllib3|jmespath",
    "Powertools": r"aws_lambda_powertools",
    "SageWatch's own modules": r"python/sagewatch|record_job",
    "everything else": r"",
}
_INSPECTION: Mapping[str, str] = {
    "reading root certificates": r"load_default_certs|load_verify_locations|create_default_context",
    "TLS handshakes": r"do_handshake|wrap_socket",
    "requests and answers": r"urllib3|http/client|socket",
    "everything else": r"",
}
_COLORS = ("#1f5fa8", "#d9822b", "#3f8f4f", "#8b5fb0", "#b8443c", "#4aa3b5", "#9a8a3c", "#c77ba0", "#9aa0a6")


def profiles(site: Site) -> Runs:
    """Profile a cold start of RecordJob and inspections over HTTPS, on both builds: milliseconds of each part."""
    starts = {which: _start(site, which) for which in ("before", "now")}
    inspections = _inspections(site)
    named = {"cold start": starts, "inspection": inspections}
    return {f"{what}: {which}": [found[which]] for what, found in named.items() for which in found}


def draw(runs: Runs, folder: Path) -> None:
    """Draw both as bars."""
    for what, title in (
        ("cold start", "Cold start of RecordJob"),
        ("inspection", "An inspection of a notebook, HTTPS"),
    ):
        found = {which: runs[f"{what}: {which}"][0] for which in ("before", "now")}
        _draw(title, found, folder / f"profile-{what.replace(' ', '-')}.png")


def _start(site: Site, which: str) -> Mapping[str, float]:
    build = site.builds.deployed if which == "now" else site.before
    program = cold.ours("RecordJob") if which == "now" else before.start("RecordJob")
    variables = VARIABLES["RecordJob"] if which == "now" else before.VARIABLES["RecordJob"]
    env = {
        "PATH": "/usr/bin:/bin",
        "AWS_ACCESS_KEY_ID": "bench",
        "AWS_SECRET_ACCESS_KEY": "bench",
        "AWS_DEFAULT_REGION": cold.REGION,
        "AWS_LAMBDA_FUNCTION_NAME": "RecordJob",
        "PYTHONPATH": f"{build / 'RecordJob'}:{build / 'SharedLayer/python'}",
        "PYTHONDONTWRITEBYTECODE": "1",
        **variables,
    }
    site.say(f"profile of a cold start, {which}")
    found = [_sampled(site, ["-c", program], env, _START) for _ in range(_REPEATS)]
    return {part: sum(one[part] for one in found) / _REPEATS for part in _START}


def _inspections(site: Site) -> Mapping[str, Mapping[str, float]]:
    found: dict[str, Mapping[str, float]] = {}
    count = 30
    with TemporaryDirectory() as folder:
        certificate, bundle = trusted(Path(folder))
        with serving(certificate) as url:
            for which in ("before", "now"):
                site.say(f"profile of inspections, {which}")
                program, env = inspection_of(site, which)
                whole = _sampled(
                    site,
                    ["-c", program, url, str(count)],
                    {**env, "SSL_CERT_FILE": str(bundle)},
                    _INSPECTION,
                    r"Thread\._bootstrap",
                )
                found[which] = {part: ms / (count + 1) for part, ms in whole.items()}
    return found


def _sampled(
    site: Site, arguments: Sequence[str], env: Mapping[str, str], parts: Mapping[str, str], within: str = ""
) -> Mapping[str, float]:
    """Milliseconds of each part, as py-spy saw them, of stacks that have ``within``."""
    with TemporaryDirectory() as folder:
        stacks = Path(folder) / "stacks.txt"
        spy = [str(site.peer("py-spy") / "bin/py-spy"), "record", "-r", str(_RATE)]
        raw = ["-f", "raw", "--full-filenames", "-o", str(stacks)]
        command = [*spy, *raw, "--", sys.executable, "-S", *arguments]
        done = subprocess.run(command, env=dict(env), cwd="/", capture_output=True, text=True, check=False)
        if not stacks.exists():
            raise SystemExit(f"py-spy failed:\n{done.stderr[-1000:]}")
        lines = stacks.read_text(encoding="utf-8").splitlines()
    counted: Counter[str] = Counter()
    for line in lines:
        stack, _, count = line.rpartition(" ")
        if stack.strip() and re.search(within, stack):
            counted[part_of(stack, parts)] += int(count)
    return {part: counted[part] * 1000 / _RATE for part in parts}


def part_of(stack: str, parts: Mapping[str, str]) -> str:
    """The part that a stack belongs to: that of the innermost frame which names one."""
    *named, rest = parts
    for frame in reversed(stack.split(";")):
        for part in named:
            if re.search(parts[part], frame):
                return part
    return rest


def _draw(title: str, found: Mapping[str, Mapping[str, float]], path: Path) -> None:
    """Two stacked bars, with the parts that are large enough named in them."""
    figure, axis = plt.subplots(figsize=(9, 2.9), layout="constrained")
    longest = max(sum(parts.values()) for parts in found.values())
    for place, parts in enumerate(found.values()):
        left = 0.0
        for (part, value), color in zip(parts.items(), _COLORS, strict=False):
            axis.barh(place, value, left=left, color=color, label=part if place == 0 else None, height=0.6)
            if value > longest * 0.04:
                axis.text(left + value / 2, place, f"{value:.0f}", ha="center", va="center", color="white", fontsize=9)
            left += value
        axis.text(left + longest * 0.01, place, f"{left:.0f} ms" if left > 10 else f"{left:.1f} ms", va="center")  # noqa: PLR2004 - one decimal below
    axis.set_yticks(range(len(found)), list(found))
    axis.invert_yaxis()
    axis.set(title=title, xlabel="milliseconds", xlim=(0, longest * 1.12))
    axis.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside lower center", ncols=3, fontsize=8, frameon=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110, metadata={"Software": None})
    plt.close(figure)
