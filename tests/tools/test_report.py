"""memgan report, evaluate --num_heatmaps and score --heatmaps from the command line."""

import json
import shutil

import numpy as np
import pytest

from memgan_tf.tools import main
from memgan_tf.training.run_directory import RunDirectory


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Folders of a shallow run with labelled test images and of one with normal images alone."""
    root = tmp_path_factory.mktemp("runs")
    images = np.random.default_rng(0).integers(0, 256, (40, 8, 8, 1), dtype=np.uint8)
    np.savez(root / "normal.npz", x_train=images)
    labels = np.repeat([0, 1], 10)
    np.savez(root / "both.npz", x_train=images, x_test=images[:20], y_test=labels)
    for name, detector in (("normal", "pca"), ("both", "pca"), ("both", "kde")):
        flags = [f"--dataset=npz:{root / name}.npz", f"--detector={detector}"]
        assert main.main(["train", *flags, f"--model_dir={root / 'runs'}"]) == 0
    return root


@pytest.fixture
def run_of(trained, tmp_path):
    """A copy of a run's folder."""

    def copy(detector, name):
        path = tmp_path / detector / name
        shutil.copytree(trained / "runs" / detector / f"npz_{name}" / "all" / "seed_0", path)
        return path

    return copy


def score_flags(trained, run, folder):
    flags = [f"--input={trained / 'normal.npz'}", f"--output={folder / 'scores.csv'}"]
    return ["score", f"--run={run}", *flags, f"--heatmaps={folder / 'maps'}"]


@pytest.mark.parametrize("detector", ["pca", "kde"])  # with anomaly maps and without
def test_a_report_from_the_command_line(detector, run_of, capsys):
    run = run_of(detector, "both")
    assert main.main(["report", f"--run={run}", "--num_images=2"]) == 0
    output = capsys.readouterr().out
    assert "Evaluating the run first." in output
    assert f"Report: {run / 'eval' / 'report.html'}" in output
    assert "Warning: Only 27 normal images trained it. With fewer than 30" in output
    assert {"report.html", "model_card.md", "scores.csv"} <= {
        path.name for path in (run / "eval").iterdir()
    }
    text = (run / "eval" / "report.html").read_text()
    assert ("kde has no anomaly maps" in text) == (detector == "kde")


def test_a_report_on_normal_images_alone(run_of, capsys):
    run = run_of("pca", "normal")
    assert main.main(["report", f"--run={run}"]) == 0
    assert "no labeled anomaly has tested it" in capsys.readouterr().out
    assert not (run / "results.json").exists()


def test_a_report_on_data_that_is_gone_says_where_to_look(trained, run_of, tmp_path, capsys):
    run = run_of("pca", "both")
    config = json.loads((run / "config.json").read_text())
    config["data"]["dataset"] = f"npz:{tmp_path / 'gone.npz'}"
    (run / "config.json").write_text(json.dumps(config))
    RunDirectory(run).mark_complete({"training_seconds": 1.0})  # of this config.json
    assert main.main(["report", f"--run={run}"]) == 1
    assert "gone.npz" in capsys.readouterr().err
    assert not (run / "eval" / "report.html").exists()


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["report", "--run=nowhere"], "`run` must be a folder that memgan train made"),
        (["report", "--run=nowhere", "--num_images=0"], "`num_images` must be at least 1"),
        (["evaluate", "--run=nowhere", "--num_heatmaps=-1"], "`num_heatmaps` must be at least 0"),
    ],
)
def test_mistakes(flags, message, capsys):
    assert main.main(flags) == 1
    assert message in capsys.readouterr().err


def test_evaluate_writes_as_many_heatmaps_as_asked_for(run_of):
    run = run_of("pca", "both")
    assert main.main(["evaluate", f"--run={run}", "--num_heatmaps=0"]) == 0
    maps = run / "eval" / "heatmaps"
    assert not maps.exists()
    assert main.main(["evaluate", f"--run={run}", "--num_heatmaps=1"]) == 0
    # One of each kind; the miss is the one nearest the threshold. There is no false alarm.
    written = sorted(path.name.rpartition("_test_")[0] for path in maps.glob("*_test_*.png"))
    assert written == ["least_anomalous_001", "miss_001", "most_anomalous_001"]


def test_score_writes_heatmaps(trained, run_of, tmp_path, capsys):
    flags = [*score_flags(trained, run_of("pca", "normal"), tmp_path), "--max_heatmaps=3"]
    assert main.main(flags) == 0
    assert f"Heat-maps of 3 of 40 images: {tmp_path / 'maps'}" in capsys.readouterr().out
    assert len(list((tmp_path / "maps").glob("rank_00*.png"))) == 3


def test_a_detector_without_maps_says_so_and_scores(trained, run_of, tmp_path, capsys):
    assert main.main(score_flags(trained, run_of("kde", "both"), tmp_path)) == 0
    assert "No heat-maps: kde scores an image as a whole" in capsys.readouterr().out
    assert (tmp_path / "scores.csv").exists()
    assert not (tmp_path / "maps").exists()


def test_files_of_a_user_are_not_mixed_with_heatmaps(trained, run_of, tmp_path, capsys):
    (tmp_path / "maps").mkdir()
    (tmp_path / "maps" / "photo.png").write_text("mine")
    assert main.main(score_flags(trained, run_of("pca", "normal"), tmp_path)) == 1
    assert "`heatmaps` must be a new or empty folder" in capsys.readouterr().err
    assert not (tmp_path / "scores.csv").exists()
