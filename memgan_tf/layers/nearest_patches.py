"""A memory of patches of normal images, and how far from it the patches of an image are."""

from collections.abc import Callable, Iterable

import tensorflow as tf

from memgan_tf.layers.local_score import LocalScore
from memgan_tf.layers.patch_scores import memory_distances, to_image

# Smoothing of the map: its deviation in pixels, for images of this side.
SMOOTHING, SMOOTHED_SIDE = 4.0, 224
# Keeps divisors above 0.
SMALLEST = 1e-6

Maps = Callable[[], Iterable[tf.Tensor]]


class NearestPatches:
    """Scores an image by the distances of its patches to the nearest remembered ones.

    A patch is a position of a map of features, averaged over 3 × 3 positions; its channels are
    standardized. The distances, enlarged to the image's size and smoothed, are the map; their
    `LocalScore` is the score.

    Args:
        size: `(height, width)` of the images.
        num_channels: Channels of the map of features.
        num_units: Number of remembered patches. If there are fewer, some are there twice.

    Attributes:
        variables: Variables that `learn` and `fit` set.
    """

    def __init__(self, size: tuple[int, int], num_channels: int, num_units: int):
        self._size, self._channels = size, num_channels
        self._smoothing = SMOOTHING * min(size) / SMOOTHED_SIDE
        options = {"trainable": False}
        self.means = tf.Variable(tf.zeros((self._channels,)), **options)
        self.deviations = tf.Variable(tf.ones((self._channels,)), **options)
        self.units = tf.Variable(tf.zeros((num_units, self._channels)), **options)
        self.usual_peak = tf.Variable(1.0, **options)
        self.local_score = LocalScore(size)
        self._located = tf.function(self._locate, autograph=False, reduce_retracing=True)

    @property
    def variables(self) -> list[tf.Variable]:
        own = [self.means, self.deviations, self.units, self.usual_peak]
        return [*own, *self.local_score.variables]

    def __call__(self, features: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Scores and maps of images.

        Args:
            features: `(batch, rows, columns, channels)`.

        Returns:
            `(batch,)` scores, see `LocalScore`, and `(batch, height, width)` distances as a
            multiple of the usual peak of a normal image.
        """
        maps = self._locate(features)
        scores, _ = self.local_score(tf.square(maps))
        return scores, maps / self.usual_peak

    def _locate(self, features):
        """Distances at each pixel, `(batch, height, width)`."""
        patches = (_averaged(features) - self.means) / self.deviations
        shape = tf.shape(patches)
        rows = tf.reshape(patches, (-1, shape[1] * shape[2], self._channels))
        if rows.shape[0] == 1:
            # Without a loop, which a LiteRT file may not have.
            nearest = self._nearest(rows[0])[tf.newaxis]
        else:
            nearest = tf.map_fn(self._nearest, rows, parallel_iterations=1)
        values = tf.sqrt(tf.reshape(nearest, shape[:3]))
        return to_image(values, tf.ones_like(values, tf.bool), self._size, self._smoothing)

    def _nearest(self, rows):
        """Squared distance of each patch of an image to the nearest unit."""
        return tf.reduce_min(memory_distances(rows[tf.newaxis], self.units)[0], axis=-1)

    def learn(self, maps: Maps, seed: int) -> None:
        """Remembers patches, the same number of each image.

        Args:
            maps: Returns batches of features of normal images, `(batch, rows, columns, channels)`.
            seed: Of the draw.
        """
        num_units = int(self.units.shape[0])
        num_images = sum(int(values.shape[0]) for values in maps())
        quota = -(-num_units // num_images)
        drawn = [self._draw(values, quota, (seed, i)) for i, values in enumerate(maps())]
        patches = tf.concat(drawn, axis=0)
        means, variances = tf.nn.moments(patches, axes=[0])
        self.means.assign(means)
        self.deviations.assign(tf.maximum(tf.sqrt(variances), SMALLEST))
        count = int(patches.shape[0])
        # In random order, so that a few too many are of any image.
        order = tf.argsort(tf.random.stateless_uniform((count,), (seed, -1)))
        kept = tf.gather(patches, tf.gather(order, tf.range(num_units) % count))
        self.units.assign((kept - means) / self.deviations)

    def _draw(self, features, quota, seed):
        """At most `quota` patches of each image, `(count, channels)`."""
        patches = _averaged(features)
        patches = tf.reshape(patches, (patches.shape[0], -1, self._channels))
        order = tf.argsort(tf.random.stateless_uniform(patches.shape[:2], seed), axis=1)
        drawn = tf.gather(patches, order[:, :quota], axis=1, batch_dims=1)
        return tf.reshape(drawn, (-1, self._channels))

    def fit(self, maps: Maps) -> None:
        """Measures what is usual of the distances.

        Args:
            maps: As in `learn`, of images whose patches are not remembered.
        """
        maps_of = [self._located(values) for values in maps()]
        peaks = tf.concat([tf.reduce_max(values, axis=[1, 2]) for values in maps_of], axis=0)
        self.usual_peak.assign(tf.maximum(tf.reduce_mean(peaks), SMALLEST))
        self.local_score.fit(lambda: map(tf.square, maps_of))


def _averaged(features):
    return tf.nn.avg_pool2d(tf.cast(features, tf.float32), 3, 1, "SAME")
