import numpy as np
import pytest
import scipy.optimize
import tensorflow as tf

from memgan_tf.losses.hull_solver import (
    error_bound,
    hull_distance,
    hull_weights,
    project_to_hull,
    project_to_simplex,
)

SQUARE = [[-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, 1.0]]


def reference_distances(codes, units):
    """By non-negative least squares, a finite active-set method.

    min over u ≥ 0 of ‖Σ uᵢ (mᵢ - z)‖² + (Σ uᵢ - 1)² is attained at a multiple of the weights of the
    hull's point nearest to z: for u = t α the best t leaves D / (1 + D), D = ‖Σ αᵢ mᵢ - z‖².
    """
    distances = []
    for code in codes:
        system = np.concatenate([(units - code).T, np.ones((1, len(units)))])
        target = np.zeros(len(system))
        target[-1] = 1.0
        scaled, _ = scipy.optimize.nnls(system, target)
        distances.append(np.linalg.norm(scaled / scaled.sum() @ units - code))
    return np.array(distances)


@pytest.mark.parametrize(
    ("code", "nearest"),
    [
        ([0.3, -0.4], [0.3, -0.4]),  # inside: itself
        ([3.0, 0.5], [1.0, 0.5]),  # beyond an edge
        ([2.0, 3.0], [1.0, 1.0]),  # beyond a vertex
        ([1.0, 1.0], [1.0, 1.0]),  # a vertex
    ],
)
def test_project_to_hull_of_a_square(code, nearest):
    projected = project_to_hull(tf.constant([code]), tf.constant(SQUARE))
    np.testing.assert_allclose(projected, [nearest], atol=1e-6)


@pytest.mark.parametrize(
    ("num_units", "dim", "flattening"),
    [
        (50, 64, 1.0),  # the paper's MNIST: a flat hull
        (50, 64, 0.05),  # half of the directions are twenty times thinner
        (60, 8, 1.0),  # more units than dimensions
        (1, 5, 1.0),  # a point
    ],
)
def test_distances_are_exact_to_a_millionth(num_units, dim, flattening):
    generator = np.random.default_rng(0)
    scales = np.where(np.arange(dim) % 2, 1.0, flattening)
    units = generator.normal(size=(num_units, dim)) * scales
    inside = generator.dirichlet(np.full(num_units, 0.2), 20) @ units
    codes = np.concatenate([inside, units[:5], generator.normal(size=(30, dim)), units[:1] * 50])
    weights, bounds = hull_weights(codes, units)
    distances = np.linalg.norm(weights.numpy() @ units - codes, axis=1)
    errors = np.abs(distances - reference_distances(codes, units))
    assert errors.max() < 1e-6
    assert (errors <= bounds.numpy() + 1e-9).all()
    assert bounds.numpy().max() <= 1e-6
    np.testing.assert_allclose(weights.numpy().sum(axis=1), 1.0, rtol=1e-12)
    assert weights.numpy().min() >= 0
    np.testing.assert_allclose(distances[:20], 0.0, atol=1e-6)


def test_the_fast_distance_is_good_to_its_tolerance():
    generator = np.random.default_rng(1)
    units, codes = generator.normal(size=(50, 64)), generator.normal(size=(40, 64))
    expected = reference_distances(codes, units)
    np.testing.assert_allclose(hull_distance(codes, units), expected, atol=1e-3)


@pytest.mark.parametrize(
    ("weights", "code", "bound"),
    [
        ([0.5, 0.5], [0.0, 1.0], 0.0),  # the nearest point itself
        # p = (1, 0), z = (0, 1): r = (1, -1), gap 1 + 1, over ‖r‖ = √2. The error is √2 - 1.
        ([0.0, 1.0], [0.0, 1.0], 2 / np.sqrt(2)),
        # p = (1, 0), z = (0, 0): r = (1, 0), gap 2, √2 is the lesser. The error is 1.
        ([0.0, 1.0], [0.0, 0.0], np.sqrt(2)),
    ],
)
def test_the_error_bound_by_hand(weights, code, bound):
    units = tf.constant([[-1.0, 0.0], [1.0, 0.0]])
    found = error_bound(tf.constant([weights], tf.float32), tf.constant([code]), units)
    np.testing.assert_allclose(found, [bound], atol=1e-6)


def test_giving_up_early_is_told_by_the_bound():
    generator = np.random.default_rng(2)
    units, codes = generator.normal(size=(50, 64)), generator.normal(size=(4, 64))
    _, none = hull_weights(codes, units, max_iterations=0)
    _, all_of_them = hull_weights(codes, units)
    assert none.numpy().min() > 0.1
    assert all_of_them.numpy().max() <= 1e-6


@pytest.mark.parametrize(
    ("point", "expected"),
    [
        ([0.2, 0.8], [0.2, 0.8]),  # on it already
        ([1.0, 1.0], [0.5, 0.5]),
        ([5.0, 0.0], [1.0, 0.0]),
        ([-1.0, 0.4], [0.0, 1.0]),
    ],
)
def test_project_to_simplex(point, expected):
    np.testing.assert_allclose(project_to_simplex(tf.constant([point])), [expected], atol=1e-6)
