"""Tests that share a run share a process."""

import ast
import functools
import pathlib
import subprocess
import sys

import pytest

from tests.side_by_side import SHARING, group_of, sort_key

TESTS = pathlib.Path(__file__).parent

SCRIPT = """
import os, pathlib, pytest

@pytest.mark.parametrize("number", range(4))
def test_it(number, tmp_path_factory):
    folder = pathlib.Path(os.environ["SEEN"])
    (folder / f"{pathlib.Path(__file__).stem}-{os.getpid()}").touch()
"""


def test_groups_are_files_or_detectors():
    contract = "tests/contract/test_contract.py"
    assert group_of("tests/data/test_npz.py::test_a[1]") == "data/test_npz.py"
    faults, kills = (
        group_of(f"tests/reliability/test_{name}.py::a") for name in ("faults", "kill")
    )
    assert faults == kills != group_of("tests/reliability/test_fuzz.py::a")
    shapes = {group_of(f"{contract}::test_a_wrong_shape_is_refused[shape{i}-vae]") for i in (0, 1)}
    assert shapes == {group_of(f"{contract}::test_no_score_before_fit[vae]")}
    assert group_of(f"{contract}::test_no_score_before_fit[pca]") not in shapes
    readme = "tests/test_readme.py::test_the_commands_of_a_page_run_in_order"
    assert group_of(f"{readme}[README.md]") != group_of(f"{readme}[docs/hull.md]")


@functools.cache
def requests_in(path):
    """What fixtures of a file ask for, by their names, and what its tests ask for."""
    fixtures, tests = {}, set()
    for node in ast.parse(path.read_text()).body:
        if not isinstance(node, ast.FunctionDef):
            continue
        marks = [ast.dump(decorator) for decorator in node.decorator_list]
        asked = {argument.arg for argument in node.args.args}
        # `request.getfixturevalue("…")`, and `usefixtures("…")`.
        for call in ast.walk(node):
            named = isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)
            if named and call.func.attr in ("getfixturevalue", "usefixtures"):
                asked |= {argument.value for argument in call.args}
        if any("'fixture'" in mark for mark in marks):
            fixtures[node.name] = asked
        elif node.name.startswith("test_"):
            tests |= asked
    return fixtures, tests


def needs_of(path):
    """All fixtures that the tests of a file need, directly or through others."""
    fixtures, todo = requests_in(path)
    places = [parent / "conftest.py" for parent in path.parents if parent.is_relative_to(TESTS)]
    for place in (place for place in places if place.exists()):
        fixtures = requests_in(place)[0] | fixtures
    todo, found = set(todo), set()
    while todo:
        name = todo.pop()
        found.add(name)
        todo |= fixtures.get(name, set()) - found
    return found


def test_a_fixture_that_takes_seconds_is_made_in_one_process():
    """Every file that needs it is in its list, and no other."""
    needs = {
        path.relative_to(TESTS).as_posix(): needs_of(path) for path in TESTS.rglob("test_*.py")
    }
    for fixture, listed in SHARING.items():
        users = {path for path, names in needs.items() if fixture in names}
        assert users == set(listed), fixture


def test_long_groups_come_first():
    names = ("data/test_npz.py::a", "export/test_golden.py::a", "test_readme.py::a[README.md]")
    assert [sort_key(f"tests/{name}") for name in names] == [True, False, False]


def test_processes_side_by_side_share_no_file(tmp_path, monkeypatch):
    """The scheduler is what `pytest -n` uses: marks of xdist once did nothing and nobody saw."""
    pytest.importorskip("xdist")
    (tmp_path / "tests").mkdir()
    for name in ("one", "two", "three"):
        (tmp_path / "tests" / f"test_{name}.py").write_text(SCRIPT)
    hook = "from tests.side_by_side import make_scheduler\n\n\n"
    hook += (
        "def pytest_xdist_make_scheduler(config, log):\n    return make_scheduler(config, log)\n"
    )
    (tmp_path / "conftest.py").write_text(hook)
    (tmp_path / "seen").mkdir()
    monkeypatch.setenv("SEEN", str(tmp_path / "seen"))
    monkeypatch.setenv("PYTHONPATH", str(pathlib.Path(__file__).parents[1]))
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "-p", "no:cacheprovider"]
    subprocess.run(
        [*command, "--rootdir=.", "--import-mode=importlib", "tests"], cwd=tmp_path, check=True
    )
    seen = sorted(path.name.partition("-")[0] for path in (tmp_path / "seen").iterdir())
    assert seen == ["test_one", "test_three", "test_two"]
