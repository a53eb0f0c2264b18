import numpy as np
import pytest
import tensorflow as tf

from memgan_tf.networks import Encoder, Generator, JointDiscriminator
from memgan_tf.networks.blocks import plan_sizes, plan_widths

SHAPES = [(8, 8, 1), (28, 28, 1), (32, 32, 3), (9, 17, 1), (65, 64, 3), (256, 256, 3)]
WIDTHS = {"base_width": 2, "max_width": 4}


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((28, 28), [(28, 28), (14, 14), (7, 7), (4, 4)]),
        ((32, 32), [(32, 32), (16, 16), (8, 8), (4, 4)]),
        ((8, 8), [(8, 8), (4, 4)]),
        ((9, 17), [(9, 17), (5, 9), (3, 5), (2, 3)]),
    ],
)
def test_plan_sizes(size, expected):
    assert plan_sizes(*size) == expected


def test_plan_widths_double_up_to_the_bound():
    assert plan_widths(4, 32, 128) == [32, 64, 128, 128]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("normalization", ["batch", "layer", "none"])
def test_shapes_at_any_size(shape, normalization):
    options = {**WIDTHS, "normalization": normalization}
    encoder = Encoder(shape, 5, **options, seed=0)
    generator = Generator(shape, **options, output_activation="tanh", seed=1)
    codes = encoder(tf.zeros((2, *shape)))
    assert codes.shape == (2, 5)
    images = generator(codes)
    assert images.shape == (2, *shape)
    assert JointDiscriminator(shape, **WIDTHS, dense_width=3, seed=2)(images, codes).shape == (2,)


def test_every_pixel_reaches_the_code_and_every_code_reaches_the_image():
    shape, widths = (28, 28, 1), {"base_width": 8, "max_width": 16, "normalization": "none"}
    encoder = Encoder(shape, 5, **widths, seed=0)
    generator = Generator(shape, **widths, output_activation="linear", seed=1)
    images = tf.random.stateless_normal((1, *shape), (0, 0))
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(images)
        codes = encoder(images)
        code_sum = tf.reduce_sum(codes)
        total = tf.reduce_sum(generator(codes))
    assert np.count_nonzero(tape.gradient(code_sum, images)) == 28 * 28
    assert np.count_nonzero(tape.gradient(total, codes)) == 5


def test_the_seed_decides_the_initial_weights():
    def weights(seed):
        encoder = Encoder((8, 8, 1), 3, **WIDTHS, normalization="batch", seed=seed)
        encoder(tf.zeros((1, 8, 8, 1)))
        return encoder.get_weights()

    for first, same in zip(weights(1), weights(1), strict=True):
        np.testing.assert_array_equal(first, same)
    assert any(
        np.abs(first - other).max() > 0 for first, other in zip(weights(1), weights(2), strict=True)
    )


def test_no_bias_in_front_of_a_normalisation():
    encoder = Encoder((8, 8, 1), 3, **WIDTHS, normalization="batch", seed=0)
    encoder(tf.zeros((1, 8, 8, 1)))
    assert [layer.use_bias for layer in encoder.trunk.convolutions] == [False]


def test_the_discriminator_judges_each_pair_alone():
    discriminator = JointDiscriminator((8, 8, 1), **WIDTHS, dense_width=3, seed=0)
    images = tf.random.stateless_normal((4, 8, 8, 1), (0, 0))
    codes = tf.random.stateless_normal((4, 5), (0, 1))
    together = discriminator(images, codes)
    alone = [discriminator(images[i : i + 1], codes[i : i + 1])[0] for i in range(4)]
    np.testing.assert_allclose(together, alone, rtol=1e-5)


def test_unknown_normalisation():
    with pytest.raises(ValueError, match="`normalization` must be one of"):
        Encoder((8, 8, 1), 3, **WIDTHS, normalization="instance", seed=0)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_flat_code_is_the_last_map_itself(shape):
    """MemAE's form: no dense layer between the convolutions and the code, on either side."""
    encoder = Encoder(shape, 0, **WIDTHS, normalization="batch", seed=0)
    generator = Generator(
        shape, **WIDTHS, normalization="batch", output_activation="tanh", seed=1, flat_codes=True
    )
    images = tf.random.stateless_normal((2, *shape), (0, 0))
    codes = encoder(images)
    np.testing.assert_array_equal(codes, encoder.trunk(images))
    assert codes.shape == (2, encoder.code_size)
    assert generator(codes).shape == (2, *shape)
    kernels = [v for v in encoder.variables + generator.variables if v.name.endswith("kernel")]
    assert {len(kernel.shape) for kernel in kernels} == {4}


def test_a_flat_code_reaches_the_first_convolution_as_it_is():
    """Codes may be negative: no rectifier is in front of it."""
    options = {**WIDTHS, "normalization": "batch", "output_activation": "linear", "seed": 1}
    generator = Generator((8, 8, 1), **options, flat_codes=True)
    codes = -tf.ones((1, 4 * 4 * 2))
    np.testing.assert_allclose(generator(codes), -generator(-codes), rtol=1e-5)
    assert np.abs(generator(codes)).max() > 0
