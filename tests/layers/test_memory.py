import keras
import numpy as np
import pytest
import tensorflow as tf

from memgan_tf.layers import MemoryLayer, sample_mixing_weights

SEED = tf.constant([1, 2], tf.int64)


@pytest.fixture
def memory():
    layer = MemoryLayer(2)
    layer.build((None, 2))
    layer.units.assign([[2.0, 0.0], [0.0, 1.0]])
    return layer


def test_address_is_the_product_with_each_unit(memory):
    np.testing.assert_allclose(memory.address(tf.constant([[3.0, 5.0]])), [[6.0, 5.0]])


def test_mix_combines_the_units(memory):
    np.testing.assert_allclose(memory.mix(tf.constant([[0.25, 0.75]])), [[0.5, 0.75]])


def test_call_is_equation_5(memory):
    # M z = (log 3, 0), so α = (3/4, 1/4).
    codes = tf.constant([[np.log(3) / 2, 0.0]], tf.float32)
    np.testing.assert_allclose(memory(codes), [[1.5, 0.25]], rtol=1e-6)


def test_temperature_divides_the_similarities():
    cold, warm = MemoryLayer(2, temperature=1.0), MemoryLayer(2, temperature=4.0)
    for layer in (cold, warm):
        layer.build((None, 2))
        layer.units.assign([[2.0, 0.0], [0.0, 1.0]])
    codes = tf.constant([[3.0, 5.0]])
    np.testing.assert_allclose(warm.address(codes), cold.address(codes) / 4.0)


def test_the_seed_decides_the_initial_units():
    first, same, other = (MemoryLayer(3, seed=seed) for seed in (1, 1, 2))
    for layer in (first, same, other):
        layer.build((None, 4))
    np.testing.assert_array_equal(first.units, same.units)
    assert np.abs(first.units - other.units).max() > 0.01


@pytest.mark.parametrize("stddev", [0.1, 2.0])
def test_initial_units_have_the_deviation(stddev):
    layer = MemoryLayer(200, init_stddev=stddev, seed=1)
    layer.build((None, 50))
    assert np.std(layer.units) == pytest.approx(stddev, rel=0.03)


def test_config_round_trip():
    layer = MemoryLayer(3, init_stddev=0.2, temperature=2.0, seed=5)
    copy = keras.layers.deserialize(keras.layers.serialize(layer))
    assert copy.get_config() == layer.get_config()


@pytest.mark.parametrize(("name", "value"), [("num_units", 0), ("temperature", -1.0)])
def test_bad_arguments(name, value):
    with pytest.raises(ValueError, match=f"`{name}` must be at least"):
        MemoryLayer(**{"num_units": 3, name: value})


@pytest.mark.parametrize("law", ["normal", "uniform", "dirichlet"])
def test_mixing_weights_are_on_the_simplex_and_follow_the_seed(law):
    weights = sample_mixing_weights(200, 7, law, 1.0, SEED).numpy()
    assert weights.shape == (200, 7)
    assert (weights >= 0).all()
    np.testing.assert_allclose(weights.sum(axis=1), np.ones(200), rtol=1e-5)
    np.testing.assert_array_equal(weights, sample_mixing_weights(200, 7, law, 1.0, SEED))
    assert np.abs(weights - sample_mixing_weights(200, 7, law, 1.0, SEED + 1)).max() > 0.01


@pytest.mark.parametrize(
    ("law", "scale", "effective"),
    # Mean effective units 1 / Σα² for n = 50: design table; uniform is nearly flat.
    [("uniform", 1.0, 46), ("normal", 1.0, 22), ("normal", 2.0, 7.6), ("dirichlet", 1.0, 26)],
)
def test_the_law_decides_how_many_units_mix(law, scale, effective):
    weights = sample_mixing_weights(4000, 50, law, scale, SEED).numpy()
    np.testing.assert_allclose(np.mean(1 / np.sum(weights**2, axis=1)), effective, rtol=0.08)


def test_tiny_concentrations_stay_finite():
    weights = sample_mixing_weights(500, 5, "dirichlet", 1e-3, SEED).numpy()
    np.testing.assert_allclose(weights.sum(axis=1), np.ones(500), rtol=1e-4)


def test_unknown_law():
    with pytest.raises(ValueError, match="`law` must be one of"):
        sample_mixing_weights(1, 2, "cauchy", 1.0, SEED)
