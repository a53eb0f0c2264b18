"""The score of a photograph: how far its errors exceed their usual size at any place and scale."""

from collections.abc import Callable, Iterable
from typing import Any

import tensorflow as tf

# Share of the mean usual error added to each, so that constant pixels do not decide alone.
FLOOR_SHARE = 0.1
# Added to the deviation of the logarithm of a peak, which may be 0 for few images.
SMALLEST_DEVIATION = 0.02
# Added to a ratio of errors, so that its logarithm stays finite.
SMALLEST_RATIO = 1e-6
# Sides in pixels of the windows that form the map: smaller ones are noise, larger ones do not
# localize.
MAP_WINDOWS = (3, 17)
WHOLE = 0


def windows_of(size: tuple[int, int]) -> tuple[int, ...]:
    """Sides of the windows for images of `(height, width)`: 1, 3, 5, 9, … to half, and `WHOLE`."""
    sides, exponent = [1], 1
    while (side := 2**exponent + 1) <= min(size) // 2 + 1:
        sides.append(side)
        exponent += 1
    return (*sides, WHOLE)


class LocalScore:
    """Scores an image by the errors of its reconstruction in windows of several sizes.

    At each scale, the mean squared error in a window around each pixel is divided by its usual size
    there. The score of the scale is the logarithm of the largest ratio in the image, standardized
    over normal images. The score of the image is the highest over the scales, so small and large
    defects are found alike. Usual sizes, means and deviations come from normal images that are used
    neither for training nor for calibration.

    Args:
        size: `(height, width)` of the images.

    Attributes:
        windows: See `windows_of`.
        variables: Variables that `fit` sets.
    """

    def __init__(self, size: tuple[int, int]):
        self.windows = windows_of(size)
        count = len(self.windows)
        self.usual = tf.Variable(tf.ones((*size, count)), trainable=False)
        self.peak_means = tf.Variable(tf.zeros((count,)), trainable=False)
        self.peak_deviations = tf.Variable(tf.ones((count,)), trainable=False)
        low, high = MAP_WINDOWS
        chosen = [i for i, side in enumerate(self.windows) if low <= side <= high]
        self._mapped = chosen or [0]

    @property
    def variables(self) -> list[tf.Variable]:
        return [self.usual, self.peak_means, self.peak_deviations]

    def __call__(self, squares: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """The score and where it comes from.

        Args:
            squares: `(batch, height, width)` squared errors, summed over the channels.

        Returns:
            `(batch,)` scores, and `(batch, height, width)` maps: the error, over the windows of
            `MAP_WINDOWS`, as a multiple of the usual peak of a normal image.
        """
        logarithms = self._logarithms(squares)
        scores = tf.reduce_max(self._standardize(logarithms), axis=1)
        excess = tf.gather(logarithms - self.peak_means, self._mapped, axis=3)
        return scores, tf.exp(0.5 * tf.reduce_mean(excess, axis=3))

    def window_scores(self, squares: tf.Tensor) -> tf.Tensor:
        """The score of each window, `(batch, num_windows)`; arguments as in a call."""
        return self._standardize(self._logarithms(squares))

    def _standardize(self, logarithms):
        peaks = tf.reduce_max(logarithms, axis=[1, 2])
        return (peaks - self.peak_means) / self.peak_deviations

    def fit(self, squares: Callable[[], Iterable[tf.Tensor]]) -> None:
        """Measures the usual errors, then the peaks of normal images.

        Args:
            squares: Function that returns batches of squared errors, from the start at each call.
        """
        total: Any = 0.0
        count = 0
        for batch in squares():
            total, count = total + tf.reduce_sum(batch, axis=0), count + int(batch.shape[0])
        usual = smoothed(total[tf.newaxis] / count, self.windows)[0]
        # Few images say little about single pixels, so pixels are averaged with their neighbors.
        usual = tf.concat([smoothed(usual[tf.newaxis, :, :, 0], (3,))[0], usual[:, :, 1:]], axis=2)
        means = tf.reduce_mean(usual, axis=[0, 1], keepdims=True)
        self.usual.assign(tf.maximum(usual + FLOOR_SHARE * means, 1e-12))
        peaks = [tf.reduce_max(self._logarithms(batch), axis=[1, 2]) for batch in squares()]
        peaks = tf.concat(peaks, axis=0)
        self.peak_means.assign(tf.reduce_mean(peaks, axis=0))
        self.peak_deviations.assign(tf.math.reduce_std(peaks, axis=0) + SMALLEST_DEVIATION)

    def _logarithms(self, squares):
        """`(batch, height, width, num_windows)` logarithms of errors over their usual size."""
        return tf.math.log(smoothed(squares, self.windows) / self.usual + SMALLEST_RATIO)


def smoothed(values: tf.Tensor, windows: tuple[int, ...]) -> tf.Tensor:
    """Means over the parts of square windows around each pixel that lie inside the image.

    Args:
        values: `(batch, height, width)`.
        windows: Odd sides; `WHOLE` is the whole image.

    Returns:
        `(batch, height, width, len(windows))`.
    """
    values = tf.cast(values, tf.float32)
    eager = tf.executing_eagerly()
    # With the images as channels, the same sums take a quarter of the time. Graphs do without,
    # because converters want a known number of channels.
    pooled = tf.transpose(values, (1, 2, 0))[tf.newaxis] if eager else values[..., tf.newaxis]
    found = []
    for side in windows:
        if side == WHOLE:
            mean = tf.reduce_mean(values, axis=[1, 2], keepdims=True)
            found.append(tf.broadcast_to(mean, tf.shape(values)))
            continue
        # Rows, then columns; the average ignores everything beyond the border.
        rows = tf.nn.avg_pool2d(pooled, (side, 1), 1, "SAME")
        means = tf.nn.avg_pool2d(rows, (1, side), 1, "SAME")
        found.append(tf.transpose(means[0], (2, 0, 1)) if eager else means[..., 0])
    return tf.stack(found, axis=3)
