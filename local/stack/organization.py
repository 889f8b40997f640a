"""The organization that the local cloud plays: the hub's account and two more, in two regions.

``spoke.yaml`` is deployed in both, with the hub's values; only the first lets the hub stop something. What differs from
the file is what MiniStack lacks: ``template_patches.spoke_for_ministack``.
"""

import time
from collections.abc import Mapping
from typing import Any

import boto3
from samcli.yamlhelper import yaml_dump, yaml_parse

from local.stack.accounts import ACTING, REGIONS, WATCHED
from local.stack.processes import CloudError
from local.stack.template_patches import spoke_for_ministack
from tools.operator.spoke_template import TEMPLATE, filled

_STACK = "sagewatch-spoke"
_SECONDS = 60


def session_of(account: str, region: str) -> boto3.Session:
    """A boto3 session of an account. Both emulators read the account off the access key."""
    return boto3.Session(aws_access_key_id=account, aws_secret_access_key="local", region_name=region)  # noqa: S106


def deploy_spokes(hub: Mapping[str, str], url: str) -> None:
    """Deploy ``spoke.yaml`` in each region of both accounts, as a StackSet does; ``hub`` has the hub's values.

    Raises ``CloudError`` for a stack that was not deployed.
    """
    template = yaml_parse(filled(TEMPLATE.read_text(encoding="utf-8"), hub))
    for account in (ACTING, WATCHED):
        for region in REGIONS:
            client = session_of(account, region).client("cloudformation", endpoint_url=url)
            body = yaml_dump(spoke_for_ministack(template, account, region))
            _deploy(client, body, "create" if account == ACTING else "omit")


def _deploy(client: Any, body: str, act_role: str) -> None:
    known = [stack["StackName"] for stack in client.describe_stacks()["Stacks"]]
    if _STACK in known:
        return  # the hub's values do not change while it runs
    client.create_stack(
        StackName=_STACK,
        TemplateBody=body,
        Capabilities=["CAPABILITY_NAMED_IAM"],
        Parameters=[{"ParameterKey": "ActRole", "ParameterValue": act_role}],
    )
    deadline = time.monotonic() + _SECONDS
    while (status := client.describe_stacks(StackName=_STACK)["Stacks"][0]["StackStatus"]) != "CREATE_COMPLETE":
        if time.monotonic() > deadline or not status.endswith("IN_PROGRESS"):
            raise CloudError(f"spoke.yaml was not deployed in {client.meta.region_name}: {status}")
        time.sleep(0.1)
