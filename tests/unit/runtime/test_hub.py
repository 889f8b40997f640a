"""The shell of a hub's sweeps: a region that fails, however it fails, affects neither its account nor the hub's own."""

import io
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from aws_lambda_powertools import Logger

from sagewatch.clock import TimeBudget
from sagewatch.errors import ThrottledError, UnavailableError
from sagewatch.outcomes import EmfMetric, Outcome
from sagewatch.runtime.hub import HubHandler
from sagewatch.runtime.scheduled import ScheduledHandler
from sagewatch.sagemaker.scopes import Scope
from tests.unit.runtime.test_handlers import Context

BROKEN, WELL = "222233334444/us-east-1", "222233334444/eu-west-1"
FAULTS = [ThrottledError("Rate exceeded"), KeyError("a fault of ours"), RecursionError()]


class Swept(Outcome):
    """An outcome with one number."""

    def to_log(self) -> Mapping[str, object]:
        """Say so."""
        return {"reason": "swept"}

    def metrics(self, sent_at: object = None) -> Mapping[EmfMetric, float]:
        """One job."""
        del sent_at
        return {EmfMetric.JOBS_RECORDED: 1}


@dataclass
class Hub:
    """A hub's handler, one of whose regions fails as the test says."""

    fault: Exception | None = None
    fan_out_fault: Exception | None = None
    swept: list[Scope] = field(default_factory=list)
    own: list[object] = field(default_factory=list)
    log: io.StringIO = field(default_factory=io.StringIO)

    def invoke(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Invoke the function."""
        logger = Logger(service=f"test-{uuid.uuid4()}", stream=self.log, level="INFO")
        handler = HubHandler(
            scheduled=ScheduledHandler(self._sweep_own, logger=logger),
            fan_out=self._fan_out,
            spoke=self._sweep,
            check=self._check,
            logger=logger,
        )
        return handler(event, Context())

    def lines(self) -> list[dict[str, Any]]:
        """The log."""
        return [json.loads(line) for line in self.log.getvalue().splitlines()]

    def _sweep_own(self, event: object, more_time: TimeBudget) -> Swept:
        assert more_time()
        self.own.append(event)
        return Swept()

    def _fan_out(self) -> int:
        if self.fan_out_fault:
            raise self.fan_out_fault
        return 2

    def _sweep(self, scope: Scope, more_time: TimeBudget) -> Swept:
        assert more_time()
        if scope == BROKEN and self.fault:
            raise self.fault
        self.swept.append(scope)
        return Swept()

    def _check(self, scope: Scope) -> Mapping[str, str]:
        if scope == BROKEN and self.fault:
            raise self.fault
        return {"read": ""}


def queued(*bodies: str) -> dict[str, Any]:
    """Messages of the queue."""
    return {"Records": [{"messageId": str(number), "body": body} for number, body in enumerate(bodies)]}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_region_that_fails_leaves_its_queue_so_that_its_account_is_swept(
    fault: Exception, capsys: pytest.CaptureFixture[str]
) -> None:
    """A message that came back would hold up all regions of its account for a quarter of an hour."""
    hub = Hub(fault=fault)
    answer = hub.invoke(queued(*(json.dumps({"scope": scope}) for scope in (BROKEN, WELL))))
    [failed] = [line for line in hub.lines() if line["message"] == "sweep of another account failed"]

    assert answer == {"batchItemFailures": []}
    assert hub.swept == [WELL]
    assert BROKEN in failed["queued"]
    assert '"SweepFailures":[1.0]' in capsys.readouterr().out.replace(" ", "")


@pytest.mark.parametrize("body", ["no JSON", "[]", "{}", '{"scope": null}'])
def test_a_message_that_cannot_be_read_is_dropped(body: str) -> None:
    """Only the hub writes to the queue; a message without a meaning is not retried."""
    hub = Hub()

    assert hub.invoke(queued(body, json.dumps({"scope": WELL}))) == {"batchItemFailures": []}
    assert hub.swept[-1] == WELL


@pytest.mark.parametrize("fault", [UnavailableError("SQS"), TypeError("a fault of ours")])
def test_the_hubs_own_account_is_swept_if_no_other_can_be_queued(fault: Exception) -> None:
    """The reason is in the log."""
    hub = Hub(fan_out_fault=fault)

    assert hub.invoke({}) == {"reason": "swept"}
    assert hub.own == [{}]
    assert "sweeps of other accounts were not queued" in hub.log.getvalue()


@pytest.mark.parametrize("fault", FAULTS)
def test_a_check_that_fails_takes_no_other_account_with_it(fault: Exception) -> None:
    """``make spokes`` shows the fault at that account, and the others as they are."""
    answer = Hub(fault=fault).invoke({"spokes": [BROKEN, WELL]})

    assert answer[WELL] == {"read": ""}
    assert type(fault).__name__ in answer[BROKEN]["read"]
