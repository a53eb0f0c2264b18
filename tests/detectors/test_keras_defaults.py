"""A user's settings of Keras change nothing in a run."""

import keras
import numpy as np
import pytest

from memgan_tf.config import resolve
from memgan_tf.detectors.registry import make_detector
from memgan_tf.networks.keras_defaults import keras_defaults
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


def fitted_scores(name, images):
    known = resolve(name, "default", images.shape[1:], {}).flat()
    overrides = {key: value for key, value in SETTINGS.items() if key in known}
    detector = make_detector(resolve(name, "default", images.shape[1:], overrides))
    with untraced():
        detector.fit(images, images[:4])
        return detector.score(images)


@pytest.mark.parametrize("name", ["memgan", "alad", "deep_svdd", "dagmm"])
def test_a_users_settings_change_no_score(name, pixels, request):
    images = pixels(16)
    expected = fitted_scores(name, images)
    request.getfixturevalue("other_defaults")
    np.testing.assert_array_equal(fitted_scores(name, images), expected)
    assert keras.config.floatx() == "float64"
    assert keras.config.image_data_format() == "channels_first"
    assert keras.config.dtype_policy().name == "float64"
