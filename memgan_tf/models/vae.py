"""A variational autoencoder (Kingma and Welling, 2014)."""

import math

import tensorflow as tf

from memgan_tf.losses.images import gaussian_divergence, squared_distance
from memgan_tf.models.common.build import Build
from memgan_tf.models.common.paired import Networks, make_encoder_generator
from memgan_tf.models.common.single_player import SinglePlayerModel
from memgan_tf.networks import Encoder, Generator


class VaeNetworks(Networks):
    """Encoder of means and log variances, and a Gaussian decoder."""

    encoder: Encoder
    generator: Generator

    def __init__(self, config, build: Build):
        scaling, encoder, generator = make_encoder_generator(
            config, build, code_size=2 * config.latent_dim
        )
        super().__init__(scaling, {"encoder": encoder, "generator": generator}, build.jit_compile)
        self.variance = config.observation_stddev**2

    def bound(self, images, noise=None, training=False, statistics_rate=None):
        """The two terms of the negative evidence bound, `(batch,)` nats, and their inputs.

        Args:
            images: Raw pixels.
            noise: N(0, 1) draws `(batch, latent_dim)`; None uses the code's mean.
            training, statistics_rate: See `MeasuredBatchNormalization`.
        """
        options = {"training": training, "statistics_rate": statistics_rate}
        scaled = self.scaling(images)
        means, log_variances = tf.split(self.encoder(scaled, **options), 2, axis=1)
        codes = means if noise is None else means + tf.exp(0.5 * log_variances) * noise
        reconstruction = self.generator(codes, **options)
        num_values = scaled.shape[1:].num_elements()
        constant = 0.5 * num_values * math.log(2 * math.pi * self.variance)
        likelihood = squared_distance(scaled, reconstruction) / (2 * self.variance) + constant
        divergence = gaussian_divergence(means, log_variances)
        return likelihood, divergence, (scaled, means, reconstruction)

    def explain(self, images, training=False, statistics_rate=None):
        options = {"training": training, "statistics_rate": statistics_rate}
        likelihood, divergence, parts = self.bound(images, **options)
        scaled, means, reconstruction = parts
        return {
            "anomaly_score": likelihood + divergence,
            "codes": means,
            **self.explain_reconstruction(scaled, reconstruction),
        }


class VAE(SinglePlayerModel):
    """Trained by the evidence bound with one draw of the code, and scored by it at the code's mean.

    Its configuration is `VaeConfig`.
    """

    networks_class = VaeNetworks
    trained: VaeNetworks
    scoring: VaeNetworks

    term_weights = {"loss/likelihood": 1.0, "loss/divergence": 1.0}  # noqa: RUF012

    def draw(self, batch_size, seed):
        shape = (batch_size, self.config.latent_dim)
        return {"noise": tf.random.stateless_normal(shape, seed)}

    def terms(self, images, draws):
        likelihood, divergence, _ = self.trained.bound(images, draws["noise"], training=True)
        return {"loss/likelihood": likelihood, "loss/divergence": divergence}
