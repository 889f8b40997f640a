"""Each role allows exactly what its function's adapters declare, and what Lambda itself needs."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from sagewatch.adapters.sagemaker.reads import SageMakerSessionReads
from sagewatch.digest.periods import DateRange, DigestPeriod, DigestRequest, read_request
from sagewatch.sagemaker.kinds import JOB_KINDS, KIND_FACTS
from tests.worlds.wired import VARIABLES, wired

# Lambda writes the log with the role's permissions, polls the queue with them, and reports a failed schedule. SSM
# decrypts with them.
LOGS = {"logs:CreateLogStream", "logs:PutLogEvents"}
POLLING = {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}
LAMBDA = {
    "RecordJob": LOGS | POLLING,
    "TrackNotebook": LOGS | POLLING,
    "DeliverAlert": LOGS | POLLING | {"kms:Decrypt"},
    "RefreshPrices": LOGS | {"sqs:SendMessage"},
    "SweepJobs": LOGS | POLLING | {"sqs:SendMessage"},
    "SweepNotebooks": LOGS | POLLING | {"sqs:SendMessage"},
    "SweepResources": LOGS | {"sqs:SendMessage"},
    "ReceivePress": LOGS | {"kms:Decrypt"},
    "AnswerSlack": LOGS | POLLING | {"kms:Decrypt"},
    "SendDigest": LOGS | {"sqs:SendMessage", "kms:Decrypt"},
}
# Actions that IAM cannot narrow to a resource (Service Authorization Reference).
LISTS = {f"sagemaker:{KIND_FACTS[kind].list_operation}" for kind in JOB_KINDS}
STANDING_LISTS = {
    permission
    for permission in SageMakerSessionReads.PERMISSIONS
    if permission.startswith("sagemaker:List") and permission != "sagemaker:ListTags"
}
WITHOUT_RESOURCES = {"pricing:GetProducts", "sagemaker:ListNotebookInstances", "cloudwatch:GetMetricData"} | LISTS
WITHOUT_RESOURCES |= {"tag:GetResources"}
WITHOUT_RESOURCES |= STANDING_LISTS
AUTOSCALING_READS = {
    f"application-autoscaling:Describe{what}" for what in ("ScalableTargets", "ScalingPolicies", "ScheduledActions")
}
WITHOUT_RESOURCES |= AUTOSCALING_READS


def statements(template: dict[str, Any], function: str) -> Iterator[dict[str, Any]]:
    """The statements that allow a function's role something, under whatever parameters."""
    yield from (statement for statement, _ in all_statements(template, function) if statement["Effect"] == "Allow")


def all_statements(template: dict[str, Any], function: str) -> Iterator[tuple[dict[str, Any], str | None]]:
    """The statements of a function's role, each with the condition it is there under, if any."""
    role = template["Resources"][f"{function}Role"]["Properties"]
    assert "ManagedPolicyArns" not in role
    for policy in role["Policies"]:
        for statement in policy["PolicyDocument"]["Statement"]:
            if "Fn::If" in statement:
                condition, there, otherwise = statement["Fn::If"]
                assert otherwise == {"Ref": "AWS::NoValue"}
                yield there, condition
            else:
                yield statement, None


def listed(value: Any) -> list[Any]:
    """IAM allows one or many."""
    return value if isinstance(value, list) else [value]


def functions(template: dict[str, Any]) -> set[str]:
    """Every function of the template."""
    resources = template["Resources"].items()
    return {name for name, resource in resources if resource["Type"] == "AWS::Serverless::Function"}


@pytest.fixture(scope="module")
def adapters() -> dict[str, dict[str, list[str]]]:
    """The adapters that each function can reach once it is built, with the permissions that they declare."""
    return wired()


def test_every_function_is_wired_and_has_a_role_of_its_own(template: dict[str, Any]) -> None:
    """None borrows another's."""
    assert functions(template) == set(VARIABLES)
    for name in functions(template):
        assert template["Resources"][name]["Properties"]["Role"] == {"Fn::GetAtt": [f"{name}Role", "Arn"]}


@pytest.mark.parametrize("function", sorted(VARIABLES))
def test_a_role_allows_exactly_what_the_built_function_needs(
    template: dict[str, Any], adapters: dict[str, dict[str, list[str]]], function: str
) -> None:
    """The union of the permissions of every adapter that its objects hold: neither less nor more."""
    allowed = {action for statement in statements(template, function) for action in listed(statement["Action"])}
    needed = {action for permissions in adapters[function].values() for action in permissions}

    assert allowed == needed | LAMBDA[function]


def test_the_digest_can_write_nothing(adapters: dict[str, dict[str, list[str]]]) -> None:
    """SendDigest holds readers of the tables, and no store that could change them."""
    actions = {action for permissions in adapters["SendDigest"].values() for action in permissions}

    assert {action for action in actions if action.startswith("dynamodb:")} == {"dynamodb:Query", "dynamodb:GetItem"}


@pytest.mark.parametrize("function", sorted(VARIABLES))
def test_no_permission_is_for_everything(template: dict[str, Any], function: str) -> None:
    """Each names the resource it is for."""
    for statement in statements(template, function):
        assert "*" not in listed(statement["Resource"]) or set(listed(statement["Action"])) <= WITHOUT_RESOURCES
        assert not any(action.endswith("*") for action in listed(statement["Action"]))


@pytest.mark.parametrize("function", sorted(VARIABLES))
def test_every_variable_of_a_function_is_one_its_settings_read(template: dict[str, Any], function: str) -> None:
    """Every setting has its variable in the template, and every variable is read."""
    known = set(VARIABLES[function])
    given = set(template["Resources"][function]["Properties"]["Environment"]["Variables"])

    assert given | ({"AWS_REGION"} & known) == known  # Lambda itself sets that one


def arns(*types: str) -> set[str]:
    """SageMaker resources of these types, in any region."""
    return {f"arn:${{AWS::Partition}}:sagemaker:*:${{AWS::AccountId}}:{name}/*" for name in types}


JOBS = arns(*(KIND_FACTS[kind].arn_type for kind in JOB_KINDS))
INDEXES = {f"${{CostLedger.Arn}}/index/{name}" for name in ("ByDay", "ByParent", "ByFamily")}
JOB_LOGS = {
    f"arn:${{AWS::Partition}}:logs:*:${{AWS::AccountId}}:log-group:{KIND_FACTS[kind].log_group}{end}"
    for kind in JOB_KINDS
    if KIND_FACTS[kind].log_group
    for end in ("", ":*")
}
READ_JOB_LOGS = {"logs:DescribeLogStreams": JOB_LOGS, "logs:GetLogEvents": JOB_LOGS}
PARAMETER = "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter${%s}"
DESCRIBE_JOBS, STOP_JOBS = (
    {f"sagemaker:{getattr(KIND_FACTS[kind], operation)}" for kind in JOB_KINDS}
    for operation in ("describe_operation", "stop_operation")
)
NOTEBOOKS = {
    "cloudwatch": {"*"},
    "tag": {"*"},
    "logs:FilterLogEvents": {
        f"arn:${{AWS::Partition}}:logs:*:${{AWS::AccountId}}:log-group:/aws/sagemaker/NotebookInstances{end}"
        for end in ("", ":*")
    },
    "dynamodb:PutItem": {"CostLedger", "WatchState"},
    "dynamodb": {"WatchState"},
    "sagemaker": arns("notebook-instance"),
}
# What AnswerSlack reads of an idle resource, and what it may do with one once a person has confirmed it.
LOOKED_AT = arns("app", "endpoint", "endpoint-config", "inference-component", "mlflow-tracking-server", "model")
LOOKS = {
    f"sagemaker:Describe{what}"
    for what in ("App", "Endpoint", "EndpointConfig", "InferenceComponent", "MlflowTrackingServer", "Model")
}
SCALED = arns("endpoint", "inference-component")
CANVAS = {f"arn:${{AWS::Partition}}:sagemaker:*:${{AWS::AccountId}}:app/*/*/{name}/*" for name in ("canvas", "Canvas")}
DENIED_BY_TAG = {
    "sagemaker:DeleteApp": CANVAS,
    "sagemaker:StopMlflowTrackingServer": arns("mlflow-tracking-server"),
    "sagemaker:DeleteEndpoint": SCALED,
    "sagemaker:DeleteInferenceComponent": SCALED,
    "sagemaker:UpdateEndpointWeightsAndCapacities": SCALED,
    "sagemaker:UpdateInferenceComponentRuntimeConfig": SCALED,
}
ENDS = {
    **DENIED_BY_TAG,
    "sagemaker:CreateEndpoint": SCALED | arns("endpoint-config"),
    "sagemaker:CreateInferenceComponent": SCALED | arns("endpoint-config"),
    "sagemaker:AddTags": SCALED,
}
ALARMS_OF_TRACKING = {
    f"arn:${{AWS::Partition}}:cloudwatch:*:${{AWS::AccountId}}:alarm:TargetTracking-{kind}/*"
    for kind in ("endpoint", "inference-component")
}
ALARMS = {f"cloudwatch:{what}" for what in ("DeleteAlarms", "DescribeAlarms", "PutMetricAlarm")}
READ_SPOKES, ASK_IN_SPOKES, ACT_IN_SPOKES = (
    f"arn:${{AWS::Partition}}:iam::*:role/sagewatch-${{SpokeNamespace}}-{kind}" for kind in ("read", "inspect", "act")
)
RESOURCES = {
    "SweepNotebooks": {
        **NOTEBOOKS,
        "logs": {"SweepNotebooksLogs"},
        "sqs": {"NotebookSweepQueue"},
        "sqs:SendMessage": {"AlertQueue", "EventDeadLetterQueue", "NotebookSweepQueue"},
        "sagemaker:ListNotebookInstances": {"*"},
    },
    "SweepResources": {
        "logs": {"SweepResourcesLogs"},
        "cloudwatch": {"*"},
        "sqs:SendMessage": {"AlertQueue", "EventDeadLetterQueue", "PressQueue"},
        "dynamodb:PutItem": {"CostLedger", "WatchState"},
        "dynamodb": {"WatchState"},
        "sagemaker": arns(
            *("app", "cluster", "domain", "endpoint", "endpoint-config", "feature-group", "mlflow-tracking-server"),
            *("model", "space", "user-profile"),
        ),
        **{action: {"*"} for action in STANDING_LISTS},
    },
    "ReceivePress": {
        "logs": {"ReceivePressLogs"},
        "sqs": {"PressQueue"},
        "dynamodb": {"WatchState"},
        "ssm": {PARAMETER % name for name in ("SlackTokenParameter", "SlackSigningSecretParameter")},
    },
    "AnswerSlack": {
        **NOTEBOOKS,
        "sagemaker:ListTags": JOBS | LOOKED_AT | arns("notebook-instance"),
        **dict.fromkeys(LOOKS, LOOKED_AT),
        **ENDS,
        **{action: {"*"} for action in AUTOSCALING_READS},
        "sagemaker:ListInferenceComponents": {"*"},
        "sagemaker:ListDomains": {"*"},
        "application-autoscaling": {
            "arn:${AWS::Partition}:application-autoscaling:*:${AWS::AccountId}:scalable-target/*"
        },
        **dict.fromkeys(ALARMS, ALARMS_OF_TRACKING),
        **dict.fromkeys(DESCRIBE_JOBS | STOP_JOBS, JOBS),
        "logs": {"AnswerSlackLogs"},
        "sqs:SendMessage": {"AlertQueue", "EventDeadLetterQueue"},
        "sqs": {"PressQueue"},
        "ssm": {PARAMETER % "SlackTokenParameter"},
    },
    "RecordJob": {
        "logs": {"RecordJobLogs"},
        **READ_JOB_LOGS,
        "cloudwatch": {"*"},
        "sqs:SendMessage": {"AlertQueue", "EventDeadLetterQueue"},
        "sqs": {"JobEventQueue"},
        "dynamodb:PutItem": {"CostLedger", "WatchState"},
        "dynamodb:ConditionCheckItem": {"CostLedger"},
        "dynamodb:BatchGetItem": {"CostLedger"},
        "dynamodb:GetItem": {"WatchState"},
        "dynamodb:DeleteItem": {"WatchState"},
        "dynamodb:UpdateItem": {"WatchState"},
        "dynamodb:Query": {"WatchState", "${CostLedger.Arn}/index/ByFamily"},
        "sagemaker": JOBS,
        "sagemaker:ListTags": JOBS | arns("pipeline", "monitoring-schedule"),
    },
    "TrackNotebook": {
        "logs": {"TrackNotebookLogs"},
        "sqs:SendMessage": {"EventDeadLetterQueue"},
        "sqs": {"NotebookEventQueue"},
        "dynamodb:PutItem": {"CostLedger", "WatchState"},
        "dynamodb": {"WatchState"},
        "sagemaker": arns("notebook-instance"),
    },
    "SweepJobs": {
        "logs": {"SweepJobsLogs"},
        **READ_JOB_LOGS,
        "cloudwatch": {"*"},
        "sqs": {"JobSweepQueue"},
        "sqs:SendMessage": {"AlertQueue", "EventDeadLetterQueue", "JobSweepQueue"},
        "dynamodb:PutItem": {"CostLedger", "WatchState"},
        "dynamodb:ConditionCheckItem": {"CostLedger"},
        "dynamodb:BatchGetItem": {"CostLedger", "WatchState"},
        "dynamodb:UpdateItem": {"CostLedger", "WatchState"},
        "dynamodb:DeleteItem": {"WatchState"},
        "dynamodb:GetItem": {"WatchState"},
        "dynamodb:Query": {"CostLedger", "WatchState", *INDEXES},
        "sagemaker": JOBS,
        "sagemaker:ListTags": JOBS | arns("pipeline", "monitoring-schedule"),
        **{action: {"*"} for action in LISTS},
    },
    "SendDigest": {
        "logs": {"SendDigestLogs"},
        "sqs:GetQueueAttributes": {"EventDeadLetterQueue", "AlertDeadLetterQueue"},
        "sqs:SendMessage": {"AlertQueue", "EventDeadLetterQueue"},
        "dynamodb:Query": {"WatchState", "${CostLedger.Arn}/index/ByDay"},
        "dynamodb:GetItem": {"WatchState"},
        "ssm": {PARAMETER % "SlackTokenParameter"},
    },
    "RefreshPrices": {
        "logs": {"RefreshPricesLogs"},
        "sqs:SendMessage": {"EventDeadLetterQueue"},
        "pricing": {"*"},
        "dynamodb": {"WatchState"},
    },
    "DeliverAlert": {
        "logs": {"DeliverAlertLogs"},
        "sqs:SendMessage": {"AlertDeadLetterQueue", "AlertQueue"},
        "sqs": {"AlertQueue"},
        "organizations": {"arn:${AWS::Partition}:organizations::*:account/*"},
        "dynamodb": {"WatchState"},
        "ssm": {"arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter${SlackTokenParameter}"},
    },
}


def named(resource: dict[str, Any] | str) -> str:
    """The logical id, or the ARN as it is written."""
    if isinstance(resource, str):
        return resource
    [value] = resource.values()
    return str(value[0] if isinstance(value, list) else value)


@pytest.mark.parametrize("function", sorted(VARIABLES))
def test_every_permission_is_for_the_resources_it_is_needed_on(template: dict[str, Any], function: str) -> None:
    """Jobs of every kind in any region, and the function's own tables and queues."""
    allowed: dict[str, set[str]] = {}
    for statement in statements(template, function):
        for action in listed(statement["Action"]):
            allowed.setdefault(action, set()).update(named(resource) for resource in listed(statement["Resource"]))
    acts = {ASK_IN_SPOKES, ACT_IN_SPOKES} if function in {"SweepNotebooks", "AnswerSlack"} else set()
    expected = {"kms": {"SecretsKeyArn"}, "sts": {READ_SPOKES} | acts, **RESOURCES[function]}

    assert allowed == {action: expected.get(action) or expected[action.partition(":")[0]] for action in allowed}


@pytest.mark.parametrize("function", ["SweepNotebooks", "AnswerSlack"])
def test_a_notebook_is_stopped_only_in_enforce_mode_and_never_against_its_tag(
    template: dict[str, Any], function: str
) -> None:
    """The permission is not there in observe mode, nor the presigned URL's without its parameter; IAM heeds the tag."""
    conditions = {
        statement["Action"]: condition
        for statement, condition in all_statements(template, function)
        if isinstance(statement["Action"], str) and statement["Effect"] == "Allow"
    }
    denied = {"sagemaker:StopNotebookInstance": arns("notebook-instance")}

    assert conditions["sagemaker:StopNotebookInstance"] == "Enforces"
    assert conditions["sagemaker:CreatePresignedNotebookInstanceUrl"] == "AsksJupyter"
    assert denied.items() <= protected(template, function).items()


@pytest.mark.parametrize("function", ["RecordJob", "TrackNotebook", "SweepJobs", "SweepNotebooks", "AnswerSlack"])
def test_a_role_is_assumed_only_in_watched_accounts_and_acts_only_in_enforce_mode(
    template: dict[str, Any], function: str
) -> None:
    """The permission is not there without other accounts, and names the organization or the accounts."""
    found = {
        named(role): (condition, json.dumps(statement["Condition"]))
        for statement, condition in all_statements(template, function)
        if statement["Action"] == "sts:AssumeRole"
        for role in listed(statement["Resource"])
    }

    assert found.pop(ACT_IN_SPOKES, ("ActsInSpokes", ""))[0] == "ActsInSpokes"
    assert found[READ_SPOKES][0] == found.get(ASK_IN_SPOKES, ("IsHub", ""))[0] == "IsHub"
    assert all("aws:ResourceOrgID" in watched and "aws:ResourceAccount" in watched for _, watched in found.values())


@pytest.mark.parametrize("function", ["RecordJob", "SweepJobs"])
def test_no_function_may_read_a_jobs_log_without_log_excerpts(template: dict[str, Any], function: str) -> None:
    """The parameter removes the permission, whatever the code would do."""
    conditions = {
        condition
        for statement, condition in all_statements(template, function)
        if "logs:GetLogEvents" in listed(statement["Action"])
    }

    assert conditions == {"ReadsLogs"}


def protected(template: dict[str, Any], function: str) -> dict[str, set[str]]:
    """What the tag forbids the function, and on which resources."""
    denials = [there for there, _ in all_statements(template, function) if there["Effect"] == "Deny"]
    assert [there["Condition"] for there in denials] == [
        {"Null": {"aws:ResourceTag/sagewatch:protect": "false"}} for _ in denials
    ]
    return {
        action: {named(resource) for resource in listed(there["Resource"])}
        for there in denials
        for action in listed(there["Action"])
    }


def test_a_job_is_stopped_only_in_enforce_mode_and_never_against_its_tag(template: dict[str, Any]) -> None:
    """By AnswerSlack alone: whatever its kind, the permission is not there in observe mode, and IAM heeds the tag."""
    conditions = {
        action: condition
        for statement, condition in all_statements(template, "AnswerSlack")
        for action in listed(statement["Action"])
        if statement["Effect"] == "Allow"
    }

    assert {conditions[action] for action in STOP_JOBS} == {"Enforces"}
    assert dict.fromkeys(STOP_JOBS, JOBS).items() <= protected(template, "AnswerSlack").items()


def test_an_idle_resource_is_changed_only_in_enforce_mode_and_never_against_its_tag(template: dict[str, Any]) -> None:
    """By AnswerSlack alone. What restores an endpoint and its autoscaling is not there in observe mode either."""
    found = {
        action: (condition, statement.get("Condition"))
        for statement, condition in all_statements(template, "AnswerSlack")
        for action in listed(statement["Action"])
        if statement["Effect"] == "Allow"
    }
    scaling = {f"application-autoscaling:{what}" for what in ("DeregisterScalableTarget", "RegisterScalableTarget")}
    scaling |= {f"application-autoscaling:{what}" for what in ("PutScalingPolicy", "PutScheduledAction")}

    assert {found[action][0] for action in {*ENDS, *scaling, *ALARMS}} == {"Enforces"}
    assert DENIED_BY_TAG.items() <= protected(template, "AnswerSlack").items()
    assert found["sagemaker:AddTags"][1] == {
        "StringEquals": {"sagemaker:TaggingAction": ["CreateEndpoint", "CreateInferenceComponent"]}
    }
    assert {json.dumps(found[action][1]) for action in scaling} == {
        json.dumps({"StringEquals": {"application-autoscaling:service-namespace": "sagemaker"}})
    }


@pytest.mark.parametrize("function", sorted(VARIABLES.keys() - {"AnswerSlack"}))
def test_no_other_function_changes_a_standing_resource(template: dict[str, Any], function: str) -> None:
    """The sweep that finds them idle least of all."""
    allowed = {action for statement in statements(template, function) for action in listed(statement["Action"])}

    assert allowed.isdisjoint(ENDS)
    assert not any(action.startswith("application-autoscaling:") for action in allowed)


@pytest.mark.parametrize("function", ["ReceivePress", "AnswerSlack", "SendDigest", "DeliverAlert"])
def test_a_key_of_ones_own_is_used_through_ssm_only(template: dict[str, Any], function: str) -> None:
    """Each function that reads a parameter may decrypt with SecretsKeyArn, if there is one."""
    [(statement, condition)] = [
        (there, condition)
        for there, condition in all_statements(template, function)
        if there["Action"] == "kms:Decrypt"
    ]

    assert condition == "HasSecretsKey"
    assert statement["Condition"] == {
        "StringEquals": {
            "kms:ViaService": [  # the second one for China, where names of services may end in amazonaws.com.cn
                {"Fn::Sub": "ssm.${AWS::Region}.amazonaws.com"},
                {"Fn::Sub": "ssm.${AWS::Region}.${AWS::URLSuffix}"},
            ]
        }
    }


def test_what_the_internet_can_call_may_touch_nothing_of_sagemaker(template: dict[str, Any]) -> None:
    """ReceivePress alone is behind the HTTP API, which throttles; it may queue a press, and has no queue of its own."""
    services = {
        action.partition(":")[0]
        for statement, _ in all_statements(template, "ReceivePress")
        for action in listed(statement["Action"])
    }
    resources = template["Resources"]
    called = [each["Properties"] for each in resources.values() if each["Type"] == "AWS::Lambda::Permission"]
    limits = resources["SlackApiStage"]["Properties"]["DefaultRouteSettings"]

    assert services == {"logs", "sqs", "dynamodb", "ssm", "kms"}
    assert "Events" not in resources["ReceivePress"]["Properties"]
    assert [(each["FunctionName"], each["Principal"]) for each in called] == [
        ({"Ref": "ReceivePress"}, "apigateway.amazonaws.com")
    ]
    assert not any("FunctionUrlConfig" in each["Properties"] for each in resources.values())
    assert 0 < limits["ThrottlingRateLimit"] <= limits["ThrottlingBurstLimit"] <= 100


@pytest.mark.parametrize("function", ["RefreshPrices", "SendDigest", "SweepJobs", "SweepNotebooks", "SweepResources"])
def test_a_schedule_that_fails_to_the_last_leaves_a_trace(template: dict[str, Any], function: str) -> None:
    """In the dead-letter queue."""
    invoke = template["Resources"][function]["Properties"]["EventInvokeConfig"]

    assert invoke["DestinationConfig"]["OnFailure"]["Destination"] == {"Fn::GetAtt": ["EventDeadLetterQueue", "Arn"]}


def test_the_digest_is_sent_on_the_peoples_clock_and_knows_when_it_was_due(template: dict[str, Any]) -> None:
    """A retry after midnight is still about the day before; the schedule's own words ask for a digest."""
    [event] = template["Resources"]["SendDigest"]["Properties"]["Events"].values()
    given = event["Properties"]
    told = json.loads(given["Input"])
    due = told["at"].replace("<aws.scheduler.scheduled-time>", "2026-11-24T23:59:00Z")

    assert given["ScheduleExpressionTimezone"] == {"Ref": "Timezone"}
    assert given["ScheduleExpression"] == {"Ref": "DigestSchedule"}
    assert read_request(
        {**told, "at": due}, datetime(2026, 11, 25, 0, 3, tzinfo=UTC), ZoneInfo("UTC")
    ) == DigestRequest(DateRange(DigestPeriod.DAILY, date(2026, 11, 23), date(2026, 11, 23)), scheduled=True)


def test_the_layers_of_the_digest_are_the_shared_one_and_its_own(template: dict[str, Any]) -> None:
    """SAM adds a function's layers to those of all; no other function carries the chart's libraries."""
    layers = {name: template["Resources"][name]["Properties"].get("Layers") for name in functions(template)}

    assert {name for name, own in layers.items() if own} == {"SendDigest"}
    assert layers["SendDigest"] == [{"Ref": "ChartLayer"}]


def test_every_function_is_fed_by_a_queue_with_an_end(template: dict[str, Any]) -> None:
    """Partial failures, a timeout Lambda asks for, and one receive more than the function's."""
    for name in functions(template):
        properties = template["Resources"][name]["Properties"]
        for event in properties.get("Events", {}).values():
            if event["Type"] != "SQS":
                continue
            source = event["Properties"]
            queue = template["Resources"][source["Queue"]["Fn::GetAtt"][0]]["Properties"]
            assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
            assert queue["VisibilityTimeout"] >= 6 * properties["Timeout"]
            receives = int(properties["Environment"]["Variables"]["MAX_RECEIVES"])
            assert queue["RedrivePolicy"]["maxReceiveCount"] == receives + 1


def test_the_ledger_outlives_the_stack(template: dict[str, Any]) -> None:
    """It is the only record there is."""
    ledger = template["Resources"]["CostLedger"]

    assert (ledger["DeletionPolicy"], ledger["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")
    assert ledger["Properties"]["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True
