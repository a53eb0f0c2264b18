"""Tokens of patches and back."""

import keras
import numpy as np

from memgan_tf.layers.tokens import PatchTokens, TokenMap


def test_tokens_and_back():
    """Without embeddings of positions, patches come back as they were, at any size."""
    layer, back = PatchTokens(4, num_registers=2), TokenMap()
    for height, width in ((3, 5), (4, 2)):
        patches = np.random.default_rng(0).normal(size=(2, height, width, 6)).astype("float32")
        tokens = layer(patches)
        assert tokens.shape == (2, 3 + height * width, 6)
        np.testing.assert_array_equal(back(tokens, patches), patches)


def test_first_tokens_come_first():
    layer = PatchTokens(2, num_registers=1)
    layer.build((None, None, None, 1))
    layer.set_weights([np.array([[5.0], [7.0]]), np.arange(4.0).reshape(2, 2, 1)])
    tokens = layer(np.zeros((1, 2, 2, 1), "float32"))
    np.testing.assert_array_equal(tokens[0, :, 0], [5, 7, 0, 1, 2, 3])


def test_positions_are_resized():
    """A constant embedding stays constant; a rising one rises along its own direction alone."""
    layer = PatchTokens(3)
    layer.build((None, None, None, 2))
    positions = np.stack([np.full((3, 3), 2.0), np.tile(np.arange(3.0), (3, 1))], axis=-1)
    layer.set_weights([np.zeros((1, 2)), positions])
    found = TokenMap()(layer(np.zeros((1, 4, 6, 2), "float32")), np.zeros((1, 4, 6, 2)))[0]
    np.testing.assert_allclose(found[..., 0], 2.0, atol=1e-6)
    assert (np.diff(found[..., 1], axis=1) >= 0).all()
    np.testing.assert_allclose(np.diff(found[..., 1], axis=0), 0.0, atol=1e-6)


def test_settings_are_kept():
    layer = PatchTokens(5, 1, True)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    assert (again.side, again.num_registers, again.antialias) == (5, 1, True)
