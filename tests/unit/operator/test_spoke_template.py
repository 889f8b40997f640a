"""The printed template has the hub's values, and is still the template."""

import pytest
from cfnlint.decode import decode_str

from sagewatch.errors import SettingsError
from tools.operator.spoke_template import TEMPLATE, filled

HUB = {
    "HubBusArn": "arn:aws:events:eu-west-1:111122223333:event-bus/sagewatch-hub",
    "SpokeReaders": "arn:aws:iam::111122223333:role/sagewatch-RecordJobRole-A,arn:aws:iam::111122223333:role/B",
    "SpokeActors": "arn:aws:iam::111122223333:role/B",
    "SpokeNamespace": "ml",
    "SpokeExternalId": "ours",
    "JupyterEvidence": "disabled",
    "LogExcerpts": "enabled",
}


def test_every_parameter_has_the_hubs_value() -> None:
    """So a StackSet needs none, but for ActRole, which an account's owner decides."""
    text = TEMPLATE.read_text("utf-8")
    before, after = (decode_str(one)[0] for one in (text, filled(text, HUB)))
    assert before is not None
    assert after is not None
    defaults = {name: one.get("Default") for name, one in after["Parameters"].items()}

    assert defaults == {
        "HubBusArn": HUB["HubBusArn"],
        "HubAccount": "111122223333",
        "HubRegion": "eu-west-1",
        "Readers": HUB["SpokeReaders"],
        "Actors": HUB["SpokeActors"],
        "Namespace": "ml",
        "ExternalId": "ours",
        "RolesRegion": "eu-west-1",
        "ActRole": "omit",
        "JupyterEvidence": "disabled",
        "LogExcerpts": "enabled",
    }
    assert after["Resources"] == before["Resources"]


def test_a_stack_that_watches_no_other_account_has_no_spokes() -> None:
    """The command says how to make it a hub."""
    with pytest.raises(SettingsError, match="OrganizationId"):
        filled(TEMPLATE.read_text("utf-8"), {"CostLedgerName": "ledger"})
