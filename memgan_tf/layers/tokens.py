"""From maps to tokens of a vision transformer and back, for images of any size."""

import keras
import tensorflow as tf
from keras import ops

from memgan_tf.validation import check_integer


@keras.saving.register_keras_serializable("memgan_tf")
class PatchTokens(keras.layers.Layer):
    """Tokens of an image: one for its class, some registers, one for each patch.

    Each patch is given the embedding of its position. The embeddings were learned on a square grid
    and are resized to the grid of the image (bicubic, as in DINOv2).

    Args:
        side: Positions per side of the grid on which embeddings were learned.
        num_registers: Number of additional tokens, without a position.
        antialias: Whether the resizing to smaller grids averages.

    Call arguments:
        patches: `(batch, height, width, dim)` embedded patches.

    Returns:
        `(batch, 1 + num_registers + height × width, dim)` tokens.
    """

    def __init__(self, side, num_registers=0, antialias=False, **kwargs):
        super().__init__(**kwargs)
        self.side = check_integer("side", side, 1, 1024)
        self.num_registers = check_integer("num_registers", num_registers, 0, 64)
        self.antialias = bool(antialias)

    def build(self, input_shape):
        dim = input_shape[-1]
        self.first = self.add_weight(
            name="first", shape=(1 + self.num_registers, dim), initializer="zeros"
        )
        self.positions = self.add_weight(
            name="positions", shape=(self.side, self.side, dim), initializer="zeros"
        )

    def call(self, patches):
        shape = ops.shape(patches)
        # With antialias=False, Keras' own resizing does the same.
        positions = tf.image.resize(
            self.positions[None], shape[1:3], "bicubic", antialias=self.antialias
        )
        dim = patches.shape[-1]
        rest = ops.reshape(patches + positions, (shape[0], shape[1] * shape[2], dim))
        first = ops.broadcast_to(self.first, (shape[0], 1 + self.num_registers, dim))
        return ops.concatenate([first, rest], axis=1)

    def compute_output_shape(self, input_shape):
        batch, height, width, dim = input_shape
        count = None if None in (height, width) else 1 + self.num_registers + height * width
        return (batch, count, dim)

    def get_config(self):
        return super().get_config() | {
            "side": self.side,
            "num_registers": self.num_registers,
            "antialias": self.antialias,
        }


@keras.saving.register_keras_serializable("memgan_tf")
class TokenMap(keras.layers.Layer):
    """Arranges the tokens of patches as a map, without those of the class and of registers.

    Call arguments:
        tokens: `(batch, more + height × width, dim)`.
        patches: `(batch, height, width, dim)`, for the shape.

    Returns:
        `(batch, height, width, dim)`.
    """

    def call(self, tokens, patches):
        shape = ops.shape(patches)
        count = shape[1] * shape[2]
        return ops.reshape(tokens[:, -count:], (shape[0], shape[1], shape[2], tokens.shape[-1]))

    def compute_output_shape(self, tokens_shape, patches_shape):
        return (*patches_shape[:3], tokens_shape[-1])
