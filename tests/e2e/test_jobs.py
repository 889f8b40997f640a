"""From an event on the bus to the ledger and to Slack, on the deployed stack with enforced IAM."""

import json
from decimal import Decimal

import pytest

from local.demo.builders import Run, processing, training, transform, tuning
from local.demo.day import a_day
from tests.e2e.conftest import Account, eventually
from tests.worlds.builders import an_event

HALF_HOUR = Run.ago(1, 30)

# Worked out by hand from prices/: hours x instances x USD an hour, and GB x volumes x 0.14 x seconds / 2,592,000
# (the month of the test run has 28 to 31 days, so amounts with a volume are compared by their compute).
DAY = {
    "fraud-xgb-0412": "0.4446666667",  # 58/60 x 2 x 0.23
    "churn-lstm-gpu": "1.03525",  # 41/60 x 1.515
    "llm-finetune-p5": "0",  # never launched
    "features-daily": "0.3380666667",  # 22/60 x 0.922
    "vision-resnet-a": "2.2293333333",  # 95/60 x 1.408
    "recsys-two-tower": "170.16",  # 24 x 7.09
    "tabnet-spot": "1.2908",  # 2520/3600 x 4 x 0.461
    "detector-mixed": "5.56",  # 75/60 x (2 x 1.408 + 4 x 0.408)
    "hpo-xgb-001": "0.069",  # 18/60 x 0.23
    "hpo-xgb-002": "0.069",
    "hpo-xgb": None,  # its children are priced
    "score-nightly": "0.3795",  # 33/60 x 3 x 0.23
    "score-archive": "0.0115",  # 6/60 x 0.115
    "drift-report": "0.046",  # 12/60 x 0.23
    "ranker-lost-event": "1.1029333333",  # 47/60 x 1.408
    "auto-churn": None,  # its jobs have rows of their own
    "auto-churn-c1": "0.3995333333",  # 26/60 x 0.922
    "moonshot": None,  # no price is known
    "quick-check": "0.002875",  # 1.5/60 x 0.115
}


def test_a_failed_job_is_one_row_and_one_message_however_often_it_is_told(account: Account) -> None:
    """1800 s x 2 x 0.23; the same event five more times changes neither."""
    job = training("E2E-Once", HALF_HOUR, {"ml.m5.xlarge": 2}, status="Failed", reason="x", volume_gb=0)
    account.play(job)
    assert eventually(lambda: account.messages(job.name))
    rows, messages = account.rows(job.name), account.messages(job.name)

    assert [row["cost_usd"] for row in rows] == [Decimal("0.23")]
    assert len(messages) == 1

    account.stage.announce(job, account.stage.detail(job), times=5)
    assert eventually(lambda: sum(job.name in line for line in account.log_lines("RecordJob")) >= 6)
    assert account.settled_messages(job.name) == messages
    assert account.rows(job.name) == rows


def test_a_failed_jobs_message_holds_its_traceback_and_no_secret(account: Account) -> None:
    """The log of its first host, read with the function's own role."""
    token, secret = f"hf_{'aB1' * 10}", "hunter2"
    log = (
        f"HF_TOKEN={token}",
        "Traceback (most recent call last):",
        f'    connect("db", user="bo@example.com", password="{secret}", token="{token}")',
        "ConnectionError: no ``` route",
    )
    job = training("E2E-Log", HALF_HOUR, {"ml.m5.xlarge": 1}, status="Failed", reason="exit code: 1", log=log)
    account.play(job)
    [message] = eventually(lambda: account.messages(job.name))
    said = json.dumps(message)

    assert "Traceback (most recent call last):" in said
    assert "ConnectionError: no ''' route" in said
    assert "First failure of `E2E-Log` in 7 days." in said
    assert not [hidden for hidden in (token, secret, "bo@example.com") if hidden in said]


def test_a_day_in_an_ml_team_is_recorded_to_the_cent(account: Account) -> None:
    """Five kinds, duplicates, an end before its start, a lost end: one row each, and messages for what failed."""
    jobs = [job for job in a_day() if job.name in DAY]  # the others show kinds of failure, not amounts
    for job in jobs:
        account.play(job)
    account.stage.sweep()
    for job in jobs:
        assert eventually(lambda: account.rows(job.name)), job.name  # noqa: B023 - called at once
    rows = {job.name: account.rows(job.name) for job in jobs}

    assert {name: len(found) for name, found in rows.items()} == dict.fromkeys(DAY, 1)
    compute = {name: found[0].get("compute_usd", found[0].get("cost_usd")) for name, found in rows.items()}
    assert compute == {name: usd if usd is None else Decimal(usd) for name, usd in DAY.items()}
    told = {
        "churn-lstm-gpu",
        "llm-finetune-p5",
        "features-daily",
        "recsys-two-tower",
        "score-archive",
        "ranker-lost-event",
    }
    assert eventually(lambda: all(account.messages(name) for name in told))
    assert {job.name for job in jobs if account.messages(job.name)} == told
    assert eventually(lambda: not account.open_jobs() & set(DAY))


def test_a_dear_job_is_reported_with_its_use_and_with_what_would_have_done(account: Account) -> None:
    """Two hours x 7.09 on four GPUs, of which 0.61 worked at the peak; with 1.408 an hour one would have cost 2.816."""
    use = {"GPUUtilization": (38, 61), "GPUMemoryUtilization": (44,), "CPUUtilization": (110, 140)}
    run, memory = Run.ago(1, 120), {"MemoryUtilization": (4.1, 4.6), "DiskUtilization": (3, 4)}
    account.play(training("E2E-Dear", run, {"ml.g5.12xlarge": 1}, volume_gb=0, metrics=use | memory))
    [message] = account.settled_messages("E2E-Dear")

    assert message["text"] == "Training job cost $14.18: E2E-Dear"
    said = str(message["blocks"])
    assert "algo-1 (ml.g5.12xlarge): GPU 12 % (peak 15 %), GPU memory 11 % (peak 11 %), CPU 3 % (peak 3 %)" in said
    assert "With ml.g5.xlarge it would cost about $2.82 instead of $14.18, if it takes the same time" in said


@pytest.mark.parametrize("region", ["eu-west-1", "ap-south-1"])
def test_an_event_is_described_in_and_priced_for_its_own_region(account: Account, region: str) -> None:
    """Sent to the queue; eu-west-1 sells ml.m5.xlarge at 0.257, ap-south-1 at 0.242."""
    job = training(f"E2E-{region}", HALF_HOUR, {"ml.m5.xlarge": 2}, volume_gb=0, region=region)
    account.stage.create(job)
    account.stage.finish(job)
    event = an_event("training-job-completed") | {"region": region, "detail": account.stage.detail(job)}
    account.send_event(event)
    [row] = eventually(lambda: account.rows(job.name))

    assert row["region"] == region
    assert row["cost_usd"] == {"eu-west-1": Decimal("0.257"), "ap-south-1": Decimal("0.242")}[region]


def test_an_event_can_be_invoked_directly(account: Account) -> None:
    """And is answered with its outcome, in its own region too."""
    job = training("E2E-Direct", HALF_HOUR, {"ml.m5.xlarge": 2}, volume_gb=0, region="eu-west-1")
    account.stage.create(job)
    account.stage.finish(job)
    event = an_event("training-job-completed") | {"region": "eu-west-1", "detail": account.stage.detail(job)}
    answer = account.invoke("RecordJob", event)

    assert answer.get("effects") == ["recorded", "no longer tracked"], answer
    assert "$0.257" in answer["reason"]
    assert len(account.rows(job.name)) == 1


def test_a_running_job_of_every_kind_is_watched_until_it_ends(account: Account) -> None:
    """The index of open jobs."""
    jobs = (
        training("e2e-open-1", HALF_HOUR, {"ml.m5.xlarge": 1}),
        processing("e2e-open-2", HALF_HOUR, {"ml.m5.xlarge": 1}),
        transform("e2e-open-3", HALF_HOUR, {"ml.m5.xlarge": 1}),
        tuning("e2e-open-4", HALF_HOUR),
    )
    names = {job.name for job in jobs}
    for job in jobs:
        account.stage.create(job)
        account.stage.announce(job, account.stage.detail(job))
    assert eventually(lambda: names <= account.open_jobs())

    for job in jobs:
        account.stage.finish(job)
        account.stage.announce(job, account.stage.detail(job))
    assert eventually(lambda: not names & account.open_jobs())
    assert all(len(account.rows(name)) == 1 for name in names)


def test_a_completed_row_keeps_its_output_and_a_deleted_job_its_event(account: Account) -> None:
    """Where the model lies; and a provisional cost for a job that Describe does not know."""
    job = training("e2e-artifact", HALF_HOUR, {"ml.m5.xlarge": 1})
    account.play(job)
    gone = an_event("training-job-failed", TrainingJobName="e2e-gone", TrainingJobArn=None)
    answer = account.invoke("RecordJob", gone)

    assert [row["output_uri"] for row in eventually(lambda: account.rows(job.name))] == [
        "s3://ml-team-artifacts/models/e2e-artifact/output/model.tar.gz"
    ]
    assert "provisional" in answer["reason"]
    assert [row["pricing"] for row in account.rows("e2e-gone")] == ["provisional"]


def test_live_prices_are_used_and_a_region_first_seen_is_refreshed_next(account: Account) -> None:
    """The shipped table serves until then; ca-central-1 sells ml.m5.xlarge at the same price in both."""
    region = "ca-central-1"
    before, after, home = (
        training(f"e2e-live-{name}", HALF_HOUR, {"ml.m5.xlarge": 1}, region=where, volume_gb=0)
        for name, where in (("before", region), ("after", region), ("home", "us-east-1"))
    )
    account.record(before)
    refreshed = account.invoke("RefreshPrices", {})
    with account.variables("RecordJob", MAX_RECEIVES="23"):  # a new environment reads its prices again
        account.record(after)
        account.record(home)

    assert set(refreshed["prices"]) >= {"us-east-1", region}
    sources = {job.name: account.rows(job.name)[0]["prices"] for job in (before, after, home)}
    assert "shipped table of 2026-09-22" in sources[before.name]
    assert f"{region}, Price List of 2026-11-20" in sources[after.name]
    assert "us-east-1, Price List of 2026-11-20" in sources[home.name]
