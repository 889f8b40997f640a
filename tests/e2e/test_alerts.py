"""Many alerts at once, on the deployed stack: what a channel has to read of them."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from local.demo.builders import Run, training, tuning
from local.demo.player import PlayedJob, get_json
from tests.e2e.conftest import Account, eventually

TUNER = "arn:aws:sagemaker:us-east-1:111122223333:hyper-parameter-tuning-job/storm-hpo"


def a_child(number: int) -> PlayedJob:
    """Two in five fail, all after ten minutes on one ml.m5.xlarge: 0.23 USD an hour."""
    status = "Failed" if number % 5 < 2 else "Completed"
    job = training(f"storm-hpo-{number:03}", Run.ago(0.01, 10), {"ml.m5.xlarge": 1}, status=status, volume_gb=0)
    return replace(job, end={**job.end, "TuningJobArn": TUNER})


def test_40_of_100_children_that_fail_in_two_minutes_are_one_message_and_five_replies(account: Account) -> None:
    """The parent's message says how many and what they cost: 40 x 10 min x 0.23 USD an hour = 1.53."""
    account.stage.create(tuning("storm-hpo", Run.ago(1, 60), tags={"owner": "storm-owner"}))
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(account.play, map(a_child, range(100))))

    def all_recorded() -> bool:
        return len([row for row in account.stage.ledger() if row.get("parent_arn") == TUNER]) == 100

    def told() -> list[str]:
        messages = get_json(f"{account.cloud.slack_url}/messages")
        return [message["text"] for message in messages if "storm-hpo" in message["text"]]

    parent = "Tuning job storm-hpo: 40 of its jobs failed (cost: $1.53)"
    assert eventually(all_recorded)
    assert eventually(lambda: account.stage.quiet() and parent in told())

    assert len(told()) == 6
    assert sum("Training job failed: storm-hpo-" in text for text in told()) == 5
