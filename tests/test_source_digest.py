import ast
import pathlib
import shutil

import pytest

from memgan_tf.source_digest import (
    WITHOUT_EFFECT,
    count_versions,
    describe_versions,
    source_digest,
)

PACKAGE = pathlib.Path(__file__).parents[1] / "memgan_tf"


@pytest.fixture
def package(tmp_path):
    for place in ("losses/memory.py", "report/pages.py", "version.py", "py.typed"):
        path = tmp_path / "package" / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"# {place}\nVALUE = 1\n", encoding="utf-8")
    return tmp_path / "package"


def digest(package):
    return source_digest.__wrapped__(package)


def test_a_copy_elsewhere_has_the_same_digest(package, tmp_path):
    before = digest(package)
    assert len(before) == 16
    shutil.copytree(package, tmp_path / "site-packages" / "memgan_tf")
    assert digest(tmp_path / "site-packages" / "memgan_tf") == before
    (package / "version.py").write_bytes(b"# version.py\r\nVALUE = 1\r\n")
    (package / "__pycache__").mkdir()
    (package / "__pycache__" / "version.cpython-311.pyc").write_bytes(b"\0")
    assert digest(package) == before


def test_any_change_of_code_that_decides_results_changes_it(package):
    seen = {digest(package)}
    (package / "losses" / "memory.py").write_text("VALUE = 2\n", encoding="utf-8")
    seen.add(digest(package))
    (package / "losses" / "memory.py").rename(package / "losses" / "other.py")
    seen.add(digest(package))
    (package / "losses" / "new.py").touch()
    seen.add(digest(package))
    assert len(seen) == 4


def test_what_shows_results_does_not_change_it(package):
    before = digest(package)
    (package / "report" / "pages.py").write_text("VALUE = 2\n", encoding="utf-8")
    assert digest(package) == before


def test_a_package_without_source_has_none(tmp_path):
    assert digest(tmp_path) is None


def test_counted_code_imports_nothing_that_is_left_out():
    names = {name.removesuffix(".py") for name in WITHOUT_EFFECT}
    for path in PACKAGE.rglob("*.py"):
        place = path.relative_to(PACKAGE).parts[0]
        if place in WITHOUT_EFFECT or place == "__init__.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module.startswith("memgan_tf"):
                imported = [*node.module.split(".")[1:2], *(a.name for a in node.names)]
                assert imported[0] not in names, f"{path} imports {node.module}"


def test_tables_say_when_versions_are_mixed():
    one, other = "a" * 16, "b" * 16
    assert describe_versions(count_versions([{"sources": [one]}] * 3)) == "aaaaaaaa"
    assert describe_versions(count_versions([{}])) == "unrecorded"
    mixed = [{"sources": [one]}, {"sources": [other]}, {"sources": [one]}, {}]
    expected = "MIXED: aaaaaaaa (2), bbbbbbbb (1), unrecorded (1)"
    assert describe_versions(count_versions(mixed)) == expected


def test_a_run_that_two_versions_made_is_a_version_of_its_own():
    runs = [{"sources": ["a" * 16, "b" * 16]}, {"sources": [None, "b" * 16]}]
    assert count_versions(runs) == {"aaaaaaaa to bbbbbbbb": 1, "unrecorded to bbbbbbbb": 1}
