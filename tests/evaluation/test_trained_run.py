"""A run that another process trains while it is read."""

import shutil

import numpy as np
import pytest
import tensorflow as tf

from memgan_tf.data import load_task
from memgan_tf.evaluation.calibration import Calibration
from memgan_tf.evaluation.trained_run import TrainedRun
from memgan_tf.export import exporter
from memgan_tf.export.publish import ModelStore
from memgan_tf.training.run_directory import RunDirectory

NINETEEN = np.arange(1.0, 20.0)


@pytest.fixture
def finished(exported, tmp_path):
    """A copy of a finished run."""
    return TrainedRun.load(shutil.copytree(exported.run, tmp_path / "run"))


def change(directory, kind):
    """What a training that continues a run does first, or last."""
    path = directory.completion_file
    content = path.read_text()
    path.unlink()
    if kind == "ended":
        path.write_text(content.replace('"training_seconds": ', '"training_seconds": 1'))


@pytest.mark.parametrize("kind", ["begun", "ended"])
def test_a_run_trained_while_it_is_loaded_is_refused(finished, kind, monkeypatch):
    cls, load = type(finished.detector), type(finished.detector).load

    def load_slowly(detector, directory):
        load(detector, directory)
        change(directory, kind)

    monkeypatch.setattr(cls, "load", load_slowly)
    with pytest.raises(RuntimeError, match="was trained by another process while it was read"):
        TrainedRun.load(finished.directory.path)


def test_a_checkpoint_that_goes_meanwhile_has_the_same_reason(finished, monkeypatch):
    def fail(detector, directory):
        change(directory, "begun")
        raise OSError("no such checkpoint")

    monkeypatch.setattr(type(finished.detector), "load", fail)
    with pytest.raises(RuntimeError, match="was trained by another process"):
        TrainedRun.load(finished.directory.path)


def test_nothing_is_published_of_a_run_trained_meanwhile(finished, tmp_path, monkeypatch):
    # Writing and checking the graph take seconds, and have tests of their own.
    monkeypatch.setattr(tf.saved_model, "save", lambda *_, **__: None)
    monkeypatch.setattr(exporter, "verify", lambda *_: [])
    images = np.zeros((1, *finished.config.image_shape), np.uint8)
    change(finished.directory, "begun")
    store = ModelStore(tmp_path / "models", "zeros")
    with pytest.raises(RuntimeError, match="was trained by another process"):
        exporter.export(finished, finished.known_calibration(), images, store, warm_up=False)
    assert not (tmp_path / "models" / "zeros").exists()


def test_a_new_threshold_is_no_training(finished):
    finished.recalibrate(target_fpr=0.2)
    finished.check_unchanged()


def scored(tmp_path, config):
    """A complete run without a detector, whose held-out images have the scores 1 to 19."""
    directory, calibration = RunDirectory(tmp_path / "run"), Calibration.of(NINETEEN, 0.1)
    with directory.claimed(config):
        calibration.save(directory.calibration_file)
        directory.mark_complete({"training_seconds": 1.0})
    return TrainedRun(directory, config, None, calibration)


def test_a_score_at_the_threshold_is_normal(tmp_path, tiny_config):
    run = scored(tmp_path, tiny_config())
    assert run.decide(np.array([17.0, 18.0, 18.5])).tolist() == [False, False, True]
    assert run.p_values(np.array([18.0, 20.0])) == pytest.approx([3 / 20, 1 / 20])
    # Of four p-values of 0.05, 0.05, 0.55 and 0.7, two are at most 0.1 · 2 / 4.
    assert run.decide(np.array([20.0, 9.5, 30.0, 6.5]), fdr=0.1).tolist() == [True, False] * 2
    with pytest.raises(ValueError, match="the score of image 1 is NaN"):
        run.decide(np.array([1.0, np.nan]))


def test_a_recalibrated_run_decides_by_its_new_threshold(tmp_path, tiny_config):
    run = scored(tmp_path, tiny_config())
    run.recalibrate(target_fpr=0.5)
    assert run.threshold == Calibration.load(run.directory.calibration_file).threshold == 10.0
    run.score = lambda images: images.sum(axis=(1, 2, 3))
    run.recalibrate(np.ones((9, 1, 1, 1)) * np.arange(9)[:, np.newaxis, np.newaxis, np.newaxis])
    # (9 + 1) · 0.5: the fifth of 0 to 8.
    assert run.threshold == 4.0


def test_the_data_are_divided_as_in_training(tmp_path, tiny_config):
    run = scored(tmp_path, tiny_config(seed=3))
    held_out = [load_task(run.config.data, seed).validation.names for seed in (3, 0)]
    assert run.load_task().validation.names == held_out[0] != held_out[1]
