"""What the checks before publishing find, and that nothing is published then."""

import dataclasses
import hashlib
import json
import shutil

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

import memgan_tf
from memgan_tf.export import exporter
from memgan_tf.export.golden import Golden, synthetic_images
from memgan_tf.export.publish import ModelStore
from memgan_tf.export.scorer import Scorer
from memgan_tf.export.verification import check_graph, check_operations, check_variables, verify
from memgan_tf.export.warmup import replay_warmup, write_warmup
from memgan_tf.training.run_directory import RunDirectory


@pytest.fixture
def copy(exported, tmp_path):
    """A copy of the export that a test may spoil."""
    return shutil.copytree(exported.path, tmp_path / "copy")


def test_what_memgan_export_says(exported):
    for line in (
        "15 variables, each read from the checkpoint",
        "Python: bitwise equal",
        "6 warm-up requests answered",
        "As a C++ server loads it: serving_default bitwise equal, explain bitwise equal, "
        "serve_bytes bitwise equal",
        f"Published: {exported.path}",
    ):
        assert line in exported.output
    assert sorted(p.name for p in exported.path.parent.iterdir()) == ["1"]


def test_the_model_card(exported):
    card = json.loads((exported.path / "assets.extra" / "model_card.json").read_text())
    assert (card["name"], card["version"]) == ("zeros", 1)
    assert card["signatures"] == ["serving_default", "serve_bytes", "explain", "memory"]
    assert card["run"]["config"]["model"]["num_units"] == 5
    assert card["run"]["environment"]["tensorflow"] == tf.__version__
    assert card["calibration"]["target_fpr"] == 0.05
    assert card["complete"] is True
    assert "data_dir" not in card["run"]["config"]["data"]
    files = {p.relative_to(exported.path).as_posix() for p in exported.path.rglob("*.*")}
    assert {"saved_model.pb", "variables/variables.index", "assets.extra/golden.npz"} <= files
    for name, digest in card["sha256"].items():
        assert hashlib.sha256((exported.path / name).read_bytes()).hexdigest() == digest
    assert (exported.path / "fingerprint.pb").exists()


def test_other_scores_are_found(exported, copy):
    golden = Golden.load(exported.path)
    scores = golden.outputs["anomaly_score"].copy()
    scores[3] *= 1.001
    other = dataclasses.replace(golden, outputs={**golden.outputs, "anomaly_score": scores})
    with pytest.raises(
        RuntimeError, match="answers are not the run's: anomaly_score of golden image 3 is"
    ):
        verify(copy, other)
    with pytest.raises(RuntimeError, match="answers are not the run's"):
        check_graph(copy, other)


def test_a_damaged_export_is_found(copy):
    golden = Golden.load(copy)
    data = copy / "variables" / "variables.data-00000-of-00001"
    data.write_bytes(data.read_bytes()[:-100])
    with pytest.raises(RuntimeError, match="a server cannot run the export: "):
        check_graph(copy, golden)


def test_variables_that_no_c_loader_fills_are_found(tmp_path):
    module = tf.Module()
    module.model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1)])
    score = tf.function(lambda image: module.model(image), autograph=False)
    signature = score.get_concrete_function(tf.TensorSpec((None, 8)))
    tf.saved_model.save(module, str(tmp_path), signatures=signature)
    with pytest.raises(RuntimeError, match="4 variables in the graph, 2 in the checkpoint"):
        check_variables(tmp_path)


def test_an_operation_that_calls_python_is_found(tmp_path):
    module = tf.Module()
    score = tf.function(lambda image: tf.numpy_function(np.sum, [image], tf.float32))
    signature = score.get_concrete_function(tf.TensorSpec((None, 8)))
    tf.saved_model.save(module, str(tmp_path), signatures=signature)
    with pytest.raises(RuntimeError, match="unusable outside Python: it calls Python by PyFunc"):
        check_operations(tmp_path)


def test_a_bad_warm_up_request_is_found(copy):
    signatures = tf.saved_model.load(str(copy)).signatures
    assert replay_warmup(copy, signatures) == 6
    write_warmup(copy, "zeros", np.zeros((1, 9, 9, 1), np.uint8), ["serving_default"])
    with pytest.raises(RuntimeError, match="warm-up request 0 is refused"):
        replay_warmup(copy, signatures)


def test_nothing_is_published_if_a_check_fails(exported, tmp_path, monkeypatch):
    run = memgan_tf.load(exported.run)
    store = ModelStore(tmp_path, "zeros")
    monkeypatch.setattr(Scorer, "_decide", lambda self, explained: _doubled(self, explained))
    with pytest.raises(RuntimeError, match="answers are not the run's"):
        exporter.export(run, run.calibration, synthetic_images((8, 8, 1)), store, warm_up=False)
    assert not store.path.exists()


def test_a_run_that_xla_compiles_is_exported_without(exported, tmp_path):
    copied = shutil.copytree(exported.run, tmp_path / "run")
    config = json.loads((copied / "config.json").read_text())
    config["training"]["jit_compile"] = True
    (copied / "config.json").write_text(json.dumps(config))
    RunDirectory(copied).mark_complete({"training_seconds": 1.0})  # of this config.json
    run, store = memgan_tf.load(copied), ModelStore(tmp_path, "zeros")
    images = synthetic_images((8, 8, 1))
    published = exporter.export(run, run.calibration, images, store, warm_up=False)
    parsed = saved_model_pb2.SavedModel.FromString((published.path / "saved_model.pb").read_bytes())
    parts = {field.name: value for field, value in parsed.meta_graphs[0].graph_def.ListFields()}
    functions = parts["library"].function
    assert functions
    assert not any(function.attr["_XlaMustCompile"].b for function in functions)


def _doubled(scorer, explained):
    from memgan_tf.export.scorer import decide

    return decide(2 * explained["anomaly_score"], scorer._calibration)
