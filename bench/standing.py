"""`make now` on an emulated account: seconds and calls for 500 resources of each kind, and what others find of twelve.

Run ``python -m bench.standing``; ``--peers`` also runs cleancloud 1.32.0 from ``.local/cleancloud`` and cloudrift
(8122f53), from ``.local/cloudrift``, which are no part of this project. moto answers SageMaker and CloudWatch in a
process of its own. cloudrift's source becomes one file, ``cloudrift.js``, by ``esbuild apps/cli/src/main.ts --bundle
--platform=node --conditions=@cloudrift/source``. It reports nothing without a price, so here every query has one.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
from flask import Flask, Response, jsonify

from tests.unit.standing.test_endpoints import twelve
from tests.worlds.servers import serving

ACCOUNT, REGION, PER_KIND = "123456789012", "us-east-1", 500
ROOT = Path(__file__).parent.parent
IDLE = {"quiet", "async-idle", "idle-components", "idle-concurrency"}
ARN = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:"
OLD = (datetime.now(UTC) - timedelta(days=60)).isoformat()
_SERVER = """
import sys, json
from moto.server import ThreadedMotoServer
import logging; logging.getLogger("werkzeug").setLevel(logging.ERROR)
from local.sagemaker.control import extend_moto
from local.sagemaker.standing import SHELF
extend_moto()
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
print("http://%s:%s" % server.get_host_and_port(), flush=True)
for line in sys.stdin:
    kind, fields = json.loads(line)
    SHELF.put(("123456789012", "us-east-1"), kind, fields)
    print("put", flush=True)
"""


@contextmanager
def emulated() -> Iterator["Emulated"]:
    """Start the server; every client of this process and its children talks to it."""
    server = subprocess.Popen(
        [sys.executable, "-c", _SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert server.stdout  # noqa: S101 - piped above
    os.environ |= {
        "AWS_ENDPOINT_URL": server.stdout.readline().strip(),
        "AWS_ACCESS_KEY_ID": ACCOUNT,
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
    }
    try:
        yield Emulated(server)
    finally:
        server.terminate()
        server.wait()


class Emulated:
    """The account."""

    def __init__(self, server: "subprocess.Popen[str]") -> None:
        self._server = server

    def put(self, kind: str, fields: Mapping[str, Any]) -> None:
        """Put a resource."""
        assert self._server.stdin  # noqa: S101 - piped
        assert self._server.stdout  # noqa: S101 - piped
        self._server.stdin.write(json.dumps([kind, fields], default=str) + "\n")
        self._server.stdin.flush()
        self._server.stdout.readline()


def fill(account: Emulated) -> None:
    """500 of each kind but warm pools, which last for an hour."""
    sagemaker: Any = boto3.client("sagemaker")
    for number in range(PER_KIND):
        for kind, fields in _one_of_each(number):
            account.put(kind, fields)
        role, settings = f"arn:aws:iam::{ACCOUNT}:role/r", {"ExecutionRole": f"arn:aws:iam::{ACCOUNT}:role/r"}
        sagemaker.create_notebook_instance(
            NotebookInstanceName=f"n{number:03}", InstanceType="ml.t3.medium", RoleArn=role
        )
        network = {"SubnetIds": ["subnet-1"], "VpcId": "vpc-1"}
        sagemaker.create_domain(
            DomainName=f"domain{number:03}", AuthMode="IAM", DefaultUserSettings=settings, **network
        )


def _one_of_each(number: int) -> Iterator[tuple[str, Mapping[str, Any]]]:
    n = f"{number:03}"
    times = {"CreationTime": OLD, "LastModifiedTime": OLD}
    yield "model", {"ModelName": f"m{n}", "ModelArn": f"{ARN}model/m{n}", "PrimaryContainer": {"Image": "i"}, **times}
    variant = {"VariantName": "v", "ModelName": f"m{n}", "InstanceType": "ml.g5.xlarge"}
    config = {"EndpointConfigName": f"c{n}", "EndpointConfigArn": f"{ARN}endpoint-config/c{n}", **times}
    yield "endpoint-config", {**config, "ProductionVariants": [variant]}
    yield (
        "endpoint",
        {
            "EndpointName": f"e{n}",
            "EndpointArn": f"{ARN}endpoint/e{n}",
            "EndpointConfigName": f"c{n}",
            "EndpointStatus": "InService",
            "ProductionVariants": [{"VariantName": "v", "CurrentInstanceCount": 1}],
            **times,
        },
    )
    for app_type in ("JupyterLab", "Canvas"):
        user = f"{app_type.lower()}{n}"
        arn = f"{ARN}app/d-1/{user}/{app_type.lower()}/default"
        app = {"DomainId": "d-1", "UserProfileName": user, "AppType": app_type, "AppName": "default", "AppArn": arn}
        yield "app", {**app, "Status": "InService", "ResourceSpec": {"InstanceType": "ml.t3.medium"}, **times}
    space = {"DomainId": "d-1", "SpaceName": f"s{n}", "SpaceArn": f"{ARN}space/d-1/s{n}", "Status": "InService"}
    storage = {"SpaceStorageSettings": {"EbsStorageSettings": {"EbsVolumeSizeInGb": 100}}}
    yield "space", {**space, "SpaceSettings": storage, **times}
    server = {
        "TrackingServerName": f"t{n}",
        "TrackingServerArn": f"{ARN}mlflow-tracking-server/t{n}",
        "IsActive": "Active",
    }
    yield (
        "mlflow-tracking-server",
        {**server, "TrackingServerStatus": "Created", "TrackingServerSize": "Small", **times},
    )
    group = {"InstanceGroupName": "gpu", "InstanceType": "ml.p4d.24xlarge", "CurrentCount": 1}
    cluster = {"ClusterName": f"h{n}", "ClusterArn": f"{ARN}cluster/h{n}", "ClusterStatus": "InService"}
    yield "cluster", {**cluster, "InstanceGroups": [group], **times}
    plan = {"TrainingPlanName": f"p{n}", "TrainingPlanArn": f"{ARN}training-plan/p{n}", "Status": "Active"}
    counts = {"TotalInstanceCount": 8, "AvailableInstanceCount": 8, "InUseInstanceCount": 0, "UpfrontFee": "9000"}
    yield "training-plan", {**plan, **counts, "StartTime": OLD}
    throughput = {"ThroughputMode": "Provisioned", "ProvisionedReadCapacityUnits": 5}
    feature_group = {"FeatureGroupName": f"f{n}", "FeatureGroupArn": f"{ARN}feature-group/f{n}"}
    yield "feature-group", {**feature_group, "ThroughputConfig": throughput, **times}
    app_arn = f"{ARN}partner-app/p{n}"
    partner = {"Name": f"p{n}", "Arn": app_arn, "Type": "comet", "Status": "Available", "Tier": "small"}
    yield "partner-app", {**partner, **times}
    schedule = {"MonitoringScheduleName": f"w{n}", "MonitoringScheduleArn": f"{ARN}monitoring-schedule/w{n}"}
    yield "monitoring-schedule", {**schedule, "MonitoringScheduleStatus": "Scheduled", "EndpointName": f"e{n}", **times}


def measure() -> None:
    """Survey the account, and count the calls."""
    from sagewatch.wiring.clients import session  # noqa: PLC0415 - its clients read the environment
    from sagewatch.wiring.standing import plan_survey  # noqa: PLC0415 - as above
    from tools.operator.stacks import values_of  # noqa: PLC0415 - as above

    calls: Counter[str] = Counter()
    plan = plan_survey(lambda: values_of("sagewatch"), [REGION], lambda _step: None, lambda: None)
    session().register("before-call", lambda **call: calls.update([call["model"].name]))
    began = time.monotonic()
    report = plan.survey.run([REGION])
    took = time.monotonic() - began
    kinds = Counter(each.resource.kind.value for each in report.found)
    say(f"{len(report.found)} resources in {took:.1f} s, {sum(calls.values())} calls, {len(report.problems)} problems")
    say(f"resources: {dict(kinds)}")
    say(f"calls: {dict(calls.most_common())}")


def say(line: str) -> None:
    """Print a line."""
    sys.stdout.write(f"{line}\n")


def fill_twelve(account: Emulated) -> None:
    """The twelve endpoints of the tests, with their series."""
    made = twelve()
    kinds = {"DescribeEndpoint": "endpoint", "DescribeEndpointConfig": "endpoint-config", "DescribeModel": "model"}
    for (operation, name), fields in made.answers.items():
        if operation in kinds:
            key = {"endpoint-config": "EndpointConfigName", "model": "ModelName"}.get(kinds[operation], "EndpointName")
            account.put(kinds[operation], {key: name, "CreationTime": OLD, **fields})
    for component in made.lists["ListInferenceComponents"]:
        account.put("inference-component", {**component, "InferenceComponentStatus": "InService", "CreationTime": OLD})
    cloudwatch: Any = boto3.client("cloudwatch")
    for (namespace, metric, dimensions), points in made.metrics.series.items():
        named = [{"Name": name, "Value": value} for name, value in sorted(dimensions)]  # moto minds
        data = [
            {"MetricName": metric, "Dimensions": named, "Timestamp": moment, "Value": value} for moment, value in points
        ]
        cloudwatch.put_metric_data(Namespace=namespace, MetricData=data)


def compare(tool: str, found: set[str]) -> None:
    """Print what a tool found of the idle endpoints, what it found wrongly and what it missed."""
    say(f"{tool}: found {sorted(found & IDLE)}, wrong {sorted(found - IDLE)}, missed {sorted(IDLE - found)}")


def peers(account: Emulated) -> None:
    """Run each tool on the twelve."""
    now = _output([sys.executable, "-m", "tools.operator.now", "--json"])
    compare("make now", {each["name"] for each in map(json.loads, now.splitlines()) if each["use"] == "idle"})
    scan = [".local/cleancloud/bin/cleancloud", "scan", "--provider", "aws", "--region", REGION, "--category", "ai"]
    report = ROOT / ".local" / "cleancloud.json"
    _output([*scan, "--output", "json", "--output-file", str(report)])
    cleancloud = report.read_text(encoding="utf-8")
    compare("cleancloud", {name for name in _names() if f'/{name}"' in cleancloud or f'"{name}"' in cleancloud})
    compare("cloudrift", _found_by_cloudrift())
    variant = {"VariantName": "v", "ModelName": "m"}  # without a type, so that cloudrift leaves it out
    account.put("endpoint-config", {"EndpointConfigName": "unknown-type-config", "ProductionVariants": [variant]})
    compare("cloudrift, once every configuration exists", _found_by_cloudrift())


def _found_by_cloudrift() -> set[str]:
    scan = ["node", ".local/cloudrift/cloudrift.js", "analyze", "--scanners", "sagemaker-endpoint-idle"]
    with serving(_any_price()) as url:
        os.environ["AWS_ENDPOINT_URL_PRICING"] = url
        answer = json.loads(_output([*scan, "--live-pricing", "--account-id", ACCOUNT, "--format", "json"]))
    for error in answer["scanErrors"]:
        say(f"cloudrift: {error['message']}")
    return {name for name in _names() if f'"{name}"' in json.dumps(answer["findings"])}


def _any_price() -> Flask:
    """A Price List with one price for every query."""
    app, price = Flask("pricing"), {"unit": "Hrs", "pricePerUnit": {"USD": "0.23"}}
    product = {"product": {"attributes": {}}, "terms": {"OnDemand": {"a": {"priceDimensions": {"b": price}}}}}

    @app.post("/")
    def get_products() -> Response:
        return jsonify(FormatVersion="aws_v1", PriceList=[json.dumps(product)])

    return app


def _names() -> set[str]:
    return set(twelve().found()) | {"unknown-type"}


def _output(command: list[str]) -> str:
    """Others have their own environment; our modules are none of theirs."""
    own = command[0] == sys.executable
    env = {name: value for name, value in os.environ.items() if own or name != "PYTHONPATH"}
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300, env=env)
    if done.returncode not in {0, 1}:
        say(f"{command[0]} ended with {done.returncode}: {done.stderr[-500:]}")
    return done.stdout


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", action="store_true", help="also run the other tools on twelve endpoints")
    given = parser.parse_args()
    with emulated() as account:
        if given.peers:
            fill_twelve(account)
            peers(account)
            return
        fill(account)
        measure()


if __name__ == "__main__":
    main()
