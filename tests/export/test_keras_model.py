"""A run's score as a Keras model that loads with nothing of this package."""

import fractions
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from memgan_tf.config import DETECTORS, resolve
from memgan_tf.detectors.registry import make_detector
from memgan_tf.evaluation.calibration import Calibration
from memgan_tf.evaluation.trained_run import TrainedRun
from memgan_tf.export import keras_model
from memgan_tf.export.batch_sizes import BatchSize, UnsupportedError, shape_of, target_shape
from memgan_tf.export.keras_graph import GraphTranslator
from memgan_tf.export.keras_model import make_keras_model
from memgan_tf.training.run_directory import RunDirectory

SMALL = {
    **{"base_width": 4, "latent_dim": 4, "discriminator_width": 8, "num_units": 6},
    **{"widths": "4", "num_hidden": 8, "estimation_width": 4, "batch_size": 16},
}
CHECK = """
import sys
import numpy as np
import keras
model = keras.saving.load_model(sys.argv[1], safe_mode=True)
found = model.predict(np.load(sys.argv[2]).astype("float32"), verbose=0)
assert not any(name.split(".")[0] == "memgan_tf" for name in sys.modules)
np.savez(sys.argv[3], **found)
"""


@pytest.fixture
def make_run(pixels, tmp_path):
    """A run of an untrained detector."""

    def make(name, shape=(8, 8, 1), **more):
        fields = DETECTORS[name].config.describe() | {"batch_size": None}
        overrides = {key: value for key, value in SMALL.items() if key in fields} | more
        if not DETECTORS[name].config.trains_in_steps:
            overrides.pop("batch_size")
        detector = make_detector(resolve(name, "default", shape, overrides))
        calibration = Calibration.of(np.linspace(0.0, 5.0, 40), 0.2)
        if not detector.export_obstacle():
            detector.initialize(pixels(24, shape))
        return TrainedRun(RunDirectory(tmp_path / "run"), detector.config, detector, calibration)

    return make


def test_it_loads_in_a_process_without_this_package(make_run, pixels, tmp_path):
    run, images = make_run("memgan"), pixels(7, seed=1)
    model = make_keras_model(run)
    assert isinstance(model, keras.Model)
    model.save(tmp_path / "model.keras")
    np.save(tmp_path / "images.npy", images)
    names = ("model.keras", "images.npy", "found.npz")
    arguments = [str(tmp_path / name) for name in names]
    # Not from the project's folder, where its package lies.
    subprocess.run([sys.executable, "-c", CHECK, *arguments], check=True, cwd=tmp_path)
    scores, explained = run.score(images), run.explain(images)
    with np.load(tmp_path / "found.npz") as found:
        np.testing.assert_allclose(found["anomaly_score"], scores, rtol=1e-5)
        np.testing.assert_allclose(found["p_value"], run.p_values(scores), rtol=1e-6)
        np.testing.assert_array_equal(found["is_anomaly"], scores > run.threshold)
        np.testing.assert_allclose(found["threshold"], run.threshold, rtol=1e-6)
        for name in ("reconstruction", "anomaly_map", "attention"):
            np.testing.assert_allclose(found[name], explained[name], atol=1e-5)


@pytest.mark.parametrize(
    ("name", "shape", "more"),
    [
        ("memgan", (30, 21, 3), {"score_rule": "local"}),  # odd sides, windows of all sizes
        ("memgan_plus", (8, 8, 1), {}),  # four turns of each image
        ("dagmm", (8, 8, 1), {}),  # a mixture of Gaussians
    ],
)
def test_other_scores_are_the_runs(name, shape, more, make_run, pixels):
    run, images = make_run(name, shape, **more), pixels(3, shape, seed=1)
    found = make_keras_model(run)(images.astype(np.float32))["anomaly_score"]
    np.testing.assert_allclose(found, run.score(images), rtol=1e-4)


def test_fractions_are_rounded_as_in_an_export(make_run, pixels):
    model, images = make_keras_model(make_run("memgan")), pixels(3).astype(np.float32)
    first, second = (model(x)["anomaly_score"] for x in (images, np.clip(images + 0.3, 0, 255)))
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("dsebm", "the score of dsebm has the TensorFlow operation BroadcastGradientArgs"),
        ("kde", "kde runs on numpy"),
        ("adgan", "cannot be a Keras model"),
    ],
)
def test_what_cannot_be_one_says_why_in_a_line(name, message, make_run):
    with pytest.raises(ValueError, match=message) as caught:
        make_keras_model(make_run(name))
    assert "\n" not in str(caught.value)


def test_other_scores_than_the_runs_are_refused(make_run, monkeypatch):
    run = make_run("memgan")
    monkeypatch.setattr(type(run), "score", lambda run, images: np.full(len(images), 99.0))
    with pytest.raises(RuntimeError, match="does not score as the run does"):
        keras_model.make_keras_model(run)


def translated(function, shape=(4, 6, 2)):
    """What a Keras model gives for three images, and what the function does."""
    graph = GraphTranslator(lambda images: {"out": function(images)}, shape)
    model = keras.Model(graph.pixels, graph.outputs())
    graph.fill_weights()
    images = np.random.default_rng(0).normal(size=(3, *shape)).astype(np.float32)
    return np.asarray(model(images)["out"]), function(tf.constant(images)).numpy()


KERNEL = tf.constant(np.random.default_rng(1).normal(size=(3, 3, 2, 5)), tf.float32)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: tf.reshape(x, (-1, 12)),  # four rows an image
        lambda x: tf.reshape(tf.reshape(x, (-1, 12)) + 1.0, tf.shape(x)),
        lambda x: tf.reshape(tf.concat([x, 2 * x], 0), (2, -1, 48)),  # the batch in the middle
        lambda x: tf.reduce_sum(x, axis=(1, 2), keepdims=True),
        lambda x: x[:, 1:3, ::2, 0],
        lambda x: x[..., tf.newaxis, 1],
        lambda x: tf.tile(x, (1, 2, 1, 3)),
        lambda x: tf.broadcast_to(tf.constant([1.0, 2.0]), tf.shape(x)) + x,
        lambda x: tf.fill((tf.shape(x)[0], 3), 7.0) + x[:, :3, 0, 0],
        lambda x: tf.nn.conv2d(x, KERNEL, 2, "SAME"),
        lambda x: tf.nn.conv2d_transpose(
            x, tf.transpose(KERNEL, (0, 1, 3, 2)), tf.stack([tf.shape(x)[0], 7, 12, 5]), 2, "SAME"
        ),
        lambda x: tf.nn.depthwise_conv2d(x, KERNEL[..., :3], (1, 2, 2, 1), "SAME"),
        lambda x: tf.matmul(x[:, 0, 0], KERNEL[0, 0]),
        lambda x: tf.nn.avg_pool2d(x, 3, 1, "SAME"),
        lambda x: tf.nn.max_pool2d(x, 2, 2, "VALID"),
        lambda x: tf.image.resize(x, (8, 9)),
        lambda x: tf.image.resize(x, (2, 3), antialias=True),
        lambda x: tf.pad(x, ((0, 0), (1, 2), (0, 1), (0, 0)), constant_values=3.0),
        lambda x: tf.pad(x, ((0, 0), (1, 2), (0, 1), (0, 0)), "REFLECT"),
        lambda x: tf.linalg.matmul(x, x, transpose_a=True),
        lambda x: tf.gather(x, [3, 0], axis=1),
        lambda x: tf.reverse(x, [2]),
        lambda x: tf.where(x > 0, x, tf.zeros_like(x)),
        lambda x: tf.math.top_k(x[:, :, 0, 0], 2).values,
        lambda x: tf.cast(tf.argmax(x, axis=2), tf.float32),
        lambda x: tf.split(x, 2, axis=3)[1],
        lambda x: tf.nn.log_softmax(x) + tf.nn.softmax(x) + tf.math.squared_difference(x, 1.0),
    ],
)
def test_operations(function):
    found, expected = translated(function)
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda x: x[0], "a part of the batch"),
        (lambda x: tf.gather(x, [0]), "a part of the batch"),
        (lambda x: tf.tile(x, (2, 1, 1, 1)), "a repeated batch"),
        (lambda x: tf.signal.fft(tf.cast(x, tf.complex64)), "the TensorFlow operation FFT"),
        (lambda x: x[:, : tf.cast(x[0, 0, 0, 0], tf.int32)], "."),
    ],
)
def test_what_has_no_counterpart_is_named(function, message):
    graph = GraphTranslator(lambda images: {"out": function(images)}, (4, 6, 2))
    with pytest.raises(UnsupportedError, match=message):
        graph.outputs()


def test_sizes_of_a_batch():
    one, four = fractions.Fraction(1), fractions.Fraction(4)
    assert (BatchSize(four) // BatchSize(one), BatchSize(four) // 2) == (4, BatchSize(one * 2))
    assert shape_of((None, 8, 3), four).tolist() == [BatchSize(four), 8, 3]
    assert target_shape((None, 8, 3), one, np.array([-1, 6])) == ((-1, 6), four)
    wanted = np.array([BatchSize(one), -1], object)
    assert target_shape((None, 6), four, wanted) == ((-1, 24), one)
    assert target_shape((None, 6), four, np.array([4, BatchSize(one), 6], object)) == (
        (4, -1, 6),
        one,
    )
    for shape, wanted in (((None, 6), [BatchSize(), BatchSize()]), ((3, 6), [BatchSize(), 6])):
        with pytest.raises(UnsupportedError):
            target_shape(shape, one, np.array(wanted, object))
