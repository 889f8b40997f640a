"""Rows about calls: AWS answers each action of the roles as SageWatch expects.

The simulator only judges policies. These rows call each action that changes nothing, with the operator's credentials.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from botocore import xform_name

from sagewatch.sagemaker.kinds import JOB_KINDS, KIND_FACTS, ResourceKind
from tools.operator.doctor.live import Account, CallFailedError, NotCheckedError
from tools.operator.doctor.rows import Check, Facts, Finding, confirmed, not_checked, refuted

_NAME = "sagewatch-doctor"  # nothing has this name
_METRIC_USD = Decimal("0.00001")  # one metric of GetMetricData
# How a service answers about what does not exist.
_NOTHING_THERE = {
    "logs": frozenset({"ResourceNotFoundException"}),
    "sagemaker": frozenset({"ResourceNotFound", "ValidationException"}),
}
_CLIENTS = {"tag": "resourcegroupstaggingapi"}  # where IAM's prefix is no name of a client
_PRICE_LIST_REGION, _WITH_PRICE_LIST = "us-east-1", "aws"  # the partition

type Arguments = Callable[[Account], Mapping[str, Any]]

_STANDING = ["App", "Cluster", "Domain", "Endpoint", "FeatureGroup", "MlflowTrackingServer", "Space", "UserProfile"]
# What AnswerSlack may do with idle resources, and what it reads of autoscaling for a recipe.
_ENDS = (
    *(f"sagemaker:{action}" for action in ("AddTags", "CreateEndpoint", "CreateInferenceComponent", "DeleteApp")),
    *(f"sagemaker:{action}" for action in ("DeleteEndpoint", "DeleteInferenceComponent", "StopMlflowTrackingServer")),
    *(f"sagemaker:Update{what}" for what in ("EndpointWeightsAndCapacities", "InferenceComponentRuntimeConfig")),
    *(f"application-autoscaling:Describe{what}" for what in ("ScalableTargets", "ScalingPolicies", "ScheduledActions")),
    *(f"application-autoscaling:{verb}ScalableTarget" for verb in ("Register", "Deregister")),
    *(f"application-autoscaling:Put{what}" for what in ("ScalingPolicy", "ScheduledAction")),
    *(f"cloudwatch:{action}" for action in ("DeleteAlarms", "DescribeAlarms", "PutMetricAlarm")),
)
# Only the simulator is asked about actions that change something or hide messages from their function, and about
# those that need what only a listing knows.
LEFT_OUT = frozenset(
    {
        "dynamodb:DeleteItem",
        "dynamodb:PutItem",
        "dynamodb:UpdateItem",
        "kms:Decrypt",  # through SSM only: the row slack.token
        "lambda:InvokeFunction",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
        "organizations:DescribeAccount",  # only the management account, or one that it named, may ask
        "sagemaker:CreatePresignedNotebookInstanceUrl",  # the row notebook.jupyter, if a notebook is named
        "sagemaker:StopNotebookInstance",
        "sqs:ChangeMessageVisibility",
        "sqs:DeleteMessage",
        "sqs:ReceiveMessage",
        "sqs:SendMessage",
        "sts:AssumeRole",  # of other accounts: the operator's credentials may not assume those roles
        *(f"sagemaker:{KIND_FACTS[kind].stop_operation}" for kind in JOB_KINDS),
        *(f"sagemaker:Describe{kind}" for kind in (*_STANDING, "EndpointConfig", "InferenceComponent", "Model")),
        *_ENDS,
    }
)


@dataclass(frozen=True, slots=True)
class Probe:
    """A call that changes nothing."""

    operation: str
    arguments: Arguments


def _key(account: Account) -> dict[str, Any]:
    del account
    return {"pk": {"S": _NAME}, "sk": {"S": _NAME}}


def _state(account: Account, **more: Any) -> dict[str, Any]:
    return {"TableName": account.stack.values["WatchStateName"], **more}


def _absent(account: Account) -> dict[str, Any]:
    check = _state(account, Key=_key(account), ConditionExpression="attribute_not_exists(pk)")
    return {"TransactItems": [{"ConditionCheck": check}]}


def _items(account: Account) -> dict[str, Any]:
    return {"RequestItems": {account.stack.values["WatchStateName"]: {"Keys": [_key(account)]}}}


def _partition(account: Account) -> dict[str, Any]:
    return _state(account, KeyConditionExpression="pk = :pk", ExpressionAttributeValues={":pk": {"S": _NAME}}, Limit=1)


def _metric(account: Account) -> dict[str, Any]:
    metric = {"Namespace": str(KIND_FACTS[ResourceKind.TRAINING].log_group), "MetricName": "CPUUtilization"}
    query = {"Id": "m", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Maximum"}}
    return {"MetricDataQueries": [query], "StartTime": account.clock() - timedelta(hours=1), "EndTime": account.clock()}


def _training_job(account: Account) -> dict[str, Any]:
    place = f"arn:{account.stack.partition}:sagemaker:{account.region}:{account.stack.account}"
    return {"ResourceArn": f"{place}:training-job/{_NAME}"}


def _resources(account: Account) -> dict[str, Any]:
    return {"ResourceARNList": [_training_job(account)["ResourceArn"]]}


def _token(account: Account) -> dict[str, Any]:
    return {"Name": account.stack.values["SlackTokenParameter"]}


def _queue(account: Account) -> dict[str, Any]:
    return {"QueueUrl": account.stack.values["AlertQueueUrl"], "AttributeNames": ["QueueArn"]}


def _given(**arguments: Any) -> Arguments:
    return lambda _: arguments


_KINDS = (*JOB_KINDS, ResourceKind.NOTEBOOK)
_TRAINING_LOGS = str(KIND_FACTS[ResourceKind.TRAINING].log_group)
_NOTEBOOK_LOGS = str(KIND_FACTS[ResourceKind.NOTEBOOK].log_group)
PROBES: Mapping[str, Probe] = {
    "cloudwatch:GetMetricData": Probe("get_metric_data", _metric),
    "dynamodb:BatchGetItem": Probe("batch_get_item", _items),
    "dynamodb:ConditionCheckItem": Probe("transact_write_items", _absent),
    "dynamodb:GetItem": Probe("get_item", lambda account: _state(account, Key=_key(account))),
    "dynamodb:Query": Probe("query", _partition),
    "logs:DescribeLogStreams": Probe("describe_log_streams", _given(logGroupName=_TRAINING_LOGS, limit=1)),
    "logs:FilterLogEvents": Probe("filter_log_events", _given(logGroupName=_NOTEBOOK_LOGS, limit=1)),
    "logs:GetLogEvents": Probe(
        "get_log_events", _given(logGroupName=_TRAINING_LOGS, logStreamName=f"{_NAME}/algo-1", limit=1)
    ),
    "pricing:GetProducts": Probe("get_products", _given(ServiceCode="AmazonSageMaker", MaxResults=1)),
    **{
        f"sagemaker:{facts.describe_operation}": Probe(
            xform_name(facts.describe_operation), _given(**{facts.name_field: _NAME})
        )
        for facts in map(KIND_FACTS.__getitem__, _KINDS)
    },
    **{
        f"sagemaker:{facts.list_operation}": Probe(xform_name(facts.list_operation), _given(MaxResults=1))
        for facts in map(KIND_FACTS.__getitem__, _KINDS)
    },
    **{
        f"sagemaker:List{kind}s": Probe(xform_name(f"List{kind}s"), _given(MaxResults=1))
        for kind in (*_STANDING, "InferenceComponent")
    },
    "sagemaker:ListTags": Probe("list_tags", _training_job),
    "sqs:GetQueueAttributes": Probe("get_queue_attributes", _queue),
    "ssm:GetParameter": Probe("get_parameter", _token),
    "tag:GetResources": Probe("get_resources", _resources),
}


def call_checks() -> Iterator[Check]:
    """One row for each service."""
    for service in sorted({action.partition(":")[0] for action in PROBES}):
        yield Check(
            name=f"calls.{service}",
            assumption=f"{service} answers each action of the roles that changes nothing",
            look=partial(_look, service),
            judge=_judge,
            calls=len(_of(service)),
            usd=_METRIC_USD if service == "cloudwatch" else Decimal(0),
        )


def _of(service: str) -> Mapping[str, Probe]:
    return {action: probe for action, probe in PROBES.items() if action.startswith(f"{service}:")}


def _look(service: str, account: Account) -> Facts:
    region = None
    if service == "pricing":
        if account.stack.partition != _WITH_PRICE_LIST:
            raise NotCheckedError("this partition has no Price List in US dollars")
        region = _PRICE_LIST_REGION
    return {"answers": {action: _answer(account, region, action, probe) for action, probe in _of(service).items()}}


def _answer(account: Account, region: str | None, action: str, probe: Probe) -> str:
    service = action.partition(":")[0]
    try:
        account.call(_CLIENTS.get(service, service), probe.operation, region, **probe.arguments(account))
    except CallFailedError as exc:
        if exc.denied:
            return "denied"
        return "ok" if exc.code in _NOTHING_THERE.get(service, ()) else exc.code
    return "ok"


def _judge(facts: Facts) -> Finding:
    answers: Mapping[str, str] = facts["answers"]
    odd = [f"{action}: {code}" for action, code in answers.items() if code not in {"ok", "denied"}]
    denied = [action for action, code in answers.items() if code == "denied"]
    if odd:
        return refuted(", ".join(odd), "Report this row: SageWatch makes the same calls.")
    if denied:
        names = ", ".join(denied)
        return not_checked(f"you may not call {names}", f"Allow {names} for your own credentials.")
    return confirmed(f"{len(answers)} of {len(answers)} answered")
