"""Fig. 2: Eq. 9 solved for points in the plane; units should end at the vertices of the hull."""

import dataclasses
import math

import numpy as np
import tensorflow as tf
from matplotlib.figure import Figure
from scipy.spatial import ConvexHull

from memgan_tf.losses.hull_solver import hull_weights
from memgan_tf.reproduction.figures import CODE_COLOR, UNIT_COLOR

NUM_POINTS = 300
NUM_MIXTURES = 256
NUM_STEPS = 400
STEP_SIZE = 0.05
# The paper integrates over all α. This distribution has the same support and thus the same minimum.
# It favors the boundary of the hull, where a unit outside the polytope shows, so the gradient is
# larger.
MIXTURE_CONCENTRATION = 0.15
INNER_TOLERANCE, INNER_ITERATIONS = 1e-4, 300
# Numbers of vertices of the polygon and of units: as many units as vertices, and more.
CASES = ((4, 4), (4, 8), (6, 6), (6, 12))


@dataclasses.dataclass(frozen=True)
class Vertices:
    """A solution of Eq. 9.

    Attributes:
        points: `(num_points, 2)`, the z of Eq. 9.
        starts: `(num_units, 2)`, initial units.
        units: `(num_units, 2)`, final units.
        objective: Final value of the relaxed Eq. 9; 0 is the minimum.
    """

    points: np.ndarray
    starts: np.ndarray
    units: np.ndarray
    objective: float

    @property
    def hull(self) -> np.ndarray:
        """Vertices of the points' convex hull, `(num_vertices, 2)`, in order."""
        return self.points[ConvexHull(self.points).vertices]

    @property
    def miss(self) -> float:
        """The largest distance of a vertex to its nearest unit."""
        offsets = self.hull[:, np.newaxis] - self.units
        return float(np.linalg.norm(offsets, axis=2).min(axis=1).max())


def draw_vertices(seed: int) -> Figure:
    """Fig. 2: points, and paths and ends of the units, for a few polygons in [-1, 1]²."""
    figure = Figure(figsize=(3 * len(CASES), 3.5), layout="constrained")
    for axes, (num_vertices, num_units) in zip(figure.subplots(1, len(CASES)), CASES, strict=True):
        found = solve(polygon_points(num_vertices, seed), num_units, seed, NUM_STEPS)
        outline = np.concatenate([found.hull, found.hull[:1]])
        axes.plot(*outline.T, color="0.6", linewidth=1, zorder=1)
        axes.scatter(*found.points.T, s=5, color=CODE_COLOR, label="codes", zorder=2)
        for start, end in zip(found.starts, found.units, strict=True):
            axes.plot(*np.stack([start, end]).T, color=UNIT_COLOR, linewidth=0.6, alpha=0.5)
        axes.scatter(*found.starts.T, s=16, facecolor="none", edgecolor=UNIT_COLOR, label="start")
        axes.scatter(*found.units.T, s=40, color=UNIT_COLOR, label="units", zorder=3)
        axes.set(xlim=(-1.15, 1.15), ylim=(-1.15, 1.15), aspect="equal", xticks=[], yticks=[])
        axes.set_title(
            f"{num_vertices} vertices, {num_units} units\n"
            f"Eq. 9: {found.objective:.0e}; farthest vertex from a unit: {found.miss:.3f}",
            fontsize=8,
        )
    handles, names = axes.get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=3, fontsize=8)
    return figure


def polygon_points(num_vertices: int, seed: int, num_points: int = NUM_POINTS) -> np.ndarray:
    """A regular polygon's vertices and points inside it, `(num_points, 2)` in [-1, 1]²."""
    angles = math.pi / 4 + 2 * math.pi * np.arange(num_vertices) / num_vertices
    vertices = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    vertices /= np.abs(vertices).max()
    generator = np.random.default_rng((seed, num_vertices))
    # So that points are near every vertex and everywhere inside.
    weights = generator.dirichlet(np.full(num_vertices, 0.25), num_points - num_vertices)
    return np.concatenate([vertices, weights @ vertices])


def solve(points: np.ndarray, num_units: int, seed: int, num_steps: int) -> Vertices:
    """Minimizes Eq. 9 over the units, with Adam from random points near the center of the data.

    The indicator in the first term of Eq. 9 has no gradient, so it is replaced by a mixture's
    distance to the hull S of the points. The distance is 0 where the indicator is 1, so both have
    the same minimum, 0. The gradient of a distance is taken with its nearest point held fixed (the
    envelope theorem).

    Args:
        points: `(num_points, 2)`, the z of Eq. 9.
        num_units: Number of units, at least the number of vertices of the hull.
        seed: Seed of the initial units and of the mixtures.
        num_steps: Number of steps of Adam, whose step size decreases to 0 along a cosine.
    """
    generator = np.random.default_rng((seed, num_units, 1))
    starts = points.mean(axis=0) + generator.uniform(-0.3, 0.3, (num_units, 2))
    vertices = tf.constant(points[ConvexHull(points).vertices])
    codes, units = tf.constant(points), starts
    first, second, value = np.zeros_like(starts), np.zeros_like(starts), math.inf
    concentration = np.full(num_units, MIXTURE_CONCENTRATION)
    for step in range(1, num_steps + 1):
        mixtures = tf.constant(generator.dirichlet(concentration, NUM_MIXTURES))
        value, gradient = _objective(tf.constant(units), codes, vertices, mixtures)
        first = 0.9 * first + 0.1 * gradient.numpy()
        second = 0.99 * second + 0.01 * np.square(gradient.numpy())
        direction = first / (1 - 0.9**step) / (np.sqrt(second / (1 - 0.99**step)) + 1e-8)
        rate = STEP_SIZE * (1 + math.cos(math.pi * step / num_steps)) / 2
        units = units - rate * direction
    return Vertices(points, starts, units, float(value))


@tf.function(reduce_retracing=True)
def _objective(units, codes, vertices, mixtures):
    """Relaxed Eq. 9, means over mixtures and over points, and its gradient in the units."""
    mixed = tf.matmul(mixtures, units)
    outside, _ = hull_weights(mixed, vertices, INNER_TOLERANCE, INNER_ITERATIONS)
    nearest = tf.matmul(outside, vertices)
    inside, _ = hull_weights(codes, units, INNER_TOLERANCE, INNER_ITERATIONS)
    with tf.GradientTape() as tape:
        tape.watch(units)
        distances = (
            _norm(tf.matmul(mixtures, units) - nearest),
            _norm(tf.matmul(inside, units) - codes),
        )
        # Both are means; the printed sum over the points would dominate the first term.
        value = tf.add_n([tf.reduce_mean(distance) for distance in distances])
    return value, tape.gradient(value, units)


def _norm(vectors):
    # Near 0 the norm is replaced by a square, to damp the error of the inner solver.
    return tf.sqrt(tf.reduce_sum(tf.square(vectors), axis=1) + INNER_TOLERANCE**2) - INNER_TOLERANCE
