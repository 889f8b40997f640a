"""What the wiring does itself."""

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ParamValidationError
from botocore.session import get_session

from sagewatch.wiring.clients import HINT, PATIENT, QUICK, RATES, Throttle, client, patient_logs


@dataclass
class Watch:
    """A time that passes by sleeping."""

    now: float = 100.0
    slept: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        """Let it pass."""
        self.slept.append(seconds)
        self.now += seconds


def test_calls_in_one_region_keep_their_distance() -> None:
    """Only the rest of it is waited for, and nothing before the first."""
    watch = Watch()
    pace = Throttle(0.5, lambda: watch.now, watch.sleep)
    pace("us-east-1")
    pace("us-east-1")
    watch.now += 0.25
    pace("us-east-1")
    watch.now += 0.5
    pace("us-east-1")

    assert watch.slept == [0.5, 0.25]


def test_regions_do_not_wait_for_one_another() -> None:
    """Each has a quota of its own."""
    watch = Watch()
    pace = Throttle(0.5, lambda: watch.now, watch.sleep)
    for region in ("us-east-1", "eu-west-1", "us-east-1"):
        pace(region)

    assert watch.slept == [0.5]


def test_threads_that_call_at_once_take_their_turns() -> None:
    """None of them finds the time that another one has taken."""
    watch = Watch()
    pace = Throttle(0.5, lambda: 100.0, watch.slept.append)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(pace, ["us-east-1"] * 8))

    assert sorted(watch.slept) == [0.5 * turn for turn in range(1, 8)]


def test_a_region_has_one_client_whichever_thread_asks_first() -> None:
    """Boto3 cannot make two at a time."""
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(patient_logs, ["eu-south-1"] * 8))

    assert len(found) == 1


def test_rates_name_operations_that_exist() -> None:
    """A misspelt one would wait for nothing."""
    models = get_session()
    for service, rates in RATES.items():
        assert rates.keys() <= set(models.get_service_model(service).operation_names)


def test_every_client_names_sagewatch_in_one_text() -> None:
    """Botocore composes its own text twice for each call, which takes an eighth of its CPU."""
    names = {config.user_agent for config in (QUICK, PATIENT, HINT)}  # type: ignore[attr-defined] # set by its options

    assert len(names) == 1
    assert names.pop().startswith("SageWatch/")


def test_only_requests_to_dynamodb_are_sent_unchecked() -> None:
    """Their values are written by one function; what names a resource of a person is checked before it is sent."""
    sent: list[Any] = []

    def answer(params: Any, **_: object) -> tuple[Any, Mapping[str, Any]]:
        sent.append(json.loads(params["body"]))
        return AWSResponse("", HTTPStatus.OK, HTTPHeaders(), None), {}

    dynamodb, sagemaker = (client(name, region="eu-west-3") for name in ("dynamodb", "sagemaker"))
    for each in (dynamodb, sagemaker):
        each.meta.events.register("before-call.*.*", answer)
    dynamodb.get_item(TableName="state", Key={"pk": {"S": 5}})
    with pytest.raises(ParamValidationError):
        sagemaker.stop_notebook_instance(NotebookInstanceName=5)

    assert sent == [{"TableName": "state", "Key": {"pk": {"S": 5}}}]
