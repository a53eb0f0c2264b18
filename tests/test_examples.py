"""The programs of docs/examples run, with small settings."""

import csv
import pathlib
import re
import runpy

import numpy as np
import pytest
from PIL import Image

from tests import folder_sets, tiny_backbone

ROOT = pathlib.Path(__file__).parents[1]
EXAMPLES = ROOT / "docs" / "examples"
TINY = {"epochs": 5, "base_width": 4, "num_units": 5, "discriminator_width": 8}


def main_of(name):
    return runpy.run_path(str(EXAMPLES / name))["main"]


def test_every_example_is_run_here_and_named_on_the_page():
    names = {path.name for path in EXAMPLES.glob("*.py")}
    assert names == set(re.findall(r'main_of\("(\w+\.py)"\)', pathlib.Path(__file__).read_text()))
    page = (ROOT / "docs" / "examples.md").read_text()
    assert names == set(re.findall(r"\]\(examples/(\w+\.py)\)", page))
    assert names == set(re.findall(r"^python docs/examples/(\w+\.py)", page, re.MULTILINE))


def test_digits(tmp_path, capsys):
    auroc = main_of("digits.py")(tmp_path, **TINY)
    assert auroc > 0.5
    printed = capsys.readouterr().out
    assert re.search(r"other digits found: \d+ of 1619", printed)
    assert re.search(r"false alarms: \d+ of 36", printed)


@pytest.mark.filterwarnings("ignore:Left out new/broken.png")
def test_own_photographs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    generator = np.random.default_rng(0)
    for folder, count in (("parts", 20), ("new", 2)):
        (tmp_path / folder).mkdir()
        for index in range(count):
            part = Image.fromarray(folder_sets.part(generator, 32))
            part.save(tmp_path / folder / f"{index}.png")
    noise = generator.integers(0, 256, (32, 32, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "new" / "noise.png")
    (tmp_path / "new" / "broken.png").write_bytes(b"no image")
    # There is no network to download weights.
    backbone = tiny_backbone.write_tiny_backbone(tmp_path / "tiny.keras")
    small = {"backbone": f"file:{backbone}", "min_side": 32, "image_size": 64}
    found = main_of("own_photographs.py")("parts", "new", **small)
    assert found[0].path.name == "noise.png"
    with open("sorted.csv", newline="") as table:
        rows = list(csv.DictReader(table))
    assert rows[0]["path"] == "new/noise.png"
    assert rows[0]["is_anomaly"] == "True"
    if rows[0]["region"]:
        x0, y0, x1, y1 = map(int, rows[0]["region"].split(","))
        assert 0 <= x0 < x1 <= 32
        assert 0 <= y0 < y1 <= 32
        assert int(rows[0]["region_area"]) <= (x1 - x0) * (y1 - y0)
    printed = capsys.readouterr().out
    assert "left out: new/broken.png" in printed
    assert printed.splitlines()[-1].endswith("report.html")


def test_serve_and_watch(tmp_path, capsys):
    small = {"epochs": 60, "base_width": 8, "learning_rate": 3e-3}
    folders = (tmp_path / "runs", tmp_path / "models")
    monday, tuesday = main_of("serve_and_watch.py")(*folders, **small)
    assert tuesday.direction == "higher"
    assert tuesday.differs
    assert not monday.differs
    assert "new threshold" in capsys.readouterr().out
