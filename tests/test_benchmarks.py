"""The benchmarks run, and what they count is right; how fast they are is not a test's business."""

import importlib
import json
import os
import pathlib
import subprocess
import sys

import pytest

from tests import folder_sets
from tests.reliability import processes

ROOT = pathlib.Path(__file__).parents[1]


def run(name, folder, *flags):
    """A program of benchmarks/ in a process, with a folder as the current one; what it printed."""
    ended = processes.run_program(ROOT / "benchmarks" / name, flags, folder)
    assert ended.code == 0, ended.output
    return ended.output


@pytest.mark.slow
def test_the_step_is_measured_and_a_page_filled(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    from run import fill

    # As the process that it starts for the part.
    run("run.py", tmp_path, "--worker=steps", "--quick", f"--output={tmp_path}")
    record = json.loads((tmp_path / "steps.json").read_text())
    assert record["machine"]["TensorFlow"]
    assert len(record["seconds"]["mnist"]["memgan_tf"]) == 2
    mark = "<!-- benchmark: steps -->"
    filled = fill(f"{mark}\nold\n<!-- end of benchmark -->\n", tmp_path)
    assert filled.startswith(mark)
    assert "| memgan_tf, literal Algorithm 1 | " in filled
    assert "| memgan_tf, eager mode | " in filled
    assert "old" not in filled


def test_every_part_can_be_imported(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    names = [path.stem for path in sorted((ROOT / "benchmarks" / "parts").glob("*.py"))]
    for name in names:
        # PyTorch is not among what the tests install.
        if not name.startswith("torch_"):
            importlib.import_module(f"parts.{name}")


def test_an_unknown_part_is_refused_in_a_line():
    command = [sys.executable, str(ROOT / "benchmarks" / "run.py"), "--parts=step"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert result.stderr.startswith("error: `parts` must be of steps, ")


def test_the_part_for_gpus_needs_one_and_the_page_has_what_there_is(tmp_path):
    table = {"caption": "", "columns": ["step"], "rows": [["one"]]}
    record = {"machine": {"GPUs": None}, "tables": [table]}
    records, page = tmp_path / "records", tmp_path / "page.md"
    records.mkdir()
    (records / "layers.json").write_text(json.dumps(record))
    page.write_text("<!-- benchmark: layers -->\nold\n<!-- end of benchmark -->\n")
    command = [sys.executable, str(ROOT / "benchmarks" / "run.py"), "--parts=gpu"]
    command += [f"--output={records}", f"--page={page}"]
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "-1"}
    result = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert result.returncode == 1
    assert "error: `parts=gpu` needs a GPU that TensorFlow sees\n" in result.stderr
    assert [path.name for path in records.iterdir()] == ["layers.json"]
    assert "| one |\n\n*GPUs none*\n<!-- end of benchmark -->" in page.read_text()


def test_a_table_comes_from_a_record_in_a_folder(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    import run

    table = {"caption": "", "columns": ["step"], "rows": [["one"]]}
    record = {"machine": {"GPUs": "a card"}, "tables": [table]}
    (tmp_path / "gpu").mkdir()
    (tmp_path / "gpu" / "turns.json").write_text(json.dumps(record))
    page = "<!-- benchmark: gpu/turns -->\nold\n<!-- end of benchmark -->\n"
    filled = run.fill(page, tmp_path)
    assert "old" not in filled
    assert "| one |\n\n*GPUs a card*\n<!-- end of benchmark -->" in filled


def test_multiplications_are_counted_right(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    from parts import layers

    from memgan_tf.config import resolve

    config = resolve("memgan", "default", (8, 8, 1), {"base_width": 3, "latent_dim": 5})
    counted = layers.forward_multiplications(config)
    # One 4×4 convolution to 4×4 places and 3 channels, then 48 features to 5.
    assert counted["encoder"] == 16 * 16 * 1 * 3 + 48 * 5
    # 5 numbers to 48 features, then the transposed convolution, of the same cost.
    assert counted["generator"] == 5 * 48 + 16 * 16 * 3 * 1
    assert counted["discriminator"] == pytest.approx(
        16 * 16 * 3 + 48 * 256 + 5 * 256 + 256 * 256 + 512 * 256 + 256
    )


def test_a_trial_is_written_once(tmp_path):
    output = tmp_path / "trials.jsonl"
    flags = ["--dataset=digits", "--classes=0", "--override=epochs=2", "--override=base_width=4"]
    for _ in range(2):
        run("trials.py", tmp_path, *flags, f"--output={output}", "--every=1")
    lines = [json.loads(line) for line in output.read_text().splitlines()]
    assert [line["epoch"] for line in lines] == [1, 2]
    assert lines[0]["overrides"] == {"epochs": 2, "base_width": 4, "preset": "default"}
    assert set(lines[0]["synthetic_auroc"]) == {"rot90", "rot180", "shuffle", "mixup", "cutpaste"}
    assert len(lines[0]["synthetic_photometric_auroc"]) == 6
    assert len(lines[0]["source"]) == 16
    assert all(isinstance(line["suspect"], list) for line in lines)
    # Nothing that needs a label of the test split is in a line.
    assert not any("auroc" in name and "synthetic" not in name for name in lines[0])


def test_a_rule_chooses_among_trials_with_the_same_runs(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    import choose_trial

    def line(trial, normal_class, moved, kept, epoch=2, seed=0):
        return {
            "trial": trial,
            "dataset": "cifar10",
            "normal_class": normal_class,
            "seed": seed,
            "epoch": epoch,
            "synthetic_auroc_mean": moved,
            "synthetic_photometric_auroc_mean": kept,
            "coverage": {"unexplained": moved / 100.0},
        }

    lines = [
        line("a", 1, 99.0, 99.0, epoch=1),  # an earlier epoch
        line("a", 1, 60.0, 50.0),
        line("b", 1, 60.0, 54.0),
        line("a", 4, 70.0, 50.0),
        line("b", 4, 62.0, 54.0),
        line("b", 4, 99.0, 99.0, seed=1),  # a run that the other has not
        line("a", 4, 0.0, 0.0) | {"dataset": "mnist"},
    ]
    first, second = choose_trial.compare(lines, ["a", "b"], "cifar10", "anomalies")
    assert (first["trial"], first["mean"]) == ("a", 57.5)  # (55 + 60) / 2 against (57 + 58) / 2
    assert (second["trial"], second["mean"]) == ("b", 57.5), "at a tie, the first that is named"
    best, _ = choose_trial.compare(lines, ["a", "b"], "cifar10", "coverage")
    assert (best["trial"], best["runs"]) == ("b", {"1 seed 0": -0.6, "4 seed 0": -0.62})
    with pytest.raises(ValueError, match="no class and seed in common"):
        choose_trial.compare(lines, ["a", "c"], "cifar10", "anomalies")


def test_the_page_is_made_from_the_records(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    import run

    page = (ROOT / "docs" / "benchmarks.md").read_text()
    # backbones.md has the table of the backbones.
    filled = {name for name in run.PARTS if f"<!-- benchmark: {name} -->" in page}
    assert filled == set(run.PARTS) - {"backbones"}
    assert run.fill(page, ROOT / "results" / "benchmarks") == page


FOLDERS = ("--sets=parts", "--results_dir=records", "--page=page.md")


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """Where a PCA of a folder was measured, and a page filled."""
    place = tmp_path_factory.mktemp("measured")
    folder_sets.make_mvtec(place / "parts", 40, 4, 2, side=32)
    page = "before\n<!-- folders -->\nstale\n<!-- end of folders -->\nafter\n"
    (place / "page.md").write_text(page)
    run("folders.py", place, *FOLDERS)
    return place


def test_folders_are_measured_once_and_fill_the_page(measured):
    record = measured / "records" / "parts" / "pca" / "seed_0.json"
    kept = record.read_text()
    assert json.loads(kept)["decisions"]["num_anomalies"] == 4
    filled = (measured / "page.md").read_text()
    assert filled.startswith("before\n")
    assert filled.endswith("after\n")
    assert "| parts | pca | " in filled
    assert "stale" not in filled
    run("folders.py", measured, *FOLDERS)
    assert record.read_text() == kept


def test_rules_are_compared_without_labels(tmp_path):
    folder_sets.make_mvtec(tmp_path / "parts", 40, 2, 1, side=32)
    run("score_rules.py", tmp_path, "--sets=parts", "--output=rules.json")
    record = json.loads((tmp_path / "rules.json").read_text())["parts"]
    assert record["all"].keys() == record["few"].keys()
    assert record["all"]["all windows: the highest"] > record["all"]["distance, Eq. 8"]


def test_a_run_is_measured_by_local_anomalies(measured):
    printed = run("local_trial.py", measured, "--run=runs/pca/folder_parts/all/seed_0")
    found = json.loads(printed.splitlines()[-1])
    assert found.keys() == {"auroc", "pixel_auroc", "aupro"}
    assert found["auroc"] > 0.6
