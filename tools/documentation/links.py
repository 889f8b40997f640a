"""Check every link of the README, the other pages in the root, and docs/.

A link to a file must name a file that exists, and its anchor a heading of that file. A link to another host must be a
well-formed https URL; no request is made.
"""

import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).parent.parent.parent
_LINK = re.compile(r"\[[^\]]*\]\(\s*<?([^)\s>]+)[^)]*\)")
_HEADING = re.compile(r"^#{1,6} +(.+?) *#*$", re.MULTILINE)
_CODE = re.compile(r"^```.*?^```|^    .*?$|`[^`\n]*`", re.MULTILINE | re.DOTALL)
_FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_HOST = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")


def pages(root: Path) -> Sequence[Path]:
    """The Markdown files of a folder and of its folder ``docs``."""
    return sorted(root.glob("*.md")) + sorted((root / "docs").rglob("*.md"))


def broken_links(root: Path) -> Sequence[str]:
    """One line for each broken link: the page, the link, and what is wrong with it."""
    return [
        f"{page.relative_to(root)}: {link}: {fault}"
        for page in pages(root)
        for link in _links(page)
        if (fault := _fault(page, link))
    ]


def _links(page: Path) -> Iterator[str]:
    yield from _LINK.findall(_CODE.sub("", page.read_text(encoding="utf-8")))


def _fault(page: Path, link: str) -> str | None:
    url = urlsplit(link)
    if url.scheme or url.netloc:
        return None if url.scheme == "https" and _HOST.fullmatch(url.hostname or "") else "not an https URL"
    target = (page.parent / url.path).resolve() if url.path else page
    if not target.exists():
        return "no such file"
    if url.fragment and url.fragment not in anchors(target):
        return "no such heading"
    return None


def anchors(page: Path) -> frozenset[str]:
    """The anchors of a page's headings. GitHub and MkDocs make the same ones from plain headings."""
    headings = _HEADING.findall(_FENCE.sub("", page.read_text(encoding="utf-8")))
    return frozenset(re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings)


def main() -> int:
    """Print the broken links; the exit code is 1 if there are any."""
    broken = broken_links(ROOT)
    for line in broken:
        sys.stdout.write(f"{line}\n")
    sys.stdout.write(f"{len(pages(ROOT))} pages checked, {len(broken)} broken links\n")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
