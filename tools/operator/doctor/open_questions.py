"""Rows that no read-only call can decide: what is assumed, and how to find out."""

from collections.abc import Iterator
from functools import partial

from tools.operator.doctor.live import Account
from tools.operator.doctor.rows import Check, Facts, Finding, not_checked

_QUESTIONS = {
    "open.lifecycle-timer": (
        "The lifecycle script's timer starts on Amazon Linux 2023 and writes sagewatch-activity.json every minute",
        "In a terminal of a notebook with the script: `systemctl list-timers sagewatch-activity.timer`.",
    ),
    "open.maintenance-billed": (
        "A notebook in PendingMaintenance or InMaintenance is billed",
        "Compare its hours in Cost Explorer with `make costs` after its next maintenance.",
    ),
    "open.storage-price": (
        "Volumes of training jobs cost what volumes of hosting do, where only one of the two prices is known",
        "Compare a volume's amount in `make costs` with the usage type of its bill in Cost Explorer.",
    ),
    "open.warm-pool-billed": (
        "A warm pool is billed from its job's end until the pool ends or is used again",
        "Compare a job with KeepAlivePeriodInSeconds in Cost Explorer with its row in `make costs`.",
    ),
    "open.chart-visible": (
        "Everyone in the channel sees the digest's chart",
        "Ask a colleague whether the next digest shows its chart.",
    ),
    "open.cluster-hosts": (
        "Hosts of a heterogeneous cluster are numbered in the order of its groups",
        "Compare the instance types of algo-1, algo-2, ... in the job's log with its groups.",
    ),
    "open.transform-search": (
        "A metric search by the job's name finds the hosts of a transform job",
        "Look for the utilization in the report of a transform job that cost more than ReportUsd.",
    ),
    "open.returned-messages": (
        "Messages that `make redrive` returns keep the order of their thread",
        "After a redrive, check in Slack that replies are in their threads.",
    ),
    "open.alarm-delay": (
        "SweepsAlarm is in state ALARM about an hour after the last sweep of any of the three functions",
        "Disable the schedule of SweepJobs for two hours and note when SweepsAlarm changes state.",
    ),
    "open.age-metric": (
        "The metric MessageWaits reports retried messages, which SQS's own age leaves out",
        "Revoke the bot token in a test workspace for two hours: AlertAgeAlarm has to change its state.",
    ),
    "open.dialog-trigger": (
        "A cold ReceivePress opens the dialog before Slack's trigger expires",
        "Press Stop job in the morning, when no one has pressed anything for an hour.",
    ),
    "open.first-sweep": (
        "The first sweeps of a busy account each end within their time limit",
        "After the first hour, look at SweepsIncomplete and at the duration of SweepJobs on the dashboard.",
    ),
}


def open_questions() -> Iterator[Check]:
    """The rows."""
    for name, (assumption, how) in _QUESTIONS.items():
        yield Check(name=name, assumption=assumption, look=_nothing, judge=partial(_how, how), calls=0)


def _nothing(account: Account) -> Facts:
    del account
    return {}


def _how(how: str, facts: Facts) -> Finding:
    del facts
    return not_checked("no read-only call decides it", how)
