"""What the README says is so."""

import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_parameter_table_is_the_templates(template: dict[str, Any]) -> None:
    """Names, defaults and descriptions."""
    rows = re.findall(r"^\| `(\w+)` \| `([^`]*)` \| (.*) \|$", README, flags=re.MULTILINE)
    told = {name: (default, text.replace("`", "")) for name, default, text in rows}
    parameters = template["Parameters"].items()

    assert told == {name: (str(facts["Default"]), facts["Description"]) for name, facts in parameters}


def test_every_file_the_readme_names_is_there() -> None:
    """Paths in code spans and in the map."""
    named = set(re.findall(r"`([\w./-]+/[\w.-]*)`", README)) | set(
        re.findall(r"^    ([\w/.]+)  ", README, re.MULTILINE)
    )
    made_later = {name for name in named if name.startswith((".local/", "/sagewatch/"))}

    assert [name for name in sorted(named - made_later) if not (ROOT / name).exists()] == []


def test_every_make_target_the_readme_names_is_there() -> None:
    """And the Makefile explains each of its own."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):.*## ", makefile, flags=re.MULTILINE))
    phony = set(re.findall(r"^\.PHONY: (.*)$", makefile, flags=re.MULTILINE)[0].split())

    assert set(re.findall(r"\bmake ([a-z]+)\b", README)) - {"it", "sure"} <= targets
    assert targets == phony
