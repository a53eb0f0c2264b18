import numpy as np
import pytest

from memgan_tf.evaluation.calibration import Calibration
from memgan_tf.evaluation.false_discoveries import control_false_discoveries, fewest_alarms


@pytest.mark.parametrize(
    ("p_values", "flagged"),
    # The k-th smallest of 4 is compared with k × 0.1 / 4 = 0.025, 0.05, 0.075, 0.1.
    [
        ([0.025, 0.5, 0.6, 0.7], [1, 0, 0, 0]),  # equal is enough
        ([0.026, 0.5, 0.6, 0.7], [0, 0, 0, 0]),
        ([0.04, 0.5, 0.04, 0.7], [1, 0, 1, 0]),  # two at 0.05, in any order
        ([0.09, 0.08, 0.1, 0.09], [1, 1, 1, 1]),  # the largest carries the rest
        ([0.001, 0.06, 0.2, 0.3], [1, 0, 0, 0]),
    ],
)
def test_benjamini_and_hochberg(p_values, flagged):
    np.testing.assert_array_equal(control_false_discoveries(np.array(p_values), 0.1), flagged)


def test_the_share_of_false_alarms_is_bounded_on_average():
    generator, shares = np.random.default_rng(0), []
    for _ in range(400):
        calibration = Calibration.of(generator.normal(size=200), 0.1)
        scores = np.concatenate([generator.normal(size=40), generator.normal(4.0, 1.0, 10)])
        flagged = control_false_discoveries(calibration.p_values(scores), 0.2)
        shares.append(flagged[:40].sum() / max(1, flagged.sum()))
    # The bound is the rate times the normal share, 0.2 × 40 / 50.
    assert 0.10 < np.mean(shares) < 0.17


@pytest.mark.parametrize(
    ("num_images", "resolution", "fdr", "fewest"),
    [
        (100, 0.01, 0.1, 10),  # ten images at 0.01 are at 10 × 0.1 / 100
        (10, 0.01, 0.1, 1),
        (5, 0.001, 0.1, 1),
        (100, 0.2, 0.1, None),  # no p-value is below 0.2
    ],
)
def test_fewest_alarms(num_images, resolution, fdr, fewest):
    assert fewest_alarms(num_images, resolution, fdr) == fewest
    count = fewest or num_images
    p_values = np.repeat([resolution, 1.0], [count, num_images - count])
    assert control_false_discoveries(p_values, fdr).sum() == (fewest or 0)
    if fewest and fewest > 1:
        p_values[0] = 1.0
        assert control_false_discoveries(p_values, fdr).sum() == 0


@pytest.mark.parametrize("fdr", [0.0, 1.0, -0.1, float("nan")])
def test_bad_rate(fdr):
    with pytest.raises(ValueError, match="`fdr` must be"):
        control_false_discoveries(np.array([0.1]), fdr)
