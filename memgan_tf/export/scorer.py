"""The module that becomes a SavedModel: signatures from raw pixels to decisions."""

import tensorflow as tf

from memgan_tf.evaluation.calibration import Calibration
from memgan_tf.export.encoded_images import decode_batch
from memgan_tf.export.request_checks import checked_pixels, checked_scores, checked_slots
from memgan_tf.models.common.base import TrainableModel
from memgan_tf.training.checkpoints import raw_variable

EXPLANATIONS = ("reconstruction", "anomaly_map", "attention")


class Scorer(tf.Module):
    """A model and its calibration with the signatures of `docs/serving.md`.

    Args:
        model: Trained model.
        image_shape: `(height, width, channels)`.
        calibration: Threshold and p-values.
        image_fit: How files of another size are fitted: `stretch`, `crop` or `pad`.
        bit_depth: Number of bits used by the values of files of 16 and 32 bits.
        pixel_threshold: Above this value, a pixel of an anomaly's map belongs to the predicted
            mask; None predicts no mask.
    """

    def __init__(
        self,
        model: TrainableModel,
        image_shape: tuple[int, int, int],
        calibration: Calibration,
        image_fit: str = "stretch",
        bit_depth: int = 16,
        pixel_threshold: float | None = None,
    ):
        super().__init__(name="memgan_scorer")
        # Hidden from attribute tracking, with the bare variables in its place. A Keras object as an
        # attribute is saved with a second copy of each variable, which no C++ loader fills; Python
        # would still load the model.
        self._model = lambda: model
        self.scoring_variables = [raw_variable(v) for v in model.scoring_variables]
        height, width, channels = image_shape
        self._image_shape, self._calibration = (height, width, channels), calibration
        self._reading, self._pixel_threshold = (image_fit, bit_depth), pixel_threshold
        units = model.decode_units()
        self._num_units = 0 if units is None else int(units.shape[0])

    def signatures(self) -> dict[str, tf.types.experimental.GenericFunction]:
        """The signatures by name, in the order of the conventions, for any batch size."""
        image = tf.TensorSpec((None, *self._image_shape), tf.float32, name="image")
        image_bytes = tf.TensorSpec((None,), tf.string, name="image_bytes")
        slot = tf.TensorSpec((None,), tf.int32, name="slot")
        found = {
            "serving_default": (self._score, image),
            "serve_bytes": (self._score_bytes, image_bytes),
            "explain": (self._explain, image),
        }
        if self._num_units:
            found["memory"] = (self._recall, slot)
        return {
            name: tf.function(method, input_signature=[spec], autograph=False)
            for name, (method, spec) in found.items()
        }

    def _score(self, image):
        return self._decide(self._explain_pixels(image))

    def _score_bytes(self, image_bytes):
        return self._score(decode_batch(image_bytes, self._image_shape, *self._reading))

    def _explain(self, image):
        explained = self._explain_pixels(image)
        shown = {name: explained[name] for name in EXPLANATIONS if name in explained}
        decided = self._decide(explained)
        if self._pixel_threshold is not None and "anomaly_map" in shown:
            above = shown["anomaly_map"] > self._pixel_threshold
            shown["predicted_mask"] = above & decided["is_anomaly"][:, tf.newaxis, tf.newaxis]
        return {**decided, **shown}

    def _recall(self, slot):
        return self._model().recall(checked_slots(slot, self._num_units))

    def _explain_pixels(self, image):
        return self._model().explain(checked_pixels(image, self._image_shape))

    def _decide(self, explained):
        scores = tf.cast(explained["anomaly_score"], tf.float32)
        return decide(checked_scores(scores), self._calibration)


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
