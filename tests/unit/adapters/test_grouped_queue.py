"""The queue of sweeps, whose threads share calls."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Lock
from typing import Any

from botocore.exceptions import ClientError

from sagewatch.adapters.grouped_queue import GroupedQueue


class Queue:
    """Takes messages; in a batch it refuses those named ``bad``, and refuses whole batches if ``down``."""

    def __init__(self, *, down: bool = False) -> None:
        self.down = down
        self.calls: list[list[str]] = []
        self._lock = Lock()

    def send_message(self, **message: Any) -> dict[str, str]:
        """Take one."""
        with self._lock:
            self.calls.append([message["MessageBody"]])
        return {"MessageId": message["MessageBody"]}

    def send_message_batch(self, QueueUrl: str, Entries: list[Any]) -> dict[str, Any]:  # noqa: N803 - as boto3's
        """Take several."""
        assert QueueUrl == "url"
        if self.down:
            raise ClientError({"Error": {"Code": "AWS.SimpleQueueService.BatchRequestTooLong"}}, "SendMessageBatch")
        taken = [entry for entry in Entries if entry["MessageBody"] != "bad"]
        with self._lock:
            self.calls.append([entry["MessageBody"] for entry in taken])
        refused = [{"Id": entry["Id"], "SenderFault": True, "Code": "x"} for entry in Entries if entry not in taken]
        return {"Successful": [{"Id": entry["Id"], "MessageId": "m"} for entry in taken], "Failed": refused}


def sent(queue: Queue, bodies: list[str]) -> list[Any]:
    """Send all at the same moment, each in a thread."""
    client, start = GroupedQueue(queue), Barrier(len(bodies))  # type: ignore[arg-type] # of the methods that are called

    def run(body: str) -> Any:
        start.wait()
        order = {"MessageGroupId": "thread", "MessageDeduplicationId": body}
        return client.send_message(QueueUrl="url", MessageBody=body, **order)

    with ThreadPoolExecutor(len(bodies)) as pool:
        return list(pool.map(run, bodies))


def test_messages_of_many_threads_are_a_few_calls_of_at_most_ten() -> None:
    """Each is sent once."""
    queue, bodies = Queue(), [str(number) for number in range(24)]
    sent(queue, bodies)

    assert sorted(body for call in queue.calls for body in call) == sorted(bodies)
    assert max(map(len, queue.calls)) <= 10
    assert len(queue.calls) <= 8


def test_a_message_that_a_batch_refuses_is_sent_alone() -> None:
    """So that its sender gets SQS's answer."""
    queue = Queue()
    answers = sent(queue, ["bad", "a", "b", "c"])

    assert all(answers)
    assert sorted(body for call in queue.calls for body in call) == ["a", "b", "bad", "c"]
    assert ["bad"] in queue.calls


def test_a_batch_that_sqs_refuses_is_sent_one_by_one() -> None:
    """Too long, for example."""
    queue = Queue(down=True)
    answers = sent(queue, ["a", "b", "c"])

    assert all(answers)
    assert sorted(queue.calls) == [["a"], ["b"], ["c"]]


def test_long_messages_are_not_put_into_one_call() -> None:
    """SQS takes 256 KiB at once."""
    queue, bodies = Queue(), [letter * 150_000 for letter in "abc"]
    sent(queue, bodies)

    assert sorted(map(len, queue.calls)) == [1, 1, 1]
