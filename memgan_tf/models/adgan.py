"""AnoGAN (Schlegl et al., 2017), which the paper calls ADGAN: a GAN scored by inversion."""

import tensorflow as tf

from memgan_tf.layers.scaling import make_scaling
from memgan_tf.losses import generator_loss
from memgan_tf.losses.images import absolute_distance
from memgan_tf.models.common.adversarial import AdversarialModel, update_discriminator
from memgan_tf.models.common.build import Build
from memgan_tf.models.common.inversion import invert
from memgan_tf.models.common.paired import Networks
from memgan_tf.networks import Generator
from memgan_tf.networks.image_discriminator import ImageDiscriminator

# Seeds of the score's own draws; fixed, so that the score is a function of the image.
CANDIDATE_SEED, STATISTICS_SEED = (17, 0), 18
# After each epoch, images are inverted only for monitoring.
MAX_MONITORED_IMAGES = 16


class AdganNetworks(Networks):
    """G and D; the score looks for the code whose image is nearest."""

    generator: Generator
    discriminator: ImageDiscriminator

    def __init__(self, config, build: Build):
        scaling = make_scaling(config.input_scaling, config.contrast_scale)
        widths = (config.base_width, config.max_width)
        generator = Generator(
            build.image_shape,
            *widths,
            config.normalization,
            output_activation=scaling.output_activation,
            seed=2 * build.seed,
            dtype=build.dtype,
            name="generator",
        )
        generator(tf.zeros((1, config.latent_dim)))
        discriminator = ImageDiscriminator(
            build.image_shape,
            *widths,
            config.discriminator_width,
            seed=2 * build.seed + 1,
            dropout=config.discriminator_dropout,
            spectral_normalization=config.spectral_normalization,
            normalization=config.discriminator_normalization,
            dtype=build.dtype,
            name="discriminator",
        )
        discriminator(tf.zeros((1, *build.image_shape)))
        parts = {"generator": generator, "discriminator": discriminator}
        super().__init__(scaling, parts, build.jit_compile)
        self.config, self.discriminators = config, [discriminator]

    def explain(self, images, training=False, statistics_rate=None):
        scaled = self.scaling(images)
        features = self.discriminator.features(scaled)

        def distance(codes):
            return self.distance(scaled, features, self.generator(codes))

        config = self.config
        codes = invert(
            distance,
            self.nearest_candidates(scaled),
            config.num_inversion_steps,
            config.inversion_learning_rate,
        )
        reconstruction = self.generator(codes)
        return {
            "anomaly_score": self.distance(scaled, features, reconstruction),
            "codes": codes,
            **self.explain_reconstruction(scaled, reconstruction),
        }

    def distance(self, scaled, features, generated) -> tf.Tensor:
        """(1 - w) ‖x - G(z)‖₁ + w ‖f(x) - f(G(z))‖₁, `(batch,)`."""
        weight = self.config.feature_weight
        others = self.discriminator.features(generated)
        pixels = absolute_distance(scaled, generated)
        return (1.0 - weight) * pixels + weight * absolute_distance(features, others)

    def nearest_candidates(self, scaled) -> tf.Tensor:
        """For each image, the one of some fixed codes whose image is nearest in pixels."""
        shape = (self.config.num_candidates, self.config.latent_dim)
        candidates = tf.random.stateless_normal(shape, CANDIDATE_SEED)
        generated = self.generator(candidates)
        distances = tf.map_fn(lambda image: absolute_distance(scaled, image[tf.newaxis]), generated)
        return tf.gather(candidates, tf.argmin(distances, axis=0))

    def measure(self, num_codes, rate):
        """Moves G's statistics toward those over N(0, 1); `rate` is 1, 1/2, … draw by draw."""
        index = tf.cast(tf.round(1.0 / rate), tf.int32)
        shape = (num_codes, self.config.latent_dim)
        codes = tf.random.stateless_normal(shape, tf.stack([STATISTICS_SEED, index]))
        self.generator(codes, training=True, statistics_rate=rate)


class ADGAN(AdversarialModel):
    """D distinguishes x from G(z), z ~ N(0, 1); the score inverts G.

    Its configuration is `AdganConfig`.
    """

    networks_class = AdganNetworks
    trained: AdganNetworks
    scoring: AdganNetworks
    metric_names = (
        "loss/discriminator",
        "loss/generator_adversarial",
        "gan/real_probability",
        "gan/fake_probability",
    )
    max_monitored_images = MAX_MONITORED_IMAGES

    def make_players(self):
        return {
            "discriminator": self.trained.discriminator.trainable_variables,
            "generator": self.trained.generator.trainable_variables,
        }

    def train_step(self, images, draws, step):
        """D first, then G against the updated D."""
        parts = self.trained
        scaled = parts.scaling(images)
        with tf.GradientTape() as tape:
            generated = parts.generator(draws["noise"], training=True)
            with tape.stop_recording():
                kept = self.kept_units(draws, turn=0)["discriminator"]
                metrics = update_discriminator(
                    step,
                    self.players["discriminator"],
                    lambda: [self._logits(scaled, generated, kept)],
                )
            _, of_fake = self.kept_units(draws, turn=1)["discriminator"]
            fake = parts.discriminator(generated, of_fake, training=True)
            loss = step.mean(generator_loss(fake))
        step.apply("generator", tape.gradient(loss, self.players["generator"]))
        return {**metrics, "loss/generator_adversarial": loss}

    def _logits(self, scaled, generated, kept):
        """Of real and of fake images: in one pass, unless each needs its own batch moments."""
        discriminator = self.trained.discriminator
        if self.config.discriminator_normalization == "batch":
            pairs = zip((scaled, generated), kept, strict=True)
            return [discriminator(images, masks, training=True) for images, masks in pairs]
        masks = [tf.concat(pair, axis=0) for pair in zip(*kept, strict=True)]
        return tf.split(discriminator(tf.concat([scaled, generated], axis=0), masks), 2)

    def generate(self, num_images, seed):
        """Images of codes from N(0, 1), `(num_images, height, width, channels)` in [0, 1]."""
        codes = tf.random.stateless_normal((num_images, self.config.latent_dim), seed)
        return self.scoring.scaling.display(self.scoring.generator(codes))

    def measure_statistics(self, images, rate):
        self.scoring.measure(tf.shape(images)[0], rate)
        if self.config.discriminator_normalization == "batch":
            scaled = self.scoring.scaling(images)
            self.scoring.discriminator(scaled, training=True, statistics_rate=rate)

    @classmethod
    def export_obstacle(cls, config):
        return (
            "AnoGAN has no function from image to score: it searches a code for each image by "
            f"{config.num_inversion_steps} optimization steps. Score with memgan score"
        )
