"""A Gaussian mixture over codes: its estimate from soft assignments, and its energy."""

import math
from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf


class Mixture(NamedTuple):
    """A Gaussian mixture of K components over d dimensions.

    Attributes:
        weights: φ, `(K,)`, on the simplex.
        means: μ, `(K, d)`.
        covariances: Σ, `(K, d, d)`, positive definite.
    """

    weights: tf.Tensor
    means: tf.Tensor
    covariances: tf.Tensor


def estimate_mixture(
    codes: tf.Tensor,
    assignments: tf.Tensor,
    jitter: float,
    total: Callable[[tf.Tensor], tf.Tensor] = tf.identity,
) -> Mixture:
    """Estimates the mixture from soft assignments (Zong et al., 2018, Eq. 5).

    Args:
        codes: z, `(batch, d)`.
        assignments: γ, `(batch, K)`, rows on the simplex.
        jitter: Added to the diagonal of each covariance, times 1 + its mean variance. Rounding
            errors grow with the variance, so the guard must grow as well.
        total: Sums a tensor over the parts of a batch that is split.
    """
    counts = total(tf.reduce_sum(assignments, axis=0))
    # A component without images has covariance 0 plus the jitter.
    mass = tf.maximum(counts, 1e-6)
    means = total(tf.matmul(assignments, codes, transpose_a=True)) / mass[:, tf.newaxis]
    centered = codes[:, tf.newaxis, :] - means
    scatter = total(tf.einsum("bk,bki,bkj->kij", assignments, centered, centered))
    covariances = scatter / mass[:, tf.newaxis, tf.newaxis]
    variances = tf.linalg.diag_part(covariances)
    added = jitter * (1.0 + tf.reduce_mean(variances, axis=1, keepdims=True))
    covariances = tf.linalg.set_diag(covariances, variances + added)
    return Mixture(counts / tf.reduce_sum(counts), means, covariances)


def mixture_energy(codes: tf.Tensor, mixture: Mixture) -> tf.Tensor:
    """E(z) = -log Σ φ N(z; μ, Σ), `(batch,)` nats (Eq. 6 there).

    A mixture that holds a value that is not finite gives NaN, never an exception.

    Args:
        codes: z, `(batch, d)`.
        mixture: See `Mixture`.
    """
    finite = tf.reduce_all(tf.math.is_finite(mixture.covariances))
    identity = tf.eye(tf.shape(codes)[1], dtype=codes.dtype)
    factors = tf.linalg.cholesky(tf.where(finite, mixture.covariances, identity))
    centered = tf.transpose(codes[:, tf.newaxis, :] - mixture.means, (1, 2, 0))
    whitened = tf.linalg.triangular_solve(factors, centered)
    log_scale = tf.reduce_sum(tf.math.log(tf.linalg.diag_part(factors)), axis=1)
    log_normal = -0.5 * tf.reduce_sum(tf.square(whitened), axis=1)
    log_normal -= (log_scale + 0.5 * math.log(2 * math.pi) * float(codes.shape[1]))[:, tf.newaxis]
    log_weights = tf.math.log(tf.maximum(mixture.weights, 1e-12))
    energy = -tf.reduce_logsumexp(log_weights[:, tf.newaxis] + log_normal, axis=0)
    return tf.where(finite, energy, tf.fill(tf.shape(energy), tf.constant(math.nan, energy.dtype)))


def singularity_penalty(mixture: Mixture) -> tf.Tensor:
    """Σ_k Σ_j 1 / Σ_kjj, a scalar that keeps variances from 0 (Eq. 7 there)."""
    return tf.reduce_sum(1.0 / tf.linalg.diag_part(mixture.covariances))
