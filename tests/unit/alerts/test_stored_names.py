"""Alerts wait in queues and archives while releases change: both releases can read what the other wrote."""

import json
from dataclasses import replace
from decimal import Decimal

from sagewatch.alerts.grouping import GroupKind
from sagewatch.delivery.registry import read_alert
from sagewatch.digest.alerts import DigestAlert, ImageRef
from sagewatch.ledger.totals import Spend
from sagewatch.slack.interactions.queued import read_press
from tests.unit.slack.interactions.test_endpoint import TARGET
from tests.unit.slack.messages.test_digests import QUIET
from tests.unit.slack.messages.test_groups import a_group
from tests.unit.slack.messages.test_render import an_alert
from tests.worlds.builders import ACCOUNT, NOW

DIGEST = DigestAlert(
    alert_id="digest-1",
    account=ACCOUNT,
    region="us-east-1",
    instances=None,
    happened_at=NOW,
    digest=replace(QUIET, spend=Spend(jobs=1, cost_usd=Decimal(1))),
    picture=ImageRef(image_id="F0ABCDEF12", alt_text="Bars."),
)


def test_names_in_json_stay_as_they_were() -> None:
    """Python's names may change, those in queues and archives do not."""
    written = json.loads(an_alert().model_copy(update={"thread_key": "incident-1"}).model_dump_json())

    assert (written["incident"], "thread_key" in written) == ("incident-1", False)
    assert json.loads(DIGEST.model_dump_json())["picture"] == {"file_id": "F0ABCDEF12", "alt_text": "Bars."}
    group = json.loads(a_group(GroupKind.STORM).model_dump_json())
    assert (group["gathering"], group["gathered"]["count"]) == ("storm", 120)
    press = json.loads(read_press(json.dumps({**TARGET, "action": "keep_4h", "user": "U0ANA"})).model_dump_json())
    assert (press["incident"], "root" in press) == ("notebook-idle-1", False)


def test_an_alert_of_another_release_is_read() -> None:
    """Fields it does not know are ignored, in the alert and in its parts."""
    old = json.loads(DIGEST.model_dump_json()) | {"mention": None, "incident": "incident-1", "of_a_later_release": [1]}
    old["picture"]["size"] = 3
    read = read_alert(json.dumps(old))

    assert read == DIGEST.model_copy(update={"thread_key": "incident-1"})
