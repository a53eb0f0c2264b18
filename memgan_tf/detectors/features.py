"""Features for shallow detectors: images scaled, flattened and reduced to rows."""

from typing import Any

import numpy as np
import tensorflow as tf

from memgan_tf.detectors.base import SCORING_BATCH
from memgan_tf.detectors.fold_residuals import leading_vectors
from memgan_tf.layers.scaling import GlobalContrastScaling, make_scaling


class Features:
    """Scales images and projects them onto the training images' principal components.

    Args:
        config: A `ShallowConfig`.
    """

    def __init__(self, config):
        self._share = config.explained_variance
        self.scaling = make_scaling(config.input_scaling, config.contrast_scale)
        self._mean: Any = None
        self._components: Any = None

    def fit(self, images: np.ndarray) -> np.ndarray:
        """Measures the range for scaling and the components on normal images.

        Returns:
            Result of `flatten` for them.

        Raises:
            ValueError: If there is only one image, or all images are equal.
        """
        if len(images) < 2:
            raise ValueError(
                "`images` must be at least 2 to learn how they differ; 1 is left for training, "
                "because others are held out. Add images"
            )
        if self.is_measured:
            self.scaling.measure(tf.constant(batch) for batch in _batches(images))
        values = self.flatten(images)
        if (values == values[:1]).all():
            raise ValueError(
                "`images` must differ from one another: all training images are the same"
            )
        if self._share < 1.0:
            self._mean = values.mean(axis=0)
            self._components = principal_components(values - self._mean, self._share)
        else:
            # The pixels themselves.
            self._mean, self._components = np.zeros((0,)), np.zeros((0, 0))
        return values

    @property
    def is_measured(self) -> bool:
        """Whether the scaling depends on the images of `fit`."""
        return isinstance(self.scaling, GlobalContrastScaling)

    def flatten(self, images: np.ndarray) -> np.ndarray:
        """Scaled images as rows, `(num_images, values)` float64."""
        scaled = [self.scaling(tf.constant(batch)).numpy() for batch in _batches(images)]
        return np.concatenate(scaled).reshape(len(images), -1).astype(np.float64)

    def project(self, values: np.ndarray) -> np.ndarray:
        """Rows `(num_images, values)` in the coordinates of the components."""
        return (values - self._mean) @ self._components if self._mean.size else values

    def restore(self, coordinates: np.ndarray) -> np.ndarray:
        """The rows with given coordinates, `(num_images, values)`."""
        return coordinates @ self._components.T + self._mean if self._mean.size else coordinates

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """`(num_images, features)` float64."""
        return self.project(self.flatten(images))

    @property
    def mean(self) -> np.ndarray:
        """`(values,)` to subtract; empty if the rows are the pixels themselves."""
        return self._mean

    @property
    def components(self) -> np.ndarray:
        """`(values, number)` orthonormal columns; empty if the rows are the pixels themselves."""
        return self._components

    def state(self) -> dict[str, np.ndarray]:
        """The result of `fit`."""
        weights = {f"scaling_{i}": np.asarray(w) for i, w in enumerate(self.scaling.get_weights())}
        return {**weights, "mean": self._mean, "components": self._components}

    def load(self, state: dict[str, np.ndarray]) -> None:
        """Restores a `state`."""
        weights = [state[f"scaling_{i}"] for i in range(len(self.scaling.weights))]
        self.scaling.set_weights(weights)
        self._mean, self._components = state["mean"], state["components"]


def principal_components(centered: np.ndarray, share: float) -> np.ndarray:
    """The smallest number of leading components with a share of the variance, `(values, number)`.

    They are computed from the products of the rows or of the columns, whichever are fewer.

    Args:
        centered: `(num_images, values)` rows with mean 0.
        share: Share in (0, 1].
    """
    wide = centered.shape[1] > centered.shape[0]
    products = centered @ centered.T if wide else centered.T @ centered
    variances, vectors = leading_vectors(products, share)
    if not wide:
        return vectors
    return centered.T @ vectors / np.sqrt(variances)


def _batches(images):
    return (images[i : i + SCORING_BATCH] for i in range(0, len(images), SCORING_BATCH))
