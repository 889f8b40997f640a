"""One invocation of a function from its build, in a bare interpreter; prints what it took as JSON.

Arguments: the function's module and the seconds that its timeout leaves; each line of stdin is an event. It imports
nothing else of the project.
"""

import importlib
import json
import os
import sys
import time
from pathlib import Path


class Context:
    """What Lambda hands over."""

    function_name = "bench"
    memory_limit_in_mb = 512
    aws_request_id = "00000000-0000-0000-0000-000000000000"
    invoked_function_arn = "arn:aws:lambda:us-east-1:111122223333:function:bench"

    def __init__(self, seconds: float) -> None:
        """End after so many seconds."""
        self._end = time.monotonic() + seconds

    def get_remaining_time_in_millis(self) -> int:
        """The time left."""
        return int((self._end - time.monotonic()) * 1000)


def _peak_mb() -> float:
    """Resident memory at its highest. ``ru_maxrss`` would be the parent's, which is larger."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


def main() -> None:
    """Import, invoke with each event in turn, print."""
    module, seconds = sys.argv[1:]
    handler = importlib.import_module(f"{module}.app").handler
    events = [json.loads(line) for line in sys.stdin]
    out, sys.stdout = sys.stdout, Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - until the process ends
    answer: object = None
    began, cpu = time.perf_counter(), time.process_time()
    try:
        for event in events:
            answer = handler(event, Context(float(seconds)))
    except Exception as error:  # noqa: BLE001 - a failed run is a result too
        answer = {"error": f"{type(error).__name__}: {str(error)[:300]}"}
    took = {"wall": time.perf_counter() - began, "cpu": time.process_time() - cpu}
    peak = _peak_mb()
    out.write(json.dumps({**took, "peak_mb": peak, "answer": answer}, default=str) + "\n")


if __name__ == "__main__":
    main()
