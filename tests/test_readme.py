"""Every command of the README and the docs runs, and every figure has its record."""

import json
import pathlib
import re
import shlex
import shutil

import numpy as np
import pytest
import tensorflow as tf
from tensorflow_datasets.core import constants

import memgan_tf
from memgan_tf.config import RunConfig, by_features, resolve
from memgan_tf.reproduction import figures_vertices
from memgan_tf.reproduction.grid import Grid
from memgan_tf.reproduction.marked_tables import fill_page
from memgan_tf.reproduction.records import read_records
from memgan_tf.tools import main
from tests import folder_sets, tiny_backbone

ROOT = pathlib.Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
# What is run elsewhere: by CI itself, or by a test of its own.
ELSEWHERE = (
    "make ",  # the two targets of CI, and what they call
    "python benchmarks/",  # tests/test_benchmarks.py
    "python docs/examples/",  # tests/test_examples.py
    "python -m tests.reliability.",  # tests/reliability/test_*.py
    "tensorboard ",  # tests/training/test_loop.py reads what it shows
)


# What makes a command of the README short.
SHORT = {
    "train": ["--epochs=1", "--base_width=4"],
    "benchmark": ["--override=epochs=1", "--override=base_width=4", "--classes=2", "--seeds=0"],
}
# Pages whose commands run one after the other: they begin with the same training.
TOGETHER = (
    ("README.md", "docs/photographs.md"),
    ("docs/detectors.md",),
    ("docs/beyond.md",),
    ("docs/hull.md",),
    ("docs/thresholds.md", "docs/monitoring.md"),
)
# The grid of a page that trains the same runs before.
FIGURE_RUNS = "--model_dir=fig1"
FEW_FEATURES = ["--min_side=32", "--fine_components=8", "--coarse_components=8"]


def commands(page):
    """Lines of the page's shell blocks, comments and continuations resolved."""
    blocks = re.findall(r"^```sh\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)
    for block in blocks:
        for line in block.replace("\\\n", " ").splitlines():
            line = re.sub(r"\s+#.*$", "", line).strip()
            if line and not line.startswith("#"):
                yield line


def run_python(page, **names):
    """Runs a page's Python blocks in order, in one namespace; returns it."""
    for block in re.findall(r"^```python\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL):
        exec(block, names)
    return names


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_command_is_left_untested(page):
    for line in commands(page):
        assert line.startswith(("memgan ", *ELSEWHERE)), line


def shortened(line, backbone):
    """The words of a command after `memgan`, with what makes it short."""
    words = shlex.split(line)[1:]
    if line.startswith("memgan benchmark") and "--detectors=memgan,memgan_plus" in line:
        # tests/integration/test_benchmark.py trains MEMGAN in a grid.
        return [*words, "--detectors=kde", "--classes=2", "--seeds=0"]
    short = [] if "--detector=kde" in line else SHORT.get(words[0], [])
    if FIGURE_RUNS in words:
        short = [*short, "--classes=8"]
    if "--dataset=folder:" in line and "--detector" not in line:
        short = [f"--backbone=file:{backbone}", *FEW_FEATURES]
        if "--image_size" in line:
            short.append("--image_size=256")
    return [*words, *short]


def copy_runs(words):
    """The runs of the page to where a grid finds them, so that it evaluates them only."""
    overrides = [word.removeprefix("--override=") for word in words if "--override=" in word]
    for name in ("memgan", "memae"):
        place = pathlib.Path(name, "mnist", "8", "seed_0")
        shutil.copytree(
            "runs" / place, "fig1" / pathlib.Path("+".join(["default", *overrides]), place)
        )


def run_page(name, backbone, capsys):
    """Runs the commands of a page, but grids of hours; returns their verbs."""
    ran = []
    for line in commands(ROOT / name):
        if line.startswith("memgan ") and "--page=docs" not in line:
            words = shortened(line, backbone)
            if FIGURE_RUNS in words:
                copy_runs(words)
            assert main.main(words) == 0, capsys.readouterr().err
            ran.append(words[0])
    assert ran[0] == "train"
    after = {"docs/hull.md": "hull", "docs/photographs.md": "report"}
    assert after.get(name, "evaluate") in ran
    return ran


@pytest.mark.slow
@pytest.mark.parametrize("names", TOGETHER, ids=lambda names: names[0])
def test_the_commands_of_a_page_run_in_order(names, fake_mnist, tmp_path, monkeypatch, capsys):
    """On a small prepared MNIST and for an epoch, from an empty folder."""
    assert len({next(commands(ROOT / name)) for name in names}) == 1
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(constants, "DATA_DIR", fake_mnist.data_dir)
    # tests/integration/test_benchmark.py has the processes that a grid starts.
    monkeypatch.setattr(figures_vertices, "NUM_STEPS", 3)
    monkeypatch.setattr(Grid, "_run_command", lambda grid, words, log: main.main(words))
    for folder, count in (("photos", 1), ("new_photos", 2), ("new_good_parts", 20)):
        (tmp_path / folder).mkdir()
        for index in range(count):
            photo = np.random.default_rng(index).integers(0, 256, (40, 30, 3), dtype=np.uint8)
            path = tmp_path / folder / f"{index}.png"
            path.write_bytes(tf.io.encode_png(photo).numpy())
    for name_of_set in ("parts", "large_parts"):
        folder_sets.make_mvtec(tmp_path / name_of_set, 24, 3, 2, side=32)
    # There is no network to download weights.
    backbone = tiny_backbone.write_tiny_backbone(tmp_path / "tiny.keras")
    for name in names:
        (tmp_path / "scores.csv").unlink(missing_ok=True)
        ran = run_page(name, backbone, capsys)
        check_page(name, ran, tmp_path)


def check_page(name, ran, tmp_path):
    """The Python of a page runs as well, and what its commands write is there."""
    if name in ("docs/thresholds.md", "docs/monitoring.md"):
        run_python(ROOT / name, images=np.zeros((3, 8, 8, 1), np.uint8))
    if name == "README.md":
        found = run_python(ROOT / name, images=np.zeros((3, 28, 28, 1), np.uint8))
        assert found["scores"].shape == found["anomalies"].shape == (3,)
        assert ((found["p_values"] > 0) & (found["p_values"] <= 1)).all()
    if name == "docs/hull.md":
        drawn = {path.name for path in (tmp_path / "figures").iterdir()}
        stems = ("figure_1", "figure_2", "figure_3", "figure_4_mnist_8")
        assert drawn == {f"{stem}.{kind}" for stem in stems for kind in ("svg", "png")}
        assert (tmp_path / "runs_no_projection/memgan/mnist/8/seed_0/eval/hull.json").is_file()
    if "score" in ran:
        assert (tmp_path / "scores.csv").read_text().startswith("path,label,anomaly_score")


@pytest.mark.parametrize("name", ["reproduction.md", "search.md", "detectors.md", "beyond.md"])
def test_grids_of_a_page_make_its_tables(name, tmp_path, monkeypatch, capsys):
    """They take hours: here they find every cell valid and the tables as they stand."""
    page = ROOT / "docs" / name
    shutil.copytree(ROOT / "results", tmp_path / "results")
    (tmp_path / "docs").mkdir()
    shutil.copy(page, tmp_path / "docs")
    monkeypatch.chdir(tmp_path)
    grids = [line for line in commands(page) if line.startswith("memgan benchmark ")]
    *_, last = (line for line in grids if "--page=" in line)
    for line in grids:
        words = [*shlex.split(line)[1:], "--tables_only"]
        if line != last:  # the same records fill the same page
            words = [word for word in words if not word.startswith("--page=")]
        assert main.main(words) == 0, capsys.readouterr().err
    assert (tmp_path / "docs" / name).read_text() == page.read_text()


@pytest.mark.filterwarnings("ignore")  # scikit-learn's checks make warnings on purpose
def test_the_python_of_the_scikit_learn_page_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = run_python(ROOT / "docs" / "scikit_learn.md")
    assert names["aurocs"].min() > 0.98
    assert names["again"].offset_ == names["detector"].offset_
    assert set(names["view"].labels_) == {0, 1}


def test_the_python_page_walks_from_photographs_to_a_scored_folder(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    folder_sets.make_mvtec(tmp_path / "parts", 24, 3, 2, side=32)
    (tmp_path / "new_photos").mkdir()
    for index, size in enumerate([(40, 30, 3), (33, 64, 3)]):
        photo = np.random.default_rng(index).integers(0, 256, size, dtype=np.uint8)
        path = tmp_path / "new_photos" / f"{index}.png"
        path.write_bytes(tf.io.encode_png(photo).numpy())
    # There is no network to download weights.
    backbone = tiny_backbone.write_tiny_backbone(tmp_path / "tiny.keras")
    real = memgan_tf.train

    def train(dataset, **settings):
        small = (
            {"backbone": f"file:{backbone}", "min_side": 32} if dataset == "folder:parts" else {}
        )
        return real(dataset, **small, **settings)

    monkeypatch.setattr(memgan_tf, "train", train)
    page = ROOT / "docs" / "python.md"
    first = re.search(r"^```python\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)[1]
    assert len([line for line in first.splitlines() if line]) <= 10
    names = run_python(page)
    assert names["report"].is_file()
    assert names["again"].path.name == "seed_0"
    lines = capsys.readouterr().out.splitlines()
    found = [line for line in lines if line.startswith("new_photos/")]
    assert len(found) == 2, "noise is no good part"
    assert len(names["seen"]) == names["config"].training.epochs == 2
    assert names["scorer"].input_shape == names["model"].input_shape == (None, 8, 8, 1)


def test_the_tables_are_made_from_the_records():
    records = read_records(ROOT / "results")
    for page in PAGES:
        assert fill_page(page.read_text(), records) == page.read_text(), page


def test_records_are_of_what_their_folder_says():
    """A default that has changed leaves no record behind under the name of the old one."""
    shapes = {"mnist": (28, 28, 1), "cifar10": (32, 32, 3), "digits": (8, 8, 1)}
    for cell, record in read_records(ROOT / "results").items():
        given = {"dataset": cell.suite, "normal_class": cell.normal_class, "seed": cell.seed}
        for name, _, value in (override.partition("=") for override in cell.overrides):
            is_json = value[:1] in "-.0123456789" or value in ("True", "False")
            given[name] = json.loads(value.lower()) if is_json else value
        if by_features(cell.detector):
            # A network of ImageNet's that a record names; the default one needs a download.
            given["backbone"] = record["config"]["model"]["backbone"]
        expected = resolve(cell.detector, cell.preset, shapes[cell.suite], given)
        assert RunConfig.from_dict(record["config"]).differences(expected) == [], cell


def test_records_hold_what_a_figure_must_be_quoted_with():
    found = sorted((ROOT / "results").rglob("seed_*.json"))
    assert found
    for path in found:
        record = json.loads(path.read_text())
        assert {"config", "environment", "training_seconds", "seed", "metrics"} <= record.keys()
        assert "data_dir" not in record["config"]["data"]
        assert record["environment"]["tensorflow"]
