"""The README and the pages under docs/ agree with the template, the Makefile and the files."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from sagewatch import __version__
from tools.documentation.links import broken_links

ROOT = Path(__file__).parent.parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
# Decisions are history: they may name files that have moved since.
PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
    if path.name != "decisions.md"
}


def test_the_parameter_table_is_the_templates(template: dict[str, Any]) -> None:
    """Names, defaults and descriptions."""
    deploy = PAGES["docs/deploy.md"]
    rows = re.findall(r"^\| `(\w+)` \| (?:`([^`]+)`|\(empty\)) \| (.*) \|$", deploy, flags=re.MULTILINE)
    documented = {name: (default, text.replace("`", "")) for name, default, text in rows}
    parameters = template["Parameters"].items()

    assert documented == {name: (str(facts["Default"]), facts["Description"]) for name, facts in parameters}


def test_the_readme_is_short() -> None:
    """What only some readers need is under docs/."""
    assert len(README.splitlines()) <= 150


@pytest.mark.parametrize("page", PAGES)
def test_every_file_a_page_names_is_there(page: str) -> None:
    """Paths in code spans and in the map."""
    named = set(re.findall(r"`([\w./-]+/[\w.-]*)`", PAGES[page])) | set(
        re.findall(r"^    ([\w/.]+)  ", PAGES[page], re.MULTILINE)
    )
    made_later = {name for name in named if name.startswith((".local/", "dist/", "/sagewatch/", "/home/"))}

    assert [name for name in sorted(named - made_later) if not (ROOT / name).exists()] == []


def test_the_readme_lists_every_package_in_order() -> None:
    """From the one that depends on nothing to the wiring, as the import contract has them."""
    listed = re.findall(r"^        (\w+)/  ", README, re.MULTILINE)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    layers = next(each["layers"] for each in project["tool"]["importlinter"]["contracts"] if each["type"] == "layers")
    packages = [name for name in reversed(layers) if (ROOT / "shared" / "sagewatch" / name).is_dir()]

    assert listed == packages


def test_every_link_leads_somewhere() -> None:
    """Files and anchors exist; URLs are well formed."""
    assert broken_links(ROOT) == []


def test_the_index_lists_every_decision() -> None:
    """By its title, once."""
    text = (ROOT / "docs" / "decisions.md").read_text(encoding="utf-8")
    index, *_ = re.split(r"^## \d", text, maxsplit=1, flags=re.MULTILINE)
    titles = re.findall(r"^#+ \d{4}-\d\d-\d\d: (.+)$", text, re.MULTILINE)

    assert sorted(re.findall(r"^- \[(.+)\]\(#", index, re.MULTILINE)) == sorted(titles)


def test_the_site_builds_without_a_warning(tmp_path: Path) -> None:
    """MkDocs is strict: a page outside the navigation or a link to nothing fails the build."""
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path)]
    built = subprocess.run(  # noqa: S603 - our own command
        command, cwd=ROOT, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"}, capture_output=True, text=True, check=False
    )

    assert (built.returncode, built.stderr) == (0, "")
    assert {"index.html", "deploy.html", "decisions.html"} <= {path.name for path in tmp_path.iterdir()}


@pytest.mark.parametrize("page", PAGES)
def test_every_make_target_a_page_names_is_there(page: str) -> None:
    """So that no page names a command that is gone."""
    assert set(re.findall(r"(?:^    |`)make ([a-z-]+)", PAGES[page], re.MULTILINE)) <= _explained()


def test_the_developers_page_lists_every_make_target() -> None:
    """Once, in its table of commands."""
    table = PAGES["docs/developing.md"].partition("## Commands")[2].partition("\n## ")[0]
    first = "\n".join(re.findall(r"^\| (`make .*?) \|", table, re.MULTILINE))

    assert sorted(re.findall(r"`make ([a-z-]+)`", first)) == sorted(_explained() - {"help"})


def test_the_makefile_explains_its_targets() -> None:
    """Each of its own, in `make help`."""
    phony = set(re.findall(r"^\.PHONY: (.*)$", _makefile(), flags=re.MULTILINE)[0].split())

    assert _explained() == phony


def _makefile() -> str:
    return (ROOT / "Makefile").read_text(encoding="utf-8")


def _explained() -> set[str]:
    return set(re.findall(r"^([a-z-]+):.*## ", _makefile(), flags=re.MULTILINE))


def test_the_version_is_one(template: dict[str, Any]) -> None:
    """The stack's output is the package's; the changelog has a heading for it or for what comes next."""
    assert template["Outputs"]["SageWatchVersion"]["Value"] == __version__
    assert re.search(
        rf"^## \[({re.escape(__version__)}|Unreleased)\]",
        (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"),
        re.MULTILINE,
    )
