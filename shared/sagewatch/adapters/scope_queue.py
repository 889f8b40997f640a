"""The queue of sweeps of other accounts, in SQS: a group for each account, so that its regions are swept in turn."""

import json
from collections.abc import Sequence
from datetime import datetime
from itertools import batched
from typing import TYPE_CHECKING, Any, ClassVar, override

from sagewatch.adapters.aws_errors import translated
from sagewatch.errors import UnavailableError
from sagewatch.sagemaker.scopes import Scope, account_in
from sagewatch.spokes.ports import ScopeQueue

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

_BATCH = 10  # SendMessageBatch takes no more


class SqsScopeQueue(ScopeQueue):
    """Sends scopes to a FIFO queue."""

    PERMISSIONS: ClassVar = ("sqs:SendMessage",)

    def __init__(self, client: "SQSClient", url: str) -> None:
        self._client = client
        self._url = url

    @override
    def send(self, scopes: Sequence[Scope], due_at: datetime) -> None:
        for batch in batched(scopes, _BATCH, strict=False):
            entries: Any = [_entry(number, scope, due_at) for number, scope in enumerate(batch)]
            with translated("sqs:SendMessage to the queue of sweeps"):
                answer = self._client.send_message_batch(QueueUrl=self._url, Entries=entries)
            if answer.get("Failed"):
                raise UnavailableError(
                    f"sqs:SendMessage to the queue of sweeps: {len(answer['Failed'])} were not queued"
                )


def _entry(number: int, scope: Scope, due_at: datetime) -> dict[str, str]:
    return {
        "Id": str(number),
        "MessageBody": json.dumps({"scope": scope}),
        "MessageGroupId": str(account_in(scope)),
        "MessageDeduplicationId": f"{scope}/{due_at:%Y%m%dT%H%M}",
    }
