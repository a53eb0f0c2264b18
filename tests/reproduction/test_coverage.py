import numpy as np
import pytest

from memgan_tf.reproduction.coverage import coverage, effective_dimensions


def directions(*deviations):
    """Points at ± each deviation along an axis of its own: so many eigenvalues."""
    points = np.concatenate([np.diag(deviations), -np.diag(deviations)])
    return points.reshape(len(points), 1, -1, 1)


@pytest.mark.parametrize(
    ("deviations", "expected"),
    [
        ((1.0, 1.0, 1.0, 1.0), 4.0),  # equal variances count fully
        ((5.0, 0.0, 0.0, 0.0), 1.0),
        ((2.0, 1.0, 0.0, 0.0), 25 / 17),  # variances 4 and 1: 5² / (16 + 1)
    ],
)
def test_effective_dimensions(deviations, expected):
    points = directions(*deviations)
    assert effective_dimensions(points) == pytest.approx(expected)
    # With more images than pixels the other, smaller matrix is used.
    assert effective_dimensions(np.repeat(points, 9, axis=0)) == pytest.approx(expected)


def test_a_generator_of_one_image_covers_nothing():
    normal = directions(1.0, 1.0)
    found = coverage(normal, np.zeros_like(normal), np.zeros((5, 1, 2, 1)))
    assert found == {"unexplained": 1.0, "variance": 0.0, "effective_dimensions": 0.0}


def test_a_generator_of_half_the_directions():
    normal, half = directions(1.0, 1.0), directions(1.0, 0.0)
    found = coverage(normal, half, np.repeat(half, 3, axis=0))
    expected = {"unexplained": 0.5, "variance": 0.5, "effective_dimensions": 0.5}
    assert found == pytest.approx(expected)
