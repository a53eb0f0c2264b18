"""The autoencoder of DCAE, with which Deep SVDD starts."""

import tensorflow as tf

from memgan_tf.config.shared import parse_widths
from memgan_tf.layers.scaling import make_scaling
from memgan_tf.losses.images import squared_distance
from memgan_tf.models.common.build import Build
from memgan_tf.models.common.paired import Networks
from memgan_tf.networks.lenet import LenetDecoder, LenetEncoder


class LenetNetworks(Networks):
    """Encoder and decoder of Ruff et al. (2018); the score is the squared error.

    Args:
        config: A `LenetConfig`.
        build: How they are built.
    """

    encoder: LenetEncoder
    decoder: LenetDecoder

    def __init__(self, config, build: Build):
        scaling = make_scaling(config.input_scaling, config.contrast_scale)
        options = (build.image_shape, config.latent_dim, parse_widths(config.widths))
        encoder = LenetEncoder(*options, seed=2 * build.seed, dtype=build.dtype, name="encoder")
        decoder = LenetDecoder(
            *options,
            scaling.output_activation,
            seed=2 * build.seed + 1,
            dtype=build.dtype,
            name="decoder",
        )
        decoder(encoder(tf.zeros((1, *build.image_shape))))
        super().__init__(scaling, {"encoder": encoder, "decoder": decoder}, build.jit_compile)

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
