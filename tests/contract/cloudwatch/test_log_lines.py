"""Logs of several notebooks are read in one call; what one of them lacks is no other one's answer."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier, Event
from time import sleep
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ClientError

from sagewatch.adapters.cloudwatch.log_lines import Line, NotebookLogLines
from sagewatch.errors import ThrottledError
from tests.worlds.aws import Aws

GROUP, REGION = "/aws/sagemaker/NotebookInstances", "eu-north-1"
NOW = datetime.now(UTC)


@pytest.fixture
def logs(aws: Aws) -> Iterator[Any]:
    """Twenty notebooks, each with two lines of work, an hour and three hours old."""
    client = aws.client("logs", REGION)
    client.create_log_group(logGroupName=GROUP)
    for number in range(20):
        stream = f"lab-{number}/jupyter.log"
        client.create_log_stream(logGroupName=GROUP, logStreamName=stream)
        events = [
            {"timestamp": int((NOW - timedelta(hours=hours)).timestamp() * 1000), "message": f"Saving file {number}"}
            for hours in (3, 1)
        ]
        client.put_log_events(logGroupName=GROUP, logStreamName=stream, logEvents=events)
    yield client
    client.delete_log_group(logGroupName=GROUP)


def read_together(logs: Any, names: Sequence[str], pattern: str) -> tuple[list[Sequence[Line] | None], list[int]]:
    """Read the logs of the last two hours from as many threads; return the answers and the streams of each call."""
    calls: list[int] = []

    def called(params: dict[str, Any], **_: object) -> None:
        calls.append(len(params["logStreamNames"]))

    logs.meta.events.register("provide-client-params.*.FilterLogEvents", called)
    lines = NotebookLogLines(lambda _: logs)
    with ThreadPoolExecutor(len(names)) as pool:
        start = NOW - timedelta(hours=2)
        found = list(pool.map(lambda name: lines.matching(name, REGION, start, pattern), names))
    return found, calls


def test_each_notebook_has_its_own_lines(logs: Any) -> None:
    """From its own start on, in fewer calls than notebooks."""
    found, calls = read_together(logs, [f"lab-{number}" for number in range(20)], '?"Saving file"')

    assert [[line for _, line in lines or ()] for lines in found] == [[f"Saving file {number}"] for number in range(20)]
    assert sum(calls) >= 20
    assert len(calls) < 20


class Refusal:
    """The body of an answer that refuses a call."""

    def stream(self, **_: object) -> Iterator[bytes]:
        """Yield it."""
        yield b'{"__type": "ResourceNotFoundException", "message": "The specified log stream does not exist."}'


def test_a_missing_log_is_none_and_takes_no_other_ones_answer(logs: Any) -> None:
    """AWS refuses a call that names a stream which does not exist; moto leaves it out."""

    def refuse(request: Any, **_: object) -> AWSResponse | None:
        return AWSResponse(request.url, 400, HTTPHeaders(), Refusal()) if b"gone" in request.body else None

    logs.meta.events.register("before-send.*.FilterLogEvents", refuse)
    found, _ = read_together(logs, ["lab-1", "gone", "lab-2"], "")

    assert [bool(lines) for lines in found] == [True, False, True]
    assert found[1] is None


def test_without_the_group_there_is_no_log(aws: Aws) -> None:
    """The first notebook whose role may write creates it."""
    found, _ = read_together(aws.client("logs", "eu-west-3"), ["lab-1", "lab-2", "lab-3"], "")

    assert found == [None, None, None]


def test_an_error_is_raised_where_the_log_was_asked_for(logs: Any) -> None:
    """And the next one who asks makes a call again."""
    broken = [True]

    def client(_: str) -> Any:
        if broken:
            broken.clear()
            raise RuntimeError
        return logs

    lines = NotebookLogLines(client)
    with pytest.raises(RuntimeError):
        lines.matching("lab-1", REGION, NOW - timedelta(hours=2), "")

    assert lines.matching("lab-1", REGION, NOW - timedelta(hours=2), "")


class Answers:
    """A client whose calls wait until they may end: each with the region and the streams that it names."""

    def __init__(self, region: str, on_call: Callable[[str, Sequence[str]], None]) -> None:
        """Call a function before each answer."""
        self._region, self._on_call = region, on_call

    def get_paginator(self, _: str) -> "Answers":
        """Return itself."""
        return self

    def paginate(self, *, logStreamNames: Sequence[str], **_: object) -> Iterator[Any]:  # noqa: N803 - as boto3 names it
        """Yield one page with a line of each stream, unless ``on_call`` raises."""
        self._on_call(self._region, logStreamNames)
        moment = int(NOW.timestamp() * 1000)
        yield {"events": [{"logStreamName": n, "timestamp": moment, "message": "Saving"} for n in logStreamNames]}


def refusal(code: str, text: str = "") -> ClientError:
    """As the service refuses."""
    return ClientError({"Error": {"Code": code, "Message": text}}, "FilterLogEvents")


def test_a_log_that_one_region_lacks_is_read_in_another_at_the_same_moment() -> None:
    """Two notebooks of one name: a region learns that its log is missing while the other reads several together."""
    reading, missed = Barrier(2), Event()

    def on_call(region: str, streams: Sequence[str]) -> None:
        if region == "eu" and "shared/jupyter.log" in streams:
            raise refusal("ResourceNotFoundException", "The specified log stream does not exist.")
        if region == "us" and len(streams) > 1:
            reading.wait(10)
            assert missed.wait(10)

    lines = NotebookLogLines(lambda region: Answers(region, on_call))  # type: ignore[arg-type,return-value] # of a client, one call is used

    def ask(region: str, name: str) -> int | None:
        found = lines.matching(name, region, NOW - timedelta(hours=2), "")
        return None if found is None else len(found)

    with ThreadPoolExecutor(3) as pool:
        queue = lines._queue("us", "")  # noqa: SLF001 - what is read together is decided there
        queue.led = True  # as if another thread read: the two of this region wait, and are read together
        first = pool.submit(ask, "us", "shared")
        second = pool.submit(ask, "us", "other")
        while len(queue.waiting) < 2:
            sleep(0.001)
        queue.waiting[0].turn.set_result(True)
        reading.wait(10)
        assert ask("eu", "shared") is None
        missed.set()

        assert (first.result(10), second.result(10)) == (1, 1)


def test_a_service_that_throttles_is_not_asked_for_each_log() -> None:
    """Its answer is that of every notebook in the call."""
    calls: list[int] = []

    def on_call(_: str, streams: Sequence[str]) -> None:
        calls.append(len(streams))
        sleep(0.02)
        raise refusal("ThrottlingException")

    lines = NotebookLogLines(lambda region: Answers(region, on_call))  # type: ignore[arg-type,return-value] # of a client, one call is used

    def ask(number: int) -> None:
        with pytest.raises(ThrottledError):
            lines.matching(f"lab-{number}", REGION, NOW - timedelta(hours=2), "")

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(ask, range(16)))

    assert len(calls) < 16


def test_who_asks_while_a_call_waits_for_its_turn_is_answered_by_it() -> None:
    """Sixteen notebooks are one call."""
    calls: list[int] = []

    def pace(_: str) -> None:
        while not calls and len(lines._queue(REGION, "").waiting) < 16:  # noqa: SLF001 - as above
            sleep(0.001)

    def on_call(_: str, streams: Sequence[str]) -> None:
        calls.append(len(streams))

    lines = NotebookLogLines(lambda region: Answers(region, on_call), pace)  # type: ignore[arg-type,return-value] # as above

    def ask(number: int) -> int:
        return len(lines.matching(f"lab-{number}", REGION, NOW - timedelta(hours=2), "") or ())

    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(ask, range(16))) == [1] * 16

    assert calls == [16]
