"""What bills until a person ends it, on the deployed stack with enforced IAM: from the first sweep to the row."""

import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from local.demo.builders import Run, training
from local.demo.player import post_json
from local.stack.cloud import ACCOUNT
from tests.e2e.conftest import Account

REGION = "ca-central-1"  # of this module alone
CREATED = (datetime.now(UTC) - timedelta(hours=1)).isoformat()  # too young to be called idle
TIMES = {"CreationTime": CREATED, "LastModifiedTime": CREATED}


def arn(resource: str) -> str:
    """An ARN of this region."""
    return f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:{resource}"


def endpoint(name: str, model: Mapping[str, str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """An endpoint on one ml.m5.xlarge, with its configuration."""
    variant = {"VariantName": "blue", "InstanceType": "ml.m5.xlarge", **model}
    config = {"EndpointConfigName": name, "EndpointConfigArn": arn(f"endpoint-config/{name}")}
    yield "endpoint-config", {**config, "ProductionVariants": [variant]}
    running = [{"VariantName": "blue", "CurrentInstanceCount": 1}]
    state = {"EndpointConfigName": name, "EndpointStatus": "InService", "ProductionVariants": running}
    yield "endpoint", {"EndpointName": name, "EndpointArn": arn(f"endpoint/{name}"), **state}


def resources(domain: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """One of each kind but an MLflow server, which would be asked about; tests/e2e/test_idle_resources.py has one."""
    yield "model", {"ModelName": "e2e", "ModelArn": arn("model/e2e"), "PrimaryContainer": {"Image": "i"}}
    yield from endpoint("e2e-standing", {"ModelName": "e2e"})
    yield from endpoint("e2e-components", {})  # models are placed on it as inference components
    ana = {"DomainId": domain, "UserProfileName": "ana"}
    yield "user-profile", {**ana, "UserProfileArn": arn(f"user-profile/{domain}/ana"), "Status": "InService"}
    app = {**ana, "AppType": "Canvas", "AppName": "default", "Status": "InService"}
    yield "app", {**app, "AppArn": arn(f"app/{domain}/ana/canvas/default")}
    space = {"DomainId": domain, "SpaceName": "e2e", "Status": "InService"}
    yield "space", {**space, "SpaceArn": arn(f"space/{domain}/e2e")}
    group = {"InstanceGroupName": "gpu", "InstanceType": "ml.g5.xlarge", "CurrentCount": 1}
    cluster = {"ClusterName": "e2e", "ClusterArn": arn("cluster/e2e"), "ClusterStatus": "InService"}
    yield "cluster", {**cluster, "InstanceGroups": [group]}
    units = {"ProvisionedReadCapacityUnits": 5, "ProvisionedWriteCapacityUnits": 5}
    features = {"FeatureGroupName": "e2e", "FeatureGroupArn": arn("feature-group/e2e"), "FeatureGroupStatus": "Created"}
    yield "feature-group", {**features, "ThroughputConfig": {"ThroughputMode": "Provisioned", **units}}


@pytest.fixture(scope="module")
def found_before(account: Account) -> int:
    """How many resources a sweep finds that this module has not made."""
    found: int = account.invoke("SweepResources", {})["found"]
    return found


@pytest.fixture(scope="module")
def standing(account: Account, found_before: int) -> Account:
    """A region with a job that ended, so that it is swept, and with one resource of each kind."""
    assert found_before >= 0
    account.record(training("e2e-standing", Run.ago(1, 30), {"ml.m5.xlarge": 1}, volume_gb=0, region=REGION))
    sagemaker = account.stage.client("sagemaker", REGION)
    domain = sagemaker.create_domain(
        DomainName="e2e",
        AuthMode="IAM",
        DefaultUserSettings={"ExecutionRole": f"arn:aws:iam::{ACCOUNT}:role/studio"},
        SubnetIds=["subnet-1"],
        VpcId="vpc-1",
    )["DomainArn"].rpartition("/")[2]
    for kind, fields in resources(domain):
        post_json(f"{account.env['SAGEMAKER_CONTROL_URL']}/standing/{kind}?region={REGION}", {**fields, **TIMES})
    return account


def test_each_kind_is_found_and_judged_and_an_end_is_a_row(found_before: int, standing: Account) -> None:
    """Six more than before; a deleted endpoint bills from its first sweep to the one that misses it."""
    first = standing.invoke("SweepResources", {})
    time.sleep(2)  # times have whole seconds, and what billed for none has no row
    standing.stage.client("sagemaker", REGION).delete_endpoint(EndpointName="e2e-standing")
    second = standing.invoke("SweepResources", {})
    [row] = standing.rows("e2e-standing/blue")

    assert first["found"] == found_before + 6
    assert first["judged"] >= 6
    assert second["ended"] == 1
    assert (row["region"], row["pricing"]) == (REGION, "priced")
    assert row["cost_usd"] > Decimal(0)
