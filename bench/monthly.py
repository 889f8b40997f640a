"""What SageWatch costs a month, from what ``--measure`` measured and AWS's prices: ``python -m bench.monthly``.

Lambda gives a function a share of a CPU with its memory (a whole one at 1,769 MB), so an invocation lasts as long as
its CPU time divided by that share, and its waits for AWS. Free tiers are left out, and so is what Slack or the logs of
other services cost. ``ASSUMED`` holds what cannot be measured without an account.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

MEASURED: Mapping[str, Any] = json.loads((Path(__file__).parent / "measured.json").read_text(encoding="utf-8"))
_MONTH = 30  # days
CPU_AT = 1769  # MB: "At 1,769 MB, a function has the equivalent of one vCPU" (Lambda, configuration-memory)
MEMORY, DIGEST_MEMORY = 512, 1024  # MB, of all functions in template.yaml but those of presses, and of SendDigest

# US East (N. Virginia), November 2026, in USD, each with the page that states it.
PRICES: Mapping[str, Decimal] = {
    "lambda GB-second": Decimal("0.0000166667"),  # https://aws.amazon.com/lambda/pricing/, x86, first tier
    "lambda request": Decimal("0.20") / 1_000_000,  # the same
    "sqs request": Decimal("0.40") / 1_000_000,  # https://aws.amazon.com/sqs/pricing/, standard, first tier
    "sqs fifo request": Decimal("0.50") / 1_000_000,  # the same, FIFO
    "dynamodb read": Decimal("0.125") / 1_000_000,  # https://aws.amazon.com/dynamodb/pricing/on-demand/
    "dynamodb write": Decimal("0.625") / 1_000_000,  # the same; halved on 1 November 2024
    "dynamodb GB": Decimal("0.25") + Decimal("0.20"),  # the same, with point-in-time recovery
    "metric": Decimal("0.30"),  # https://aws.amazon.com/cloudwatch/pricing/, first tier, by the hour
    "alarm metric": Decimal("0.10"),  # the same, standard resolution
    "log GB": Decimal("0.50"),  # the same, collected
    "metric read": Decimal("0.01") / 1_000,  # the same, GetMetricData
    "schedule": Decimal("1.00") / 1_000_000,  # https://aws.amazon.com/eventbridge/pricing/, Scheduler
}
# What a measurement on one machine cannot say. A call takes "single-digit millisecond" in DynamoDB's own words, and SQS
# brings a message in 16 ms: https://bitesizedserverless.com/bite/serverless-messaging-latency-compared/
ASSUMED: Mapping[str, float] = {
    "seconds that a call waits": 0.01,
    "bytes that Lambda logs of an invocation": 600,  # START, END and REPORT as JSON
    "share of jobs that fail": 0.1,
    "share of notebooks that are idle": 0.1,
    "seconds between lists of jobs": 2.2,  # of five kinds: sagewatch.wiring.clients.BETWEEN_LISTS
    "calls of a sweep of notebooks at a time": 16,  # of up to 48 (sagewatch.at_once), as their paces allow
    "requests of a message": 3,  # it is sent, received and deleted; a batch needs fewer
}


@dataclass(frozen=True, kw_only=True)
class Work:
    """One unit of work: CPU seconds, calls that are waited for, request units, bytes.

    ``reads`` and ``writes`` are DynamoDB's units, ``messages`` SQS's requests, ``metrics`` those that are read,
    ``pauses`` seconds that it waits for nothing. What is part of another's invocation is none.
    """

    cpu: float
    calls: float
    reads: float = 0
    writes: float = 0
    messages: float = 0
    metrics: float = 0
    log_bytes: float = 1000
    pauses: float = 0
    invocations: float = 1

    def usd(self, memory: int = MEMORY) -> Decimal:
        """What one costs."""
        used = {
            "lambda GB-second": self.seconds(memory) * memory / 1024,
            "lambda request": self.invocations,
            "sqs request": self.messages,
            "dynamodb read": self.reads,
            "dynamodb write": self.writes,
            "metric read": self.metrics,
            "log GB": self.log_bytes / 1e9,
        }
        return _usd(used)

    def seconds(self, memory: int = MEMORY) -> float:
        """How long it is billed for."""
        return self.cpu * CPU_AT / memory + self.calls * ASSUMED["seconds that a call waits"] + self.pauses


def _work(name: str, *, pauses: float = 0, at_a_time: float = 1, messages: float = 0) -> Work:
    """A measured unit; ``invocations`` are part of its own, if it logs."""
    found = MEASURED["units"][name]
    alone = found["log_bytes"] > 0
    return Work(
        cpu=found["cpu"],
        calls=found["calls"] / at_a_time,
        reads=found["reads"],
        writes=found["writes"],
        messages=found["messages"] + messages,
        metrics=found["metrics"],
        log_bytes=found["log_bytes"] + ASSUMED["bytes that Lambda logs of an invocation"] if alone else 0,
        pauses=pauses,
        invocations=int(alone),
    )


_MESSAGE, _THREADS = ASSUMED["requests of a message"], ASSUMED["calls of a sweep of notebooks at a time"]
JOB_STARTED = _work("a job's start", messages=_MESSAGE)
JOB_ENDED = _work("a job's end", messages=_MESSAGE)
JOB_FAILED, ALERT = _work("a job's failure"), _work("an alert", messages=_MESSAGE)
ROW_GB = MEASURED["units"]["a job's end"]["row_bytes"] / 1e9
# Each sweep is counted with a cold start, for Lambda does not say how long it keeps a function that is idle.
NOTEBOOK_SWEEP = _work("an idle sweep of notebooks")
JOB_SWEEP = _work("an idle sweep of jobs", pauses=ASSUMED["seconds between lists of jobs"])
STANDING_SWEEP = _work("an idle sweep of resources")
NOTEBOOK_IN_SWEEP = _work("a notebook in a sweep", at_a_time=_THREADS)
INSPECTION = _work("an inspection", at_a_time=_THREADS)  # at least every two hours
IDLE_INSPECTION = _work("an inspection of an idle notebook", at_a_time=_THREADS)
DIGEST, DIGEST_ROW = _work("a digest"), _work("a row in a digest")
PRICES_REFRESH = _work("a refresh of prices")

SWEEPS = _MONTH * 24 * 4
# Lambda polls an idle standard queue with two connections, or with five if its concurrency is bounded, and a FIFO queue
# with five: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
POLLERS: Mapping[str, int] = {"JobEventQueue": 5, "NotebookEventQueue": 2, "PressQueue": 2, "AlertQueue": 5}
POLLS = 3 * 60 * 24 * _MONTH  # of a connection: long polls of twenty seconds each
# A metric is billed by the hour in which it is sent: one always, those of a refresh and of a digest in one hour a day.
METRICS_SENT, ALARM_METRICS = 1 + 2 / 24, 9


def _usd(used: Mapping[str, float]) -> Decimal:
    return sum((PRICES[name] * Decimal(str(amount)) for name, amount in used.items()), Decimal(0))


def idle_parts() -> Mapping[str, Decimal]:
    """What a stack costs in which nothing happens."""
    polled = {queue: POLLS * pollers for queue, pollers in POLLERS.items()}
    sweeps = NOTEBOOK_SWEEP.usd() + JOB_SWEEP.usd() + STANDING_SWEEP.usd() + PRICES["schedule"] * 3
    return {
        "SQS": PRICES["sqs fifo request"] * polled.pop("AlertQueue") + PRICES["sqs request"] * sum(polled.values()),
        "metrics": _usd({"metric": METRICS_SENT}),
        "alarms": PRICES["alarm metric"] * ALARM_METRICS,
        "Lambda, DynamoDB and logs": sweeps * SWEEPS
        + (DIGEST.usd(DIGEST_MEMORY) + PRICES_REFRESH.usd() + ALERT.usd()) * _MONTH,
    }


def job_usd(jobs: int) -> Decimal:
    """What so many jobs a month add. Each row is read by a daily and a weekly digest, and kept for a month."""
    failed = (JOB_FAILED.usd() + ALERT.usd()) * Decimal(str(ASSUMED["share of jobs that fail"]))
    each = JOB_STARTED.usd() + JOB_ENDED.usd() + failed + DIGEST_ROW.usd(DIGEST_MEMORY) * 2
    return (each + PRICES["dynamodb GB"] * Decimal(str(ROW_GB))) * jobs


def notebook_usd(notebooks: int) -> Decimal:
    """What so many notebooks add that are in service all month, each inspected every two hours."""
    share = Decimal(str(ASSUMED["share of notebooks that are idle"]))
    inspected = INSPECTION.usd() * (1 - share) + IDLE_INSPECTION.usd() * share
    return (NOTEBOOK_IN_SWEEP.usd() * SWEEPS + inspected * _MONTH * 12) * notebooks


def monthly_usd(jobs: int, notebooks: int) -> Decimal:
    """What a month costs. ``JobsOpen`` and ``NotebooksInService`` are sent where there are any, at most all month."""
    more = PRICES["metric"] * (bool(jobs) + bool(notebooks))
    return sum(idle_parts().values(), Decimal(0)) + more + job_usd(jobs) + notebook_usd(notebooks)


JOBS, NOTEBOOKS = (100, 10_000, 1_000_000), (10, 1_000)
JOB_ITSELF = Decimal("0.115")  # half an hour on ml.m5.xlarge, $0.23 an hour in us-east-1 (prices/sagemaker_prices.csv)


def table() -> str:
    """The tables of the page, in Markdown."""
    head = [f"| jobs a month | {' | '.join(f'{count:,} notebooks' for count in NOTEBOOKS)} |", "|---|---|---|"]
    rows = [f"| {jobs:,} | {' | '.join(_money(monthly_usd(jobs, count)) for count in NOTEBOOKS)} |" for jobs in JOBS]
    parts = "; ".join(f"{name} {_money(usd)}" for name, usd in idle_parts().items())
    idle = _money(sum(idle_parts().values(), Decimal(0)))
    share = monthly_usd(10_000, 10) / (JOB_ITSELF * 10_000)
    return "\n".join(
        [
            "USD a month in us-east-1, without free tiers. `python -m bench.monthly` calculates it from what",
            f"`python -m bench.monthly --measure` measured on {MEASURED['date']} on the built functions. Assumed:",
            "a call waits 10 ms, each sweep starts cold, and of ten jobs and of ten notebooks one fails or is idle.",
            "",
            *head,
            *rows,
            "",
            f"Idle it costs {idle}: {parts}. A million jobs more cost {_money(job_usd(1_000_000))}.",
            f"Ten thousand jobs of half an hour on ml.m5.xlarge cost {_money(JOB_ITSELF * 10_000)};",
            f"watching them adds {share:.1%}.",
            "",
            "Idle = polls x price of SQS + metrics x $0.30 + alarm metrics x $0.10 + 2,880 x three sweeps + 30 x (a",
            "digest, its message, a refresh of prices). An invocation = GB x (CPU seconds x 1,769 MB / memory + calls",
            "x 10 ms + pauses) x $0.0000166667 + its request, read and write units, messages and log.",
            "",
            "Memory decides how long an invocation takes, and hardly what it costs, unless it waits:",
            "",
            *_memory(),
        ]
    )


def _memory() -> Sequence[str]:
    sizes = (256, MEMORY, 1024, CPU_AT)
    names = {
        "RecordJob": ("a job's end", JOB_ENDED),
        "SweepJobs": ("an idle sweep of jobs", JOB_SWEEP),
        "SweepNotebooks": ("an idle sweep of notebooks", NOTEBOOK_SWEEP),
        "SweepResources": ("an idle sweep of resources", STANDING_SWEEP),
        "DeliverAlert": ("an alert", ALERT),
        "RefreshPrices": ("a refresh of prices", PRICES_REFRESH),
        "SendDigest": ("a digest", DIGEST),
    }
    return [
        f"| | peak | {' | '.join(f'{size:,} MB' for size in sizes)} |",
        f"|{'---|' * (len(sizes) + 2)}",
        *(
            f"| {function}, {unit} | {MEASURED['units'][unit]['peak_mb']:.0f} MB | "
            + " | ".join(f"{work.seconds(size):.2f} s, ${work.usd(size) * 1_000_000:.2f} a million" for size in sizes)
            + " |"
            for function, (unit, work) in names.items()
        ),
    ]


def _money(usd: Decimal) -> str:
    return f"${usd:,.2f}"


def main() -> None:
    """Print the tables, or measure what they are calculated from."""
    if sys.argv[1:] == ["--measure"]:
        from bench.units import main as measure  # noqa: PLC0415 - only where moto is wanted

        measure()
    else:
        sys.stdout.write(table() + "\n")


if __name__ == "__main__":
    main()
