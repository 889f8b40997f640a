"""Every message with its variants, for snapshots and the gallery. The samples are composed as production does."""

from collections.abc import Mapping

from sagewatch.delivery.registry import Alert
from tests.unit.slack.messages.samples.accounts import UNREADABLE
from tests.unit.slack.messages.samples.digests import BUDGETS, DIGESTS
from tests.unit.slack.messages.samples.groups import GROUPS
from tests.unit.slack.messages.samples.jobs import FAILED, REPORTS, RUNNING, UNPRICED
from tests.unit.slack.messages.samples.notebooks import IDLE, NEWS
from tests.unit.slack.messages.samples.resources import IDLE_RESOURCES

CATALOGUE: Mapping[str, Mapping[str, Alert]] = {
    "failed job": FAILED,
    "running job": RUNNING,
    "job report": REPORTS,
    "unpriced type": UNPRICED,
    "account that cannot be read": UNREADABLE,
    "idle notebook": IDLE,
    "notebook news": NEWS,
    "idle resource": IDLE_RESOURCES,
    "group": GROUPS,
    "digest": DIGESTS,
    "budget": BUDGETS,
}
