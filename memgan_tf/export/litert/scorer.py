"""The module for conversion to LiteRT, with one signature for the pixels of one image."""

import numpy as np
import tensorflow as tf

from memgan_tf.evaluation.calibration import Calibration
from memgan_tf.layers.shrinking import resizing_by_products
from memgan_tf.models.common.base import TrainableModel
from memgan_tf.training.checkpoints import raw_variable

SIGNATURE, IMAGE, MAP = "serving_default", "image", "anomaly_map"
DECISIONS = ("anomaly_score", "p_value", "is_anomaly", "threshold")


class LiteScorer(tf.Module):
    """A model and its calibration, with operations of LiteRT, for one image at a time.

    Args:
        model: Trained model.
        image_shape: `(height, width, channels)`.
        calibration: Threshold and p-values.
    """

    def __init__(
        self,
        model: TrainableModel,
        image_shape: tuple[int, int, int],
        calibration: Calibration,
    ):
        super().__init__(name="memgan_lite_scorer")
        # As in `export.scorer.Scorer`, because a Keras object as an attribute is saved twice.
        self._model = lambda: model
        self.scoring_variables = [raw_variable(v) for v in model.scoring_variables]
        self._image_shape, self._calibration = tuple(image_shape), calibration

    def signatures(self) -> dict[str, tf.types.experimental.GenericFunction]:
        """The signature by name: `image` uint8 `(1, height, width, channels)` to decisions."""
        image = tf.TensorSpec((1, *self._image_shape), tf.uint8, name=IMAGE)
        answer = tf.function(self._answer, input_signature=[image], autograph=False)
        return {SIGNATURE: answer}

    def _answer(self, image):
        # LiteRT's resizing does not change the type.
        with resizing_by_products():
            explained = self._model().explain(tf.cast(image, tf.float32))
        scores = tf.cast(explained["anomaly_score"], tf.float32)
        answer = decide_in_float32(scores, self._calibration)
        if MAP in explained:
            answer[MAP] = tf.cast(explained[MAP], tf.float32)
        return answer


def decide_in_float32(scores: tf.Tensor, calibration: Calibration) -> dict[str, tf.Tensor]:
    """Like `export.scorer.decide`, without float64 and `tf.searchsorted`.

    A float32 score is at most a float64 number if and only if it is at most the largest float32
    below that number. So the comparisons are exact. A score that is not a number is an anomaly.

    Args:
        scores: `(batch,)` float32 A(x).
        calibration: Calibration of the run.

    Returns:
        `anomaly_score`, `p_value`, `threshold` and `is_anomaly`, each `(batch,)`.
    """
    held_out = tf.constant(round_down(calibration.scores)[np.newaxis])
    threshold = float(round_down(np.array([calibration.threshold]))[0])
    reaches = tf.cast(held_out >= scores[:, tf.newaxis], tf.float32)
    p_values = (1.0 + tf.reduce_sum(reaches, axis=1)) / (len(calibration.scores) + 1.0)
    return {
        "anomaly_score": scores,
        "p_value": p_values,
        "is_anomaly": tf.logical_not(scores <= threshold),
        "threshold": tf.zeros_like(scores) + threshold,
    }


def round_down(values: np.ndarray) -> np.ndarray:
    """The largest float32 that is not above each float64 number."""
    nearest = np.asarray(values, np.float64).astype(np.float32)
    below = np.nextafter(nearest, np.float32(-np.inf))
    return np.where(nearest.astype(np.float64) > values, below, nearest)
