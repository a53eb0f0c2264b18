"""A memory at each position of a convolutional code."""

import keras
from keras import ops

from memgan_tf.layers.memory import MemoryLayer
from memgan_tf.validation import check_integer


@keras.saving.register_keras_serializable("memgan_tf")
class PositionalMemory(MemoryLayer):
    """`MemoryLayer` for codes that are maps: one memory projects each position separately.

    Its one weight is `units`, `(num_units, dim)`, shared by all positions.

    Args:
        num_units: As in `MemoryLayer`.
        num_positions: Positions of a code's map. Positive.
        options: Options of `MemoryLayer`.

    Call arguments:
        codes: `(batch, num_positions · dim)` float tensor, flattened maps.

    Returns:
        Tensor of the same shape.
    """

    def __init__(self, num_units, num_positions, **options):
        super().__init__(num_units, **options)
        self.num_positions = check_integer("num_positions", num_positions, minimum=1)

    def build(self, input_shape):
        super().build((None, input_shape[-1] // self.num_positions))

    def address(self, codes):
        """Similarities over the temperature, `(batch, num_positions, num_units)`."""
        return super().address(ops.reshape(codes, (-1, self.num_positions, self.units.shape[-1])))

    def mix(self, weights):
        """Codes, `(batch, num_positions · dim)`, of weights `(batch, num_positions, num_units)`."""
        mixed = super().mix(weights)
        return ops.reshape(mixed, (-1, self.num_positions * self.units.shape[-1]))

    def get_config(self):
        return {**super().get_config(), "num_positions": self.num_positions}
