"""PaDiM: a Gaussian at each position (Defard et al., 2021)."""

import numpy as np

from memgan_tf.detectors.patches.base import FeatureDetector, FeatureModel
from memgan_tf.detectors.patches.positions import PositionLearner, unpack
from memgan_tf.detectors.patches.projection import chosen
from memgan_tf.layers.patch_scores import gaussian_distances, largest, to_image

PREFIX = "fine_"
# Side of the images for which the smoothing is published.
PUBLISHED_SIDE = 224


class PadimModel(FeatureModel):
    """The largest distance of a patch to the Gaussian of its position."""

    def __init__(self, network, arrays, image_shape, smoothing):
        self._cell_side = int(arrays[PREFIX + "cell_side"])
        super().__init__(network, unpack(arrays, PREFIX), image_shape)
        self._smoothing = smoothing * min(image_shape[:2]) / PUBLISHED_SIDE

    def explain(self, images):
        grid = self.network(images)[0]
        features = grid.features @ self.learned[PREFIX + "matrix"] + self.learned[PREFIX + "offset"]
        distances = gaussian_distances(
            features,
            self.learned[PREFIX + "means"],
            self.learned[PREFIX + "whitening"],
            self._cell_side,
        )
        maps = to_image(distances, grid.valid, self._image_shape[:2], self._smoothing, grid.boxes)
        return {"anomaly_score": largest(distances, grid.valid), "anomaly_map": maps}


class Padim(FeatureDetector):
    """Gaussians of random channels; its configuration is `PadimConfig`.

    Channels are standardized, and the two finest maps are used. An image's score is the largest
    distance before the map is smoothed.
    """

    def learn(self, stream):
        settings, seed = self.config.model, self.config.training.seed
        rows = stream.sample(seed)[0]
        drawn = np.random.default_rng(seed).permutation(rows.shape[1])[: settings.num_channels]
        learner = PositionLearner(chosen(rows, np.sort(drawn)), settings.ridge, np.inf)
        for grids in stream.passing("statistics"):
            learner.add(*grids[0])
        learner.fit()
        scores = [learner.leave_out(*grids[0]) for grids in stream.passing("leaving out")]
        self.left_out_scores = np.concatenate(scores).max(axis=(1, 2))
        return learner.arrays(PREFIX)

    def make_model(self, network, arrays):
        return PadimModel(network, arrays, self.config.image_shape, self.config.model.smoothing)
