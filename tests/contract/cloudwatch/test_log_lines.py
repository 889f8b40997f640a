"""Logs of several notebooks are read in one call; what one of them lacks is no other one's answer."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from sagewatch.adapters.cloudwatch.log_lines import Line, NotebookLogLines
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
