"""Rows about the account, the stack and its own resources."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal

from sagewatch import __version__
from sagewatch.errors import NoAnswerError
from tools.operator.doctor.live import Account, CallFailedError, NotCheckedError
from tools.operator.doctor.rows import Check, Facts, Finding, confirmed, not_checked, refuted
from tools.operator.places import SUPPORTED
from tools.operator.web import request

_SKEW = 60  # seconds; AWS and Slack refuse what was signed more than five minutes off
_TIMEOUTS = {
    "SweepJobs": 600,
    "SweepNotebooks": 600,
    "SweepResources": 600,
    "SendDigest": 600,
    "RefreshPrices": 300,
    "ReceivePress": 3,
}
_A_FORTNIGHT = timedelta(days=14)
_STATISTIC = Decimal("0.00001")  # USD for one GetMetricStatistics


def stack_checks() -> Iterator[Check]:
    """The rows."""
    yield Check(
        name="clock",
        assumption="The clocks of this machine, AWS and Slack agree",
        look=_look_clock,
        judge=_judge_clock,
        calls=2,
    )
    yield Check(
        name="stack",
        assumption="The stack is deployed, from this version of the template",
        look=_look_stack,
        judge=_judge_stack,
        calls=3,
    )
    yield Check(
        name="regions",
        assumption="SageMaker answers in every region that SageWatch sweeps",
        look=_look_regions,
        judge=_judge_regions,
        calls=10,
    )
    yield Check(
        name="tables",
        assumption="The ledger has its four indexes and can be restored to any second",
        look=_look_tables,
        judge=_judge_tables,
        calls=2,
    )
    yield Check(
        name="dead-letters",
        assumption="No message is in a dead-letter queue",
        look=_look_dead_letters,
        judge=_judge_dead_letters,
        calls=2,
    )
    yield Check(name="alarms", assumption="No alarm is in state ALARM", look=_look_alarms, judge=_judge_alarms)
    yield Check(
        name="alarm-topic",
        assumption="Alarms reach an SNS topic",
        look=_look_topic,
        judge=_judge_topic,
    )
    yield Check(
        name="schedules",
        assumption="All five schedules are enabled",
        look=_look_schedules,
        judge=_judge_schedules,
        calls=5,
    )
    yield Check(
        name="durations",
        assumption="Functions end within their time limits, and ReceivePress within Slack's three seconds",
        look=_look_durations,
        judge=_judge_durations,
        calls=len(_TIMEOUTS),
        usd=_STATISTIC * len(_TIMEOUTS),
    )


def _look_clock(account: Account) -> Facts:
    """Requests without a signature: a signed one would be refused by a clock that is off."""
    ahead: dict[str, int] = {}
    for name, url in _clocks(account):
        account.on_call(f"time of {name}")
        with suppress(NoAnswerError):
            date = request(url).date
            if date:
                ahead[name] = round((account.clock() - date).total_seconds())
    if not ahead:
        raise NotCheckedError("no server said what time it is")
    return {"ahead_seconds": ahead}


def _clocks(account: Account) -> Iterator[tuple[str, str]]:
    yield "AWS", str(account.clients("sts", account.region).meta.endpoint_url)
    with suppress(CallFailedError):  # AWS refuses a clock that is off
        yield "Slack", account.stack.values["SlackApiUrl"]


def _judge_clock(facts: Facts) -> Finding:
    ahead: Mapping[str, int] = facts["ahead_seconds"]
    said = ", ".join(f"{seconds:+} s from {name}" for name, seconds in ahead.items())
    if all(abs(seconds) <= _SKEW for seconds in ahead.values()):
        return confirmed(said)
    return refuted(said, "Set this machine's clock (NTP). AWS refuses requests signed more than five minutes off.")


def _look_stack(account: Account) -> Facts:
    stack = account.stack
    caller = account.call("sts", "get_caller_identity")["Account"]
    return {
        "status": stack.status,
        "version": stack.values.get("SageWatchVersion", "none"),
        "partition": stack.partition,
        "own_account": caller == stack.account,
        "mode": stack.values.get("Mode", ""),
    }


def _judge_stack(facts: Facts) -> Finding:
    said = f"version {facts['version']}, {facts['status']}, Mode={facts['mode']}, partition {facts['partition']}"
    if facts["version"] != __version__:
        return refuted(said, f"This checkout is version {__version__}. Deploy it, or check out the deployed version.")
    if facts["partition"] not in SUPPORTED:
        return refuted(said, "SageWatch knows no prices of this partition.")
    healthy = facts["status"].endswith("_COMPLETE") and "ROLLBACK" not in facts["status"]
    return confirmed(said) if healthy else refuted(said, "See the stack's events in CloudFormation, then deploy again.")


def _look_regions(account: Account) -> Facts:
    answers: dict[str, str] = {}
    for region in account.regions:
        try:
            account.call("sagemaker", "list_training_jobs", region, MaxResults=1)
            answers[region] = "ok"
        except CallFailedError as exc:
            if exc.denied:
                raise
            answers[region] = exc.code
    return {"answers": answers}


def _judge_regions(facts: Facts) -> Finding:
    bad = {region: code for region, code in facts["answers"].items() if code != "ok"}
    if not bad:
        return confirmed(", ".join(facts["answers"]))
    said = ", ".join(f"{region}: {code}" for region, code in bad.items())
    return refuted(said, "Enable the region for the account (Account settings), or take it out of the stack's Regions.")


def _look_tables(account: Account) -> Facts:
    name = account.stack.values["CostLedgerName"]
    table = account.call("dynamodb", "describe_table", TableName=name)["Table"]
    backups = account.call("dynamodb", "describe_continuous_backups", TableName=name)["ContinuousBackupsDescription"]
    return {
        "indexes": {
            index["IndexName"]: index.get("IndexStatus", "ACTIVE")  # MiniStack names no status
            for index in table.get("GlobalSecondaryIndexes", [])
        },
        "recovery": backups.get("PointInTimeRecoveryDescription", {}).get("PointInTimeRecoveryStatus", "DISABLED"),
    }


def _judge_tables(facts: Facts) -> Finding:
    active = sorted(name for name, status in facts["indexes"].items() if status == "ACTIVE")
    said = f"active: {', '.join(active) or 'none'}; point-in-time recovery {facts['recovery']}"
    if active == ["ByDay", "ByFamily", "ByOwner", "ByParent"] and facts["recovery"] == "ENABLED":
        return confirmed(said)
    return refuted(said, "An index that is being created takes minutes to hours. Otherwise deploy the template again.")


def _look_dead_letters(account: Account) -> Facts:
    counts = {}
    for queue in ("EventDeadLetterQueue", "AlertDeadLetterQueue"):
        url, asked = account.stack.values[f"{queue}Url"], ["ApproximateNumberOfMessages"]
        answer = account.call("sqs", "get_queue_attributes", QueueUrl=url, AttributeNames=asked)
        counts[queue] = int(answer["Attributes"]["ApproximateNumberOfMessages"])
    return {"counts": counts}


def _judge_dead_letters(facts: Facts) -> Finding:
    said = ", ".join(f"{queue}: {count}" for queue, count in facts["counts"].items())
    return refuted(said, "`make redrive` lists the reasons.") if any(facts["counts"].values()) else confirmed(said)


def _look_alarms(account: Account) -> Facts:
    names = account.stack.of_kind("AWS::CloudWatch::Alarm")
    found = account.call("cloudwatch", "describe_alarms", AlarmNames=list(names.values()))["MetricAlarms"]
    states = {alarm["AlarmName"]: alarm["StateValue"] for alarm in found}
    return {"states": {name: states.get(physical, "missing") for name, physical in names.items()}}


def _judge_alarms(facts: Facts) -> Finding:
    bad = {name: state for name, state in facts["states"].items() if state in {"ALARM", "missing"}}
    if not bad:
        return confirmed(f"{len(facts['states'])} alarms, none in state ALARM")
    said = ", ".join(f"{name}: {state}" for name, state in bad.items())
    return refuted(
        said, "See docs/operations.md#alarms. SweepsAlarm is in state ALARM until each sweep has finished once."
    )


def _look_topic(account: Account) -> Facts:
    topic = account.stack.values.get("AlarmTopicArn", "")
    if not topic:
        return {"topic": False}
    answer = account.call("sns", "get_topic_attributes", TopicArn=topic)["Attributes"]
    key = answer.get("KmsMasterKeyId", "")
    return {"topic": True, "same_region": topic.split(":")[3] == account.region, "own_key": key == "alias/aws/sns"}


def _judge_topic(facts: Facts) -> Finding:
    if not facts["topic"]:
        return not_checked("AlarmTopicArn is empty: alarms change state and notify no one", "Set AlarmTopicArn.")
    if facts["same_region"] and not facts["own_key"]:
        return confirmed("the topic is in the stack's region")
    return refuted("the topic cannot be used", "Use a topic of this region that is not encrypted with alias/aws/sns.")


def _look_schedules(account: Account) -> Facts:
    states = {}
    for name, physical in account.stack.of_kind("AWS::Scheduler::Schedule").items():
        states[name] = account.call("scheduler", "get_schedule", Name=physical.rpartition("|")[2])["State"]
    return {"states": states, "price_list": account.stack.values.get("PriceList", "yes")}


def _judge_schedules(facts: Facts) -> Finding:
    idle = {"RefreshPricesDaily"} if facts.get("price_list") == "no" else set()  # no list in this partition
    off = [name for name, state in facts["states"].items() if state != "ENABLED" and name not in idle]
    if not off and facts["states"]:
        return confirmed(f"{len(facts['states'])} are enabled")
    return refuted(f"disabled: {', '.join(off) or 'there are none'}", "Enable it in EventBridge Scheduler.")


def _look_durations(account: Account) -> Facts:
    longest = {}
    for name in (name for name in _TIMEOUTS if name in account.stack.resources):  # an older stack lacks one
        answer = account.call(
            "cloudwatch", "get_metric_statistics", Namespace="AWS/Lambda", MetricName="Duration",
            Dimensions=[{"Name": "FunctionName", "Value": account.stack.resources[name].physical}],
            StartTime=account.clock() - _A_FORTNIGHT, EndTime=account.clock(), Period=86400, Statistics=["Maximum"],
        )  # fmt: skip
        points = [point["Maximum"] for point in answer["Datapoints"]]
        if points:
            longest[name] = round(max(points))
    return {"longest_ms": longest}


def _judge_durations(facts: Facts) -> Finding:
    longest: Mapping[str, int] = facts["longest_ms"]
    if not longest:
        return not_checked("CloudWatch has no durations yet", "Run this command again after a day.")
    said = ", ".join(f"{name} {milliseconds / 1000:.1f} s" for name, milliseconds in longest.items())
    late = [name for name, milliseconds in longest.items() if milliseconds > 0.9 * 1000 * _TIMEOUTS[name]]
    if not late:
        return confirmed(said)
    return refuted(said, f"{', '.join(late)}: see its log for `partly done`. A sweep continues in the next one.")
