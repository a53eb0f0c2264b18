"""W / σ(W): numpy's singular values, Miyato's gradient, no state."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from memgan_tf.layers.spectral import (
    SpectralConv2D,
    SpectralDense,
    normalize_kernel,
    spectral_norm,
)

# Dense kernels and a convolution's, wide and narrow.
SHAPES = [(40, 12), (12, 40), (7, 1), (4, 4, 3, 16)]


def draw(shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def singular_values(kernel):
    return np.linalg.svd(kernel.reshape(-1, kernel.shape[-1]), compute_uv=False)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_largest_singular_value_is_numpys(shape):
    kernel = draw(shape)
    largest = singular_values(kernel)[0]
    np.testing.assert_allclose(spectral_norm(tf.constant(kernel), 300), largest, rtol=1e-4)
    # The few steps of training end a little under it, never over.
    estimate = float(spectral_norm(tf.constant(kernel)))
    assert 0.9 * largest < estimate < largest * (1 + 1e-5)


def test_a_leading_direction_is_found_at_once():
    """Singular values 10, 1, …: a step shrinks the rest a hundredfold."""
    left, _, right = np.linalg.svd(draw((30, 8)), full_matrices=False)
    kernel = (left * np.array([10.0] + 7 * [1.0], np.float32)) @ right
    np.testing.assert_allclose(spectral_norm(tf.constant(kernel), 4), 10.0, rtol=1e-5)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_normalised_kernel_has_norm_1_and_the_same_directions(shape):
    kernel = draw(shape)
    values = singular_values(normalize_kernel(tf.constant(kernel)).numpy())
    assert 1.0 - 1e-5 < values[0] < 1.1
    np.testing.assert_allclose(values / values[0], _relative(kernel), rtol=1e-4, atol=1e-6)


def _relative(kernel):
    values = singular_values(kernel)
    return values / values[0]


def test_the_gradient_is_miyatos():
    """d⟨A, W/σ⟩/dW = (A - ⟨A, W/σ⟩ u vᵀ) / σ: u and v are constants (Miyato et al., Eq. 12)."""
    kernel, weights = tf.Variable(draw((9, 6))), draw((9, 6), seed=1)
    # Of a kernel with one leading direction the power iteration is exact.
    left, _, right = np.linalg.svd(kernel.numpy(), full_matrices=False)
    kernel.assign(kernel + 20.0 * np.outer(left[:, 0], right[0]))
    with tf.GradientTape() as tape:
        normalized = normalize_kernel(kernel)
        loss = tf.reduce_sum(weights * normalized)
    left, values, right = np.linalg.svd(kernel.numpy(), full_matrices=False)
    outer = np.outer(left[:, 0], right[0])
    expected = (weights - np.sum(weights * kernel.numpy()) / values[0] * outer) / values[0]
    np.testing.assert_allclose(tape.gradient(loss, kernel), expected, rtol=1e-3, atol=1e-6)


def test_singular_vectors_are_constants_in_the_gradient_before_they_are_found():
    """Two iterations on a kernel without a leading direction do not reach them."""
    kernel = draw((40, 30))
    right = np.cos(np.arange(30.0))
    for _ in range(2):
        right = kernel.T @ (kernel @ right)
        right /= np.linalg.norm(right)
    left = kernel @ right / np.linalg.norm(kernel @ right)
    assert left @ kernel @ right < 0.95 * singular_values(kernel)[0]
    variable = tf.Variable(kernel)
    with tf.GradientTape() as tape:
        norm = spectral_norm(variable, num_iterations=2)
    np.testing.assert_allclose(norm, left @ kernel @ right, rtol=1e-5)
    np.testing.assert_allclose(tape.gradient(norm, variable), np.outer(left, right), atol=1e-5)


@pytest.mark.parametrize(
    ("spectral", "plain", "shape"),
    [
        (SpectralDense(5), keras.layers.Dense(5), (3, 7)),
        (
            SpectralConv2D(5, 4, strides=2, padding="same"),
            keras.layers.Conv2D(5, 4, strides=2, padding="same"),
            (3, 8, 8, 2),
        ),
    ],
)
def test_a_layer_is_the_plain_one_with_a_normalised_kernel(spectral, plain, shape):
    inputs = draw(shape)
    spectral(inputs)
    plain(inputs)
    kernel, bias = spectral.get_weights()
    bias = draw(bias.shape, seed=2)
    spectral.set_weights([kernel, bias])
    plain.set_weights([kernel / float(spectral_norm(tf.constant(kernel))), bias])
    np.testing.assert_allclose(spectral(inputs), plain(inputs), rtol=1e-4, atol=1e-5)


def test_nothing_but_the_weights_decides():
    """No vector is carried from call to call, as replicas and restarts would have to share it."""
    layer, inputs = SpectralDense(5), draw((3, 7))
    first = layer(inputs, training=True)
    assert len(layer.variables) == len(layer.trainable_variables) == 2
    np.testing.assert_array_equal(layer(inputs, training=True), first)
    np.testing.assert_array_equal(layer(inputs), first)


def test_a_kernel_of_zeros_stays_zero():
    np.testing.assert_array_equal(normalize_kernel(tf.zeros((4, 3))), np.zeros((4, 3)))
