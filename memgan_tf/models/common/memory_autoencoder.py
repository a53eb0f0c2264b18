"""MEMGAN's scoring path: encoder, memory and generator."""

import tensorflow as tf

from memgan_tf.layers import MemoryLayer
from memgan_tf.layers.positional_memory import PositionalMemory
from memgan_tf.losses import l2_distance
from memgan_tf.models.common.build import Build
from memgan_tf.models.common.paired import Networks, make_encoder_generator
from memgan_tf.networks import Encoder, Generator
from memgan_tf.networks.blocks import code_map_shape


class MemoryAutoencoder(Networks):
    """E, M and G as one path: x → E(x) → P(E(x)) → G(P(E(x))).

    With a `code_map` a code is E's smallest map, and P acts on each of its positions.

    Attributes:
        is_flat: Whether a code is one vector.
        num_positions: Positions of a code.
    """

    encoder: Encoder
    generator: Generator
    memory: MemoryLayer | PositionalMemory

    def __init__(self, config, build: Build):
        scaling, encoder, generator = make_encoder_generator(config, build)
        parts = {"encoder": encoder, "generator": generator}
        super().__init__(scaling, parts, build.jit_compile)
        options = {
            "init_stddev": config.memory_init_stddev,
            "temperature": config.temperature,
            "seed": build.seed_of("memory"),
            "name": "memory",
        }
        # In a map, the memory acts on each position separately; otherwise the code is one position.
        self.is_flat, self.num_positions = not config.code_map, 1
        if not self.is_flat:
            height, width, _ = code_map_shape(
                build.image_shape, config.base_width, config.max_width
            )
            self.num_positions = height * width
            self.memory = PositionalMemory(config.num_units, self.num_positions, **options)
        else:
            self.memory = MemoryLayer(config.num_units, **options)
        self._parts["memory"] = self.memory
        self.memory.build((None, encoder.code_size))

    def explain(self, images, training=False, statistics_rate=None):
        scaled = self.scaling(images)
        options = {"training": training, "statistics_rate": statistics_rate}
        codes = self.encoder(scaled, **options)
        attention = tf.nn.softmax(self.memory.address(codes))
        projected = self.memory.mix(attention)
        reconstruction = self.generator(projected, **options)
        return {
            "anomaly_score": l2_distance(scaled, reconstruction),
            "attention": self.of_position(attention, attention.shape[-1]),
            "codes": self.of_position(codes, self.memory.units.shape[-1]),
            "projection_distance": l2_distance(codes, projected),
            **self.explain_reconstruction(scaled, reconstruction),
        }

    def of_position(self, values: tf.Tensor, size: int) -> tf.Tensor:
        """Mean over the positions, `(batch, size)`; unchanged if there is only one."""
        if self.is_flat:
            return values
        return tf.reduce_mean(tf.reshape(values, (-1, self.num_positions, size)), axis=1)

    def decode(self, units: tf.Tensor) -> tf.Tensor:
        """Images of memory units `(num_units, dim)`, each unit at every position, in [0, 1]."""
        codes = units if self.is_flat else tf.tile(units, (1, self.num_positions))
        return self.scaling.display(self.generator(codes))
