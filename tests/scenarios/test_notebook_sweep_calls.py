"""What a sweep over notebooks asks AWS for: real adapters and clients, every call counted, 50 of 1,000 in service.

The counts hold for moto as for AWS: both list in pages of 100 and answer each of these calls for one notebook.
"""

import copy
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.sagemaker.models import sagemaker_backends

from local.sagemaker.jupyter import JUPYTERS, Lab, serving_jupyter
from local.sagemaker.notebooks import Life
from sagewatch.adapters.cloudwatch.agent_evidence import AgentEvidence
from sagewatch.adapters.cloudwatch.log_evidence import LogEvidence
from sagewatch.adapters.dynamodb.idle_state import DynamoNotebookStates
from sagewatch.adapters.dynamodb.ledger_writer import DynamoLedger
from sagewatch.adapters.dynamodb.open_jobs import DynamoOpenJobReader
from sagewatch.adapters.dynamodb.posted_messages import DynamoPostedMessages
from sagewatch.adapters.dynamodb.prices import DynamoPrices
from sagewatch.adapters.dynamodb.sessions import DynamoSessions
from sagewatch.adapters.dynamodb.stale_totals import DynamoStaleTotals
from sagewatch.adapters.dynamodb.stop_claims import DynamoLeases
from sagewatch.adapters.dynamodb.sweep_state import (
    DynamoCheckpoints,
    DynamoDailyNotices,
    DynamoRegions,
    DynamoTotalStore,
)
from sagewatch.adapters.jupyter.client import JupyterEvidence
from sagewatch.adapters.sagemaker.known_tags import TaggingApiTags
from sagewatch.adapters.sagemaker.notebooks import SageMakerNotebookLists, SageMakerNotebooks, SageMakerNotebookStops
from sagewatch.adapters.shipped_prices import ShippedPrices
from sagewatch.idle.advice import NotebookAdvice
from sagewatch.idle.announcements import NotebookAnnouncements
from sagewatch.idle.decision import IdleRules
from sagewatch.idle.follow_up import FollowUp
from sagewatch.idle.inspection import NotebookInspector
from sagewatch.idle.rates import HourlyRates
from sagewatch.idle.reconcile import MessageReconciliation
from sagewatch.idle.repair import SessionRepair
from sagewatch.idle.stop import NotebookStop
from sagewatch.idle.sweep import NotebookSweep
from sagewatch.idle.unreadable import UnreadableItems
from sagewatch.notebooks.month_ends import MonthEnds
from sagewatch.notebooks.track import NotebookTracker
from tests.fakes.alerts import InMemoryAlertQueue
from tests.worlds.aws import Aws
from tests.worlds.builders import ACCOUNT, no_time_limit

REGION = "eu-south-2"  # a region of its own
_REGIONAL = ("sagemaker", "logs", "cloudwatch", "resourcegroupstaggingapi")
RULES = IdleRules(idle_after=timedelta(hours=4), warn=timedelta(hours=1))


class Counted:
    """A sweeper on real adapters, its clock, and the calls it made."""

    def __init__(self, aws: Aws, tables: tuple[str, str]) -> None:
        """Count everything."""
        self.calls: Counter[str] = Counter()
        self.now = datetime.now(UTC)  # as Jupyter's
        self._aws, (self._ledger, self._state) = aws, tables
        self._dynamodb = self._counted("dynamodb", "us-east-1")
        regional = {service: self._counted(service, REGION) for service in _REGIONAL}
        client: Callable[[str], Any] = lambda _: regional["sagemaker"]  # noqa: E731 - shorter so
        tracker = self._tracker(SageMakerNotebooks(client))
        evidence = (
            JupyterEvidence(client),
            LogEvidence(lambda _: regional["logs"]),
            AgentEvidence(lambda _: regional["cloudwatch"]),
        )
        inspector = NotebookInspector(notebooks=tracker.notebooks, evidence=evidence, clock=self.clock, rules=RULES)
        known = TaggingApiTags(lambda _: regional["resourcegroupstaggingapi"], self.clock)
        self.sweeper = self._sweeper(tracker, inspector, client, known)

    def clock(self) -> datetime:
        """The time."""
        return self.now

    def _counted(self, service: str, region: str) -> Any:
        client = self._aws.client(service, region)
        client.meta.events.register("before-call.*.*", lambda model, **_: self.calls.update([model.name]))
        return client

    def _tracker(self, notebooks: SageMakerNotebooks) -> NotebookTracker:
        return NotebookTracker(
            notebooks=notebooks,
            sessions=DynamoSessions(self._dynamodb, self._state),
            ledger=DynamoLedger(
                self._dynamodb, self._ledger, DynamoStaleTotals(self._dynamodb, self._state, self.clock)
            ),
            prices=DynamoPrices(
                self._dynamodb, self._state, otherwise=ShippedPrices(), discount_percent=Decimal(0), clock=self.clock
            ),
            regions=DynamoRegions(self._dynamodb, self._state, self.clock),
            clock=self.clock,
            owner_tag_keys=("owner",),
        )

    def _sweeper(
        self,
        tracker: NotebookTracker,
        inspector: NotebookInspector,
        client: Callable[[str], Any],
        known: TaggingApiTags,
    ) -> NotebookSweep:
        lists, rates = SageMakerNotebookLists(client, lambda _: None), HourlyRates(tracker.prices)
        states = DynamoNotebookStates(self._dynamodb, self._state, self.clock)
        announcements = NotebookAnnouncements(
            archive=states,
            alerts=InMemoryAlertQueue(),
            rates=rates,
            clock=self.clock,
            owner_tag_keys=("owner",),
            enforce=True,
        )
        follow_up = FollowUp(states=states, announcements=announcements, clock=self.clock, warn=RULES.warn)
        return NotebookSweep(
            lists=lists,
            known=known,
            repair=SessionRepair(
                lists=lists,
                notebooks=tracker.notebooks,
                sessions=tracker.sessions,
                tracker=tracker,
                checkpoints=DynamoCheckpoints(self._dynamodb, self._state),
                unreadable=UnreadableItems(DynamoDailyNotices(self._dynamodb, self._state, self.clock)),
                clock=self.clock,
                at_once=1,
            ),
            month_ends=MonthEnds(
                sessions=tracker.sessions, ledger=tracker.ledger, prices=tracker.prices, clock=self.clock
            ),
            reconciliation=MessageReconciliation(
                states=states,
                notebooks=tracker.notebooks,
                announcements=announcements,
                follow_up=follow_up,
                clock=self.clock,
            ),
            states=states,
            regions=tracker.regions,
            inspector=inspector,
            announcements=announcements,
            follow_up=follow_up,
            advice=NotebookAdvice(
                open_jobs=DynamoOpenJobReader(self._dynamodb, self._state),
                totals=DynamoTotalStore(self._dynamodb, self._state),
                inspector=inspector,
                announcements=announcements,
                rates=rates,
                clock=self.clock,
                long_running=timedelta(hours=24),
                at_once=1,
            ),
            notebook_stop=NotebookStop(
                notebooks=tracker.notebooks,
                inspector=inspector,
                announcements=announcements,
                follow_up=follow_up,
                rates=rates,
                stops=SageMakerNotebookStops(client),
                tracker=tracker,
                sessions=tracker.sessions,
                leases=DynamoLeases(self._dynamodb, self._state),
                states=states,
                posted=DynamoPostedMessages(self._dynamodb, self._state),
                clock=self.clock,
                enforce=True,
            ),
            clock=self.clock,
            home_region=REGION,
            max_stops=10,
            at_once=1,  # so that no call is counted wrong
        )

    def sweep(self, *, later: timedelta = timedelta(0)) -> Counter[str]:
        """Sweep, and answer with the calls it took; those to Jupyter are under ``Jupyter``."""
        self.now += later
        self.calls.clear()
        labs = [notebook.life.lab for notebook in store().values()]
        for lab in labs:
            lab.asked.clear()
        self.sweeper.sweep(no_time_limit)
        asked = sum(len(lab.asked) for lab in labs)
        return Counter(self.calls) + Counter({"Jupyter": asked})


def store() -> dict[str, Any]:
    """Moto's notebooks."""
    notebooks: dict[str, Any] = sagemaker_backends[DEFAULT_ACCOUNT_ID][REGION].notebook_instances
    return notebooks


def kernel(state: str) -> dict[str, Any]:
    """A kernel that last ran an hour ago."""
    ran = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    return {"kernels": [{"name": "python3", "execution_state": state, "last_activity": ran}]}


@pytest.fixture
def notebooks(aws: Aws) -> Iterator[dict[str, Any]]:
    """950 that are stopped; 25 in service for two days that work, and 25 that have not for an hour."""
    store().clear()
    aws.client("sagemaker", REGION).create_notebook_instance(
        NotebookInstanceName="on-0", InstanceType="ml.t3.medium", RoleArn=f"arn:aws:iam::{ACCOUNT}:role/lab"
    )
    pattern = store().pop("on-0")
    pattern.creation_time = pattern.last_modified_time = pattern.creation_time - timedelta(days=2)
    pattern.life.going, pattern.status = None, "Stopped"
    for number in range(1000):
        one = copy.copy(pattern)
        one.notebook_instance_name = f"lab-{number:04}"
        one.arn = pattern.arn.replace("on-0", one.notebook_instance_name)
        one.life = Life(Lab(lambda: True))
        if number % 20 == 0:
            one.status = "InService"
            one.life.lab.order(kernel("busy" if number % 40 else "idle"))
        store()[one.notebook_instance_name] = one
    with serving_jupyter(JUPYTERS):
        yield store()
    store().clear()


NOTHING_DUE = {"ListNotebookInstances": 1, "Query": 3}  # regions, sessions, what is remembered


@pytest.mark.usefixtures("notebooks")
def test_a_first_sweep_asks_about_what_is_in_service_and_the_next_about_nothing(
    aws: Aws, tables: tuple[str, str]
) -> None:
    """The 950 stopped ones cost no call. One that runs costs two to SageMaker for its session and one for its look.

    Nothing is due a quarter of an hour later: what works and what has not idled for long enough is left alone until
    it may have.
    """
    counted = Counted(aws, tables)

    assert counted.sweep() == {
        "ListNotebookInstances": 1,
        "DescribeNotebookInstance": 50,  # for its session and for the look
        "ListTags": 50,  # the owners of the sessions
        "CreatePresignedNotebookInstanceUrl": 50,
        "Jupyter": 150,  # GET kernels, terminals and the lifecycle script's file; no AWS call
        "FilterLogEvents": 25,  # of what does not work: none has a log
        "GetMetricData": 25,  # as above
        "PutItem": 50 + 50,  # sessions; what is remembered
        "Query": 4 + 2,  # regions, sessions before and after the repair, what is remembered; prices, open jobs
    }
    assert counted.sweep(later=timedelta(minutes=15)) == NOTHING_DUE


def test_what_is_stopped_is_listed_once_a_day(aws: Aws, tables: tuple[str, str], notebooks: dict[str, Any]) -> None:
    """One call for a hundred notebooks, whatever their status; in every other sweep it is a read of when that was."""
    counted = Counted(aws, tables)
    counted.sweep()
    notebooks["lab-0000"].status = "Stopped"
    stopped, listed, later = (counted.sweep(later=timedelta(minutes=15)) for _ in range(3))

    assert stopped == {
        "ListNotebookInstances": 1,
        "DescribeNotebookInstance": 1,
        "Query": 4,  # and the sessions, after the repair
        "GetItem": 1,  # its session
        "PutItem": 1,  # and the next one
    }
    assert listed == {**NOTHING_DUE, "ListNotebookInstances": 1 + 10, "GetItem": 1, "PutItem": 1}
    assert later == {**NOTHING_DUE, "GetItem": 1}
