"""MEMGAN's scoring path: an encoder, a memory and a generator in a row."""

import tensorflow as tf

from memgan_tf.layers import MemoryLayer
from memgan_tf.losses import l2_distance
from memgan_tf.models.paired import Networks, make_encoder_generator


class MemoryAutoencoder(Networks):
    """E, M and G as one path: x → E(x) → P(E(x)) → G(P(E(x)))."""

    def __init__(self, config, image_shape, seed, mixed_precision=False, jit_compile=False):
        scaling, encoder, generator = make_encoder_generator(
            config, image_shape, seed, mixed_precision
        )
        parts = {"encoder": encoder, "generator": generator}
        super().__init__(scaling, parts, jit_compile)
        self.memory = self._parts["memory"] = MemoryLayer(
            config.num_units,
            init_stddev=config.memory_init_stddev,
            temperature=config.temperature,
            seed=3000 * seed + 2999,
            name="memory",
        )
        self.memory(tf.zeros((1, config.latent_dim)))

    def explain(self, images, training=False, statistics_rate=None):
        scaled = self.scaling(images)
        options = {"training": training, "statistics_rate": statistics_rate}
        codes = self.encoder(scaled, **options)
        attention = tf.nn.softmax(self.memory.address(codes))
        projected = self.memory.mix(attention)
        reconstruction = self.generator(projected, **options)
        return {
            "anomaly_score": l2_distance(scaled, reconstruction),
            "attention": attention,
            "codes": codes,
            "projection_distance": l2_distance(codes, projected),
            **self.explain_reconstruction(scaled, reconstruction),
        }
