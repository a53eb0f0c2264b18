"""memgan export: one line for every mistake, and what its flags do."""

import importlib.util
import json
import shutil

import numpy as np
import pytest

import memgan_tf
from memgan_tf.export.golden import Golden
from memgan_tf.tools import main


@pytest.fixture
def run(exported, tmp_path):
    """A copy of the run that a test may spoil."""
    return shutil.copytree(exported.run, tmp_path / "run")


def export(run, tmp_path, *flags, name="zeros"):
    models = tmp_path / "models"
    return main.main(["export", f"--run={run}", f"--name={name}", f"--output_dir={models}", *flags])


def mistake(capsys):
    error = capsys.readouterr().err.strip()
    assert len(error.splitlines()) == 1, error
    assert error.startswith("memgan export: error: ")
    return error


def test_a_suspect_run_needs_force(run, tmp_path, capsys):
    (run / "SUSPECT").write_text("all images use the same memory unit\n")
    assert export(run, tmp_path) == 1
    assert "SUSPECT: all images use the same memory unit. Or use --force" in mistake(capsys)
    assert not (tmp_path / "models").exists()
    assert export(run, tmp_path, "--force", "--nowarm_up", "--golden_images=0") == 0
    (version,) = (tmp_path / "models" / "zeros").iterdir()
    card = json.loads((version / "assets.extra" / "model_card.json").read_text())
    assert card["suspect"] == ["all images use the same memory unit"]
    assert not (version / "assets.extra" / "tf_serving_warmup_requests").exists()
    assert len(Golden.load(version).images) == 5


def test_an_incomplete_run_needs_force(exported, run, tmp_path, capsys):
    (run / "COMPLETE").unlink()
    (run / "calibration.json").unlink()
    assert export(run, tmp_path) == 1
    assert "is not COMPLETE; finish it with memgan train" in mistake(capsys)
    assert export(run, tmp_path, "--force", "--version=5") == 0
    path = tmp_path / "models" / "zeros" / "5"
    card = json.loads((path / "assets.extra" / "model_card.json").read_text())
    assert card["complete"] is False
    # Calibrated anew by the same held-out images.
    assert card["calibration"]["threshold"] == memgan_tf.load(exported.run).threshold


def test_the_rate_and_the_number_of_versions(exported, tmp_path, capsys):
    trained = memgan_tf.load(exported.run)
    for version in (2, 3):
        flags = ["--target_fpr=0.5", f"--version={version}", "--keep=1", "--golden_images=0"]
        assert export(exported.run, tmp_path, *flags) == 0
    assert "Removed: " in capsys.readouterr().out
    models = tmp_path / "models" / "zeros"
    assert sorted(p.name for p in models.iterdir()) == ["3"]
    threshold = Golden.load(models / "3").outputs["threshold"][0]
    n = len(trained.calibration.scores)
    assert threshold == np.sort(trained.calibration.scores)[int(np.ceil((n + 1) / 2)) - 1]
    assert threshold < trained.threshold
    assert export(exported.run, tmp_path, "--version=3") == 1
    assert "a published version is never overwritten" in mistake(capsys)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--version=0"], "`version` must be at least 1"),
        (["--keep=0"], "`keep` must be at least 1"),
        (["--target_fpr=0.9"], "`target_fpr` must be at most 0.5"),
        (["--golden_images=-1"], "`golden_images` must be at least 0"),
        (["--name=a/b"], "`name` must be letters"),
        (["--run=nowhere"], "`run` must be a folder that memgan train made"),
    ],
)
def test_mistakes(flags, message, exported, tmp_path, capsys):
    assert export(exported.run, tmp_path, *flags) == 1
    assert message in mistake(capsys)
    assert not (tmp_path / "models").exists()


def test_a_folder_that_cannot_be_written(exported, tmp_path, capsys):
    (tmp_path / "models").write_text("mine")
    assert export(exported.run, tmp_path) == 1
    assert "`output_dir` must be writable" in mistake(capsys)


def test_without_the_serving_extra(exported, tmp_path, capsys, monkeypatch):
    find = importlib.util.find_spec
    missing = {"tensorflow_serving"}
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *a: None if name in missing else find(name, *a)
    )
    assert export(exported.run, tmp_path) == 1
    assert "pip install 'memgan_tf[serving]', or export with --nowarm_up" in mistake(capsys)


def test_a_detector_without_a_graph(tmp_path, capsys):
    flags = ["--detector=pca", "--dataset=digits", "--normal_class=0"]
    assert main.main(["train", f"--model_dir={tmp_path / 'runs'}", *flags]) == 0
    capsys.readouterr()
    run = tmp_path / "runs" / "pca" / "digits" / "0" / "seed_0"
    assert export(run, tmp_path) == 1
    assert "`run` cannot be exported: pca runs on numpy, not in a TensorFlow" in mistake(capsys)
