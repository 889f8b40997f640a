"""SweepJobs on the deployed stack: events get lost, come twice and out of order, and the ledger is still right.

AWS differs from the local cloud in that Describe and List throttle by themselves; here a test asks them to.
"""

import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from local.demo.builders import Run, automl, processing, training, transform, tuning
from local.demo.player import PlayedJob, get_json, post_json
from sagewatch.sagemaker.kinds import JOB_KINDS, KIND_FACTS, ResourceKind
from tests.e2e.conftest import Account, eventually

JOBS = 500
# The on-demand list prices of us-east-1, USD per hour (prices/README.md): the oracle's own copy.
HOURLY = {"ml.m5.xlarge": Decimal("0.23"), "ml.g5.xlarge": Decimal("1.408"), "ml.c5.2xlarge": Decimal("0.408")}
TRAINING_TYPES = tuple(HOURLY)


class Play:
    """Some jobs with what each must cost, and which of them failed."""

    def __init__(self, seed: int) -> None:
        """Make them up."""
        self._random = random.Random(seed)  # noqa: S311 - a play, not a secret
        self.jobs: list[PlayedJob] = []
        self.oracle: dict[str, Decimal | None] = {}
        for number in range(JOBS):
            self._add(number)

    def _add(self, number: int) -> None:
        kind = self._random.choices(JOB_KINDS, weights=[70, 15, 10, 3, 2])[0]
        minutes = self._random.randint(1, 300)
        run = Run.ago(self._random.uniform(0.1, 18), minutes)
        status = self._random.choices(["Completed", "Failed", "Stopped"], weights=[70, 15, 15])[0]
        reason = "AlgorithmError: exit code: 1" if status == "Failed" else None
        name, tags = f"swarm-{number:03}-{kind}", {"owner": f"owner-{number % 7}"}
        count = self._random.randint(1, 4)
        seconds = 60 * minutes
        match kind:
            case ResourceKind.TRAINING:
                spot = self._random.random() < 0.2
                billed = seconds // 3 if spot else seconds
                instance_type = self._random.choice(TRAINING_TYPES)
                job = training(
                    name,
                    run,
                    {instance_type: count},
                    status=status,
                    reason=reason,
                    billable=billed,
                    spot=spot,
                    volume_gb=0,
                    tags=tags,
                )
                self.oracle[name] = _cost(instance_type, count, billed)
            case ResourceKind.PROCESSING:
                job = processing(name, run, {"ml.m5.xlarge": count}, status=status, reason=reason, tags=tags)
                cluster = {
                    "ClusterConfig": {"InstanceType": "ml.m5.xlarge", "InstanceCount": count, "VolumeSizeInGB": 1}
                }
                job = replace(job, request={**job.request, "ProcessingResources": cluster})
                self.oracle[name] = _cost("ml.m5.xlarge", count, seconds)
            case ResourceKind.TRANSFORM:
                job = transform(name, run, {"ml.m5.xlarge": count}, status=status, reason=reason, tags=tags)
                self.oracle[name] = _cost("ml.m5.xlarge", count, seconds)
            case ResourceKind.TUNING:
                job = tuning(name, run, status=status, reason=reason, tags=tags)
                self.oracle[name] = None
            case ResourceKind.AUTOML:
                job = automl(name, run, status=status, reason=reason, tags=tags)
                self.oracle[name] = None
        self.jobs.append(job)

    def failed(self) -> set[str]:
        """The names of the jobs that need an alert."""
        return {job.name for job in self.jobs if job.status == "Failed"}

    def through_eventbridge(self, events: list[Any]) -> list[Any]:
        """What arrives of some events: three in ten are dropped, two in ten of the rest come twice, none in order."""
        arriving = [event for event in events if self._random.random() >= 0.3]
        arriving += [event for event in arriving if self._random.random() < 0.2]
        self._random.shuffle(arriving)
        return arriving


def _cost(instance_type: str, count: int, seconds: int) -> Decimal:
    """DescribeTrainingJob, BillableTimeInSeconds: billed seconds x instances x the hourly price."""
    return HOURLY[instance_type] * count * seconds / 3600


@pytest.fixture(scope="module")
def play(account: Account) -> Play:
    """The jobs, played: created, ended, and reported by the events that were not lost."""
    play = Play(seed=20_261_123)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(account.stage.create, play.jobs))
        running = list(pool.map(account.stage.detail, play.jobs))
        list(pool.map(account.stage.finish, play.jobs))
        ended = list(pool.map(account.stage.detail, play.jobs))
    told = [job for job in play.jobs if KIND_FACTS[job.kind].detail_type]
    pairs = dict(zip((job.name for job in play.jobs), zip(running, ended, strict=True), strict=True))
    events = [(job, detail) for job in told for detail in pairs[job.name]]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda event: account.stage.announce(*event), play.through_eventbridge(events)))
    return play


def test_after_two_sweeps_the_ledger_equals_the_oracle(account: Account, play: Play) -> None:
    """Costs are exact, and every failure is reported once."""
    assert eventually(account.stage.quiet)
    before = [row for row in account.stage.ledger() if row["resource_name"].startswith("swarm-")]
    first, second = account.stage.sweep(), account.stage.sweep()
    assert eventually(account.stage.quiet)
    rows = {row["resource_name"]: row for row in account.stage.ledger() if row["resource_name"].startswith("swarm-")}

    assert 0.3 * JOBS < len(before) < 0.9 * JOBS  # else the play has lost its point
    assert first["failures"] == second["failures"] == []
    assert len(rows) == JOBS
    compute = {name: row.get("compute_usd") for name, row in rows.items()}
    assert {name: usd for name, usd in compute.items() if usd is None} == {
        name: usd for name, usd in play.oracle.items() if usd is None
    }
    wrong = {
        name: (usd, play.oracle[name])
        for name, usd in compute.items()
        if usd is not None and abs(usd - (play.oracle[name] or 0)) > Decimal("1e-10")
    }
    assert wrong == {}
    assert Counter(row["recorded_by"] for row in rows.values())["sweep"] == JOBS - len(before)
    assert {row["owner"] for row in rows.values()} == {f"owner-{number}" for number in range(7)}


def test_every_failure_is_told_once(account: Account, play: Play) -> None:
    """With one event, with two, or with none."""
    texts = [message["text"] for message in get_json(f"{account.cloud.slack_url}/messages")]
    failures = [text for text in texts if "failed: swarm-" in text]  # expensive jobs are reported too
    told = Counter(name for name in play.oracle for text in failures if name in text)

    assert set(told) == play.failed()
    assert set(told.values()) == {1}


def test_no_job_stays_open(account: Account, play: Play) -> None:
    """The index grows with what runs, not with what ran."""
    assert not {name for name in account.open_jobs() if name in play.oracle}


def test_a_warm_pool_that_outlives_its_job_is_final_later_and_its_day_is_corrected(account: Account) -> None:
    """Two hours: 0.115 for the job, 0.46 for the pool."""
    # The day before yesterday is closed at any time of day; yesterday is not before one in the morning.
    ended = datetime.now(UTC).replace(hour=10, minute=0, second=0, microsecond=0) - timedelta(days=2)
    job = training("e2e-pool", Run(ended, 30), {"ml.m5.xlarge": 1}, volume_gb=0, tags={"owner": "pool-owner"})
    job = replace(
        job,
        request={**job.request, "ResourceConfig": {**job.request["ResourceConfig"], "KeepAlivePeriodInSeconds": 7200}},
    )
    job = replace(
        job, end={**job.end, "WarmPoolStatus": {"Status": "Available", "ResourceRetainedBillableTimeInSeconds": 0}}
    )
    account.play(job)
    assert eventually(lambda: account.rows(job.name))
    [first] = account.rows(job.name)
    day = f"{ended:%Y-%m-%d}"
    provisional = account.swept_until(lambda: account.day_total(day, "pool-owner"))
    pool = {"Status": "Terminated", "ResourceRetainedBillableTimeInSeconds": 7200}
    account.stage.control("training-job", job.name, {"WarmPoolStatus": pool})
    account.stage.sweep()
    [final] = account.rows(job.name)
    corrected = account.swept_until(lambda: account.day_total(day, "pool-owner") != provisional)

    assert (first["pricing"], first["cost_usd"]) == ("provisional", Decimal("0.115"))
    assert (final["pricing"], final["cost_usd"], final["warm_pool_usd"]) == (
        "priced",
        Decimal("0.575"),
        Decimal("0.46"),
    )
    assert corrected
    assert (provisional, account.day_total(day, "pool-owner")) == (Decimal("0.115"), Decimal("0.575"))
    assert job.name not in account.open_jobs()


def test_a_tuning_job_rolls_up_its_children(account: Account) -> None:
    """Its own row has no cost, only the total of its children."""
    arn = "arn:aws:sagemaker:us-east-1:111122223333:hyper-parameter-tuning-job/e2e-tuner"
    children = [training(f"e2e-tuner-{number}", Run.ago(1, 30), {"ml.m5.xlarge": 1}, volume_gb=0) for number in (1, 2)]
    tuner = tuning("e2e-tuner", Run.ago(0.5, 60), tags={"owner": "tuner-owner"})
    account.stage.create(tuner)
    for child in children:
        account.play(replace(child, end={**child.end, "TuningJobArn": arn}))
    account.stage.finish(tuner)
    account.stage.announce(tuner, account.stage.detail(tuner))
    assert eventually(lambda: account.rows("e2e-tuner") and len(account.rows("e2e-tuner-2")) == 1)
    [row] = account.swept_until(lambda: [row for row in account.rows("e2e-tuner") if row.get("rollup_jobs") == 2])

    assert (row["pricing"], row["rollup_usd"], row["rollup_jobs"]) == ("not-instance-priced", Decimal("0.23"), 2)
    assert "cost_usd" not in row
    assert [child["owner_source"] for child in account.rows("e2e-tuner-1")] == ["parent's tag owner"]


def test_a_name_used_a_second_time_is_a_second_row(account: Account) -> None:
    """After its deletion."""
    for hours in (5, 2):
        job = training("e2e-again", Run.ago(hours, 30), {"ml.m5.xlarge": 1}, volume_gb=0)
        account.stage.create(job)
        account.stage.finish(job)
        account.stage.sweep()
        account.stage.client("sagemaker").delete_training_job(TrainingJobName=job.name)

    assert [row["cost_usd"] for row in account.rows("e2e-again")] == [Decimal("0.115")] * 2


def test_a_failure_that_only_a_sweep_found_shows_its_log(account: Account) -> None:
    """Its events were lost; SweepJobs reads the log with its own role."""
    log = ("Traceback (most recent call last):", "ValueError: lost and found")
    run, reason = Run.ago(1, 30), "AlgorithmError: exit code: 1"
    job = training("e2e-lost-log", run, {"ml.m5.xlarge": 1}, status="Failed", reason=reason, volume_gb=0, log=log)
    account.play(replace(job, lost=True))
    account.stage.sweep()
    [message] = account.settled_messages(job.name)

    assert "ValueError: lost and found" in str(message["blocks"])


def test_a_job_deleted_before_its_end_was_read_is_in_the_ledger(account: Account) -> None:
    """Without an amount."""
    job = training("e2e-deleted", Run.ago(1, 30), {"ml.m5.xlarge": 1}, volume_gb=0)
    account.stage.create(job)
    account.stage.sweep()
    account.stage.finish(job)
    account.stage.client("sagemaker").delete_training_job(TrainingJobName=job.name)
    account.stage.sweep()

    assert [(row["pricing"], "cost_usd" in row) for row in account.rows(job.name)] == [("unpriced", False)]


def test_an_event_whose_describe_is_throttled_is_tried_until_it_is_answered(account: Account) -> None:
    """The message waits in its queue, and neither a row nor an alert is lost."""
    job = training("e2e-throttled", Run.ago(1, 30), {"ml.m5.xlarge": 1}, status="Failed", volume_gb=0)
    account.stage.create(job)
    account.stage.finish(job)
    told = account.stage.detail(job)
    account.stage.fail("DescribeTrainingJob", "ThrottlingException", times=3)  # the client tries twice by itself
    account.stage.announce(job, told)

    assert eventually(lambda: account.rows(job.name))
    assert len(account.settled_messages(job.name)) == 1


def test_a_sweep_that_is_throttled_for_long_goes_on_next_time(account: Account) -> None:
    """It reports that it is not complete, and does not fail."""
    job = training("e2e-patient", Run.ago(1, 30), {"ml.m5.xlarge": 1}, volume_gb=0)
    account.stage.create(job)
    account.stage.finish(job)
    account.stage.fail("ListTrainingJobs", "ThrottlingException", times=5)
    first = account.stage.sweep()
    second = account.stage.sweep()

    assert (first["complete"], first["failures"], second["complete"]) == (False, [], True)
    assert [row["recorded_by"] for row in account.rows(job.name)] == ["sweep"]


class Talk:
    """What people press and are asked about a job, in the local Slack."""

    def __init__(self, account: Account, name: str) -> None:
        """Of the only message that names it."""
        self._account, self._name, self._slack = account, name, account.cloud.slack_url
        [self.message] = account.settled_messages(name)

    def press(self, action: str) -> bool:
        """Press a button; say whether it was taken."""
        order = {"ts": self.message["ts"], "action_id": action, "user": "U0ANA"}
        return bool(post_json(f"{self._slack}/press", order)["status"] == 200)

    def asked(self) -> list[dict[str, Any]]:
        """Press "Stop job" until its dialog is there, which a function that starts slowly opens too late."""
        assert self.press("stop_job")
        assert eventually(self._account.stage.quiet)
        return [one for one in get_json(f"{self._slack}/views") if one["view"]["callback_id"] == "stop_job_sure"]

    def confirm(self, view_id: str) -> bool:
        """Press the dialog's own button; say whether it was taken."""
        order = {"view_id": view_id, "user": "U0ANA"}
        return bool(post_json(f"{self._slack}/submit", order)["status"] == 200)

    def says(self, text: str) -> bool:
        """Whether the message has come to say that."""
        return eventually(lambda: text in self._account.messages(self._name)[0]["text"])


def test_a_long_job_is_told_of_once_snoozed_and_stopped_by_its_buttons(account: Account) -> None:
    """Thirty hours on 2 x $0.23, of two days; nothing of it while it is snoozed, and a row when it has ended."""
    started = datetime.now(UTC) - timedelta(hours=30)
    job = training("e2e-long-one", Run(started, 0), {"ml.m5.xlarge": 2}, volume_gb=0, tags={"owner": "long-owner"})
    limit = {"StoppingCondition": {"MaxRuntimeInSeconds": 172_800}}
    account.stage.create(replace(job, request={**job.request, **limit}))
    account.stage.control("training-job", job.name, {"TrainingStartTime": started.isoformat()})
    account.stage.announce(job, account.stage.detail(job))
    assert eventually(lambda: job.name in account.open_jobs())
    told = [account.stage.sweep()["alerted"] for _ in range(3)]
    talk = Talk(account, job.name)

    assert told == [1, 0, 0]
    assert "Training job still running: e2e-long-one ($13.8" in talk.message["text"]
    for words in ("longer than 24 h", "at most $22.08 (its limit is 2 d)", "long-owner"):
        assert words in str(talk.message["blocks"])

    with account.variables("AnswerSlack", MODE="enforce"):
        assert talk.press("snooze_job")
        assert talk.says("Snoozed until")
        account.stage.control(
            "training-job", job.name, {"TrainingStartTime": (started - timedelta(days=2)).isoformat()}
        )
        assert account.stage.sweep()["alerted"] == 0
        dialog = eventually(talk.asked)[0]
        assert "A job without checkpoints loses its work when it is stopped." in str(dialog["view"]["blocks"])
        assert talk.confirm(dialog["id"])
        assert talk.says("Stopped at")
    [edited] = account.messages(job.name)
    assert "(<@U0ANA>)" in str(edited["blocks"])
    assert not [block for block in edited["blocks"] if block["type"] == "actions"]
    assert account.swept_until(lambda: [row["status"] for row in account.rows(job.name)]) == ["Stopped"]
