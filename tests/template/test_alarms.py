"""Alarms and the dashboard look at what is there: metrics that are sent, by functions and queues of the template."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from local.stack.template_patches import for_ministack
from sagewatch.digest.health import SWEEPS
from sagewatch.errors import ThrottledError
from sagewatch.outcomes import EmfMetric
from sagewatch.runtime.handlers import wait
from sagewatch.runtime.ports import QueueMessage
from sagewatch.runtime.telemetry import DIMENSION, NAMESPACE, OF_THE_STACK, STACK_DIMENSION
from tests.template.test_docs import PAGES
from tests.template.test_permissions import functions

OPERATIONS = PAGES["docs/operations.md"]
QUEUE_FED = {"RecordJob", "TrackNotebook", "AnswerSlack", "DeliverAlert"}
SENDERS = {
    EmfMetric.SWEEPS_FINISHED: set(SWEEPS),
    EmfMetric.SWEEPS_INCOMPLETE: set(SWEEPS),
    EmfMetric.SWEEP_FAILURES: set(SWEEPS),
    EmfMetric.JOBS_OPEN: {"SweepJobs"},
    EmfMetric.JOBS_RECORDED: {"SweepJobs"},
    EmfMetric.ITEMS_UNREADABLE: set(SWEEPS),
    EmfMetric.NOTEBOOKS_IN_SERVICE: {"SweepNotebooks"},
    EmfMetric.STOPS_ANNOUNCED: {"SweepNotebooks"},
    EmfMetric.NOTEBOOKS_STOPPED: {"SweepNotebooks"},
    EmfMetric.STOPS_REFUSED: {"SweepNotebooks"},
    EmfMetric.WARNINGS_OVERDUE: {"SweepNotebooks"},
    EmfMetric.DELIVERY_AGE: {"DeliverAlert"},
    EmfMetric.PRICES_AGE: {"RefreshPrices"},
    EmfMetric.MESSAGES_DEAD_LETTERED: QUEUE_FED,
    EmfMetric.MESSAGES_RETRIED: QUEUE_FED,
    EmfMetric.MESSAGE_WAITS: QUEUE_FED,
}
LONGEST_WAIT = max(wait(QueueMessage("~~~~", "handle", "body", n), ThrottledError("later")) for n in range(1, 30))
ALWAYS = (EmfMetric.SWEEPS_FINISHED,)
# "Types of metrics for Lambda functions" and "Available CloudWatch metrics for Amazon SQS".
LAMBDAS = {"Errors", "Duration", "Invocations", "Throttles"}
QUEUES = {"ApproximateAgeOfOldestMessage", "ApproximateNumberOfMessagesVisible"}
STACK = "sagewatch"
CRASHED_FOR = timedelta(hours=2, minutes=30)
CENTS = {"metric": 30, "alarm": 10}  # a month in us-east-1, aws.amazon.com/cloudwatch/pricing, first tier


def of_type(template: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    """The properties of the resources of a type, by logical id."""
    resources = template["Resources"].items()
    return {name: resource["Properties"] for name, resource in resources if resource["Type"] == kind}


def reads(alarm: dict[str, Any]) -> list[dict[str, Any]]:
    """The metrics an alarm reads, each with its period and statistic."""
    if "Metrics" not in alarm:
        return [{**alarm, "Stat": alarm["Statistic"]}]
    stats = [query["MetricStat"] for query in alarm["Metrics"] if "MetricStat" in query]
    return [{**stat["Metric"], "Period": stat["Period"], "Stat": stat["Stat"]} for stat in stats]


def check(template: dict[str, Any], namespace: str, metric: str, dimension: str, resource: str) -> None:
    """A metric that is sent, by a resource that sends it, under the dimension it is sent with."""
    match namespace:
        case "SageWatch" if EmfMetric(metric) in OF_THE_STACK:
            assert (namespace, dimension) == (NAMESPACE, STACK_DIMENSION)
            assert resource in {"AWS::StackName", STACK}
        case "SageWatch":
            assert (namespace, dimension) == (NAMESPACE, DIMENSION)
            assert resource in SENDERS[EmfMetric(metric)]
        case "AWS/Lambda":
            assert (dimension, metric in LAMBDAS) == ("FunctionName", True)
            assert resource in functions(template)
        case "AWS/SQS":
            assert (dimension, metric in QUEUES) == ("QueueName", True)
            assert resource in of_type(template, "AWS::SQS::Queue")
        case _:
            pytest.fail(f"nobody sends {namespace}")


def test_every_metric_has_a_sender_of_the_template(template: dict[str, Any]) -> None:
    """And the other way round: only a function fed by a queue dead-letters and retries messages."""
    events = {name: properties.get("Events", {}).values() for name, properties in of_type(template, FUNCTION).items()}

    assert set(SENDERS) == set(EmfMetric)
    assert {name for name, of in events.items() if any(event["Type"] == "SQS" for event in of)} == QUEUE_FED


OF_A_HUB = {"JobSweepQueue", "NotebookSweepQueue"}  # not in every stack; what is in them ends with its round
FUNCTION = "AWS::Serverless::Function"


def test_every_alarm_reads_what_is_sent(template: dict[str, Any]) -> None:
    """The dimension of a function or a queue is its name."""
    for alarm in of_type(template, "AWS::CloudWatch::Alarm").values():
        for read in reads(alarm):
            [dimension] = read["Dimensions"]
            [reference] = dimension["Value"].values()
            resource = reference if isinstance(reference, str) else reference[0]
            assert isinstance(reference, str) or reference[1] == "QueueName"
            check(template, read["Namespace"], read["MetricName"], dimension["Name"], resource)


def test_every_alarm_may_be_one(template: dict[str, Any]) -> None:
    """CloudWatch's limits: a day for periods under an hour, else a week; ten metrics; one result."""
    for alarm in of_type(template, "AWS::CloudWatch::Alarm").values():
        [period] = {read["Period"] for read in reads(alarm)}
        whole = period * alarm["EvaluationPeriods"]
        assert whole <= (86_400 if period < 3600 else 604_800)
        assert alarm.get("DatapointsToAlarm", 1) <= alarm["EvaluationPeriods"]
        assert len(reads(alarm)) <= 10
        results = [query for query in alarm.get("Metrics", []) if query.get("ReturnData", True)]
        assert len(results) == ("Metrics" in alarm)
        assert len(alarm["AlarmDescription"]) <= 1024


def test_every_alarm_tells_the_topic_if_there_is_one(template: dict[str, Any]) -> None:
    """That it began, and that it is over; and says what missing data means."""
    told = {"Fn::If": ["HasAlarmTopic", [{"Ref": "AlarmTopicArn"}], {"Ref": "AWS::NoValue"}]}
    for alarm in of_type(template, "AWS::CloudWatch::Alarm").values():
        assert (alarm["AlarmActions"], alarm["OKActions"]) == (told, told)
        missing = alarm["TreatMissingData"]
        assert set(missing["Fn::If"][1:] if isinstance(missing, dict) else [missing]) <= {"breaching", "notBreaching"}
    assert template["Conditions"]["HasAlarmTopic"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "AlarmTopicArn"}, ""]}]}


@pytest.mark.parametrize(
    ("arn", "fits"),
    [
        ("", True),
        ("arn:aws:sns:eu-west-1:111122223333:ops", True),
        ("arn:aws-us-gov:sns:us-gov-west-1:111122223333:ops.fifo", True),
        ("arn:aws:sqs:eu-west-1:111122223333:ops", False),
        ("ops", False),
    ],
)
def test_a_topic_is_an_arn_or_nothing(template: dict[str, Any], arn: str, *, fits: bool) -> None:
    """In any partition."""
    assert bool(re.fullmatch(template["Parameters"]["AlarmTopicArn"]["AllowedPattern"], arn)) is fits


@pytest.mark.parametrize(
    ("alarm", "queues", "senders"),
    [
        ("EventAgeAlarm", {"JobEventQueue", "NotebookEventQueue"}, set()),
        ("AlertAgeAlarm", {"AlertQueue"}, {"DeliverAlert"}),
    ],
)
def test_a_message_that_waits_for_an_hour_is_an_alarm(
    template: dict[str, Any], alarm: str, queues: set[str], senders: set[str]
) -> None:
    """Retried alerts are measured by their function, at least once in each period; others by SQS.

    Events that are retried in vain are in the dead-letter queue after some four hours.
    """
    properties = of_type(template, "AWS::CloudWatch::Alarm")[alarm]
    read = [(one["MetricName"], one["Dimensions"][0]["Value"]) for one in reads(properties)]

    assert {value["Fn::GetAtt"][0] for name, value in read if name == "ApproximateAgeOfOldestMessage"} == queues
    assert {value["Ref"] for name, value in read if name == EmfMetric.MESSAGE_WAITS.value} == senders
    assert {one["Period"] for one in reads(properties)} == {1800}
    assert LONGEST_WAIT < 1800
    assert (properties["EvaluationPeriods"], properties["Threshold"]) == (1, 3600)
    assert properties["TreatMissingData"] == "notBreaching"


def test_every_function_and_every_dead_letter_queue_is_watched(template: dict[str, Any]) -> None:
    """A new queue or function without an alarm fails here.

    What ends a function is in a dead-letter queue in time, each of which has an alarm; the others have their errors.
    """
    alarms = of_type(template, "AWS::CloudWatch::Alarm")
    errors = {read["Dimensions"][0]["Value"]["Ref"] for read in reads(alarms["FunctionErrorsAlarm"])}
    queues = of_type(template, "AWS::SQS::Queue")
    dead = {
        read["Dimensions"][0]["Value"]["Fn::GetAtt"][0]
        for alarm in alarms.values()
        for read in reads(alarm)
        if read["MetricName"] == "ApproximateNumberOfMessagesVisible"
    }
    left = {name: dict(leaves_behind(template, name)) for name in functions(template)}

    assert errors == {name for name, queue in left.items() if min(queue.values(), default=FOREVER) > CRASHED_FOR}
    assert {queue for found in left.values() for queue in found} == dead
    assert dead == {name for name, properties in queues.items() if "RedrivePolicy" not in properties} - OF_A_HUB


FOREVER = timedelta.max


def leaves_behind(template: dict[str, Any], function: str) -> Iterator[tuple[str, timedelta]]:
    """The dead-letter queue of what ends a function, and how long at least each message is tried before."""
    properties = template["Resources"][function]["Properties"]
    if "EventInvokeConfig" in properties:
        failed = properties["EventInvokeConfig"]["DestinationConfig"]["OnFailure"]
        yield failed["Destination"]["Fn::GetAtt"][0], timedelta()
    for event in properties.get("Events", {}).values():
        if event["Type"] == "SQS":
            queue = template["Resources"][event["Properties"]["Queue"]["Fn::GetAtt"][0]]["Properties"]
            policy = queue["RedrivePolicy"]
            tried = timedelta(seconds=queue["VisibilityTimeout"]) * policy["maxReceiveCount"]
            yield policy["deadLetterTargetArn"]["Fn::GetAtt"][0], tried


def substituted(text: str, region: str, partition: str, stack: str) -> tuple[str, list[str]]:
    """Do as Fn::Sub does: alarms become ARNs, other names stay. Also returns the names."""
    pseudo = {"AWS::Region": region, "AWS::Partition": partition, "AWS::StackName": stack, "AWS::AccountId": "1" * 12}
    named = re.findall(r"\$\{([^}]+)\}", text)

    def one(found: re.Match[str]) -> str:
        name, _, attribute = found[1].partition(".")
        if attribute == "Arn":
            return f"arn:{partition}:cloudwatch:{region}:111122223333:alarm:{name}"
        return pseudo.get(name, name)

    return re.sub(r"\$\{([^}]+)\}", one, text), [name for name in named if name not in pseudo]


PLACES = [
    ("us-east-1", "aws"),
    ("us-gov-west-1", "aws-us-gov"),
    ("cn-north-1", "aws-cn"),
    ("eusc-de-east-1", "aws-eusc"),
]


@pytest.fixture(params=PLACES)
def body(request: pytest.FixtureRequest, template: dict[str, Any]) -> dict[str, Any]:
    """The dashboard as it is in a region."""
    [dashboard] = of_type(template, "AWS::CloudWatch::Dashboard").values()
    region, partition = request.param
    text, _ = substituted(dashboard["DashboardBody"]["Fn::Sub"], region, partition, STACK)
    read: dict[str, Any] = json.loads(text)
    return read


def rows(body: dict[str, Any]) -> Iterator[list[Any]]:
    """Every metric of every widget, without what is calculated from them."""
    for widget in body["widgets"]:
        yield from (row for row in widget["properties"].get("metrics", []) if "expression" not in row[0])


def test_the_dashboard_refers_to_what_is_there(template: dict[str, Any]) -> None:
    """Its own name too, which is the account's and may hold no other characters."""
    [dashboard] = of_type(template, "AWS::CloudWatch::Dashboard").values()
    _, named = substituted(dashboard["DashboardBody"]["Fn::Sub"], "eu-west-1", "aws", STACK)
    name, _ = substituted(dashboard["DashboardName"]["Fn::Sub"], "eu-west-1", "aws", "sagewatch-2")

    assert {reference.partition(".")[0] for reference in named} <= set(template["Resources"])
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,255}", name)


def test_the_dashboard_shows_what_is_sent(template: dict[str, Any], body: dict[str, Any]) -> None:
    """In every partition."""
    for namespace, metric, dimension, resource, options in rows(body):
        resource_name = resource.partition(".")[0]
        check(template, namespace, metric, dimension, resource_name)
        assert set(options) <= ({"id", "visible"} if metric in OF_THE_STACK else {"label", "stat"})
    assert {(row[0], row[1]) for row in rows(body)} >= {("SageWatch", metric.value) for metric in EmfMetric}


def test_the_dashboard_shows_every_alarm_function_and_queue(template: dict[str, Any], body: dict[str, Any]) -> None:
    """And stays within the fifty metrics of a free dashboard."""
    [alarms] = [widget["properties"]["alarms"] for widget in body["widgets"] if widget["type"] == "alarm"]
    shown: dict[str, set[str]] = {}
    for namespace, metric, _, resource, _ in rows(body):
        shown.setdefault(f"{namespace} {metric}", set()).add(resource.partition(".")[0])

    assert {arn.rpartition(":")[2] for arn in alarms} == set(of_type(template, "AWS::CloudWatch::Alarm"))
    assert shown["AWS/Lambda Errors"] == functions(template)
    # People or the next sweep wait. Fifty metrics leave no room for SweepResources, whose alarm says if it is late.
    assert shown["AWS/Lambda Duration"] == {"SweepJobs", "SweepNotebooks", "ReceivePress", "AnswerSlack"}
    assert shown["AWS/SQS ApproximateNumberOfMessagesVisible"] == set(of_type(template, "AWS::SQS::Queue")) - OF_A_HUB
    assert len(list(rows(body))) <= 50


def test_the_dashboards_widgets_have_their_place(body: dict[str, Any]) -> None:
    """A grid of 24 columns, without two in one place."""
    taken: set[tuple[int, int]] = set()
    for widget in body["widgets"]:
        cells = {
            (widget["x"] + column, widget["y"] + row)
            for column in range(widget["width"])
            for row in range(widget["height"])
        }
        assert not cells & taken
        assert widget["x"] + widget["width"] <= 24
        taken |= cells


def test_the_operations_page_lists_the_metrics_with_who_sends_them() -> None:
    """In the order of the code."""
    told = re.findall(r"^\| `((?!\w+Alarm)[A-Z]\w+)` \| ([\w, ]+) \| .* \|$", OPERATIONS, flags=re.MULTILINE)
    words = {"all sweeps": set(SWEEPS), "the same four": QUEUE_FED}
    known = [(name, words.get(senders) or set(senders.split(", "))) for name, senders in told]

    assert known == [(metric.value, SENDERS[metric]) for metric in EmfMetric]


def test_the_operations_page_says_what_metrics_and_alarms_cost(template: dict[str, Any]) -> None:
    """Always, at the most, and for alarms."""
    billed = {metric: 1 if metric in OF_THE_STACK else len(senders) for metric, senders in SENDERS.items()}
    always = sum(billed[metric] for metric in ALWAYS) * CENTS["metric"]
    most = sum(billed.values()) * CENTS["metric"]
    alarms = of_type(template, "AWS::CloudWatch::Alarm").values()
    read = sum(len(reads(alarm)) for alarm in alarms) * CENTS["alarm"]

    for cents in (always, most, read):
        assert f"${cents / 100:.2f}" in OPERATIONS


def test_the_operations_page_lists_the_alarms(template: dict[str, Any]) -> None:
    """Each with how many metrics it reads."""
    section = OPERATIONS.partition("## Alarms")[2].partition("\n## ")[0]
    told = {
        name: int(count)
        for names, count in re.findall(
            r"^\| ((?:`\w+Alarm`(?:, )?)+) \| .* \| (\d+)(?: each)? \|$", section, re.MULTILINE
        )
        for name in re.findall(r"`(\w+)`", names)
    }

    assert told == {name: len(reads(alarm)) for name, alarm in of_type(template, "AWS::CloudWatch::Alarm").items()}


def test_the_local_cloud_gets_alarms_without_math_and_no_policy_of_a_bus(template: dict[str, Any]) -> None:
    """Each alarm on the first of its metrics; nothing else is touched."""
    local = for_ministack(template)
    changed = {name for name, resource in local["Resources"].items() if resource != template["Resources"][name]}

    assert changed == {"FunctionErrorsAlarm", "EventAgeAlarm", "AlertAgeAlarm", "SweepsAlarm"}
    assert template["Resources"].keys() - local["Resources"].keys() == {"HubBusPolicy"}
    assert local["Resources"]["AlertAgeAlarm"]["Properties"]["MetricName"] == "ApproximateAgeOfOldestMessage"
    assert local["Resources"]["FunctionErrorsAlarm"]["Properties"]["Statistic"] == "Sum"
    assert all("Metrics" not in alarm for alarm in of_type(local, "AWS::CloudWatch::Alarm").values())
