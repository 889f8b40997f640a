"""Rows about quotas: what SageWatch needs of the account's limits, and how much of them is in use."""

from collections.abc import Iterator, Mapping
from datetime import timedelta

from tools.operator.doctor.live import Account
from tools.operator.doctor.rows import Check, Facts, Finding, confirmed, not_checked, refuted

_CONCURRENCY = 30  # executions that SageWatch can use at the same time, with some left for others
_DEPLOYMENT = 200 * 1024**2  # bytes of code and layers that one more deployment stores
_NEARLY = 0.9  # of a quota
_RULES_QUOTA = "L-244521F2"  # rules per event bus
_BUS_PAGES = 5
_IN_FLIGHT = 20_000  # messages; the smallest of SQS's quotas, which cannot be raised
_QUEUES = ("JobEventQueue", "NotebookEventQueue", "AlertQueue", "PressQueue")
_CALLING = ("RecordJob", "TrackNotebook", "SweepJobs", "SweepNotebooks")  # SageMaker


def quota_checks() -> Iterator[Check]:
    """The rows."""
    yield Check(
        name="quota",
        assumption="The account's quota of concurrent Lambda executions is large enough",
        look=_look_concurrency,
        judge=_judge_concurrency,
    )
    yield Check(
        name="quota.code-storage",
        assumption="Lambda has room for the code of another deployment",
        look=_look_storage,
        judge=_judge_storage,
    )
    yield Check(
        name="quota.rules",
        assumption="The event bus has room for SageWatch's rules",
        look=_look_rules,
        judge=_judge_rules,
        calls=_BUS_PAGES + 1,
    )
    yield Check(
        name="quota.in-flight",
        assumption="The queues have far fewer messages in flight than SQS allows",
        look=_look_in_flight,
        judge=_judge_in_flight,
        calls=len(_QUEUES),
    )
    yield Check(
        name="quota.request-rates",
        assumption="SageMaker's request rates are enough: its throttling has delayed no function in a day",
        look=_look_throttled,
        judge=_judge_throttled,
        calls=len(_CALLING),
    )


def _look_concurrency(account: Account) -> Facts:
    limit = account.call("lambda", "get_account_settings")["AccountLimit"]
    return {"unreserved": limit["UnreservedConcurrentExecutions"]}


def _judge_concurrency(facts: Facts) -> Finding:
    said = f"{facts['unreserved']} unreserved executions"
    if facts["unreserved"] >= _CONCURRENCY:
        return confirmed(said)
    return refuted(said, f"Request at least {_CONCURRENCY}: Service Quotas, AWS Lambda, Concurrent executions.")


def _look_storage(account: Account) -> Facts:
    settings = account.call("lambda", "get_account_settings")
    return {"used": settings["AccountUsage"]["TotalCodeSize"], "limit": settings["AccountLimit"]["TotalCodeSize"]}


def _judge_storage(facts: Facts) -> Finding:
    said = f"{facts['used'] / 1e9:.1f} of {facts['limit'] / 1e9:.1f} GB used"
    if facts["used"] + _DEPLOYMENT <= facts["limit"]:
        return confirmed(said)
    return refuted(said, "Delete old versions of functions and layers, or request more: Service Quotas, AWS Lambda.")


def _look_rules(account: Account) -> Facts:
    """The rules on the default bus, at most five pages of a hundred, and how many there may be."""
    count, token = 0, dict[str, str]()
    for _ in range(_BUS_PAGES):
        answer = account.call("events", "list_rules", Limit=100, **token)
        count += len(answer["Rules"])
        if not answer.get("NextToken"):
            break
        token = {"NextToken": answer["NextToken"]}
    quota = account.call("service-quotas", "get_service_quota", ServiceCode="events", QuotaCode=_RULES_QUOTA)["Quota"]
    return {"rules": count, "quota": quota["Value"]}


def _judge_rules(facts: Facts) -> Finding:
    said = f"{facts['rules']} of {facts['quota']:.0f} rules"
    if facts["rules"] <= _NEARLY * facts["quota"]:
        return confirmed(said)
    return refuted(said, "An update that adds a rule will fail. Request more: Service Quotas, Amazon EventBridge.")


def _look_in_flight(account: Account) -> Facts:
    counts, asked = {}, "ApproximateNumberOfMessagesNotVisible"
    for queue in _QUEUES:
        url = account.stack.values[f"{queue}Url"]
        answer = account.call("sqs", "get_queue_attributes", QueueUrl=url, AttributeNames=[asked])
        counts[queue] = int(answer["Attributes"][asked])
    return {"in_flight": counts}


def _judge_in_flight(facts: Facts) -> Finding:
    counts: Mapping[str, int] = facts["in_flight"]
    said = ", ".join(f"{queue}: {count}" for queue, count in counts.items())
    if max(counts.values()) <= _IN_FLIGHT / 2:
        return confirmed(said)
    return refuted(said, "Messages wait for a retry. See the function's log for the reason.")


def _look_throttled(account: Account) -> Facts:
    """Log lines of the last day that name a throttled call to SageMaker, at most fifty for each function."""
    since, found = account.clock() - timedelta(days=1), {}
    for function in _CALLING:
        answer = account.call(
            "logs", "filter_log_events", logGroupName=account.stack.resources[f"{function}Logs"].physical,
            filterPattern="?ThrottledError ?ThrottlingException", startTime=int(since.timestamp() * 1000), limit=50,
        )  # fmt: skip
        found[function] = len(answer["events"])
    return {"throttled": found}


def _judge_throttled(facts: Facts) -> Finding:
    counts: Mapping[str, int] = facts["throttled"]
    said = ", ".join(f"{function}: {count}" for function, count in counts.items() if count)
    if not said:
        return confirmed("no log line of the last day names a throttled call")
    return not_checked(
        f"log lines about throttling: {said}",
        "SageWatch tries again by itself. If EventAgeAlarm rings too, request higher rates from AWS Support.",
    )
