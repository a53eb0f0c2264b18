"""BiGAN: a bidirectional GAN (Donahue et al., 2017), scored as by Zenati et al. (2018)."""

import tensorflow as tf

from memgan_tf.losses import encoder_nonsaturating_loss, generator_loss
from memgan_tf.losses.images import absolute_distance
from memgan_tf.models.common.adversarial import AdversarialModel, update_discriminator
from memgan_tf.models.common.build import Build
from memgan_tf.models.common.paired import Networks, make_encoder_generator
from memgan_tf.networks import Encoder, Generator, JointDiscriminator


class BiganNetworks(Networks):
    """E, G and D_xz. The score compares x with G(E(x)), in pixels and in D's features."""

    # Whether dropout in D_xz acts on the image's convolutions too.
    drops_images = True

    encoder: Encoder
    generator: Generator
    discriminator: JointDiscriminator

    def __init__(self, config, build: Build):
        scaling, encoder, generator = make_encoder_generator(
            config, build, spectral_normalization=config.spectral_normalization
        )
        self.config = config
        discriminators = self.make_discriminators(build)
        parts = {"encoder": encoder, "generator": generator, **discriminators}
        self.discriminators = list(discriminators.values())
        super().__init__(scaling, parts, build.jit_compile)

    def make_discriminators(self, build: Build) -> dict:
        """The built discriminators by name."""
        config = self.config
        joint = JointDiscriminator(
            build.image_shape,
            config.base_width,
            config.max_width,
            config.discriminator_width,
            seed=build.seed_of("discriminator"),
            dropout=config.discriminator_dropout,
            drops_images=self.drops_images,
            spectral_normalization=config.spectral_normalization,
            dtype=build.dtype,
            name="discriminator",
        )
        joint(tf.zeros((1, *build.image_shape)), tf.zeros((1, config.latent_dim)))
        return {"discriminator": joint}

    def explain(self, images, training=False, statistics_rate=None):
        options = {"training": training, "statistics_rate": statistics_rate}
        scaled = self.scaling(images)
        codes = self.encoder(scaled, **options)
        reconstruction = self.generator(codes, **options)
        return {
            "anomaly_score": self.score(scaled, codes, reconstruction),
            "codes": codes,
            **self.explain_reconstruction(scaled, reconstruction),
        }

    def score(self, scaled, codes, reconstruction) -> tf.Tensor:
        """(1 - w) ‖x - G(E(x))‖₁ + w ‖f(x, E(x)) - f(G(E(x)), E(x))‖₁, `(batch,)`."""
        weight = self.config.feature_weight
        features = self.discriminator.features(scaled, codes)
        reconstructed = self.discriminator.features(reconstruction, codes)
        pixels = absolute_distance(scaled, reconstruction)
        return (1.0 - weight) * pixels + weight * absolute_distance(features, reconstructed)


class BiGAN(AdversarialModel):
    """D distinguishes (x, E(x)) from (G(z), z), z ~ N(0, 1); E and G work against it.

    Its configuration is `BiganConfig`.
    """

    networks_class = BiganNetworks
    trained: BiganNetworks
    scoring: BiganNetworks
    metric_names = (
        "loss/discriminator",
        "loss/adversarial",
        "gan/real_probability",
        "gan/fake_probability",
    )

    def make_players(self):
        return {
            "discriminator": [
                v for d in self.trained.discriminators for v in d.trainable_variables
            ],
            "encoder": self.trained.encoder.trainable_variables,
            "generator": self.trained.generator.trainable_variables,
        }

    def forward(self, images, noise) -> dict[str, tf.Tensor]:
        """Inputs of the discriminators, from raw pixels and z `(batch, latent_dim)`."""
        parts = self.trained
        scaled = parts.scaling(images)
        return {
            "scaled": scaled,
            "codes": parts.encoder(scaled, training=True),
            "generated": parts.generator(noise, training=True),
            "noise": noise,
        }

    def logit_pairs(self, seen, kept) -> list[tuple]:
        """Logits of the real and fake pairs of each discriminator, D_xz first.

        Args:
            seen: What `forward` returns.
            kept: What `kept_units` returns.
        """
        # One pass for both.
        images = tf.concat([seen["scaled"], seen["generated"]], axis=0)
        codes = tf.concat([seen["codes"], seen["noise"]], axis=0)
        masks = [tf.concat(pair, axis=0) for pair in zip(*kept["discriminator"], strict=True)]
        return [tuple(tf.split(self.trained.discriminator(images, codes, masks), 2))]

    def train_step(self, images, draws, step):
        """Updates D, then E and G together against the updated D with labels exchanged."""
        with tf.GradientTape() as tape:
            seen = self.forward(images, draws["noise"])
            with tape.stop_recording():
                kept = self.kept_units(draws, turn=0)
                metrics = update_discriminator(
                    step, self.players["discriminator"], lambda: self.logit_pairs(seen, kept)
                )
            losses = [
                encoder_nonsaturating_loss(real) + generator_loss(fake)
                for real, fake in self.logit_pairs(seen, self.kept_units(draws, turn=1))
            ]
            loss = step.mean(tf.add_n(losses))
        networks = self.players["encoder"] + self.players["generator"]
        gradients = tape.gradient(loss, networks)
        num_encoder = len(self.players["encoder"])
        step.apply("encoder", gradients[:num_encoder])
        step.apply("generator", gradients[num_encoder:])
        return {**metrics, "loss/adversarial": loss}
