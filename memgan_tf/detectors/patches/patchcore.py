"""PatchCore: a memory that covers the training patches (Roth et al., 2022)."""

import numpy as np
import tensorflow as tf

from memgan_tf.detectors.patches.base import FeatureDetector, FeatureModel
from memgan_tf.detectors.patches.memory import MemoryLearner
from memgan_tf.detectors.patches.padim import PUBLISHED_SIDE
from memgan_tf.detectors.patches.projection import standardize
from memgan_tf.layers.patch_scores import memory_distances, nearest_distances, to_image

PREFIX = "memory_"


class PatchcoreModel(FeatureModel):
    """Distance of the farthest patch to its nearest unit, weighted by the density of units."""

    def __init__(self, network, arrays, image_shape, smoothing, num_neighbors):
        super().__init__(network, arrays, image_shape)
        self._smoothing = smoothing * min(image_shape[:2]) / PUBLISHED_SIDE
        self._num_neighbors = min(num_neighbors, len(arrays[PREFIX + "units"]))

    def explain(self, images):
        grid, learned = self.network(images)[0], self.learned
        features = grid.features @ learned[PREFIX + "matrix"] + learned[PREFIX + "offset"]
        rows, columns, size = features.shape[1:]
        patches = tf.reshape(features, (-1, rows * columns, size))
        nearest = tf.sqrt(nearest_distances(patches, learned[PREFIX + "units"]))
        shown = tf.reshape(nearest, (-1, rows, columns))
        maps = to_image(shown, grid.valid, self._image_shape[:2], self._smoothing, grid.boxes)
        valid = tf.reshape(grid.valid, (-1, rows * columns))
        nearest = tf.where(valid, nearest, tf.zeros_like(nearest))
        return {"anomaly_score": self._weigh(patches, nearest), "anomaly_map": maps}

    def _weigh(self, patches, nearest):
        """Equation 7: the score of the farthest patch, lower if its unit has near neighbors."""
        farthest = tf.argmax(nearest, axis=1)
        score = tf.gather(nearest, farthest, batch_dims=1)
        if self._num_neighbors < 2:
            return score
        patch = tf.gather(patches, farthest, batch_dims=1)
        units = self.learned[PREFIX + "units"]
        unit = tf.argmin(memory_distances(patch[:, tf.newaxis], units)[:, 0], axis=-1)
        around = memory_distances(tf.gather(units, unit)[:, tf.newaxis], units)[:, 0]
        _, neighbors = tf.math.top_k(-around, self._num_neighbors)
        gaps = tf.gather(units, neighbors) - patch[:, tf.newaxis]
        distances = tf.sqrt(tf.reduce_sum(tf.square(gaps), axis=-1))
        # The first is the unit itself, because no other unit is nearer.
        share = tf.nn.softmax(distances / np.sqrt(patch.shape[-1]), axis=1)[:, 0]
        return score * (1.0 - share)


class Patchcore(FeatureDetector):
    """A greedy coreset of standardized patches; its configuration is `PatchcoreConfig`.

    Distances inside the softmax of the weights are divided by the square root of the number of
    channels, as in the authors' program.
    """

    def learn(self, stream):
        settings, seed = self.config.model, self.config.training.seed
        projection = standardize(stream.sample(seed)[0])
        share, count = settings.coreset_share, settings.num_units
        learner = MemoryLearner(projection, count, share, len(stream), seed)
        for grids in stream.passing("patches"):
            learner.add(*grids[0])
        learner.fit()
        return learner.arrays(PREFIX)

    def make_model(self, network, arrays):
        settings = self.config.model
        return PatchcoreModel(
            network, arrays, self.config.image_shape, settings.smoothing, settings.num_neighbors
        )
