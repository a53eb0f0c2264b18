"""MEMGAN's scoring path: an encoder, a memory and a generator in a row."""

import tensorflow as tf

from memgan_tf.layers import ImageScaling, MemoryLayer
from memgan_tf.losses import l2_distance
from memgan_tf.networks import Encoder, Generator


class MemoryAutoencoder:
    """E, M and G as one path: x → E(x) → P(E(x)) → G(P(E(x))).

    Args:
        config: Of MEMGAN.
        image_shape: `(height, width, channels)`.
        seed: Seed of the initial weights.
        mixed_precision: Whether convolutions compute in bfloat16.
        jit_compile: Whether XLA compiles the networks.
    """

    def __init__(self, config, image_shape, seed, mixed_precision=False, jit_compile=False):
        dtype = "mixed_bfloat16" if mixed_precision else "float32"
        self.scaling = ImageScaling(config.input_scaling, config.contrast_scale)
        shared = (config.base_width, config.max_width, config.normalization)
        self.encoder = Encoder(
            image_shape, config.latent_dim, *shared, seed=3 * seed, dtype=dtype, name="encoder"
        )
        self.generator = Generator(
            image_shape,
            *shared,
            output_activation=self.scaling.output_activation,
            seed=3 * seed + 1,
            dtype=dtype,
            name="generator",
        )
        self.memory = MemoryLayer(
            config.num_units,
            init_stddev=config.memory_init_stddev,
            temperature=config.temperature,
            seed=3000 * seed + 2999,
            name="memory",
        )
        self.generator(self.memory(self.encoder(tf.zeros((1, *image_shape)))))
        if jit_compile:
            self.encoder.call = tf.function(self.encoder.call, jit_compile=True)
            self.generator.call = tf.function(self.generator.call, jit_compile=True)

    @property
    def variables(self) -> list:
        """All variables, the normalisation statistics among them."""
        return [v for part in (self.encoder, self.generator, self.memory) for v in part.variables]

    @property
    def trainable_variables(self) -> list:
        """All weights."""
        parts = (self.encoder, self.generator, self.memory)
        return [v for part in parts for v in part.trainable_variables]

    def explain(self, images, training=False, statistics_rate=None):
        """See `TrainableModel.explain`."""
        scaled = self.scaling(images)
        options = {"training": training, "statistics_rate": statistics_rate}
        codes = self.encoder(scaled, **options)
        attention = tf.nn.softmax(self.memory.address(codes))
        projected = self.memory.mix(attention)
        reconstruction = self.generator(projected, **options)
        return {
            "anomaly_score": l2_distance(scaled, reconstruction),
            "anomaly_map": tf.sqrt(tf.reduce_sum(tf.square(scaled - reconstruction), axis=-1)),
            "reconstruction": self.scaling.display(reconstruction),
            "attention": attention,
            "codes": codes,
            "projection_distance": l2_distance(codes, projected),
        }
