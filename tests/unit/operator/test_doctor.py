"""`make doctor`: what each row says of the facts, on live servers and in reports."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from flask import Flask, Response, request

from local.slack.app import slack_app
from local.slack.workspace import PUBLIC_SCOPES, SCOPES, Workspace
from sagewatch.errors import SettingsError
from tests.worlds.servers import serving
from tools.operator.doctor import report
from tools.operator.doctor.__main__ import checks
from tools.operator.doctor.call_checks import LEFT_OUT, PROBES
from tools.operator.doctor.live import Account, Resource, Stack
from tools.operator.doctor.roles import needs, roles
from tools.operator.doctor.rows import Facts, Finding, Verdict, examine, finding
from tools.operator.doctor.slack_checks import needed_scopes

REPORT = Path(__file__).parent / "reports" / "local_cloud.json"
ACCOUNT = "111122223333"
TOKEN = "xoxb-right"


def row(name: str, facts: Facts) -> Finding:
    """What a row says of facts."""
    [check] = [check for check in checks() if check.name == name]
    return finding(check, facts)


def live(name: str, account: Account) -> Finding:
    """What a row says of an account."""
    [check] = [check for check in checks() if check.name == name]
    return finding(check, examine(check, account))


def an_account(
    url: str, *, slack: str = "http://127.0.0.1:1", ahead: timedelta = timedelta(0), **values: str
) -> Account:
    """An account whose services are at that address."""

    def client(service: str, region: str) -> Any:
        return boto3.client(  # type: ignore[call-overload] # by name
            service,
            region_name=region,
            endpoint_url=url,
            aws_access_key_id="AKIA",
            aws_secret_access_key="local",
            config=Config(retries={"total_max_attempts": 1}),
        )

    account = Account(
        region="eu-west-1", clients=client, stack_name="s", clock=lambda: datetime.now(UTC) + ahead, post=True
    )
    given = {"SlackApiUrl": f"{slack}/api/", "SlackChannel": "#sagewatch", "WatchStateName": "state", **values}
    arn = f"arn:aws:cloudformation:eu-west-1:{ACCOUNT}:stack/s/1"
    account.stack = Stack("s", arn, "CREATE_COMPLETE", given, {})
    account.slack_token = TOKEN
    return account


@contextmanager
def sagemaker(disabled: str) -> Iterator[str]:
    """SageMaker and DynamoDB. A region that the account has not enabled knows no key of it, as AWS answers."""
    app = Flask("aws")

    @app.post("/")
    def answer() -> Response:
        target = request.headers["X-Amz-Target"]
        region = request.headers["Authorization"].split("/")[2]
        if target.endswith(".Query"):
            return Response(json.dumps({"Items": []}), mimetype="application/x-amz-json-1.0")
        assert target == "SageMaker.ListTrainingJobs"
        assert json.loads(request.data)["MaxResults"] == 1
        if region == disabled:
            error = {"__type": "UnrecognizedClientException", "message": "The security token is invalid."}
            return Response(json.dumps(error), 400, mimetype="application/x-amz-json-1.1")
        return Response(json.dumps({"TrainingJobSummaries": []}), mimetype="application/x-amz-json-1.1")

    with serving(app) as url:
        yield url


@contextmanager
def slack(scopes: frozenset[str] = SCOPES) -> Iterator[str]:
    """A workspace whose app has these scopes."""
    with serving(slack_app(Workspace(token=TOKEN, signing_secret="s", scopes=scopes))) as url:
        yield url


def test_each_row_has_a_name_of_its_own_and_says_what_it_costs() -> None:
    """Reports refer to rows by name."""
    names = [check.name for check in checks()]

    assert len(names) == len(set(names))
    assert all(check.calls > 0 for check in checks() if not check.name.startswith("open."))
    assert {f"role.{role}" for role in roles()} <= set(names)


def test_what_cannot_be_checked_says_how_to_find_out() -> None:
    """A row that no call decides is of use only with a way."""
    for check in checks():
        if check.name.startswith("open."):
            answer = finding(check, {})
            assert answer.verdict is Verdict.NOT_CHECKED
            assert answer.fix


@pytest.mark.parametrize(
    ("name", "good", "bad", "says"),
    [
        ("clock", {"ahead_seconds": {"AWS": 1}}, {"ahead_seconds": {"AWS": 3600, "Slack": 3599}}, "+3600 s from AWS"),
        ("regions", {"answers": {"a": "ok"}}, {"answers": {"a": "ok", "b": "OptInRequired"}}, "b: OptInRequired"),
        ("role.RecordJobRole", {"asked": 2, "missing": []}, {"asked": 2, "missing": ["sqs:X (implicitDeny)"]}, "sqs:X"),
        ("slack.scopes", {"missing": []}, {"missing": ["files:write"]}, "missing: files:write"),
        ("slack.token", {"ok": True, "bot": True}, {"ok": False, "error": "invalid_auth"}, "invalid_auth"),
        ("slack.token", {"ok": True, "bot": True}, {"ok": True, "bot": False}, "person's token"),
        ("slack.buttons", {"status": 401, "seconds": 0.1}, {"status": 404, "seconds": 0.1}, "HTTP 404"),
        ("alarms", {"states": {"A": "OK"}}, {"states": {"A": "ALARM"}}, "A: ALARM"),
        ("dead-letters", {"counts": {"Q": 0}}, {"counts": {"Q": 2}}, "Q: 2"),
        ("quota", {"unreserved": 1000}, {"unreserved": 10}, "10 unreserved"),
        ("quota.code-storage", {"used": 10**9, "limit": 8 * 10**10}, {"used": 7.99e10, "limit": 8e10}, "79.9 of 80.0"),
        ("quota.rules", {"rules": 12, "quota": 300.0}, {"rules": 299, "quota": 300.0}, "299 of 300 rules"),
        ("quota.in-flight", {"in_flight": {"Q": 9}}, {"in_flight": {"P": 1, "Q": 15_000}}, "Q: 15000"),
        ("calls.sqs", {"answers": {"a": "ok"}}, {"answers": {"a": "ok", "sqs:X": "InvalidAction"}}, "sqs:X: Invalid"),
        (
            "jobs.event-shapes",
            {"read": {"training": 3}, "unreadable": {}, "count": 0},
            {"read": {"training": 3}, "unreadable": {"detail.TrainingJobStatus: missing": 2}, "count": 2},
            "2 could not be read: detail.TrainingJobStatus: missing",
        ),
        (
            "jobs.event-times",
            {"apart_seconds": {"job 1": {"created_at": 1}}},
            {"apart_seconds": {"job 1": {"created_at": 1}, "job 2": {"ended_at": 3600}}},
            "at most 3600 s apart in 2 times of 2 jobs",
        ),
        ("schedules", {"states": {"S": "ENABLED"}}, {"states": {"S": "DISABLED"}}, "disabled: S"),
        ("durations", {"longest_ms": {"SweepJobs": 9000}}, {"longest_ms": {"SweepJobs": 599_000}}, "599.0 s"),
        ("jobs.describe", {"answers": {"training": "not found"}}, {"answers": {"training": "Unread"}}, "Unread"),
        ("jobs.events", {"recorded_by": {"event": 1}}, {"recorded_by": {"sweep": 4}}, "4 by sweep"),
        ("jobs.billed-seconds", {"recorded_and_now": [[9, 9]]}, {"recorded_and_now": [[9, 12]]}, "[9, 12]"),
        (
            "jobs.logs",
            {"what": "w", "found": {"training": 1}},
            {"what": "w", "found": {"training": 0}},
            "training: 0 w",
        ),
        (
            "role.protected",
            {"decisions": {"true": "explicitDeny"}},
            {"decisions": {"empty": "allowed"}},
            "empty: allowed",
        ),
        (
            "prices",
            {"regions": {"a": {"prices": 9, "problems": []}}},
            {"regions": {"a": {"prices": 0, "problems": ["unit Qty"]}}},
            "unit Qty",
        ),
        (
            "notebook.jupyter",
            {"answer": "Idle", "words": "no kernel", "platform": "p"},
            {"answer": "Unknown", "words": "HTTP 403", "platform": "notebook-al2023-v1"},
            "notebook-al2023-v1: HTTP 403",
        ),
        (
            "slack.channel",
            {"ok": True, "found": True, "member": True},
            {"ok": True, "found": True, "member": False},
            "not a member",
        ),
    ],
)
def test_a_row_tells_what_holds_from_what_does_not(name: str, good: Facts, bad: Facts, says: str) -> None:
    """And says what to do."""
    seen = row(name, bad)

    assert row(name, good).verdict is Verdict.CONFIRMED
    assert seen.verdict is Verdict.REFUTED
    assert says in seen.seen
    assert seen.fix


@pytest.mark.parametrize(
    ("name", "facts", "says"),
    [
        ("jobs.events", {"recorded_by": {}}, "no job with an event has ended since the deployment"),
        ("alarm-topic", {"topic": False}, "AlarmTopicArn is empty"),
        ("jobs.event-shapes", {"read": {}, "unreadable": {}, "count": 0}, "no event was handled yet"),
        ("quota.request-rates", {"throttled": {"SweepJobs": 3, "RecordJob": 0}}, "SweepJobs: 3"),
        ("calls.sqs", {"answers": {"sqs:X": "denied"}}, "you may not call sqs:X"),
        (
            "notebook.jupyter",
            {"answer": "Unknown", "words": "AccessDeniedException: no", "platform": "p", "status": "InService"},
            "AccessDenied",
        ),
        ("notebook.jupyter", {"answer": "Unknown", "words": "x", "platform": "p", "status": "Stopped"}, "is Stopped"),
        (
            "role.RecordJobRole",
            {"asked": 2, "missing": [], "undecided": ["sqs:X (aws:PrincipalTag/team)"]},
            "sqs:X (aws:PrincipalTag/team)",
        ),
    ],
)
def test_what_a_healthy_new_stack_shows_refutes_nothing(name: str, facts: Facts, says: str) -> None:
    """It says what to do, so that the row can be decided."""
    seen = row(name, facts)

    assert seen.verdict is Verdict.NOT_CHECKED
    assert says in seen.seen
    assert seen.fix


@contextmanager
def a_ledger(*rows: tuple[str, str, datetime]) -> Iterator[str]:
    """DynamoDB, whose ledger has these rows of today: kind, recorded by, end."""
    app = Flask("aws")

    @app.post("/")
    def answer() -> Response:
        day = json.loads(request.data)["ExpressionAttributeValues"][":value"]["S"]
        items = [
            {"kind": {"S": kind}, "recorded_by": {"S": by}, "ended_at": {"S": ended_at.isoformat()}}
            for kind, by, ended_at in rows
            if ended_at.date().isoformat() == day
        ]
        return Response(json.dumps({"Items": items}), mimetype="application/x-amz-json-1.0")

    with serving(app) as url:
        yield url


def test_only_jobs_that_ended_since_the_deployment_say_whether_events_arrive() -> None:
    """Sweeps record older jobs and AutoML jobs."""
    created_at = datetime.now(UTC) - timedelta(hours=2)
    before, after = created_at - timedelta(hours=1), created_at + timedelta(hours=1)
    others = (("training", "sweep", before), ("automl", "sweep", after), ("notebook", "event", after))
    seen = []
    for rows in (others, (*others, ("training", "event", after)), (*others, ("training", "sweep", after))):
        with a_ledger(*rows) as url:
            account = an_account(url, CostLedgerName="ledger")
            account.stack = replace(account.stack, created_at=created_at)
            seen.append(live("jobs.events", account).verdict)

    assert seen == [Verdict.NOT_CHECKED, Verdict.CONFIRMED, Verdict.REFUTED]


@contextmanager
def simulator(decision: str, missing: str = "") -> Iterator[tuple[str, list[str]]]:
    """IAM's policy simulator, with the same answer for each action, and the bodies it was sent."""
    app, bodies = Flask("aws"), []
    member = f"<MissingContextValues><member>{missing}</member></MissingContextValues>" if missing else ""

    @app.post("/")
    def answer() -> Response:
        bodies.append(str(request.form.to_dict()))
        actions = [value for key, value in request.form.items() if key.startswith("ActionNames.")]
        results = "".join(
            f"<member><EvalActionName>{action}</EvalActionName><EvalDecision>{decision}</EvalDecision>{member}</member>"
            for action in actions
        )
        return Response(
            "<SimulatePrincipalPolicyResponse><SimulatePrincipalPolicyResult><EvaluationResults>"
            f"{results}</EvaluationResults></SimulatePrincipalPolicyResult></SimulatePrincipalPolicyResponse>",
            mimetype="text/xml",
        )

    with serving(app) as url:
        yield url, bodies


@pytest.mark.parametrize(
    ("decision", "missing", "verdict"),
    [
        ("allowed", "", Verdict.CONFIRMED),
        ("explicitDeny", "", Verdict.REFUTED),
        ("implicitDeny", "", Verdict.REFUTED),
        ("explicitDeny", "aws:PrincipalTag/team", Verdict.NOT_CHECKED),
    ],
)
def test_a_denial_that_depends_on_values_the_simulator_lacks_decides_nothing(
    template: Mapping[str, Any], decision: str, missing: str, verdict: Verdict
) -> None:
    """The region is among the values it gets: policies that restrict regions are common."""
    resources = {name: Resource("T", name) for name in template["Resources"]}
    with simulator(decision, missing) as (url, bodies):
        account = an_account(url, SlackTokenParameter="/token", SlackSigningSecretParameter="/secret")
        account.stack = replace(account.stack, resources=resources)
        seen = live("role.SendDigestRole", account)

    assert seen.verdict is verdict, seen
    assert all("aws:RequestedRegion" in body for body in bodies)
    assert bodies


def test_prices_are_not_refreshed_where_there_is_no_list() -> None:
    """That schedule is off in GovCloud and in China, and another one is not."""
    states = {"RefreshPricesDaily": "DISABLED", "SendDigestDigestSchedule": "ENABLED"}

    assert row("schedules", {"states": states, "price_list": "no"}).verdict is Verdict.CONFIRMED
    assert row("schedules", {"states": states, "price_list": "yes"}).verdict is Verdict.REFUTED


def test_a_call_that_you_may_not_make_decides_nothing() -> None:
    """It names the permission."""
    seen = row("quota", {"denied": "lambda:GetAccountSettings"})

    assert (seen.verdict, "lambda:GetAccountSettings" in seen.fix) == (Verdict.NOT_CHECKED, True)


def test_a_disabled_region_is_reported() -> None:
    """The regions that the parameter names count, and the others stay confirmed."""
    with sagemaker(disabled="eu-south-1") as url:
        off = live("regions", an_account(url, Regions="eu-south-1,us-east-1"))
        on = live("regions", an_account(url, Regions="us-east-1"))

    assert (off.verdict, off.seen) == (Verdict.REFUTED, "eu-south-1: UnrecognizedClientException")
    assert (on.verdict, on.seen) == (Verdict.CONFIRMED, "eu-west-1, us-east-1")


def test_a_clock_that_is_off_by_an_hour_is_reported() -> None:
    """AWS's own Date header is compared, of an answer to a request without a signature."""
    with sagemaker(disabled="") as url:
        off = live("clock", an_account(url, ahead=timedelta(hours=1)))
        right = live("clock", an_account(url))

    assert (off.verdict, right.verdict) == (Verdict.REFUTED, Verdict.CONFIRMED)
    assert 3590 <= int(off.seen.partition(" s from AWS")[0]) <= 3610
    assert "clock" in off.fix


def test_a_missing_scope_is_reported() -> None:
    """By its name."""
    with slack(SCOPES - {"files:write"}) as url:
        less = live("slack.scopes", an_account("http://127.0.0.1:1", slack=url))
    with slack() as url:
        every = live("slack.scopes", an_account("http://127.0.0.1:1", slack=url))

    assert (less.verdict, less.seen) == (Verdict.REFUTED, "missing: files:write")
    assert every.verdict is Verdict.CONFIRMED


def test_the_test_message_is_deleted() -> None:
    """The channel is as it was."""
    workspace = Workspace(token=TOKEN, signing_secret="s")
    with serving(slack_app(workspace)) as url:
        seen = live("slack.post", an_account("http://127.0.0.1:1", slack=url))

    assert (seen.verdict, workspace.messages) == (Verdict.CONFIRMED, [])


@pytest.mark.parametrize("channel", ["#sagewatch", "C0SAGEWATCH"])
def test_the_channel_is_found_by_name_and_by_id(channel: str) -> None:
    """Both are allowed in SlackChannel."""
    with slack() as url:
        seen = live("slack.channel", an_account("http://127.0.0.1:1", slack=url, SlackChannel=channel))
        gone = live("slack.channel", an_account("http://127.0.0.1:1", slack=url, SlackChannel="#nowhere"))

    assert (seen.verdict, gone.verdict) == (Verdict.CONFIRMED, Verdict.REFUTED)


def test_the_manifest_has_the_scopes_of_the_docs_and_of_the_local_slack() -> None:
    """No scope is asked for without a use."""
    docs = Path("docs/deploy.md").read_text(encoding="utf-8")
    table = docs.partition("| scope | used for |")[2].partition("\n\n")[0]

    assert needed_scopes() == SCOPES
    assert {"groups:read", "groups:history"} == SCOPES - PUBLIC_SCOPES
    assert all(f"`{scope}`" in table for scope in SCOPES)


def test_each_statement_of_a_role_is_asked_about(template: Mapping[str, Any]) -> None:
    """With the stack's own ARNs; a statement that a parameter removes is not."""
    resources = {name: Resource("T", f"https://q/{ACCOUNT}/{name}") for name in template["Resources"]}
    arn = f"arn:aws:cloudformation:eu-west-1:{ACCOUNT}:stack/s/1"
    values = {"SlackTokenParameter": "/token", "SlackSigningSecretParameter": "/secret", "JupyterEvidence": "enabled"}
    asked = {
        mode: {
            (action, need.resource)
            for role in roles()
            for need in needs(role, Stack("s", arn, "OK", values | {"Mode": mode}, resources), "eu-west-1")
            for action in need.actions
        }
        for mode in ("observe", "enforce")
    }
    stop = f"arn:aws:sagemaker:sagewatch-doctor:{ACCOUNT}:notebook-instance/sagewatch-doctor"

    assert asked["enforce"] - asked["observe"] >= {("sagemaker:StopNotebookInstance", stop)}
    assert ("dynamodb:PutItem", f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/CostLedger") in asked["observe"]
    assert not any("${" in resource or "*" in resource for _, resource in asked["enforce"])
    assert not any(action == "kms:Decrypt" for action, _ in asked["enforce"])


def test_each_action_of_the_roles_is_called_or_left_out(template: Mapping[str, Any]) -> None:
    """So a new permission needs a call that is harmless, or a reason why there is none."""
    statements = [
        statement.get("Fn::If", [None, statement])[1]
        for role in roles()
        for policy in template["Resources"][role]["Properties"]["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
    ]
    listed = (one["Action"] if isinstance(one["Action"], list) else [one["Action"]] for one in statements)
    actions = {action for some in listed for action in some}

    assert PROBES.keys() | LEFT_OUT == actions
    assert not PROBES.keys() & LEFT_OUT
    assert {f"calls.{action.partition(':')[0]}" for action in PROBES} <= {check.name for check in checks()}


@contextmanager
def dynamodb(odd: str = "") -> Iterator[tuple[str, list[str]]]:
    """DynamoDB, and the operations that were called; one of them gets an answer that no one expects."""
    app, called = Flask("aws"), []

    @app.post("/")
    def answer() -> Response:
        called.append(request.headers["X-Amz-Target"].partition(".")[2])
        error = {"__type": "ValidationException", "message": "a key is missing"}
        status, said = (400, error) if called[-1] == odd else (200, {})
        return Response(json.dumps(said), status, mimetype="application/x-amz-json-1.0")

    with serving(app) as url:
        yield url, called


def test_a_call_that_aws_answers_otherwise_is_named() -> None:
    """Calls that change nothing are made, and no other."""
    with dynamodb() as (url, called):
        good = live("calls.dynamodb", an_account(url))
    with dynamodb(odd="GetItem") as (url, _):
        odd = live("calls.dynamodb", an_account(url))

    assert set(called) == {"BatchGetItem", "TransactWriteItems", "GetItem", "Query"}
    assert good.verdict is Verdict.CONFIRMED
    assert (odd.verdict, odd.seen) == (Verdict.REFUTED, "dynamodb:GetItem: ValidationException")


@contextmanager
def event_bus(rules: int) -> Iterator[str]:
    """EventBridge with that many rules, a hundred on a page, and the quota of 300."""
    app = Flask("aws")

    @app.post("/")
    def answer() -> Response:
        if request.headers["X-Amz-Target"].endswith(".GetServiceQuota"):
            assert json.loads(request.data) == {"ServiceCode": "events", "QuotaCode": "L-244521F2"}
            said: Any = {"Quota": {"Value": 300.0}}
        else:
            start = int(json.loads(request.data).get("NextToken", "0"))
            said = {"Rules": [{"Name": str(number)} for number in range(start, min(start + 100, rules))]}
            said |= {"NextToken": str(start + 100)} if start + 100 < rules else {}
        return Response(json.dumps(said), mimetype="application/x-amz-json-1.1")

    with serving(app) as url:
        yield url


def test_the_rules_of_the_bus_are_compared_with_the_quota() -> None:
    """All pages count."""
    with event_bus(rules=12) as url:
        room = live("quota.rules", an_account(url))
    with event_bus(rules=295) as url:
        full = live("quota.rules", an_account(url))

    assert (room.verdict, room.seen) == (Verdict.CONFIRMED, "12 of 300 rules")
    assert (full.verdict, full.seen) == (Verdict.REFUTED, "295 of 300 rules")


@contextmanager
def a_week(event_time: datetime, described: datetime, *malformed: str) -> Iterator[str]:
    """A training job that its event reported, Describe's answer about it, and what RecordJob's log says of others."""
    app = Flask("aws")
    row = {"kind": "training", "recorded_by": "event", "region": "eu-west-1", "resource_name": "j"}
    item = {name: {"S": value} for name, value in {**row, "created_at": event_time.isoformat()}.items()}

    @app.post("/")
    def answer() -> Response:
        operation = request.headers["X-Amz-Target"].rpartition(".")[2]
        asked = json.loads(request.data)
        said: Any = {"TrainingJobName": "j", "CreationTime": described.timestamp()}
        if operation == "Query":
            today = asked["ExpressionAttributeValues"][":value"]["S"] == f"{datetime.now(UTC):%Y-%m-%d}"
            said = {"Items": [item] if today else []}
        elif operation == "FilterLogEvents":
            lines = [json.dumps({"reason": reason}) for reason in malformed if "RecordJob" in asked["logGroupName"]]
            said = {"events": [{"message": line} for line in lines]}
        return Response(json.dumps(said), mimetype="application/x-amz-json-1.1")

    with serving(app) as url:
        yield url


def reported(url: str, row: str) -> Finding:
    """What a row says of that week."""
    account = an_account(url, CostLedgerName="ledger")
    logs = {name: Resource("AWS::Logs::LogGroup", name) for name in ("RecordJobLogs", "TrackNotebookLogs")}
    account.stack = replace(account.stack, resources=logs)
    return live(row, account)


def test_events_are_compared_with_describe_and_with_what_could_not_be_read() -> None:
    """An hour off would be another job; a malformed event names its field."""
    now = datetime.now(UTC)
    with a_week(now, now + timedelta(seconds=2)) as url:
        assert reported(url, "jobs.event-times").verdict is Verdict.CONFIRMED
        assert reported(url, "jobs.event-shapes").seen == "read without a fault: training: 1"
    with a_week(now, now - timedelta(hours=1), "detail.TrainingJobStatus: missing") as url:
        apart, odd = reported(url, "jobs.event-times"), reported(url, "jobs.event-shapes")

    assert (apart.verdict, apart.seen) == (Verdict.REFUTED, "at most 3600 s apart in 1 times of 1 jobs")
    assert (odd.verdict, odd.seen) == (
        Verdict.REFUTED,
        "1 could not be read: detail.TrainingJobStatus: missing",
    )


def test_a_report_says_the_same_when_it_is_replayed() -> None:
    """This one has every row: tests/e2e/test_doctor.py, run alone, left it in .local/doctor.json."""
    told = json.loads(REPORT.read_text(encoding="utf-8"))["rows"]
    again = {row.check.name: row.finding for row in report.replay(REPORT, checks())}

    assert {name: (one.verdict, one.seen) for name, one in again.items()} == {
        name: (one["verdict"], one["seen"]) for name, one in told.items()
    }
    assert Verdict.REFUTED not in {one.verdict for one in again.values()}
    assert again.keys() == told.keys() == {check.name for check in checks()}


def test_a_row_that_is_newer_than_a_report_is_left_out(tmp_path: Path) -> None:
    """And so is one that this version does not have any more."""
    content = json.loads(REPORT.read_text(encoding="utf-8"))
    content["rows"]["gone"] = content["rows"].pop("clock")
    path = tmp_path / "report.json"
    path.write_text(json.dumps(content), encoding="utf-8")

    assert {row.check.name for row in report.replay(path, checks())} == content["rows"].keys() - {"gone"}


def test_a_report_names_no_account_person_secret_or_notebook(tmp_path: Path) -> None:
    """People attach it to bug reports."""
    [check] = [check for check in checks() if check.name == "jobs.describe"]
    text = f"arn:aws:sagemaker:eu-west-1:{ACCOUNT}:x of ana@example.com with xoxb-1234567890-abcdefghijklm on nlp-box"
    facts = {"answers": {"training": text, ACCOUNT: 1}}
    path = tmp_path / "report.json"
    report.write(path, [report.Row(check, facts, finding(check, facts))], ["nlp-box"])
    written = path.read_text(encoding="utf-8")

    assert not any(word in written for word in (ACCOUNT, "ana@example.com", "xoxb-1234567890", "nlp-box"))
    assert "<account>" in written


def test_what_is_no_report_is_named(tmp_path: Path) -> None:
    """In one sentence."""
    path = tmp_path / "x.json"
    path.write_text("{}", encoding="utf-8")
    with pytest.raises(SettingsError, match="is not a report"):
        list(report.replay(path, checks()))
