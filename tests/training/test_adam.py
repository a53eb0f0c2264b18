"""The fused Adam is Keras' Adam."""

import keras
import numpy as np
import tensorflow as tf

from memgan_tf.training.adam import FusedAdam


def trajectory(optimizer_class, rate):
    """Where five steps along given gradients lead, and the state they leave."""
    start = np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32)
    variable = keras.Variable(start, name="kernel")
    optimizer = optimizer_class(rate, 0.5, 0.999)
    optimizer.build([variable])
    for step in range(5):
        gradient = np.random.default_rng(step).normal(size=(3, 4)).astype(np.float32)
        optimizer.apply_gradients([(tf.constant(gradient), variable)])
    return [variable.numpy(), *(v.numpy() for v in optimizer.variables)], optimizer


def test_it_goes_where_keras_goes():
    for rate in (0.01, keras.optimizers.schedules.CosineDecay(0.01, 5, alpha=0.1)):
        fused, optimizer = trajectory(FusedAdam, rate)
        expected, original = trajectory(keras.optimizers.Adam, rate)
        for mine, theirs in zip(fused, expected, strict=True):
            np.testing.assert_allclose(mine, theirs, rtol=1e-5, atol=1e-7)
        # Not at the start any more, and the state has Keras' names.
        assert np.abs(fused[0] - trajectory(FusedAdam, 1e-9)[0][0]).min() > 1e-3
        names = [[v.path for v in o.variables] for o in (optimizer, original)]
        assert [n.split("/")[1:] for n in names[0]] == [n.split("/")[1:] for n in names[1]]
