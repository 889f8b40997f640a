"""The last audit of each scope's Studio domains: one item of WatchState for each."""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, override

from pydantic import ValidationError

from sagewatch.adapters.aws_errors import translated
from sagewatch.adapters.dynamodb.items import query, readable, to_item
from sagewatch.adapters.dynamodb.stored_values import refuse_odd_values
from sagewatch.errors import UnreadableError
from sagewatch.models import LazyAdapter
from sagewatch.sagemaker.scopes import Scope, stored_scope
from sagewatch.standing.studio.ports import AuditReader, Audits, KeptAudit

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


_AUDIT: LazyAdapter[KeptAudit] = LazyAdapter(KeptAudit)
_PARTITION = "studio-audits"


class DynamoStudioAuditReader(AuditReader):
    """Reads the last audits."""

    PERMISSIONS: ClassVar[tuple[str, ...]] = ("dynamodb:Query",)

    def __init__(self, client: "DynamoDBClient", state: str, home: str | None = None) -> None:
        self._client = client
        self._state = state
        self._home = home

    @override
    def all(self) -> Sequence[KeptAudit]:
        return list(readable(query(self._client, self._state, _PARTITION), _read))

    @override
    def last(self, scope: Scope) -> KeptAudit | None:
        key = stored_scope(scope, self._home)
        return next(readable(query(self._client, self._state, _PARTITION, key, key), _read), None)


class DynamoStudioAudits(DynamoStudioAuditReader, Audits):
    """Reads and keeps the last audits."""

    PERMISSIONS = ("dynamodb:PutItem", "dynamodb:Query")

    @override
    def save(self, scope: Scope, audit: KeptAudit) -> None:
        key = {"pk": _PARTITION, "sk": stored_scope(scope, self._home)}
        with translated("dynamodb:PutItem on the audits"):
            text = _AUDIT.dump_json(audit).decode()
            self._client.put_item(TableName=self._state, Item=to_item({**key, "audit": text}))


def _read(item: Mapping[str, Any]) -> KeptAudit:
    try:
        value = _AUDIT.validate_python(json.loads(item["audit"]))
        refuse_odd_values(value)
    except (ValidationError, ValueError, TypeError, LookupError) as exc:
        raise UnreadableError(f"audit {item.get('sk')} cannot be read") from exc
    return value
