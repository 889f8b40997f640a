"""template.yaml as CloudFormation gets it: what the SAM translator makes of it in a region.

The translator is the one that SAM CLI ships; CloudFormation runs a release of the same library.
"""

import copy
import os
from functools import cache
from pathlib import Path
from typing import Any

import boto3
from samcli.yamlhelper import yaml_parse
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

TEMPLATE = Path(__file__).parent.parent.parent / "template.yaml"
PLACES = {"aws": "eu-west-1", "aws-us-gov": "us-gov-west-1", "aws-cn": "cn-north-1"}  # a region of each partition
_CODE = "s3://a-bucket/a-key"  # where `sam package` puts what it uploads


def expanded(partition: str, path: Path = TEMPLATE, **parameters: str) -> dict[str, Any]:
    """The resources of an expanded template, by logical id, in a region of that partition."""
    return copy.deepcopy(_expanded(path, partition, tuple(sorted(parameters.items()))))


@cache
def _expanded(path: Path, partition: str, parameters: tuple[tuple[str, str], ...]) -> dict[str, Any]:
    template = yaml_parse(path.read_text(encoding="utf-8"))
    template["Globals"]["Function"]["CodeUri"] = _CODE
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::LayerVersion":
            resource["Properties"]["ContentUri"] = _CODE
    given = {name: parameter["Default"] for name, parameter in template["Parameters"].items()} | dict(parameters)
    region = PLACES[partition]
    before = os.environ.get("AWS_DEFAULT_REGION")
    os.environ["AWS_DEFAULT_REGION"] = region  # the translator derives the partition of managed policies from it
    try:
        translator = Translator({}, Parser(), boto_session=boto3.Session(region_name=region))
        return dict(translator.translate(template, given))
    finally:
        if before is None:
            del os.environ["AWS_DEFAULT_REGION"]
        else:
            os.environ["AWS_DEFAULT_REGION"] = before
