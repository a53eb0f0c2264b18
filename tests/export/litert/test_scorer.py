"""Decisions in single precision are those in double precision."""

import numpy as np
import tensorflow as tf

from memgan_tf.evaluation.calibration import Calibration
from memgan_tf.export.litert.scorer import decide_in_float32, round_down

TINY = np.spacing(np.float32(1.0))


def test_rounding_down():
    third = round_down(np.array([1.0 / 3.0, -1.0 / 3.0, 0.5, -0.5]))
    assert third.dtype == np.float32
    assert (third.astype(np.float64) <= [1.0 / 3.0, -1.0 / 3.0, 0.5, -0.5]).all()
    # 0.5 is a float32 itself; the next one above a third would be too large.
    assert third[2:].tolist() == [0.5, -0.5]
    assert float(np.nextafter(third[0], np.float32(1))) > 1.0 / 3.0


def test_decisions_agree_with_the_calibration_to_the_last_bit():
    # Held-out scores that are no float32 numbers, and ties.
    held_out = np.array([1.0, 1.0, 1.0 + TINY / 3, 1.0 + TINY / 2, 2.0, 2.0 - 1e-12, -0.25])
    scores = np.float32([1.0 - TINY, 1.0, 1.0 + TINY, 2.0, np.nextafter(np.float32(2), 1), -1, 9])
    for target_fpr in (0.15, 0.3, 0.5):
        calibration = Calibration.of(held_out, target_fpr)
        found = decide_in_float32(tf.constant(scores), calibration)
        # numpy would compare float32 with the threshold's nearest float32.
        above = np.float64(scores) > calibration.threshold
        np.testing.assert_array_equal(found["is_anomaly"], above)
        np.testing.assert_allclose(found["p_value"], calibration.p_values(scores), rtol=3e-7)
        np.testing.assert_array_equal(found["anomaly_score"], scores)
        np.testing.assert_allclose(found["threshold"], calibration.threshold, rtol=2e-7)


def test_a_score_that_is_not_a_number_is_an_anomaly():
    found = decide_in_float32(tf.constant([np.nan]), Calibration.of(np.arange(9.0), 0.1))
    assert found["is_anomaly"].numpy().tolist() == [True]
    np.testing.assert_allclose(found["p_value"], [0.1], rtol=1e-6)
