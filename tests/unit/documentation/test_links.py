"""The link checker finds each kind of broken link, and nothing else."""

from pathlib import Path

import pytest

from tools.documentation.links import broken_links


@pytest.mark.parametrize(
    ("link", "fault"),
    [
        ("docs/a.md", None),
        ("docs/a.md#the-first-part", None),
        ("#top", None),
        ("https://example.com/x?y#z", None),
        ("docs/b.md", "no such file"),
        ("docs/a.md#second-part", "no such heading"),
        ("#bottom", "no such heading"),
        ("docs/a.md#not-a-heading", "no such heading"),
        ("http://example.com", "not an https URL"),
        ("https://nohost", "not an https URL"),
    ],
)
def test_each_broken_link_is_named_with_its_fault(tmp_path: Path, link: str, fault: str | None) -> None:
    """Files, anchors within and across pages, and URLs."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.md").write_text("# A\n\n## The first part\n\n```\n# not a heading\n```\n", encoding="utf-8")
    (tmp_path / "README.md").write_text(f"# Top\n\nSee [it]({link}).\n", encoding="utf-8")

    assert broken_links(tmp_path) == ([f"README.md: {link}: {fault}"] if fault else [])


def test_code_has_no_links(tmp_path: Path) -> None:
    """Neither spans nor blocks."""
    (tmp_path / "README.md").write_text("`[a](b.md)`\n\n    [a](b.md)\n\n```\n[a](b.md)\n```\n", encoding="utf-8")

    assert broken_links(tmp_path) == []
