"""Every message with all its variants, as people read it: a change of a text is a change of a file here.

``pytest tests/unit/slack/messages/test_snapshots.py --snapshot-update`` writes the files again.
"""

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.json import JSONSnapshotExtension

from local.slack.block_kit import block_errors
from sagewatch.delivery.registry import read_alert
from sagewatch.slack.messages.render import render
from tests.unit.slack.messages.catalogue import CATALOGUE


@pytest.mark.parametrize("kind", list(CATALOGUE))
def test_a_message_reads_as_it_did(kind: str, snapshot: SnapshotAssertion) -> None:
    """One file for each kind; Slack takes every variant, and each comes through the queue as it was."""
    shown = {}
    for variant, alert in CATALOGUE[kind].items():
        message = render(alert, "U0ANA" if alert.owner else None)
        blocks = [block.to_dict() for block in message.blocks]
        shown[variant] = {"text": message.text, "blocks": blocks}
        assert block_errors(blocks) == []
        assert read_alert(alert.model_dump_json()) == alert

    assert shown == snapshot(extension_class=JSONSnapshotExtension)
