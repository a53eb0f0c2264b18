"""MEMGAN: the memory-augmented bidirectional GAN (Yang et al., 2020)."""

import math
from typing import Any

import numpy as np
import tensorflow as tf

from memgan_tf.layers import sample_mixing_weights
from memgan_tf.layers.scaling import make_scaling
from memgan_tf.losses import (
    encoder_nonsaturating_loss,
    encoder_saturating_loss,
    generator_loss,
    hull_distance,
    l2_distance,
    mutual_information,
    mutual_information_excess,
)
from memgan_tf.models.collapse import attention_signs, effective_units
from memgan_tf.models.common.adversarial import update_discriminator
from memgan_tf.models.common.memory_autoencoder import MemoryAutoencoder
from memgan_tf.models.common.paired import PairedModel, compile_call
from memgan_tf.networks import JointDiscriminator
from memgan_tf.networks.blocks import code_map_shape

# Below these values the run is marked SUSPECT.
LOST_GAME = 0.01  # nats of D's loss; an undecided D has 2 log 2 = 1.39
FEWEST_UNITS = 1.5  # effective units


class MEMGAN(PairedModel):
    """MEMGAN's players, Algorithm 1 and score.

    Its configuration is `MemganConfig`.
    """

    networks_class = MemoryAutoencoder
    trained: MemoryAutoencoder
    scoring: MemoryAutoencoder
    metric_names: tuple[str, ...] = (
        "loss/discriminator",
        "loss/encoder_adversarial",
        "loss/generator_adversarial",
        "loss/cycle",
        "loss/projection",
        "loss/mutual_information",
        "loss/mutual_information_excess",
        "gan/real_probability",
        "gan/fake_probability",
    )

    # None where it only scores.
    discriminator: Any = None

    def make_opponents(self, build):
        config = self.config
        scaling = make_scaling(config.input_scaling, config.contrast_scale)
        self.scaled_shape = scaling.scaled_shape(build.image_shape)
        discriminator = JointDiscriminator(
            self.scaled_shape,
            config.base_width,
            config.max_width,
            config.discriminator_width,
            seed=build.seed_of("discriminator"),
            dtype=build.dtype,
            name="discriminator",
        )
        code_map = code_map_shape(build.image_shape, config.base_width, config.max_width)
        code_size = math.prod(code_map) if config.code_map else config.latent_dim
        discriminator(tf.zeros((1, *self.scaled_shape)), tf.zeros((1, code_size)))
        if build.jit_compile:
            compile_call(discriminator)
        self.discriminator = discriminator
        self.learning_rate_multipliers = {"discriminator": config.discriminator_learning_rate}

    def make_players(self):
        return {
            "discriminator": self.discriminator.trainable_variables,
            "encoder": self.trained.encoder.trainable_variables,
            "generator": self.trained.generator.trainable_variables,
            "memory": self.trained.memory.trainable_variables,
        }

    def draw(self, batch_size, seed):
        config, positions = self.config, self.trained.num_positions
        weights = sample_mixing_weights(
            batch_size * positions, config.num_units, config.mixing_law, config.mixing_scale, seed
        )
        if not self.trained.is_flat:
            weights = tf.reshape(weights, (batch_size, positions, config.num_units))
        draws = {"mixing_weights": weights}
        if config.instance_noise > 0:
            # One image for D's real pair, and one for its fake pair.
            draws["instance_noise"] = tf.random.stateless_normal(
                (batch_size, 2, *self.scaled_shape), seed + 1, stddev=config.instance_noise
            )
        return draws

    def train_step(self, images, draws, step):
        """Algorithm 1: updates D, then E, G and M together against the updated D.

        E(x) and G(z) do not depend on D, so one forward pass of each serves every player.
        """
        parts, weights = self.trained, draws["mixing_weights"]
        scaled = parts.scaling(images)
        with tf.GradientTape(persistent=True) as tape:
            codes = parts.encoder(scaled, training=True)
            projected = parts.memory(codes)
            reconstruction = parts.generator(projected, training=True)
            mixed = parts.memory.mix(weights)
            generated = parts.generator(mixed, training=True)
            logits = parts.memory.address(parts.encoder(generated, training=True))
            metrics = {
                "loss/cycle": step.mean(l2_distance(scaled, reconstruction)),
                "loss/projection": step.mean(l2_distance(codes, projected)),
                "loss/mutual_information": step.mean(
                    by_position(mutual_information, weights, logits)
                ),
            }
            shared = (
                self.config.cycle_weight * metrics["loss/cycle"]
                + self.config.projection_weight * metrics["loss/projection"]
                + self.config.mutual_information_weight * metrics["loss/mutual_information"]
            )
        excess = by_position(mutual_information_excess, weights, logits)
        metrics["loss/mutual_information_excess"] = step.mean(excess)

        pairs = (scaled, codes, generated, mixed, draws.get("instance_noise"))
        stopped = [None if tensor is None else tf.stop_gradient(tensor) for tensor in pairs]
        metrics |= update_discriminator(
            step, self.players["discriminator"], lambda: [self._pair_logits(*stopped)]
        )
        adversarial_metrics, (code_gradients, image_gradients) = self._adversarial(*pairs, step)

        # The adversarial gradients enter at E(x) and G(z): they reach E and G and never M.
        networks = self.players["encoder"] + self.players["generator"]
        gradients = tape.gradient(
            [shared, codes, generated],
            networks,
            output_gradients=[tf.ones_like(shared), code_gradients, image_gradients],
        )
        memory_gradients = tape.gradient(shared, self.players["memory"])
        num_encoder = len(self.players["encoder"])
        step.apply("encoder", gradients[:num_encoder])
        step.apply("generator", gradients[num_encoder:])
        step.apply("memory", memory_gradients)
        return metrics | adversarial_metrics

    def _pair_logits(self, scaled, codes, generated, mixed, noise):
        """D's logits of (x, E(x)) and of (G(z), z), in one pass over both."""
        images = tf.concat(_noisy(scaled, generated, noise), axis=0)
        logits = self.discriminator(images, tf.concat([codes, mixed], axis=0))
        return tf.split(logits, 2)

    def _adversarial(self, scaled, codes, generated, mixed, noise, step):
        """E's and G's adversarial losses, and their gradients at E(x) and G(z)."""
        saturating = self.config.encoder_adversarial == "saturating"
        encoder_loss = encoder_saturating_loss if saturating else encoder_nonsaturating_loss
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            watched = [codes, generated]
            tape.watch(watched)
            # Two passes: a joint pass would also compute the unused gradient with respect to x.
            scaled, generated = _noisy(scaled, generated, noise)
            real = self.discriminator(scaled, codes)
            fake = self.discriminator(generated, mixed)
            metrics = {
                "loss/encoder_adversarial": step.mean(encoder_loss(real)),
                "loss/generator_adversarial": step.mean(generator_loss(fake)),
            }
            total = self.config.adversarial_weight * tf.add_n(list(metrics.values()))
        return metrics, tape.gradient(total, watched)

    def decode_units(self):
        return self.scoring.decode(tf.convert_to_tensor(self.scoring.memory.units))

    def recall(self, slots):
        units = tf.gather(tf.convert_to_tensor(self.scoring.memory.units), slots)
        return {"unit": units, "decoded": self.scoring.decode(units)}

    def summarize(self, images, explained):
        summaries = super().summarize(images, explained)
        units = self.scoring.memory.units
        distances = hull_distance(tf.constant(explained["codes"]), tf.convert_to_tensor(units))
        summaries.scalars |= {
            # Eq. 4 of held-out images; equals A(x) unless another score is used.
            "loss/cycle": float(
                explained.get("reconstruction_error", explained["anomaly_score"]).mean()
            ),
            "memory/effective_units": effective_units(explained["attention"]),
            "memory/hull_distance": float(tf.reduce_mean(distances)),
        }
        summaries.histograms["memory/unit_usage"] = explained["attention"].mean(axis=0)
        summaries.images |= {
            "memory/decoded_units": tile_images(self.decode_units().numpy()),
            "reconstruction/input_output_error": tile_images(
                self._input_output_error(images[:8], explained), num_columns=3
            ),
        }
        return summaries

    def embedding_points(self):
        return {"unit": self.scoring.memory.units.numpy()}

    def _input_output_error(self, images, explained):
        """Each input next to its reconstruction and its error, in one row."""
        inputs = self.scoring.scaling.display(self.scoring.scaling(images)).numpy()
        outputs = explained["reconstruction"][: len(images)]
        errors = explained.get("error_map", explained["anomaly_map"])
        errors = errors[: len(images), :, :, np.newaxis]
        errors = np.broadcast_to(errors / max(float(errors.max()), 1e-6), inputs.shape)
        return np.stack([inputs, outputs, errors], axis=1).reshape(-1, *inputs.shape[1:])

    def health(self, metrics, explained):
        problems = super().health(metrics, explained)
        if effective_units(explained["attention"]) < FEWEST_UNITS <= self.config.num_units:
            problems.append("all images use the same memory unit")
        problems += attention_signs(explained["attention"])
        if self.config.adversarial_weight > 0 and metrics["loss/discriminator"] < LOST_GAME:
            problems.append("the discriminator's loss is near 0, so it teaches E and G nothing")
        return problems


def by_position(loss, weights: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """A loss of weights and logits, `(batch,)`; for maps, the mean over their positions.

    Args:
        loss: Function of `(batch, num_units)` weights and logits.
        weights: `(batch, num_units)`, or `(batch, num_positions, num_units)`.
        logits: The same shape.
    """
    if weights.shape.rank == 2:
        return loss(weights, logits)
    positions, num_units = weights.shape[1:]
    flat = [tf.reshape(values, (-1, num_units)) for values in (weights, logits)]
    return tf.reduce_mean(tf.reshape(loss(*flat), (-1, positions)), axis=1)


def tile_images(images: np.ndarray, num_columns: int = 10) -> np.ndarray:
    """Images `(num_images, height, width, channels)` in a grid; empty places are white."""
    count, height, width, channels = images.shape
    num_columns = min(num_columns, count)
    num_rows = -(-count // num_columns)
    grid = np.ones((num_rows * num_columns, height, width, channels), np.float32)
    grid[:count] = images
    grid = grid.reshape(num_rows, num_columns, height, width, channels).swapaxes(1, 2)
    return grid.reshape(num_rows * height, num_columns * width, channels)


def _noisy(scaled, generated, noise):
    """The images of both pairs as D sees them."""
    if noise is None:
        return scaled, generated
    return scaled + noise[:, 0], generated + noise[:, 1]
