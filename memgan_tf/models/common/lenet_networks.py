"""The autoencoder of DCAE, with which Deep SVDD starts."""

import tensorflow as tf

from memgan_tf.config.shared import parse_widths
from memgan_tf.layers.scaling import make_scaling
from memgan_tf.losses.images import squared_distance
from memgan_tf.models.common.paired import Networks, dtype_of
from memgan_tf.networks.lenet import LenetDecoder, LenetEncoder


class LenetNetworks(Networks):
    """Encoder and decoder of Ruff et al. (2018); the score is the squared error.

    Args:
        config: A `LenetConfig`.
        image_shape: `(height, width, channels)`.
        seed: Seed of the initial weights.
        mixed_precision: Whether convolutions compute in bfloat16.
        jit_compile: Whether XLA compiles the networks.
    """

    encoder: LenetEncoder
    decoder: LenetDecoder

    def __init__(self, config, image_shape, seed, mixed_precision, jit_compile):
        scaling = make_scaling(config.input_scaling, config.contrast_scale)
        options = (image_shape, config.latent_dim, parse_widths(config.widths))
        dtype = dtype_of(mixed_precision)
        encoder = LenetEncoder(*options, seed=2 * seed, dtype=dtype, name="encoder")
        decoder = LenetDecoder(
            *options, scaling.output_activation, seed=2 * seed + 1, dtype=dtype, name="decoder"
        )
        decoder(encoder(tf.zeros((1, *image_shape))))
        super().__init__(scaling, {"encoder": encoder, "decoder": decoder}, jit_compile)

    def reconstruct(self, images, training=False, statistics_rate=None):
        """Scaled images, their codes and their reconstructions."""
        options = {"training": training, "statistics_rate": statistics_rate}
        scaled = self.scaling(images)
        codes = self.encoder(scaled, **options)
        return scaled, codes, self.decoder(codes, **options)

    def explain(self, images, training=False, statistics_rate=None):
        scaled, codes, reconstruction = self.reconstruct(images, training, statistics_rate)
        return {
            "anomaly_score": squared_distance(scaled, reconstruction),
            "codes": codes,
            **self.explain_reconstruction(scaled, reconstruction),
        }
