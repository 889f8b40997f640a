"""Runs functions from their build, and peers, against an emulated account."""

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3

from tests.worlds.wired import VARIABLES, snake_case

_ROOT = Path(__file__).parent.parent
_LEAST = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "TZ": ":UTC", "PYTHONDONTWRITEBYTECODE": "1"}
_ACCOUNT = {"AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench", "AWS_EC2_METADATA_DISABLED": "true"}
_REGION = {"AWS_DEFAULT_REGION": "us-east-1", "AWS_REGION": "us-east-1"}
_OURS = {
    "COST_LEDGER": "ledger",
    "WATCH_STATE": "state",
    "MODE": "enforce",
    "WARN_MINUTES": "60",
    "MAX_STOPS_PER_SWEEP": "1000",
    "DISCOUNT_PERCENT": "0",
    "ACCOUNT": "123456789012",  # moto's; no other account is watched
    "SPOKE_ROLES": "",
    "SPOKE_ACCOUNTS": "",
    "ORGANIZATION_ID": "",
    "AWS_LAMBDA_FUNCTION_NAME": "bench",
}
_BARE = """
import json, sys, time
import boto3
from botocore.config import Config
def client(service): return boto3.client(service, config=Config(retries={"mode": "standard", "total_max_attempts": 2}))
client("sagemaker")
began, cpu = time.perf_counter(), time.process_time()
"""
_TOOK = """
took = {"wall": time.perf_counter() - began, "cpu": time.process_time() - cpu}
peak = next(int(line.split()[1]) / 1024 for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(json.dumps({**took, "peak_mb": peak, "answer": {}}))
"""


@dataclass(frozen=True)
class Took:
    """What one run took; ``calls`` are those the account was asked, by operation."""

    wall: float
    cpu: float
    peak_mb: float
    answer: Mapping[str, Any] = field(default_factory=dict)
    calls: Mapping[str, int] = field(default_factory=dict)
    stopped: int = 0

    @property
    def total(self) -> int:
        """All calls to AWS."""
        return sum(self.calls.values())


@dataclass(frozen=True)
class Stage:
    """The account's addresses, and the build."""

    url: str
    control: str
    build: Path
    from_source: bool = False
    variables: Mapping[str, Mapping[str, str]] = field(default_factory=lambda: VARIABLES)

    def client(self, service: str) -> Any:
        """A client of the account."""
        keys = {"aws_access_key_id": "bench", "aws_secret_access_key": "bench", "region_name": "us-east-1"}
        return boto3.client(service, endpoint_url=self.url, **keys)  # type: ignore[call-overload] # by name

    def order(self, what: str, **asked: Any) -> dict[str, Any]:
        """Tell the account something; see ``bench.account``."""
        request = urllib.request.Request(f"{self.control}/{what}", json.dumps(asked).encode())  # noqa: S310 - ours
        with urllib.request.urlopen(request, timeout=900) as answer:  # noqa: S310 - as above
            found: dict[str, Any] = json.load(answer)
        return found

    def invoke(self, function: str, seconds: float, event: str = "{}", **more: str) -> Took:
        """Invoke a function once, in a fresh interpreter, with what its template and wiring say."""
        layers = [self.build / name / "python" for name in ("SharedLayer", "ChartLayer")]
        source = [self.build / name for name in ("functions", "shared")]
        path = ":".join(map(str, source if self.from_source else (self.build / function, *layers)))
        queue = {"ALERT_QUEUE_URL": f"{self.url}/123456789012/alerts.fifo"}
        env = {**_LEAST, **self.variables[function], **_OURS, **queue, **self._aws(), "PYTHONPATH": path, **more}
        script = str(_ROOT / "bench/invoke.py")
        command = [sys.executable, *([] if self.from_source else ["-S"]), script, snake_case(function), str(seconds)]
        return self._run(command, env, event)

    def bare(self, program: str) -> Took:
        """Run lines of boto3 with the bytecode and the whole models of an installed one."""
        env = {**_LEAST, **self._aws(), "PYTHONPATH": ""}
        return self._run([sys.executable, "-c", f"{_BARE}{program}{_TOOK}"], env)

    def command(self, command: Sequence[str], **more: str) -> Took:
        """Run any other program to its end."""
        return self._run([sys.executable, str(_ROOT / "bench/timed.py"), *command], {**_LEAST, **self._aws(), **more})

    def _aws(self) -> dict[str, str]:
        return {**_ACCOUNT, **_REGION, "AWS_ENDPOINT_URL": self.url, "HOME": "/nonexistent"}

    def _run(self, command: Sequence[str], env: Mapping[str, str], asked: str = "") -> Took:
        self.order("calls")
        done = subprocess.run(command, env=env, input=asked, capture_output=True, text=True, check=False, cwd="/")
        if done.returncode:
            raise SystemExit(f"{' '.join(command)[:300]} failed:\n{done.stderr[-2000:]}")
        after = self.order("calls")
        took = Took(**json.loads(done.stdout.splitlines()[-1]), calls=after["calls"], stopped=after["stopped"])
        if took.answer and "error" in took.answer:
            raise SystemExit(f"{' '.join(command)[:200]}: {took.answer['error']}")
        return took


@contextmanager
def staged(build: Path, *, from_source: bool = False) -> Iterator[Stage]:
    """Start an account, and end it. ``build`` is a build, or the source itself."""
    env = {**os.environ, "PYTHONPATH": f"{_ROOT}:{_ROOT}/functions:{_ROOT}/shared"}
    command = [sys.executable, "-m", "bench.account"]
    account = subprocess.Popen(
        command, cwd=_ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert account.stdout is not None  # noqa: S101 - it was asked for
    try:
        yield Stage(account.stdout.readline().strip(), account.stdout.readline().strip(), build, from_source)
    finally:
        account.terminate()
        account.wait()
