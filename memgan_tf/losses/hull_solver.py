"""Distance of codes to the convex hull of the memory units, with a bound on its error."""

import tensorflow as tf

# Iterations between two checks of the error.
CHECK_EVERY = 25


def hull_weights(
    codes: tf.Tensor, units: tf.Tensor, tolerance: float = 1e-6, max_iterations: int = 20_000
) -> tuple[tf.Tensor, tf.Tensor]:
    """Weights α of the nearest point Mᵀα of the hull for each code, the inner minimum of Eq. 9.

    This is a convex quadratic program over the simplex. It is solved in float64 by accelerated
    projected gradients, restarted where the momentum points uphill (O'Donoghue and Candès, 2015).
    It stops when the duality gap proves that every distance is within `tolerance` of the true one.

    Args:
        codes: `(batch, dim)`.
        units: `(num_units, dim)`, the rows of M.
        tolerance: Largest error of a distance, in the units of the codes.
        max_iterations: Largest number of steps; the bounds then say how close the result is.

    Returns:
        Weights `(batch, num_units)` and bounds `(batch,)` on the errors of the distances, float64.
    """
    # Tensors, so that another value does not trace another graph.
    codes, units, tolerance = (tf.cast(v, tf.float64) for v in (codes, units, tolerance))
    return _solve(codes, units, tolerance, tf.convert_to_tensor(max_iterations))


# AutoGraph would take longer to convert the loops than most solutions take.
@tf.function(autograph=False, reduce_retracing=True)
def _solve(codes, units, tolerance, max_iterations):
    # Shifting all points changes nothing on the simplex, and makes the problem better conditioned.
    center = tf.reduce_mean(units, axis=0)
    codes, units = codes - center, units - center
    curvature = tf.square(tf.linalg.svd(units, compute_uv=False)[0])
    step = 1.0 / tf.maximum(curvature, 1e-300)

    def improve(weights, point, momentum):
        gradient = tf.matmul(tf.matmul(point, units) - codes, units, transpose_b=True)
        updated = project_to_simplex(point - step * gradient)
        uphill = tf.reduce_sum((point - updated) * (updated - weights), 1, keepdims=True) > 0
        momentum = tf.where(uphill, tf.ones_like(momentum), momentum)
        following = (1.0 + tf.sqrt(1.0 + 4.0 * tf.square(momentum))) / 2.0
        point = updated + (momentum - 1.0) / following * (updated - weights)
        return updated, point, following

    def is_unfinished(iteration, bounds, *_):
        return tf.logical_and(iteration < max_iterations, tf.reduce_any(bounds > tolerance))

    def improve_often(iteration, _, *state):
        state = tf.while_loop(lambda *_: True, improve, state, maximum_iterations=CHECK_EVERY)
        return iteration + CHECK_EVERY, error_bound(state[0], codes, units), *state

    weights = tf.ones((tf.shape(codes)[0], tf.shape(units)[0]), tf.float64)
    weights /= tf.cast(tf.shape(units)[0], tf.float64)
    state = weights, weights, tf.ones_like(weights[:, :1])
    start = tf.constant(0), error_bound(weights, codes, units), *state
    _, bounds, weights, *_ = tf.while_loop(is_unfinished, improve_often, start)
    return weights, bounds


def error_bound(weights: tf.Tensor, codes: tf.Tensor, units: tf.Tensor) -> tf.Tensor:
    """Bound on how far the distance of a code z to p = Mᵀα exceeds its distance to the hull.

    With r = p - z the duality gap is g = r·p - minᵢ r·mᵢ. The hyperplane through the unit that
    attains it separates z from the hull, so the distance is at least ‖r‖ - g / ‖r‖; and p is
    within √g of the nearest point, because the squared distance is strongly convex.

    Args:
        weights: `(batch, num_units)`, rows on the simplex.
        codes: `(batch, dim)`.
        units: `(num_units, dim)`.

    Returns:
        `(batch,)` non-negative bounds, in the units of the codes.
    """
    points = tf.matmul(weights, units)
    residuals = points - codes
    products = tf.matmul(residuals, units, transpose_b=True)
    gaps = tf.reduce_sum(residuals * points, axis=1) - tf.reduce_min(products, axis=1)
    gaps = tf.maximum(gaps, 0.0)
    return tf.minimum(tf.sqrt(gaps), tf.math.divide_no_nan(gaps, tf.norm(residuals, axis=1)))


def project_to_hull(
    codes: tf.Tensor, units: tf.Tensor, tolerance: float = 1e-6, max_iterations: int = 20_000
) -> tf.Tensor:
    """Nearest point of the units' convex hull for each code, `(batch, dim)` float64.

    Args: as `hull_weights`.
    """
    weights, _ = hull_weights(codes, units, tolerance, max_iterations)
    return tf.matmul(weights, tf.cast(units, tf.float64))


def hull_distance(
    codes: tf.Tensor, units: tf.Tensor, tolerance: float = 1e-3, max_iterations: int = 500
) -> tf.Tensor:
    """Euclidean distance of each code to the hull of the units, `(batch,)` float64.

    The defaults are for monitoring: three digits in a fraction of a second. For figures to quote,
    use `memgan_tf.evaluation.hull`.

    Args: as `hull_weights`.
    """
    projected = project_to_hull(codes, units, tolerance, max_iterations)
    return tf.norm(tf.cast(codes, tf.float64) - projected, axis=1)


def project_to_simplex(points: tf.Tensor) -> tf.Tensor:
    """Nearest point of the simplex for each row of `(batch, num_units)`.

    By sorting (Held, Wolfe and Crowder, 1974): the projection shifts a row and clips it at 0.
    """
    ordered = tf.sort(points, axis=1, direction="DESCENDING")
    ranks = tf.range(1, tf.shape(points)[1] + 1)
    shifts = (tf.cumsum(ordered, axis=1) - 1.0) / tf.cast(ranks, points.dtype)
    num_positive = tf.reduce_sum(tf.cast(ordered > shifts, tf.int32), axis=1)
    shift = tf.gather(shifts, num_positive - 1, batch_dims=1)
    return tf.maximum(points - shift[:, tf.newaxis], 0.0)
