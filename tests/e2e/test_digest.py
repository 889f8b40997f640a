"""SendDigest on the deployed stack: its layer, its role, Slack's files, and once is once.

AWS differs from the local cloud in that Scheduler puts the time a run was due into its input; here it is left out.
"""

import json
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

from local.demo.builders import Run, training
from local.demo.player import get_json
from tests.e2e.conftest import Account, eventually

OWNER = {"sagewatch:owner": "digest@example.com"}


def digests(account: Account, words: str) -> list[dict[str, Any]]:
    """The channel's digests that say that."""
    assert eventually(account.stage.quiet)
    messages = get_json(f"{account.cloud.slack_url}/messages")
    return [message for message in messages if "digest:" in message["text"] and words in json.dumps(message["blocks"])]


def test_a_digest_with_its_chart_is_in_slack_once_though_it_is_asked_for_thrice(account: Account) -> None:
    """Two at the same time, and one later. It says what the jobs cost: 2 h and 1 h at $0.23, and that one failed."""
    ended = datetime.now(UTC) - timedelta(days=5)
    account.record(training("digest-dear", Run(ended, 120), {"ml.m5.xlarge": 1}, tags=OWNER, volume_gb=0))
    run = Run(ended, 60)
    account.record(
        training("digest-failed", run, {"ml.m5.xlarge": 1}, status="Failed", reason="exit 1", tags=OWNER, volume_gb=0)
    )
    event = {"period": "daily", "day": f"{ended:%Y-%m-%d}"}
    with ThreadPoolExecutor() as pool:
        outcomes = list(pool.map(lambda _: account.invoke("SendDigest", event), range(2)))
    assert [outcome["no_picture"] for outcome in outcomes] == [None, None]
    assert digests(account, "digest-dear")
    assert account.invoke("SendDigest", event)["effect"] == "posted before"

    [message] = digests(account, "digest-dear")
    words = json.dumps(message["blocks"])
    assert message["text"].startswith("Daily digest: ")
    assert "digest@example.com: $0.69" in words
    assert "*Failed:* $0.23 for 1 job" in words
    [image] = [block for block in message["blocks"] if block["type"] == "image"]
    assert "in the period of this digest" in image["alt_text"]
    address = f"{account.cloud.slack_url}/file/{image['slack_file']['id']}"
    with urllib.request.urlopen(address, timeout=5) as shown:  # noqa: S310 - our own server
        assert shown.read().startswith(b"\x89PNG")


def test_the_scheduled_run_tells_of_budgets_once(account: Account) -> None:
    """Yesterday's dollar is more than a hundredth of one."""
    yesterday = datetime.now(UTC) - timedelta(days=1)
    account.record(
        training("budget-job", Run(yesterday, 60), {"ml.m5.xlarge": 1}, tags={"owner": "broke"}, volume_gb=0)
    )
    with account.variables("SendDigest", MONTHLY_BUDGETS="broke=0.01,rich=1000"):
        first = account.invoke("SendDigest", {"period": "scheduled", "at": "<aws.scheduler.scheduled-time>"})
        assert eventually(account.stage.quiet)
        second = account.invoke("SendDigest", {"period": "scheduled"})

    assert (first["budgets_alerted"], second["budgets_alerted"]) == (1, 0)
    [message] = account.messages("Budget of broke for")
    assert "$0.23 of $0.01" in message["text"]


def test_what_makes_no_sense_is_refused_in_words(account: Account) -> None:
    """And nothing is posted."""
    assert account.invoke("SendDigest", {"period": "yearly"}) == {
        "effect": "refused",
        "reason": "period must be daily or weekly",
    }
