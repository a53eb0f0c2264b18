import types

import numpy as np
import pytest

from memgan_tf.config import resolve
from memgan_tf.data import LabelledImages
from memgan_tf.evaluation.baseline import measure_baseline

CONFIG = resolve("memgan", "default", (8, 8, 1), {"dataset": "folder:parts"})
PLACE = np.arange(12)


def noisy(count, seed):
    generator = np.random.default_rng(seed)
    slope = np.linspace(0, 200, 8)[np.newaxis, :, np.newaxis, np.newaxis]
    light = generator.uniform(0.8, 1.2, (count, 1, 1, 1))
    pixels = slope * light + generator.normal(0, 3, (count, 8, 8, 1))
    return np.clip(pixels, 0, 255).astype(np.uint8)


@pytest.fixture
def task():
    """Slopes under changing light; the last six test images have a dark corner."""
    tested = noisy(12, 2)
    tested[6:, 5:, 5:] = 0
    return types.SimpleNamespace(
        train=LabelledImages(noisy(40, 0), None, [""] * 40),
        validation=LabelledImages(noisy(20, 1), None, [""] * 20),
        test=LabelledImages(tested, np.repeat([0, 1], 6), [""] * 12),
    )


def test_a_pca_finds_what_it_can_and_beats_guessing(task):
    found = measure_baseline(CONFIG, task, PLACE, np.zeros(12))
    assert found["auroc"] == 1.0
    assert found["decisions"]["found"] == 6
    assert found["num_train"] == 40
    assert found["auroc_difference"][0] == pytest.approx(0.5)
    assert found["auroc_difference"][1] > 0


def test_a_run_that_is_as_good_is_not_beaten(task):
    difference = measure_baseline(CONFIG, task, PLACE, np.arange(12.0))["auroc_difference"]
    assert difference == [0.0, 0.0, 0.0]


def test_there_is_none_beside_other_data_or_a_pca(task):
    digits = resolve("memgan", "default", (8, 8, 1), {"dataset": "digits"})
    pca = resolve("pca", "default", (8, 8, 1), {"dataset": "folder:parts"})
    for config in (digits, pca):
        assert measure_baseline(config, task, PLACE, np.zeros(12)) is None
    assert measure_baseline(CONFIG, task, PLACE[:6], np.zeros(6)) is None
    task.train.images[:] = 7
    assert measure_baseline(CONFIG, task, PLACE, np.zeros(12)) is None


def test_there_is_none_beside_images_that_are_too_large_for_pixels(task):
    large = types.SimpleNamespace(
        data=CONFIG.data, detector="padim", image_shape=(512, 512, 3), training=CONFIG.training
    )
    assert measure_baseline(large, task, PLACE, np.zeros(12)) is None
