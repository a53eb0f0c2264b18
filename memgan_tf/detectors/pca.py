"""Reconstruction by principal components."""

import functools
from typing import Any

import numpy as np
import tensorflow as tf
from threadpoolctl import threadpool_limits

from memgan_tf.detectors.fold_residuals import held_out_residuals
from memgan_tf.detectors.pca_model import PcaModel
from memgan_tf.detectors.shallow import ShallowDetector, make_features
from memgan_tf.layers.local_score import LocalScore
from memgan_tf.models.common.paired import blank_padding

# Number of parts of the training images; the errors of a part are measured without it.
NUM_FOLDS = 5
LOCAL_PREFIX = "local_"
LOCAL_NAMES = ("usual", "peak_means", "peak_deviations")


class PrincipalComponents(ShallowDetector):
    """Distance ‖x - x̂‖₂ to the subspace of the leading components, or its local errors.

    Its configuration is `PcaConfig`.
    """

    def __init__(self, config):
        super().__init__(config)
        self._is_local = config.model.score_rule == "local"
        self.model: PcaModel | None = None
        self._explain: Any = None  # a `tf.function`, once it is fitted

    def fit(self, images, validation_images, run=None):
        # An earlier fit must not affect the scores of this one.
        self.model = None
        # Threads of the matrix library would wait for each other at the many small products.
        with threadpool_limits(1 if self._is_local else None):
            return super().fit(images, validation_images, run)

    def learn(self, features):
        del features
        return {}

    def _fit_to(self, images):
        # Only the local score learns more than the components.
        values, self._learned = self.features.fit(images), {}
        if self._is_local:
            local_score = LocalScore(self.config.image_shape[:2])
            errors = held_out_squares(self.config, images, values)
            local_score.fit(lambda: iter(errors))
            for name, variable in zip(LOCAL_NAMES, local_score.variables, strict=True):
                self._learned[LOCAL_PREFIX + name] = variable.numpy()

    def explain_batch(self, images, learned):
        if self._is_local:
            return self._explain_locally(images, learned)
        values = self.features.flatten(images)
        restored = self.features.restore(self.features.project(values))
        shape = (len(images), *self.config.image_shape)
        squares = np.square(values - restored).reshape(shape)
        shown = {
            "anomaly_map": np.sqrt(squares.sum(axis=-1)).astype(np.float32),
            "reconstruction": self.features.scaling.display(
                restored.reshape(shape).astype(np.float32)
            ),
        }
        if self.features.scaling.fills_padding:
            shown = blank_padding(shown, images)
        shown = {name: np.asarray(values) for name, values in shown.items()}
        return {"anomaly_score": np.sqrt(squares.sum(axis=(1, 2, 3))), **shown}

    def _explain_locally(self, images, learned):
        if self.model is None:
            self.model = PcaModel(
                self.features, self.config.image_shape, LocalScore(self.config.image_shape[:2])
            )
            for name, variable in zip(LOCAL_NAMES, self.model.local_score.variables, strict=True):
                variable.assign(learned[LOCAL_PREFIX + name])
            signature = tf.TensorSpec((None, *self.config.image_shape), tf.uint8)
            # A partial is counted by itself: as methods, the models of the folds would be one
            # function that TensorFlow warns is traced again and again.
            explain = functools.partial(self.model.explain)
            self._explain = tf.function(explain, input_signature=[signature], autograph=False)
        return {name: v.numpy() for name, v in self._explain(tf.constant(images)).items()}

    def export_obstacle(self):
        return None if self._is_local else super().export_obstacle()

    @property
    def has_network(self):
        return False


def held_out_squares(config, images, values=None):
    """Squared errors of training images under components of the others, in batches.

    Each image is in one of `NUM_FOLDS` parts, and is restored by components of the other parts.

    Args:
        config: Configuration of the run.
        images: `(num_images, height, width, channels)` uint8.
        values: Result of `Features.flatten` for them, if it is known.

    Returns:
        For each part `(images of the part, height, width)` float32.
    """
    folds = np.arange(len(images)) % min(NUM_FOLDS, len(images))
    features = make_features(config)
    if not features.is_measured and len(images) < int(np.prod(config.image_shape)):
        values = features.flatten(images) if values is None else values
        return [
            tf.reduce_sum(tf.square(part.reshape(-1, *config.image_shape)), axis=3)
            for part in held_out_residuals(values, folds, config.model.explained_variance)
        ]
    return [
        restored_by_others(config, images, folds != fold, folds == fold)
        for fold in range(folds.max() + 1)
    ]


def restored_by_others(config, images, others, held_out):
    """Squared errors of the images `held_out` by a fit to `others`, both `(num_images,)` bool."""
    features = make_features(config)
    try:
        features.fit(images[others])
    except ValueError:
        # All others are equal, so the mean of all restores best.
        features.fit(images)
    model = PcaModel(features, config.image_shape, LocalScore(config.image_shape[:2]))
    return tf.square(model.reconstruct(tf.constant(images[held_out]))["anomaly_map"])
