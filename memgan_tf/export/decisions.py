"""Decisions inside the graph, from scores and a run's calibration."""

import tensorflow as tf

from memgan_tf.evaluation.calibration import Calibration


def decide(scores: tf.Tensor, calibration: Calibration) -> dict[str, tf.Tensor]:
    """Scores with p-values and decisions, equal to those of `Calibration` outside the graph.

    Args:
        scores: `(batch,)` float32 A(x).
        calibration: Calibration of the run.

    Returns:
        `anomaly_score`, `p_value` and `threshold`, float32, and `is_anomaly`, boolean, each
        `(batch,)`, because a server that merges requests into batches splits every output by rows.
    """
    held_out = tf.constant(calibration.scores, tf.float64)
    wide = tf.cast(scores, tf.float64)
    count = len(calibration.scores)
    not_below = count - tf.searchsorted(held_out, wide, side="left")
    p_values = (1.0 + tf.cast(not_below, tf.float64)) / (count + 1.0)
    return {
        "anomaly_score": scores,
        "p_value": tf.cast(p_values, tf.float32),
        "is_anomaly": wide > calibration.threshold,
        "threshold": tf.fill(tf.shape(scores), tf.constant(calibration.threshold, tf.float32)),
    }
