"""Tests that share a run share a process."""

import pathlib
import subprocess
import sys

import pytest

from tests.side_by_side import SHARING, group_of, sort_key

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


@pytest.mark.parametrize("fixture", SHARING)
def test_a_fixture_that_takes_seconds_is_made_in_one_process(fixture, request):
    """Of the tests that were collected; when all are, no file is missing in the list."""
    users = {item.nodeid for item in request.session.items if fixture in item.fixturenames}
    assert {group_of(name) for name in users} <= {fixture}


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
