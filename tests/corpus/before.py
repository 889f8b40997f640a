"""Answers the corpus with the code of an earlier commit, for ``make corpus``. Runs in that commit's tree.

Reads cases (a JSON object by name) from standard input and writes the answers as ``reading.Answer`` has them. The
modules are those of that commit. No tool that checks this tree knows them, so they are imported by name.
"""

import dataclasses
import json
import sys
from importlib import import_module
from typing import Any


def _old(module: str) -> Any:
    return import_module(f"sagewatch.{module}")


def _job(case: dict[str, Any]) -> Any:
    kind = _old("resources").JobKind(case["kind"])
    if "describe" in case:
        return _old("shapes").read_job(
            kind, case["describe"], account="111122223333", region="us-east-1", described=True
        )
    reason = _old("redaction").redact(case["reason"])
    return import_module("tests.builders").a_failed_job(kind=kind, failure_reason=reason)


def _answer(case: dict[str, Any]) -> dict[str, str]:
    """That commit read the streams of two hosts, the first by name, and left a transform job's data log out."""
    job, builders = _job(case), import_module("tests.builders")
    streams = {name: lines for name, lines in case.get("streams", {}).items() if not name.endswith("data-log")}
    tails = [streams[name] for name in sorted(streams)][:2]
    log = _old("joblog").read_tails(tails, None) if tails else _old("joblog").NO_LOG
    by = _old("records").RecordedBy.EVENT
    row = _old("records").record_of(job, _old("costs").cost_of(job, builders.BOOK), None, now=builders.ENDED, by=by)
    alert = _old("alerts").job_alert(job, row, _old("backgrounds").Background(log=log))
    message = _old("messages").render(alert)
    texts = [json.dumps(block.to_dict(), ensure_ascii=False) for block in message.blocks]
    return {
        "failure_class": str(alert.failure_class),
        "step": "*Next step*\n" + _old("failures").next_step(alert.failure_class),
        "log": log.text or "",
        "message": message.text + "".join(texts),
        "stored": json.dumps(dataclasses.asdict(row), default=str),
    }


if __name__ == "__main__":
    json.dump({name: _answer(case) for name, case in json.load(sys.stdin).items()}, sys.stdout)
