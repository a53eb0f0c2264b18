import numpy as np
import pytest
import tensorflow as tf

from memgan_tf.layers import MemoryLayer
from memgan_tf.layers.positional_memory import PositionalMemory


@pytest.fixture
def memory():
    layer = PositionalMemory(3, num_positions=2, seed=0)
    layer(tf.zeros((1, 8)))
    return layer


def test_all_positions_share_one_memory(memory):
    assert memory.units.shape == (3, 4)


def test_each_position_is_projected_as_a_code_of_its_own(memory):
    codes = np.random.default_rng(0).normal(size=(5, 8)).astype(np.float32)
    flat = MemoryLayer(3)
    flat.build((None, 4))
    flat.units.assign(memory.units)
    expected = flat(tf.constant(codes.reshape(10, 4))).numpy().reshape(5, 8)
    np.testing.assert_allclose(memory(tf.constant(codes)).numpy(), expected, rtol=1e-5)


def test_positions_may_mix_different_units(memory):
    weights = tf.constant([[[1.0, 0, 0], [0, 0, 1.0]]])
    units = memory.units.numpy()
    np.testing.assert_allclose(memory.mix(weights)[0], np.concatenate([units[0], units[2]]))


def test_one_position_is_the_plain_memory():
    one, plain = PositionalMemory(3, 1, seed=5), MemoryLayer(3, seed=5)
    codes = tf.random.stateless_normal((4, 6), (1, 2))
    np.testing.assert_array_equal(one(codes), plain(codes))
