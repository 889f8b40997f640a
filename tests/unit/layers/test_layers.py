"""A prepared layer calls AWS as an unprepared one does."""

import gzip
import json
import shutil
from pathlib import Path
from typing import Any

import botocore
import pytest
from botocore import xform_name
from botocore.loaders import Loader
from botocore.model import ServiceModel, Shape

from tests.worlds.wired import ROOT, wired
from tools.layers.models import trim, trimmed

_CODE = ROOT / "shared" / "sagewatch"
_DATA = Path(botocore.__file__).parent / "data"
_SERVICES = (
    "application-autoscaling",
    "cloudwatch",
    "dynamodb",
    "logs",
    "organizations",
    "pricing",
    "resourcegroupstaggingapi",
    "sagemaker",
    "sqs",
    "ssm",
    "sts",
)
_CLIENTS = {"tag": "resourcegroupstaggingapi"}  # where IAM's prefix is no name of a client
_NO_OPERATION = {"ConditionCheckItem"}  # a permission for a part of TransactWriteItems


@pytest.fixture(scope="module")
def loader(tmp_path_factory: pytest.TempPathFactory) -> Loader:
    """A trimmed copy of botocore's data, as a prepared layer holds it."""
    layer = tmp_path_factory.mktemp("layer")
    data = layer / "botocore" / "data"
    data.mkdir(parents=True)
    for service in (*_SERVICES, "ec2"):
        shutil.copytree(_DATA / service, data / service)
    for path in _DATA.glob("*.json"):
        shutil.copy(path, data)
    trim(layer, _CODE, ROOT / "template.yaml")
    return Loader(extra_search_paths=[str(data)], include_default_search_paths=False)


def test_only_the_services_in_use_are_left(loader: Loader) -> None:
    """A service that no line makes a client of is gone."""
    assert loader.list_available_services("service-2") == list(_SERVICES)


def test_every_permission_has_its_operation(loader: Loader) -> None:
    """What a function may call is in the model it calls with."""
    permissions = {action for adapters in wired().values() for actions in adapters.values() for action in actions}
    for permission in sorted(permissions):
        prefix, _, operation = permission.partition(":")
        if operation not in _NO_OPERATION:
            prefix = _CLIENTS.get(prefix, prefix)
            assert operation in loader.load_service_model(prefix, "service-2")["operations"], permission


@pytest.mark.parametrize("service", _SERVICES)
def test_an_operation_is_as_the_full_model_has_it(loader: Loader, service: str) -> None:
    """Its request, its answer and its errors, member by member."""
    full = ServiceModel(Loader().load_service_model(service, "service-2"), service)
    lean = ServiceModel(loader.load_service_model(service, "service-2"), service)

    for name in lean.operation_names:
        one, other = lean.operation_model(name), full.operation_model(name)
        assert _form(one.input_shape) == _form(other.input_shape)
        assert _form(one.output_shape) == _form(other.output_shape)
        assert [shape.name for shape in one.error_shapes] == [shape.name for shape in other.error_shapes]


def _form(shape: Shape | None, above: tuple[str, ...] = ()) -> Any:
    """A shape as a value: its type and those of its members, to any depth."""
    if shape is None or shape.name in above:
        return shape and shape.name
    inside = (*above, shape.name)
    members = {name: _form(member, inside) for name, member in getattr(shape, "members", {}).items()}
    parts = [_form(getattr(shape, part, None), inside) for part in ("member", "key", "value")]
    return [shape.name, shape.type_name, shape.serialization, sorted(shape.metadata.items(), key=str), members, parts]


def test_a_model_keeps_what_is_called_its_shapes_and_every_exception() -> None:
    """Nothing else, and no documentation."""
    model = {
        "metadata": {"serviceId": "Lab"},
        "operations": {
            "GetItem": {"name": "GetItem", "input": {"shape": "Key"}, "documentation": "<p>Gets.</p>"},
            "PutItem": {"name": "PutItem", "input": {"shape": "Item"}},
        },
        "shapes": {
            "Key": {"type": "structure", "members": {"name": {"shape": "Name", "documentation": "The name."}}},
            "Name": {"type": "string"},
            "Item": {"type": "structure", "members": {}},
            "Gone": {"type": "structure", "members": {}, "exception": True},
        },
    }
    lean = trimmed(model, {xform_name("GetItem")})

    assert list(lean["operations"]) == ["GetItem"]
    assert sorted(lean["shapes"]) == ["Gone", "Key", "Name"]
    assert "documentation" not in json.dumps(lean)


def test_equal_data_is_trimmed_to_equal_bytes(loader: Loader, tmp_path: Path) -> None:
    """A release can be built twice and compared."""
    service = tmp_path / "botocore" / "data"
    shutil.copytree(_DATA / "sqs", service / "sqs")
    shutil.copy(_DATA / "endpoints.json", service)
    trim(tmp_path, _CODE, ROOT / "template.yaml")
    [model] = service.rglob("service-2.json.gz")

    kept = json.loads(gzip.decompress(model.read_bytes()))
    assert kept["operations"].keys() == loader.load_service_model("sqs", "service-2")["operations"].keys()
    assert model.read_bytes()[4:8] == bytes(4)  # no time in the header of gzip
