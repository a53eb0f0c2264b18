import numpy as np
import pytest

from memgan_tf.config import resolve
from memgan_tf.detectors.registry import make_detector
from memgan_tf.training.run_directory import RunDirectory


def slopes(count, seed):
    """Slopes under changing light, with noise, `(count, 16, 16, 1)`."""
    generator = np.random.default_rng(seed)
    slope = np.linspace(0, 180, 16)[np.newaxis, :, np.newaxis, np.newaxis]
    pixels = slope * generator.uniform(0.8, 1.2, (count, 1, 1, 1))
    return np.clip(pixels + generator.normal(0, 4, (count, 16, 16, 1)), 0, 255).astype(np.uint8)


CONFIG = resolve("pca", "default", (16, 16, 1), {"score_rule": "local"})


@pytest.fixture(scope="module")
def detector():
    fitted = make_detector(CONFIG)
    fitted.fit(slopes(60, 0), slopes(5, 1))
    return fitted


def test_normal_images_score_as_the_training_images_did_without_themselves(detector):
    """Errors of images that the components know would be smaller than any new image's."""
    assert abs(np.median(detector.score(slopes(60, 2)))) < 2.0


@pytest.mark.parametrize("side", [2, 12])
def test_small_and_large_defects_are_found_and_shown(detector, side):
    normal, damaged = slopes(30, 3), slopes(30, 3)
    damaged[:, 2 : 2 + side, 2 : 2 + side] //= 2
    damaged[:, 2 : 2 + side, 2 : 2 + side] += 60
    assert detector.score(damaged).min() > detector.score(normal).max()
    maps = detector.explain(damaged)["anomaly_map"]
    inside = maps[:, 2 : 2 + side, 2 : 2 + side].mean()
    assert inside > 2 * maps[:, 14:, 14:].mean()


def test_it_scores_the_same_when_it_is_loaded(detector, tmp_path):
    fitted = make_detector(CONFIG)
    fitted.fit(slopes(60, 0), slopes(5, 1), RunDirectory(tmp_path))
    loaded = make_detector(CONFIG)
    loaded.load(RunDirectory(tmp_path))
    images = slopes(7, 4)
    np.testing.assert_array_equal(loaded.score(images), fitted.score(images))
    np.testing.assert_array_equal(loaded.score(images[3:4])[0], loaded.score(images)[3])


def test_a_second_fit_forgets_the_first(detector):
    again = make_detector(CONFIG)
    again.fit(255 - slopes(60, 5), slopes(5, 1))
    again.score(slopes(3, 6))
    again.fit(slopes(60, 0), slopes(5, 1))
    images = slopes(7, 4)
    np.testing.assert_array_equal(again.score(images), detector.score(images))


def test_two_training_images_are_enough():
    fitted = make_detector(CONFIG)
    fitted.fit(slopes(2, 0), slopes(1, 1))
    assert np.isfinite(fitted.score(slopes(3, 2))).all()
