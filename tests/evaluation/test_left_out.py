import math

import numpy as np
import pytest
from scipy import stats

from memgan_tf.evaluation.calibration import HELD_OUT
from memgan_tf.evaluation.left_out import LEFT_OUT, LEVEL, calibrate, far_out


@pytest.fixture
def usual():
    """Scores of normal images, around 1."""
    generator = np.random.default_rng(0)
    return lambda count: np.exp(0.1 * generator.normal(size=count))


def expected_threshold(scores, target):
    """The score of the rank ⌈(n + 1)(1 - target)⌉."""
    return np.sort(scores)[math.ceil((len(scores) + 1) * (1 - target) - 1e-9) - 1]


def test_both_kinds_of_scores_count(usual):
    left_out, held_out = usual(90), usual(30)
    found = calibrate(left_out, held_out, 0.05)
    joined = np.concatenate([left_out, held_out])
    assert found.calibration.threshold == pytest.approx(expected_threshold(joined, 0.05))
    assert len(found.calibration.scores) == 120
    assert found.calibration.source == LEFT_OUT
    assert (len(found.aside), found.notes) == (0, [])
    np.testing.assert_array_equal(found.scores, left_out)


def test_held_out_images_calibrate_alone_where_they_score_otherwise(usual):
    held_out = 2 * usual(40)
    found = calibrate(usual(90), held_out, 0.05)
    assert found.calibration.threshold == pytest.approx(expected_threshold(held_out, 0.05))
    assert found.calibration.source == HELD_OUT
    assert "held-out ones alone" in found.notes[-1]


def test_glare_in_training_does_not_carry_the_threshold_off(usual):
    left_out, held_out = usual(90), usual(10)
    left_out[[7, 40]] = 50.0, 90.0
    found = calibrate(left_out, held_out, 0.02)
    assert found.aside.tolist() == [40, 7]
    assert found.calibration.threshold < 2
    assert "2 training images look least like" in found.notes[0]
    assert found.scores[40] == 90


def test_a_single_unlike_image_is_said_in_the_singular(usual):
    left_out = usual(90)
    left_out[7] = 50.0
    assert "1 training image looks least" in calibrate(left_out, usual(10), 0.02).notes[0]


def test_no_more_than_a_tenth_is_set_aside(usual):
    scores = usual(100)
    scores[:15] = 50.0 + np.arange(15)
    # Eleven at most would be far out by the rule; fifteen are.
    assert far_out(scores).tolist() == list(range(14, 4, -1))
    scores = usual(9)
    scores[0] = 50.0
    assert far_out(scores).tolist() == []


def test_only_the_first_are_looked_at_if_asked(usual):
    scores = usual(40)
    scores[[3, 30]] = 50.0
    assert far_out(scores, 10).tolist() == [3]
    assert set(far_out(scores).tolist()) == {3, 30}


@pytest.mark.parametrize("count", [0, 1])
def test_few_held_out_images(usual, count):
    found = calibrate(usual(10), usual(count), 0.05)
    assert len(found.calibration.scores) == 10 + count


@pytest.mark.parametrize(
    ("seed", "counts", "glare"), [(22, (60, 400), "left_out"), (0, (400, 60), "held_out")]
)
def test_what_is_far_out_does_not_make_the_two_kinds_differ(seed, counts, glare):
    """Six images of glare among sixty; with them the test would find a difference."""
    generator = np.random.default_rng(seed)
    left_out, held_out = (np.exp(0.1 * generator.normal(size=count)) for count in counts)
    (left_out if glare == "left_out" else held_out)[:6] = 50.0 + np.arange(6)
    assert stats.ks_2samp(left_out, held_out).pvalue < LEVEL
    found = calibrate(left_out, held_out, 0.05)
    assert found.calibration.source == LEFT_OUT
    assert len(found.calibration.scores) == sum(counts) - 6
    assert found.calibration.threshold < 2.0


def test_scores_of_zero_are_no_mistake():
    assert calibrate(np.zeros(12), np.zeros(3), 0.05).calibration.threshold == 0


def test_scores_below_0_are_compared_as_they_are():
    """Such scores are logarithms: 9 is as far above -1 to 1 as e⁹ is above 1/e to e."""
    scores = np.append(np.linspace(-1, 1, 40), 9.0)
    np.testing.assert_array_equal(far_out(scores), far_out(np.exp(scores)))
    assert far_out(scores).tolist() == [40]
