"""Tables that programs in benchmarks/ fill are those of the records."""

import pathlib
import re
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
# The folder of records of each table that benchmarks/folders.py fills.
FOLDERS = {
    ("README.md", "folders"): "photographs",
    ("photographs.md", "folders"): "photographs",
    ("measured_folders.md", "folders"): "folders",
    ("measured_folders.md", "own_trunk"): "own_trunk",
    ("measured_folders.md", "filters"): "filters",
}


@pytest.fixture(autouse=True)
def programs(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))


def test_figures_of_folders():
    import folders

    marks = {
        (page.name, name): page.read_text()
        for page in PAGES
        for name in re.findall(r"^<!-- (folders|own_trunk|filters) -->$", page.read_text(), re.M)
    }
    assert marks.keys() == FOLDERS.keys()
    for (page, name), text in marks.items():
        rows = folders.make_rows(ROOT / "results" / FOLDERS[page, name])
        assert folders.fill_page(text, rows, name) == text, (page, name)


def test_speeds():
    import run

    for page in PAGES:
        text = page.read_text()
        for record in re.findall(r"^<!-- benchmark: ([\w/]+) -->$", text, re.M):
            assert (ROOT / "results" / "benchmarks" / f"{record}.json").is_file(), record
        assert run.fill(text, ROOT / "results" / "benchmarks") == text, page


def test_patches_of_ones_own_networks():
    from patches.tables import fill

    text = (ROOT / "docs" / "measured_folders.md").read_text()
    assert "<!-- own_patches -->" in text
    assert fill(text, ROOT / "results" / "own_patches") == text


def test_small_devices(tmp_path):
    """In a process: its flags are those of other programs, too."""
    text = (ROOT / "docs" / "litert.md").read_text()
    page = tmp_path / "page.md"
    page.write_text(text)
    program = ROOT / "benchmarks" / "small_devices.py"
    records = ROOT / "results" / "benchmarks" / "litert"
    command = [sys.executable, str(program), f"--results_dir={records}", f"--page={page}"]
    subprocess.run(command, check=True, capture_output=True)
    assert page.read_text() == text
