"""What SageWatch costs a month, measured or estimated, by AWS's published prices: ``python -m bench.monthly``.

Lambda gives a function a share of a CPU with its memory (a whole one at 1,769 MB), so an invocation lasts as long as
its CPU time divided by that share, and its waits for AWS. Free tiers are left out, and so is what Slack or the logs of
other services cost.
"""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

_MONTH = 30  # days
_CPU_AT = 1769  # MB: "At 1,769 MB, a function has the equivalent of one vCPU" (Lambda, configuration-memory)
_CALL = 0.01  # seconds that a call to a service in the same region waits
MEMORY = 512  # MB, Globals in template.yaml

# US East (N. Virginia), November 2026, in USD: https://aws.amazon.com/<service>/pricing/ of each service.
PRICES: Mapping[str, Decimal] = {
    "lambda GB-second": Decimal("0.0000166667"),
    "lambda request": Decimal("0.20") / 1_000_000,
    "sqs request": Decimal("0.40") / 1_000_000,
    "sqs fifo request": Decimal("0.50") / 1_000_000,
    "dynamodb read": Decimal("0.125") / 1_000_000,
    "dynamodb write": Decimal("0.625") / 1_000_000,
    "dynamodb GB": Decimal("0.25") + Decimal("0.20"),  # with point-in-time recovery
    "metric": Decimal("0.30"),
    "alarm metric": Decimal("0.10"),
    "log GB": Decimal("0.50"),
    "metric read": Decimal("0.01") / 1_000,
    "schedule": Decimal("1.00") / 1_000_000,
}


@dataclass(frozen=True, kw_only=True)
class Work:
    """One unit of work as it was measured: CPU seconds, calls that are waited for, request units, bytes.

    ``reads`` and ``writes`` are DynamoDB's units, ``messages`` SQS's requests, ``metrics`` those that are read.
    """

    cpu: float
    calls: float
    reads: float = 0
    writes: float = 0
    messages: float = 0
    metrics: float = 0
    log_bytes: float = 1000

    def usd(self, memory: int = MEMORY) -> Decimal:
        """What one costs."""
        used = {
            "lambda GB-second": self.seconds(memory) * memory / 1024,
            "lambda request": 1,
            "sqs request": self.messages,
            "dynamodb read": self.reads,
            "dynamodb write": self.writes,
            "metric read": self.metrics,
            "log GB": self.log_bytes / 1e9,
        }
        return _usd(used)

    def seconds(self, memory: int = MEMORY) -> float:
        """How long it is billed for."""
        return self.cpu * _CPU_AT / memory + self.calls * _CALL


# A job: the event of its start and of its end, each received and deleted once; its row, which is in four indexes, and
# its mark, in one transaction; one job in ten fails, and is alerted. A row has 1.3 KB, two units in each index.
JOB_STARTED = Work(cpu=0.002, calls=2, writes=6, messages=0.3)
JOB_ENDED = Work(cpu=0.006, calls=4, reads=1, writes=24, messages=0.3)
JOB_FAILED = Work(cpu=0.040, calls=12, reads=6, writes=6, messages=6)
ROW_GB = 1.3e-6 * 5
# A sweep of nothing, as measured: its lists, its reads and its own record.
NOTEBOOK_SWEEP = Work(cpu=0.05, calls=6, reads=4, writes=1)
JOB_SWEEP = Work(cpu=0.08, calls=5 * 55 + 10, reads=8, writes=6)  # five listings that keep half a second apart
STANDING_SWEEP = Work(cpu=0.1, calls=20, reads=6, writes=2)  # not measured: taken as a sweep of jobs without its pauses
NOTEBOOK_IN_SWEEP = Work(cpu=0.0003, calls=0.02, reads=0.4, log_bytes=0)
# An inspection, every two hours at least, of a notebook that works; the share of those that idle also reads its log
# and its agent's metrics.
INSPECTION = Work(cpu=0.009, calls=8 / 16, writes=1, log_bytes=0)
IDLE_INSPECTION = Work(cpu=0.014, calls=11 / 16, writes=1, metrics=3, log_bytes=0)
DIGEST = Work(cpu=1.5, calls=40, reads=200, writes=2)
DIGEST_ROW = Work(cpu=0.00005, calls=0.001, reads=0.16, log_bytes=0)
PRICES_REFRESH = Work(cpu=2.0, calls=60, writes=200)

SWEEPS = _MONTH * 24 * 4
# Lambda polls an idle standard queue with two connections, or with five if its concurrency is bounded, and a FIFO queue
# with five: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
POLLERS: Mapping[str, int] = {"JobEventQueue": 5, "NotebookEventQueue": 2, "PressQueue": 2, "AlertQueue": 5}
POLLS = 3 * 60 * 24 * _MONTH  # of a connection: long polls of twenty seconds each
# A metric is billed by the hour in which it is sent: one always, those of a refresh and of a digest in one hour a day.
METRICS_SENT, ALARM_METRICS = 1 + 2 / 24, 8
IDLE_SHARE = 0.1


def _usd(used: Mapping[str, float]) -> Decimal:
    return sum((PRICES[name] * Decimal(str(amount)) for name, amount in used.items()), Decimal(0))


def idle_parts() -> Mapping[str, Decimal]:
    """What a stack costs in which nothing happens."""
    polled = {queue: POLLS * pollers for queue, pollers in POLLERS.items()}
    return {
        "SQS": PRICES["sqs fifo request"] * polled.pop("AlertQueue") + PRICES["sqs request"] * sum(polled.values()),
        "metrics": _usd({"metric": METRICS_SENT}),
        "alarms": PRICES["alarm metric"] * ALARM_METRICS,
        "Lambda and DynamoDB": (NOTEBOOK_SWEEP.usd() + JOB_SWEEP.usd() + STANDING_SWEEP.usd() + PRICES["schedule"] * 3)
        * SWEEPS
        + (DIGEST.usd() + PRICES_REFRESH.usd()) * _MONTH,
    }


def job_usd(jobs: int) -> Decimal:
    """What so many jobs a month add, of which one in ten fails."""
    each = JOB_STARTED.usd() + JOB_ENDED.usd() + JOB_FAILED.usd() / 10 + DIGEST_ROW.usd() * 2
    return (each + PRICES["dynamodb GB"] * Decimal(str(ROW_GB))) * jobs


def notebook_usd(notebooks: int) -> Decimal:
    """What so many notebooks add that are in service all month."""
    looks = _MONTH * 12
    share = Decimal(str(IDLE_SHARE))
    look = INSPECTION.usd() * (1 - share) + IDLE_INSPECTION.usd() * share - PRICES["lambda request"]
    swept = NOTEBOOK_IN_SWEEP.usd() - PRICES["lambda request"]
    return (swept * SWEEPS + look * looks) * notebooks


def monthly_usd(jobs: int, notebooks: int) -> Decimal:
    """What a month costs. ``JobsOpen`` and ``NotebooksInService`` are sent where there are any, at most all month."""
    more = PRICES["metric"] * (bool(jobs) + bool(notebooks))
    return sum(idle_parts().values(), Decimal(0)) + more + job_usd(jobs) + notebook_usd(notebooks)


JOBS, NOTEBOOKS = (100, 10_000, 1_000_000), (10, 1_000)


def table() -> str:
    """The tables of the page, in Markdown."""
    head = [f"| jobs a month | {' | '.join(f'{count:,} notebooks' for count in NOTEBOOKS)} |", "|---|---|---|"]
    rows = [f"| {jobs:,} | {' | '.join(_money(monthly_usd(jobs, count)) for count in NOTEBOOKS)} |" for jobs in JOBS]
    parts = "; ".join(f"{name} {_money(usd)}" for name, usd in idle_parts().items())
    idle = _money(sum(idle_parts().values(), Decimal(0)))
    return "\n".join(
        [
            "USD a month in us-east-1, without free tiers, as `python -m bench.monthly` calculates it. Its inputs are",
            "partly estimates: `SweepResources` was not measured, a call is assumed to wait 10 ms, and of ten jobs",
            "and of ten notebooks one to fail or to be idle.",
            "",
            *head,
            *rows,
            "",
            f"Idle it costs {idle}: {parts}. A million jobs more cost {_money(job_usd(1_000_000))}.",
            "",
            "Memory decides how long an invocation takes, and hardly what it costs:",
            "",
            *_memory(),
        ]
    )


def _memory() -> Sequence[str]:
    sizes = (256, MEMORY, 1024, _CPU_AT)
    works = {"one job's end": JOB_ENDED, "an idle sweep of notebooks": NOTEBOOK_SWEEP, "a digest": DIGEST}
    head = [f"| | {' | '.join(f'{size:,} MB' for size in sizes)} |", f"|{'---|' * (len(sizes) + 1)}"]
    return [
        *head,
        *(
            f"| {name} | "
            + " | ".join(f"{work.seconds(size):.2f} s, ${work.usd(size) * 1_000_000:.2f} a million" for size in sizes)
            + " |"
            for name, work in works.items()
        ),
    ]


def _money(usd: Decimal) -> str:
    return f"${usd:,.2f}"


if __name__ == "__main__":
    sys.stdout.write(table() + "\n")
