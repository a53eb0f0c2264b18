"""A user's settings of Keras change nothing in a run."""

import keras
import numpy as np
import pytest

from memgan_tf.config import resolve
from memgan_tf.detectors.registry import make_detector
from memgan_tf.networks.keras_defaults import keras_defaults
from memgan_tf.training.run_directory import RunDirectory
from tests.conftest import untraced

SETTINGS = {
    "epochs": 1,
    "pretraining_epochs": 1,
    "batch_size": 8,
    "base_width": 4,
    "latent_dim": 4,
    "num_units": 4,
}


@pytest.fixture
def other_defaults():
    """float64, channels first, another epsilon, as a keras.json may have it."""
    with keras_defaults():
        keras.config.set_floatx("float64")
        keras.config.set_epsilon(1e-3)
        keras.config.set_image_data_format("channels_first")
        keras.config.set_dtype_policy("float64")
        yield


def small(name, shape):
    known = resolve(name, "default", shape, {}).flat()
    overrides = {key: value for key, value in SETTINGS.items() if key in known}
    return make_detector(resolve(name, "default", shape, overrides))


@pytest.mark.parametrize("name", ["memgan", "alad", "deep_svdd", "dagmm"])
def test_a_users_settings_change_no_score(name, pixels, tmp_path, request):
    images = pixels(16)
    run = RunDirectory(tmp_path)
    first, again, loaded = (small(name, images.shape[1:]) for _ in range(3))
    with untraced():
        first.fit(images, images[:4], run)
        expected = first.score(images)
        request.getfixturevalue("other_defaults")
        again.fit(images, images[:4])
        loaded.load(run)
        for detector in (again, loaded):
            np.testing.assert_array_equal(detector.score(images), expected)
    assert keras.config.floatx() == "float64"
    assert keras.config.image_data_format() == "channels_first"
    assert keras.config.dtype_policy().name == "float64"
