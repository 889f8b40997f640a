"""Print spoke.yaml with the values of a hub as its defaults, for a StackSet or for one account."""

import argparse
import re
import sys
from collections.abc import Mapping
from pathlib import Path

from sagewatch.errors import SettingsError
from tools.operator.cli import run
from tools.operator.stacks import values_of

TEMPLATE = Path(__file__).parent.parent.parent / "spoke.yaml"
_NO_HUB = (
    "this stack watches no other account: deploy it with OrganizationId or SpokeAccounts first, for example "
    'make deploy PARAMS="OrganizationId=o-a1b2c3d4e5"'
)


def main() -> int:
    """Print the template."""
    parser = argparse.ArgumentParser(prog="make spoke-template", description=__doc__)
    parser.add_argument("--stack", default="sagewatch", help="the stack's name (sagewatch)")
    given = parser.parse_args()
    return run(lambda: show(given.stack), on_interrupt="Stopped.")


def show(stack: str) -> int:
    """Read the stack and print the template."""
    sys.stdout.write(filled(TEMPLATE.read_text(encoding="utf-8"), values_of(stack)))
    return 0


def filled(template: str, stack: Mapping[str, str]) -> str:
    """Give the parameters of the template the values of that stack. Raises ``SettingsError`` for one without a hub."""
    if "HubBusArn" not in stack:
        raise SettingsError(_NO_HUB)
    _, _, _, region, account, _ = stack["HubBusArn"].split(":", 5)
    values = {
        "HubBusArn": stack["HubBusArn"],
        "HubAccount": account,
        "HubRegion": region,
        "RolesRegion": region,
        "Readers": stack["SpokeReaders"],
        "Actors": stack["SpokeActors"],
        "Namespace": stack["SpokeNamespace"],
        "ExternalId": stack.get("SpokeExternalId", ""),
        "ActRole": "omit",
        "JupyterEvidence": stack["JupyterEvidence"],
        "LogExcerpts": stack["LogExcerpts"],
    }
    for name, value in values.items():
        template = _with_default(template, name, value)
    return template


def _with_default(template: str, name: str, value: str) -> str:
    """Put a default behind a parameter's type, in place of the one it has."""
    head, found, rest = template.partition(f"\n  {name}:\n    Type:")
    if not found:
        raise SettingsError(f"spoke.yaml has no parameter {name}")
    kind, _, after = rest.partition("\n")
    own, between, others = after.partition("    Description:")
    own = re.sub(r"    Default: [^\n]*\n", "", own)
    return f'{head}{found}{kind}\n    Default: "{value}"\n{own}{between}{others}'


if __name__ == "__main__":
    sys.exit(main())
