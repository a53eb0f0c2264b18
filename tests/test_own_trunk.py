"""A trunk of our own: views, defects, the folded network, the command."""

import json
import pathlib

import numpy as np
import pytest
import tensorflow as tf

ROOT = pathlib.Path(__file__).parents[1]
SEED = tf.constant([3, 5])


@pytest.fixture(autouse=True)
def benchmarks(monkeypatch):
    """Makes the folder of benchmarks importable."""
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))


def test_a_view_is_turned_as_often_as_it_says(monkeypatch):
    from trunk import views

    monkeypatch.setattr(views, "_crop", lambda images, seed: images)
    monkeypatch.setattr(views, "_recolor", lambda images, seed: images)
    images = np.random.default_rng(0).uniform(0, 255, (12, 8, 8, 3)).astype("float32")
    found, turns = (x.numpy() for x in views.make_views(tf.constant(images), SEED))
    assert set(turns) == {0, 1, 2, 3}
    for image, view, count in zip(images, found, turns, strict=True):
        np.testing.assert_allclose(view, np.rot90(image, count), atol=1e-4)


def test_a_whole_view_in_the_middle_is_the_image_itself():
    from trunk.views import _resampling

    one, middle = tf.constant([1.0]), tf.constant([0.5])
    np.testing.assert_allclose(_resampling(one, middle, 8, False)[0], np.eye(8), atol=1e-6)
    mirrored = _resampling(one, middle, 8, tf.constant([True]))[0]
    np.testing.assert_allclose(mirrored, np.eye(8)[::-1], atol=1e-6)


def test_defects_change_the_pixels_that_they_name():
    from trunk.views import add_defects

    images = tf.random.stateless_uniform((40, 32, 32, 3), SEED, 60.0, 190.0)
    found, places = add_defects(images, SEED)
    difference = tf.reduce_max(tf.abs(found - images), -1).numpy()
    places = places.numpy()[..., 0]
    assert (difference[places == 0.0] == 0.0).all()
    assert (difference[places > 0.9] > 1.0).mean() > 0.9
    damaged = (places > 0.0).any(axis=(1, 2)).mean()
    assert 0.5 < damaged < 0.95


def test_the_folded_network_gives_the_same_maps_and_fits_into_16_bits():
    import keras
    from trunk.network import USED, fold, make_trunk

    keras.utils.set_random_seed(0)
    trained = make_trunk(False)
    generator = np.random.default_rng(0)
    for layer in trained.layers:
        if layer.name.endswith("_norm"):
            layer.set_weights([generator.uniform(0.5, 1.5, w.shape) for w in layer.weights])
    image = generator.uniform(0, 255, (1, 32, 32, 3)).astype("float32")
    folded = fold(trained, 1)
    assert [x.shape[1] for x in folded(image)] == [32 // stride for stride in USED.values()]
    for expected, found in zip(trained(image), folded(image), strict=True):
        np.testing.assert_allclose(found, expected, atol=0.01 * np.abs(expected).max())
    for weights in folded.get_weights():
        np.testing.assert_array_equal(weights.astype("float16"), weights)


def test_the_other_view_of_an_image_is_its_partner():
    from trunk.learning import TEMPERATURE, contrast

    alike = tf.constant([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [0.0, 1.0]])
    # The partner has e^(1 / t), the two views of the other image 1 each.
    expected = np.log(1.0 + 2.0 * np.exp(-1.0 / TEMPERATURE))
    np.testing.assert_allclose(contrast(alike), expected, rtol=1e-5)


def test_the_command_makes_a_file_that_is_a_backbone(monkeypatch, tmp_path):
    """From images to weights in 16 bits, with a network of few channels."""
    import keras
    import own_trunk
    from absl import flags
    from trunk import learning, network

    from memgan_tf.backbones.making import make_backbone

    few = ((4, 1), (4, 1), (4, 1), (8, 1))
    monkeypatch.setattr(network, "STAGES", few)
    monkeypatch.setattr(learning, "STAGES", few)
    monkeypatch.setattr(own_trunk, "FLAGS", flags.FlagValues())
    own_trunk.define_flags(own_trunk.FLAGS)
    path, record = tmp_path / "new" / "trunk.keras", tmp_path / "new" / "trunk.json"
    own_trunk.FLAGS(["", f"--output={path}", f"--record={record}", "--epochs=3"])
    own_trunk.FLAGS.batch_size = 18
    # It would hold for every later test.
    own_trunk.FLAGS.deterministic = False
    generator = np.random.default_rng(0)
    images = generator.integers(0, 256, (40, 32, 32, 3), dtype=np.uint8)
    labels = generator.integers(0, 10, 40).astype(np.int32)
    monkeypatch.setattr(own_trunk, "read_cifar10", lambda: (images, labels))
    policy = keras.config.dtype_policy()
    try:
        own_trunk.make()
    finally:
        keras.config.set_dtype_policy(policy)
    found = json.loads(record.read_text())
    assert (found["epochs"], found["kept_apart"], len(found["losses"])) == (3, 4, 3)
    backbone = make_backbone(f"file:{path}", "stage2,stage3,stage4")
    assert backbone.sha256 == found["sha256"]
    assert backbone.strides == (4, 8, 16)


@pytest.mark.parametrize(
    ("number", "seconds", "left", "expected"),
    [
        (8, 70.0, 200.0, 25),  # 10 seconds an epoch, 170 of 200 seconds are planned
        (8, 70.0, 1.0, 10),  # the rate falls to 0 over two epochs at least
        (8, 0.7, 200.0, 60),  # as many as asked for
    ],
)
def test_epochs_are_fitted_to_the_time(number, seconds, left, expected):
    from own_trunk import fitting

    assert fitting(number, seconds, left, 60) == expected
