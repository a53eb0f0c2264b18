"""Deep SVDD (Ruff et al., 2018)."""

import numpy as np
import tensorflow as tf

from memgan_tf.losses.images import squared_distance
from memgan_tf.models.common.base import Phase
from memgan_tf.models.common.build import Build
from memgan_tf.models.common.lenet_networks import LenetNetworks
from memgan_tf.models.common.paired import PairedModel
from memgan_tf.models.common.single_player import half_squared_weights

PRETRAINING, TRAINING = "pretraining", "training"


class SvddNetworks(LenetNetworks):
    """x → φ(x); the score is its squared distance to the center c, minus R² if there is one."""

    def __init__(self, config, build: Build):
        super().__init__(config, build)
        self.center = tf.Variable(tf.zeros((config.latent_dim,)), trainable=False)
        self.squared_radius = tf.Variable(0.0, trainable=False)

    @property
    def variables(self):
        return [*super().variables, self.center, self.squared_radius]

    def encode(self, images, training=False, statistics_rate=None):
        """φ(x), `(batch, latent_dim)`."""
        return self.encoder(
            self.scaling(images), training=training, statistics_rate=statistics_rate
        )

    def explain(self, images, training=False, statistics_rate=None):
        codes = self.encode(images, training, statistics_rate)
        distances = squared_distance(codes, tf.convert_to_tensor(self.center)[tf.newaxis])
        return {"anomaly_score": distances - self.squared_radius, "codes": codes}


class DeepSVDD(PairedModel):
    """Trains an autoencoder, then its encoder alone, to pull normal images to a fixed center.

    Its configuration is `DeepSvddConfig`.
    """

    networks_class = SvddNetworks
    trained: SvddNetworks
    scoring: SvddNetworks
    metric_names = ("loss/reconstruction", "loss/distance", "loss/weight_decay")

    def __init__(self, config, *options, **named_options):
        super().__init__(config, *options, **named_options)
        self.phases = (
            Phase(PRETRAINING, config.pretraining_epochs, ("autoencoder",)),
            Phase(TRAINING, players=("encoder",)),
        )
        self._encode = tf.function(self.trained.encode, autograph=False, reduce_retracing=True)
        self._measure = tf.function(self._measure_trained, autograph=False, reduce_retracing=True)

    def make_players(self):
        return {
            "autoencoder": self.trained.trainable_variables,
            "encoder": self.trained.encoder.trainable_variables,
        }

    def train_step(self, images, draws, step):
        pretraining = step.phase == PRETRAINING
        player = "autoencoder" if pretraining else "encoder"
        loss_of = self._reconstruction if pretraining else self._distance
        decay = self.config.pretraining_weight_decay if pretraining else self.config.weight_decay
        with tf.GradientTape() as tape:
            tag, values = loss_of(images)
            penalty = step.mean(half_squared_weights(self.players[player], images))
            metrics = {tag: step.mean(values), "loss/weight_decay": penalty}
            loss = metrics[tag] + decay * penalty
        step.apply(player, tape.gradient(loss, self.players[player]))
        return metrics

    def _reconstruction(self, images):
        scaled, _, reconstruction = self.trained.reconstruct(images, training=True)
        return "loss/reconstruction", squared_distance(scaled, reconstruction)

    def _distance(self, images):
        codes = self.trained.encode(images, training=True)
        distances = squared_distance(codes, tf.convert_to_tensor(self.scoring.center)[tf.newaxis])
        if self.config.objective == "soft_boundary":
            radius = tf.convert_to_tensor(self.scoring.squared_radius)
            distances = soft_boundary_loss(distances, radius, self.config.nu)
        return "loss/distance", distances

    def begin_epoch(self, phase, epoch, batches):
        """Sets the center as the second phase begins, and the radius after its warm-up."""
        if phase != TRAINING:
            return
        if epoch == 0:
            self.scoring.center.assign(center_of(self._codes(batches), self.config.center_margin))
        if self.config.objective == "soft_boundary" and epoch >= self.config.warm_up_epochs:
            differences = self._codes(batches) - self.scoring.center.numpy()
            distances = np.sum(np.square(differences), axis=1)
            self.scoring.squared_radius.assign(squared_radius_of(distances, self.config.nu))

    def _codes(self, batches):
        """φ of all images in inference mode, after measuring its statistics."""
        for index, images in enumerate(batches()):
            self._measure(images, tf.constant(1.0 / (index + 1)))
        return np.concatenate([self._encode(images).numpy() for images in batches()])

    def _measure_trained(self, images, rate):
        self.trained.encode(images, training=True, statistics_rate=rate)


def center_of(codes: np.ndarray, margin: float) -> np.ndarray:
    """Mean code, `(latent_dim,)`; entries nearer to 0 than `margin` are moved to ±`margin`."""
    center = codes.mean(axis=0)
    signs = np.where(center < 0, -1.0, 1.0)
    return np.where(np.abs(center) < margin, signs * margin, center).astype(np.float32)


def squared_radius_of(distances: np.ndarray, nu: float) -> float:
    """R², exceeded by a share `nu` of the squared distances `(num_images,)`."""
    return float(np.quantile(distances, 1.0 - nu))


def soft_boundary_loss(distances: tf.Tensor, squared_radius: tf.Tensor, nu: float) -> tf.Tensor:
    """R² + max(0, d - R²) / ν of squared distances, `(batch,)` (Eq. 3 there)."""
    return squared_radius + tf.nn.relu(distances - squared_radius) / nu
