import numpy as np
import pytest
import tensorflow as tf

from memgan_tf.layers.sparse_memory import SparseMemoryLayer, hard_shrink


def make_layer(units, **options):
    units = np.array(units, np.float32)
    layer = SparseMemoryLayer(len(units), **options)
    layer.build((None, units.shape[1]))
    layer.built = True
    layer.units.assign(units)
    return layer


@pytest.mark.parametrize(
    ("weight", "expected"),
    [(0.5, 0.5), (0.25, 0.25), (0.2, 0.0), (0.1, 0.0), (0.0, 0.0)],
)
def test_hard_shrink_keeps_what_is_above_and_drops_the_rest(weight, expected):
    shrunk = hard_shrink(tf.constant([[weight]]), threshold=0.2)
    np.testing.assert_allclose(shrunk, [[expected]], atol=1e-6)


def test_attention_is_renormalised_after_the_shrinkage():
    # Softmax of (log 6, log 3, log 1) is (.6, .3, .1): λ = ⅓ leaves the first alone.
    layer = make_layer(np.eye(3), similarity="dot", shrinkage=1.0)
    codes = tf.math.log([[6.0, 3.0, 1.0]])
    np.testing.assert_allclose(layer.attend(codes), [[1.0, 0.0, 0.0]], atol=1e-6)
    layer = make_layer(np.eye(3), similarity="dot", shrinkage=0.6)  # λ = .2
    np.testing.assert_allclose(layer.attend(codes), [[2 / 3, 1 / 3, 0.0]], atol=1e-6)
    np.testing.assert_allclose(layer(codes), [[2 / 3, 1 / 3, 0.0]], atol=1e-6)


def test_weights_that_all_shrink_away_give_zeros_not_nan():
    layer = make_layer([[1.0, 0.0], [-1.0, 0.0]], shrinkage=1.0)
    weights = layer.attend(tf.constant([[0.0, 1.0]]))  # equally far from both: all weights are λ
    np.testing.assert_allclose(weights, [[0.0, 0.0]], atol=1e-6)


def test_cosine_ignores_length_and_dot_does_not():
    units, codes = [[2.0, 0.0], [0.0, 5.0]], tf.constant([[3.0, 4.0]])
    np.testing.assert_allclose(make_layer(units).address(codes), [[0.6, 0.8]], atol=1e-6)
    np.testing.assert_allclose(make_layer(units, similarity="dot").address(codes), [[6.0, 20.0]])


def test_round_trip_of_the_configuration():
    layer = SparseMemoryLayer(7, "dot", 2.0, seed=3)
    again = SparseMemoryLayer.from_config(layer.get_config())
    assert (again.num_units, again.similarity, again.shrinkage, again.seed) == (7, "dot", 2.0, 3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_units": 0}, "`num_units` must be at least 1"),
        ({"num_units": 2, "similarity": "l1"}, "`similarity` must be one of cosine, dot"),
        ({"num_units": 2, "shrinkage": -1.0}, "`shrinkage` must be at least 0"),
    ],
)
def test_bad_arguments(options, message):
    with pytest.raises(ValueError, match=message):
        SparseMemoryLayer(**options)
