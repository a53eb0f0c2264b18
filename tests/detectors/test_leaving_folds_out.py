"""Detectors that fit in seconds calibrate by training images where few are held out."""

import numpy as np
import pytest

from memgan_tf.config import resolve
from memgan_tf.detectors.registry import make_detector
from memgan_tf.detectors.shallow import FEW_HELD_OUT
from memgan_tf.evaluation.left_out import LEFT_OUT, calibrate
from tests.detectors.test_pca_local import slopes


def config_of(name, dataset="folder:parts", **settings):
    return resolve(name, "default", (16, 16, 1), {"dataset": dataset, **settings})


@pytest.mark.parametrize(("name", "settings"), [("pca", {"score_rule": "local"}), ("kde", {})])
def test_an_image_is_scored_by_a_fit_to_the_other_folds(name, settings):
    images = slopes(50, 0)
    detector = make_detector(config_of(name, **settings))
    detector.fit(images, images[:1])
    others = make_detector(config_of(name, "digits", **settings))
    others.fit(np.concatenate([images[:20], images[30:]]), images[:1])
    np.testing.assert_array_equal(detector.left_out_scores[20:30], others.score(images[20:30]))
    assert len(detector.left_out_scores) == 50
    assert "50 training images also set the threshold" in detector.left_out_notes[0]


def test_a_threshold_is_no_longer_the_highest_of_few_scores():
    """Of 20 held-out images the rank of 5 % is the last; of 120 normal ones it is the 115th."""
    detector = make_detector(config_of("pca", score_rule="local"))
    detector.fit(slopes(100, 0), slopes(20, 1))
    held_out = detector.score(slopes(20, 1))
    found = calibrate(detector.left_out_scores, held_out, 0.05).calibration
    assert found.source == LEFT_OUT
    assert len(found.scores) >= 110
    assert found.threshold < found.scores.max()
    rate = (detector.score(slopes(400, 2)) > found.threshold).mean()
    assert rate < 0.12


@pytest.mark.parametrize(
    ("dataset", "train", "held_out"),
    [("digits", 50, 5), ("folder:parts", 50, FEW_HELD_OUT), ("folder:parts", 9, 5)],
)
def test_others_calibrate_by_held_out_images_alone(dataset, train, held_out):
    detector = make_detector(config_of("kde", dataset))
    detector.fit(slopes(train, 0), slopes(held_out, 1))
    assert detector.left_out_scores is None
    assert detector.left_out_notes == []


def test_a_fold_whose_others_are_all_the_same_is_no_obstacle():
    images = np.full((20, 16, 16, 1), 7, np.uint8)
    images[:4, 3] = 90  # the first fold alone differs
    detector = make_detector(config_of("pca"))
    detector.fit(images, images[:1])
    assert detector.left_out_scores is None
    assert np.isfinite(detector.score(images)).all()
