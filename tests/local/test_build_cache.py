"""A build of the application is made once for equal sources."""

from pathlib import Path

import pytest

from local.stack.build_cache import build_once, sources_digest


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A small application."""
    for name in ("template.yaml", "samconfig.toml", "functions/app.py", "shared/lib.py", "charts/r.txt", "docs/a.md"):
        path = tmp_path / "root" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name, encoding="utf-8")
    return tmp_path / "root"


class Builds:
    """Counts builds; each leaves one file."""

    def __init__(self, failure: Exception | None = None) -> None:
        """None has been made yet."""
        self.made = 0
        self.failure = failure

    def __call__(self, folder: Path) -> None:
        """Build, or fail half-way."""
        self.made += 1
        folder.mkdir(parents=True)
        (folder / "template.yaml").write_text(f"build {self.made}", encoding="utf-8")
        (folder.parent / "build.toml").write_text("what sam leaves beside its build", encoding="utf-8")
        if self.failure:
            raise self.failure


def test_equal_sources_are_built_once_and_each_cloud_has_its_own_copy(root: Path, tmp_path: Path) -> None:
    """A cloud changes its copy, so the others must not see it."""
    builds = Builds()
    for name in ("one", "two"):
        build_once(root, tmp_path / "builds", tmp_path / name, builds)
        (tmp_path / name / "template.yaml").write_text("changed", encoding="utf-8")
    build_once(root, tmp_path / "builds", tmp_path / "one", builds)

    assert builds.made == 1
    assert (tmp_path / "one" / "template.yaml").read_text(encoding="utf-8") == "build 1"


@pytest.mark.parametrize(
    "name", ["template.yaml", "functions/app.py", "shared/lib.py", "shared/new.py", "charts/r.txt"]
)
def test_a_changed_or_new_source_is_built_again(root: Path, tmp_path: Path, name: str) -> None:
    """The older build goes, so that the cache does not grow."""
    builds = Builds()
    build_once(root, tmp_path / "builds", tmp_path / "one", builds)
    (root / name).write_text("other", encoding="utf-8")
    build_once(root, tmp_path / "builds", tmp_path / "one", builds)

    assert builds.made == 2
    assert len([older for older in (tmp_path / "builds").iterdir() if older.is_dir()]) == 1


def test_bytecode_and_documents_are_no_sources(root: Path) -> None:
    """Running the tests must not make the build stale."""
    before = sources_digest(root)
    (root / "shared" / "lib.pyc").write_bytes(b"compiled")
    (root / "docs" / "a.md").write_text("other", encoding="utf-8")

    assert sources_digest(root) == before


def test_a_build_that_fails_is_not_kept(root: Path, tmp_path: Path) -> None:
    """The next try builds again."""
    with pytest.raises(RuntimeError):
        build_once(root, tmp_path / "builds", tmp_path / "one", Builds(RuntimeError("sam build failed")))
    builds = Builds()
    build_once(root, tmp_path / "builds", tmp_path / "one", builds)

    assert builds.made == 1
    assert (tmp_path / "one" / "template.yaml").exists()
