"""Networks of the baselines at every size that an image may have."""

import numpy as np
import pytest
import tensorflow as tf

from memgan_tf.networks.code_discriminator import CodeDiscriminator
from memgan_tf.networks.energy import EnergyNetwork
from memgan_tf.networks.image_discriminator import ImageDiscriminator, PairDiscriminator
from memgan_tf.networks.lenet import LenetDecoder, LenetEncoder

SHAPES = [(8, 8, 1), (28, 28, 1), (32, 32, 3), (20, 13, 3)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("widths", [(8,), (8, 4), (4, 4, 4)])
def test_lenet_goes_there_and_back(shape, widths):
    encoder = LenetEncoder(shape, 7, widths, seed=0)
    decoder = LenetDecoder(shape, 7, widths, "sigmoid", seed=1)
    codes = encoder(tf.random.stateless_uniform((2, *shape), (1, 2)))
    images = decoder(codes).numpy()
    assert codes.shape == (2, 7)
    assert images.shape == (2, *shape)
    assert ((images > 0) & (images < 1)).all()


def test_lenet_has_no_bias_that_could_reach_a_constant():
    """Deep SVDD, Proposition 2: a zero image has the zero code, whatever the weights."""
    encoder = LenetEncoder((8, 8, 1), 5, (4,), seed=0)
    zeros = tf.zeros((3, 8, 8, 1))
    np.testing.assert_array_equal(encoder(zeros), np.zeros((3, 5)))
    names = {v.name for v in encoder.trainable_variables}
    assert names == {"kernel"}


def test_the_mnist_architecture_of_ruff():
    encoder = LenetEncoder((28, 28, 1), 32, (8, 4), seed=0)
    encoder(tf.zeros((1, 28, 28, 1)))
    shapes = [tuple(v.shape) for v in encoder.trainable_variables]
    assert shapes == [(5, 5, 1, 8), (5, 5, 8, 4), (7 * 7 * 4, 32)]
    decoder = LenetDecoder((28, 28, 1), 32, (8, 4), "sigmoid", seed=0)
    decoder(tf.zeros((1, 32)))
    shapes = [tuple(v.shape) for v in decoder.trainable_variables]
    assert shapes == [(5, 5, 2, 4), (5, 5, 4, 8), (5, 5, 8, 1)]


@pytest.mark.parametrize("shape", SHAPES)
def test_the_energy_by_hand_without_hidden_units(shape):
    """With W and c at 0 each hidden unit is softplus(0) = log 2."""
    network = EnergyNetwork(shape, 4, 8, num_hidden=3, seed=0)
    images = tf.random.stateless_uniform((2, *shape), (3, 4))
    network(images)
    network.hidden.set_weights([np.zeros_like(w) for w in network.hidden.get_weights()])
    network.offset.assign(tf.fill(shape, 0.5))
    expected = 0.5 * np.sum(np.square(images - 0.5), axis=(1, 2, 3)) - 3 * np.log(2)
    np.testing.assert_allclose(network(images), expected, rtol=1e-5)
    # ∇E = x - b, so the reconstruction is b.
    _, reconstruction = network.reconstruct(images)
    np.testing.assert_allclose(reconstruction, np.full((2, *shape), 0.5), rtol=1e-5)


def test_the_reconstruction_is_x_less_the_energys_gradient():
    network = EnergyNetwork((8, 8, 1), 4, 8, num_hidden=6, seed=0)
    image = np.random.default_rng(0).uniform(size=(1, 8, 8, 1)).astype(np.float32)
    _, reconstruction = network.reconstruct(tf.constant(image))
    for position in [(0, 0), (3, 4), (7, 7)]:
        nudge = np.zeros_like(image)
        nudge[0, position[0], position[1], 0] = 1e-2
        slope = float(network(image + nudge)[0] - network(image - nudge)[0]) / 2e-2
        expected = image[0, position[0], position[1], 0] - slope
        assert float(reconstruction[0, position[0], position[1], 0]) == pytest.approx(
            expected, abs=5e-3
        )


def test_discriminators_answer_pair_by_pair():
    images = tf.random.stateless_uniform((3, 8, 8, 1), (5, 6))
    codes = tf.random.stateless_normal((3, 4), (7, 8))
    single = ImageDiscriminator((8, 8, 1), 4, 8, 6, seed=0)
    pairs = PairDiscriminator((8, 8, 1), 4, 8, 6, seed=0)
    code_pairs = CodeDiscriminator(7, seed=0)
    for network, arguments in (
        (single, (images,)),
        (pairs, (images, images[::-1])),
        (code_pairs, (codes, codes[::-1])),
    ):
        logits = network(*arguments).numpy()
        assert logits.shape == (3,)
        alone = [network(*(a[i : i + 1] for a in arguments)).numpy()[0] for i in range(3)]
        np.testing.assert_allclose(logits, alone, rtol=1e-4, atol=1e-6)
        swapped = network(*arguments[::-1]).numpy()
        if len(arguments) == 2:
            assert np.abs(swapped[0] - logits[0]) > 1e-4, "the order of a pair matters"
