"""memgan recalibrate, and what memgan score says over a batch, on one trained run."""

import csv
import json
import shutil

import numpy as np
import pytest

import memgan_tf
from memgan_tf.data import load_task
from memgan_tf.evaluation.calibration import Calibration
from memgan_tf.tools import main


@pytest.fixture
def run(exported, tmp_path):
    """A copy of the trained run, to be changed."""
    return shutil.copytree(exported.run, tmp_path / "run")


@pytest.fixture(scope="module")
def task(exported):
    """Zeros are normal: 27 held out, 133 test images of which 44 or so are zeros."""
    return load_task(memgan_tf.load(exported.run).config.data, 0)


def npz(path, images):
    np.savez(path, images=images)
    return path


def calibration(run):
    return json.loads((run / "calibration.json").read_text())


def read_csv(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_another_rate_without_tensorflow(run, capsys):
    before = calibration(run)
    assert main.main(["recalibrate", f"--run={run}", "--target_fpr=0.2"]) == 0
    output, after = capsys.readouterr().out, calibration(run)
    assert after["scores"] == before["scores"]
    assert after["threshold"] < before["threshold"]
    assert after["target_fpr"] == 0.2
    assert "true false-positive rate between" in output
    assert "Exported models keep their old threshold" in output
    (backup,) = run.glob("calibration.2*.json")
    assert json.loads(backup.read_text()) == before
    assert backup.name in output
    assert memgan_tf.load(run).threshold == after["threshold"]


def test_new_images_replace_the_old_scores(run, task, tmp_path, capsys):
    zeros = task.test.images[task.test.labels == 0]
    source = npz(tmp_path / "new.npz", zeros)
    assert main.main(["recalibrate", f"--run={run}", f"--input={source}"]) == 0
    after, trained = calibration(run), memgan_tf.load(run)
    np.testing.assert_allclose(after["scores"], np.sort(trained.score(zeros)), rtol=1e-5)
    assert after["source"] == "new images"
    assert f"from {len(zeros)} normal images (new images)" in capsys.readouterr().out


def test_from_python(run, task):
    trained = memgan_tf.load(run)
    zeros = task.test.images[task.test.labels == 0]
    backup = trained.recalibrate(zeros, target_fpr=0.1)
    assert backup.exists()
    assert trained.threshold == memgan_tf.load(run).threshold == calibration(run)["threshold"]


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ([], "`target_fpr` or `input` must be given"),
        (["--target_fpr=0"], "`target_fpr` must be at least 1e-06"),
        (["--target_fpr=0.9"], "`target_fpr` must be at most 0.5"),
        (["--target_fpr=0.01"], "`target_fpr` must be at least 1/28 (0.0357)"),
        (["--input=missing"], "missing is missing"),
        (["--input={few}"], "`target_fpr` must be at least 1/6 (0.167), all that 5 normal images"),
        (["--input={wrong}"], "must have the shape that the detector was trained on"),
    ],
)
def test_mistakes_change_nothing(flags, message, run, task, tmp_path, capsys):
    paths = {
        "few": npz(tmp_path / "few.npz", task.test.images[:5]),
        "wrong": npz(tmp_path / "wrong.npz", np.zeros((30, 9, 9, 1), np.uint8)),
    }
    before = calibration(run)
    flags = [flag.format(**paths) for flag in flags]
    assert main.main(["recalibrate", f"--run={run}", *flags]) == 1
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert message in line
    assert calibration(run) == before
    assert not list(run.glob("calibration.2*.json"))


@pytest.mark.parametrize("damage", ["[]", "{", b"\xff", None])
def test_new_images_mend_a_damaged_calibration(damage, run, task, tmp_path, capsys):
    zeros, file = task.test.images[task.test.labels == 0], run / "calibration.json"
    if damage is None:
        file.unlink()
    else:
        file.write_bytes(damage if isinstance(damage, bytes) else damage.encode())
    assert main.main(["recalibrate", f"--run={run}", "--target_fpr=0.1"]) == 1
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert str(file) in line
    assert line.endswith("memgan recalibrate --input=<normal images>")
    source = npz(tmp_path / "new.npz", zeros)
    assert main.main(["recalibrate", f"--run={run}", f"--input={source}"]) == 0
    assert "the old one was damaged" in capsys.readouterr().out
    after, trained = calibration(run), memgan_tf.load(run)
    np.testing.assert_allclose(after["scores"], np.sort(trained.score(zeros)), rtol=1e-5)
    assert after["target_fpr"] == trained.config.data.target_fpr
    assert not list(run.glob("calibration.2*.json"))


def test_from_python_a_damaged_calibration_is_mended(run, task):
    (run / "calibration.json").write_text("[]")
    trained = memgan_tf.TrainedRun.load(run, with_calibration=False)
    with pytest.raises(RuntimeError, match="is not calibrated"):
        trained.recalibrate(target_fpr=0.1)
    zeros = task.test.images[task.test.labels == 0]
    assert trained.recalibrate(zeros) is None
    assert trained.threshold == memgan_tf.load(run).threshold


def test_runs_that_cannot_be_recalibrated(run, tmp_path, capsys):
    assert main.main(["recalibrate", "--run=nowhere", "--target_fpr=0.1"]) == 1
    assert "`run` must be a folder that memgan train made" in capsys.readouterr().err
    (run / "calibration.json").write_text("[]")
    assert main.main(["recalibrate", f"--run={run}", "--target_fpr=0.1"]) == 1
    assert "is damaged" in capsys.readouterr().err
    (run / "COMPLETE").unlink()
    assert main.main(["recalibrate", f"--run={run}", "--target_fpr=0.1"]) == 1
    assert "`run` must be complete" in capsys.readouterr().err


def test_scores_decided_over_the_batch(run, task, tmp_path, capsys):
    zeros = np.flatnonzero(task.test.labels == 0)[:20]
    source = npz(tmp_path / "batch.npz", task.test.images[zeros])
    flags = [f"--run={run}", f"--input={source}", f"--output={tmp_path / 's.csv'}"]
    assert main.main(["score", *flags, "--fdr=0.5"]) == 0
    trained = memgan_tf.load(run)
    expected = trained.decide(trained.score(task.test.images[zeros]), fdr=0.5)
    assert [int(row["is_anomaly"]) for row in read_csv(tmp_path / "s.csv")] == list(expected)
    assert "called anomalies at a false discovery rate of 0.5" in capsys.readouterr().out


def test_score_says_when_a_batch_is_beyond_reach(run, task, tmp_path, capsys):
    source = npz(tmp_path / "batch.npz", task.test.images[:100])
    flags = [f"--run={run}", f"--input={source}", f"--output={tmp_path / 's.csv'}"]
    assert main.main(["score", *flags, "--fdr=0.1"]) == 0
    # 100 × (1/28) / 0.1 = 35.7
    assert "Fewer than 36 anomalies among 100 cannot be called" in capsys.readouterr().out
    assert main.main(["score", *flags, "--fdr=0.01"]) == 0
    assert "No image can be called: the smallest p-value is 0.0357" in capsys.readouterr().out


def test_monitor_writes_beside_the_output(run, task, tmp_path, capsys):
    source = npz(tmp_path / "batch.npz", task.validation.images)
    flags = [f"--run={run}", f"--input={source}", f"--output={tmp_path / 's.csv'}", "--monitor"]
    assert main.main(["score", *flags]) == 0
    report = json.loads((tmp_path / "s.monitor.json").read_text())
    assert report["differs"] is False
    assert (report["num_images"], report["num_calibration"]) == (27, 27)
    assert report["sentence"] in capsys.readouterr().out
    shifted = Calibration.of(np.array(calibration(run)["scores"]) - 2.0, 0.05)
    shifted.save(run / "calibration.json")
    assert main.main(["score", *flags]) == 0
    report = json.loads((tmp_path / "s.monitor.json").read_text())
    assert report["differs"] is True
    assert report["direction"] == "higher"


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--server=rest://h:1/m", "--monitor"], "`monitor` must come with --run"),
        (["--run={run}", "--fdr=0"], "`fdr` must be at least 1e-06"),
        (["--run={run}", "--fdr=1"], "`fdr` must be at most"),
    ],
)
def test_mistakes_in_score(flags, message, run, tmp_path, capsys):
    flags = [flag.format(run=run) for flag in flags]
    output = tmp_path / "s.csv"
    assert main.main(["score", *flags, f"--input={tmp_path}", f"--output={output}"]) == 1
    assert message in capsys.readouterr().err
    assert not output.exists()
