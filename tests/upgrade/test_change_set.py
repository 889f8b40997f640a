"""What CloudFormation does to each resource when a stack of commit a36f5fc is updated to today's template.

It replaces a resource if a property changes that can only be set at creation (``createOnlyProperties`` of the type's
schema), and deletes what the template no longer has. The emulator shows neither, so the two expanded templates do.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from tests.worlds.expansion import expanded

BEFORE = Path(__file__).parent / "a36f5fc" / "template.yaml"
REGION = "eu-west-1"
# What holds rows, messages or log lines.
STATEFUL = {"AWS::DynamoDB::Table", "AWS::SQS::Queue", "AWS::Logs::LogGroup"}
# A function URL gave way to an HTTP API, and the alarms of each sweep to one of all. Each deployment makes new layers.
DELETED = {
    "AWS::Lambda::Url",
    "AWS::Lambda::Permission",
    "AWS::Lambda::LayerVersion",
    "AWS::IAM::Role",
    "AWS::CloudWatch::Alarm",
}

type Template = Mapping[str, Any]


@pytest.fixture(scope="module")
def before() -> Template:
    """The expanded template of a36f5fc."""
    return expanded("aws", BEFORE)


@pytest.fixture(scope="module")
def after() -> Template:
    """Today's."""
    return expanded("aws")


def fixed_properties(kind: str) -> set[str]:
    """The properties of a type that replace a resource when they change."""
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, kind).schema
    fixed = [*schema.get("createOnlyProperties", ()), *schema.get("conditionalCreateOnlyProperties", ())]
    return {path.split("/")[2] for path in fixed}


def replaced(before: Template, after: Template) -> dict[str, str]:
    """The logical IDs of replaced resources, each with the property that changed."""
    found = {}
    for name in before["Resources"].keys() & after["Resources"].keys():
        was, now = before["Resources"][name], after["Resources"][name]
        if was["Type"] != now["Type"]:
            found[name] = "Type"
        for fixed in fixed_properties(was["Type"]):
            if was.get("Properties", {}).get(fixed) != now.get("Properties", {}).get(fixed):
                found[name] = fixed
    return found


def test_nothing_that_holds_data_is_replaced(before: Template, after: Template) -> None:
    """Only the schedules are, because their fixed names allowed one stack in a region; they hold nothing."""
    changed = replaced(before, after)

    assert {name for name in changed if before["Resources"][name]["Type"] in STATEFUL} == set()
    assert {(before["Resources"][name]["Type"], fixed) for name, fixed in changed.items()} == {
        ("AWS::Scheduler::Schedule", "Name")
    }


def test_nothing_that_holds_data_is_deleted(before: Template, after: Template) -> None:
    """Every table, queue and log group is still there under its logical ID."""
    deleted = {before["Resources"][name]["Type"] for name in before["Resources"].keys() - after["Resources"].keys()}

    assert deleted & STATEFUL == set()
    assert deleted <= DELETED


@pytest.mark.parametrize(
    ("name", "change", "property_"),
    [
        ("CostLedger", {"TableName": "fixed"}, "TableName"),
        ("WatchState", {"KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}]}, "KeySchema"),
        ("AlertQueue", {"FifoQueue": False}, "FifoQueue"),
        ("RecordJobLogs", {"LogGroupName": "fixed"}, "LogGroupName"),
    ],
)
def test_a_replacement_would_be_found(after: Template, name: str, change: Mapping[str, Any], property_: str) -> None:
    """Each kind of resource that holds data has such properties."""
    resource = after["Resources"][name]
    changed = {**resource, "Properties": {**resource["Properties"], **change}}

    assert replaced(after, {"Resources": {**after["Resources"], name: changed}}) == {name: property_}


def indexes(template: Template, table: str) -> dict[str, Any]:
    """The table's indexes, by name."""
    properties = template["Resources"][table]["Properties"]
    return {index["IndexName"]: index for index in properties.get("GlobalSecondaryIndexes", ())}


def index_changes(before: Template, after: Template) -> dict[str, list[str]]:
    """The indexes that an update creates, deletes or changes, by table."""
    found = {}
    for table in (name for name, one in before["Resources"].items() if one["Type"] == "AWS::DynamoDB::Table"):
        was, now = indexes(before, table), indexes(after, table)
        found[table] = sorted(name for name in was.keys() | now.keys() if was.get(name) != now.get(name))
    return found


def test_an_update_creates_one_index_at_most_and_changes_none(before: Template, after: Template) -> None:
    """CloudFormation: "Cannot perform more than one GSI creation or deletion in a single update". A change is both."""
    changes = index_changes(before, after)

    assert set(changes) == {"CostLedger", "WatchState"}
    for table, names in changes.items():
        assert len(names) <= 1
        assert not set(names) & indexes(before, table).keys()


def test_an_index_that_changes_is_found(after: Template) -> None:
    """Its projection too, which is fixed."""
    ledger = after["Resources"]["CostLedger"]
    kept = [index for index in ledger["Properties"]["GlobalSecondaryIndexes"] if index["IndexName"] != "ByDay"]
    other = {**ledger, "Properties": {**ledger["Properties"], "GlobalSecondaryIndexes": kept}}
    less = {"Resources": {**after["Resources"], "CostLedger": other}}

    assert index_changes(after, less)["CostLedger"] == ["ByDay"]


def test_no_parameter_and_no_output_is_lost(before: Template, after: Template) -> None:
    """Scripts and `samconfig.toml` refer to them; a new parameter has a default."""
    new = after["Parameters"].keys() - before["Parameters"].keys()

    assert before["Parameters"].keys() <= after["Parameters"].keys()
    assert before["Outputs"].keys() <= after["Outputs"].keys()
    assert all("Default" in after["Parameters"][name] for name in new)
