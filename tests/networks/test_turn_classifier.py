"""The turn classifier: its plan of sizes, and what a residual block does."""

import numpy as np
import pytest
import tensorflow as tf

from memgan_tf.networks.blocks import Initializers
from memgan_tf.networks.turn_classifier import ResidualBlock, TurnClassifier

IMAGES = np.random.default_rng(0).normal(size=(2, 6, 6, 3)).astype(np.float32)


@pytest.mark.parametrize(
    ("side", "widths"), [(32, [8, 16]), (28, [8, 16]), (64, [8, 16, 16]), (8, [8]), (4, [8])]
)
def test_a_block_at_each_further_halving_down_to_four_pixels(side, widths):
    network = TurnClassifier(side, 3, 4, 16, "batch", seed=0)
    assert [block.second.convolution.filters for block in network.blocks] == widths
    logits, features = network(tf.zeros((2, side, side, 3)))
    assert logits.shape == (2, 4)
    assert features.shape == (2, network.num_features) == (2, widths[-1])


@pytest.fixture
def block():
    made = ResidualBlock(5, "batch", Initializers(0))
    made(tf.constant(IMAGES))
    return made


def test_a_block_whose_convolutions_give_nothing_averages_its_input(block):
    block.second.normalization.gamma.assign(tf.zeros(5))
    averaged = IMAGES.reshape(2, 3, 2, 3, 2, 3).mean(axis=(2, 4))
    expected = np.maximum(averaged @ block.shortcut.kernel.numpy()[0, 0], 0)
    np.testing.assert_allclose(block(IMAGES, training=True), expected, atol=1e-5)


def test_a_block_learns_in_both_of_its_convolutions(block):
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.square(block(IMAGES, training=True)))
    kernels = [block.first.convolution.kernel, block.second.convolution.kernel]
    assert all(np.abs(gradient).max() > 1e-3 for gradient in tape.gradient(loss, kernels))
