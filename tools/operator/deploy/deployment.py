"""What `make deploy` deploys where: the parameters that are given, those of the stack that exists, the defaults."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from samcli.yamlhelper import yaml_parse

from sagewatch.errors import SettingsError
from tools.operator import stacks

_LIST = "CommaDelimitedList"  # CloudFormation checks each of its items, not the text
_FAILED = frozenset({"ROLLBACK_COMPLETE", "ROLLBACK_FAILED"})  # of a first deployment: cannot be updated


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """What is deployed where. ``existing`` has the stack's parameters: none before the first deployment."""

    session: boto3.Session
    stack: str
    given: Mapping[str, str]
    existing: Mapping[str, str]
    declared: Mapping[str, Mapping[str, Any]]  # the template's

    @property
    def region(self) -> str:
        """The stack's region."""
        return str(self.session.region_name)

    @property
    def first(self) -> bool:
        """Whether nothing is deployed yet. A stack that only holds an imported ledger has no parameters."""
        return not self.existing

    @property
    def suffix(self) -> str:
        """What commands need to find the stack."""
        return "" if self.stack == "sagewatch" else f" STACK={self.stack}"

    def value(self, name: str) -> str:
        """A parameter's value after this deployment: given, kept, or the template's default."""
        return self.given.get(name, self.existing.get(name, str(self.declared[name]["Default"])))

    def overrides(self) -> list[str]:
        """The parameters for `sam deploy`. Those that are left out keep their values; a new stack is in trial mode."""
        passed = {"Mode": "observe", **self.given} if self.first else self.given
        return [quoted(name, value) for name, value in passed.items()]

    def client(self, service: str) -> Any:
        """A client in the stack's region."""
        return self.session.client(service)  # type: ignore[call-overload] # by name


def quoted(name: str, value: str) -> str:
    """A parameter as SAM reads it: without quotes, a value ends at the first blank."""
    return '{}="{}"'.format(name, value.replace('"', '\\"'))


def declared_by(template: Path) -> Mapping[str, Mapping[str, Any]]:
    """The parameters that a template declares."""
    read: Mapping[str, Mapping[str, Any]] = yaml_parse(template.read_text(encoding="utf-8"))["Parameters"]
    return read


def given_parameters(texts: Iterable[str], declared: Mapping[str, Mapping[str, Any]]) -> Mapping[str, str]:
    """Read parameters of the form Name=value. Raises ``SettingsError`` for one that the template does not take."""
    given = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            raise SettingsError(f"{text!r} is no parameter. Use the form Name=value.")
        if name not in declared:
            raise SettingsError(f"There is no parameter {name!r}. docs/deploy.md lists the parameters.")
        _check(name, value, declared[name])
        given[name] = value
    return given


def _check(name: str, value: str, rules: Mapping[str, Any]) -> None:
    allowed = [str(each) for each in rules.get("AllowedValues", ())]
    if allowed and value not in allowed:
        raise SettingsError(f"{name}={value}: the allowed values are {', '.join(allowed)}.")
    pattern = rules.get("AllowedPattern")
    if pattern and rules["Type"] != _LIST and re.fullmatch(pattern, value) is None:
        raise SettingsError(f"{name}={value}: give {rules.get('ConstraintDescription', f'what fits {pattern}')}.")


def existing_parameters(client: Any, stack: str) -> Mapping[str, str]:
    """Read the stack's parameters. There are none before its first deployment. Raises ``SettingsError``."""
    found = stacks.find(client, stack)
    if found is None:
        return {}
    if found.status in _FAILED:
        raise SettingsError(
            f"The first deployment of {stack} failed. See its events, then delete it: "
            f"aws cloudformation delete-stack --stack-name {stack}. Then run make deploy again."
        )
    if found.status in {"REVIEW_IN_PROGRESS", "DELETE_COMPLETE"}:
        return {}
    return found.parameters
