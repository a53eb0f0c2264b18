"""A run that another process trains while it is read."""

import shutil

import numpy as np
import pytest
import tensorflow as tf

from memgan_tf.evaluation.trained_run import TrainedRun
from memgan_tf.export import exporter
from memgan_tf.export.publish import ModelStore


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
