"""Standardized principal components of features, as one affine map."""

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True)
class Projection:
    """`features @ matrix + offset`.

    Attributes:
        matrix: `(channels, components)` float32.
        offset: `(components,)` float32.
    """

    matrix: np.ndarray
    offset: np.ndarray

    def __call__(self, features: np.ndarray) -> np.ndarray:
        """`(…, components)` float32."""
        return features @ self.matrix + self.offset


def standardize(features: np.ndarray) -> Projection:
    """Standardizes each channel of rows `(patches, channels)`: minus mean, over deviation."""
    mean, scale = _moments(features)
    return Projection(np.diag(1.0 / scale).astype(np.float32), (-mean / scale).astype(np.float32))


def principal(features: np.ndarray, num_components: int) -> Projection:
    """The leading principal components of standardized channels.

    Args:
        features: `(patches, channels)`.
        num_components: Largest number; there are not more than channels.
    """
    mean, scale = _moments(features)
    rows = (features.astype(np.float64) - mean) / scale
    _, vectors = np.linalg.eigh(rows.T @ rows / len(rows))
    leading = vectors[:, ::-1][:, :num_components]
    # The sign of an eigenvector is arbitrary, so the largest entry is made positive.
    leading = leading * np.sign(leading[np.abs(leading).argmax(0), np.arange(leading.shape[1])])
    matrix = leading / scale[:, np.newaxis]
    return Projection(matrix.astype(np.float32), (-mean @ matrix).astype(np.float32))


def chosen(features: np.ndarray, channels: np.ndarray) -> Projection:
    """Some of the standardized channels."""
    whole = standardize(features)
    return Projection(whole.matrix[:, channels], whole.offset[channels])


def _moments(features):
    wide = features.astype(np.float64)
    scale = wide.std(axis=0)
    # A constant channel has no information, so it is not scaled.
    return wide.mean(axis=0), np.where(scale > 1e-6, scale, 1.0)
