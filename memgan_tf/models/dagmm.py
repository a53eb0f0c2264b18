"""DAGMM: a deep autoencoding Gaussian mixture model (Zong et al., 2018)."""

import keras
import tensorflow as tf

from memgan_tf.losses import l2_distance
from memgan_tf.losses.gaussian_mixture import (
    Mixture,
    estimate_mixture,
    mixture_energy,
    singularity_penalty,
)
from memgan_tf.losses.images import squared_distance
from memgan_tf.models.common.build import Build
from memgan_tf.models.common.paired import Networks, make_encoder_generator
from memgan_tf.models.common.single_player import SinglePlayerModel
from memgan_tf.networks import Encoder, Generator
from memgan_tf.networks.blocks import Initializers

# Added to norms in denominators.
EPSILON = 1e-6
NUM_ERROR_FEATURES = 2


class AssignmentNetwork(keras.Model):
    """γ: the share of each Gaussian in a code.

    Args:
        num_components: Gaussians K.
        width: Units of the hidden tanh layer.
        seed: Seed of the initial weights.

    Call arguments:
        codes: `(batch, d)`.
        kept: Factors on the hidden units, `(batch, width)`: dropout's, or None.

    Returns:
        `(batch, num_components)`, rows on the simplex.
    """

    def __init__(self, num_components, width, seed, **kwargs):
        super().__init__(**kwargs)
        initializers = Initializers(seed)
        self.hidden = keras.layers.Dense(
            width, activation="tanh", kernel_initializer=initializers.next()
        )
        self.head = keras.layers.Dense(num_components, kernel_initializer=initializers.next())

    def call(self, codes, kept=None):
        features = self.hidden(codes)
        return tf.nn.softmax(self.head(features if kept is None else features * kept))


class DagmmNetworks(Networks):
    """x → z = [code, relative error, cosine] → energy under a mixture that `fit_score` sets."""

    encoder: Encoder
    generator: Generator
    assignment: AssignmentNetwork

    def __init__(self, config, build: Build):
        scaling, encoder, generator = make_encoder_generator(config, build)
        size, components = config.latent_dim + NUM_ERROR_FEATURES, config.num_components
        assignment = AssignmentNetwork(
            components, config.estimation_width, seed=build.seed_of("assignment"), name="assignment"
        )
        assignment(tf.zeros((1, size)))
        parts = {"encoder": encoder, "generator": generator, "assignment": assignment}
        super().__init__(scaling, parts, build.jit_compile)
        self.mixture = Mixture(
            *(
                tf.Variable(value, trainable=False)
                for value in (
                    tf.fill((components,), 1.0 / components),
                    tf.zeros((components, size)),
                    tf.eye(size, batch_shape=(components,)),
                )
            )
        )

    @property
    def variables(self):
        return [*super().variables, *self.mixture]

    def encode(self, images, training=False, statistics_rate=None):
        """z `(batch, latent_dim + 2)`, the scaled images and their reconstructions."""
        options = {"training": training, "statistics_rate": statistics_rate}
        scaled = self.scaling(images)
        codes = self.encoder(scaled, **options)
        reconstruction = self.generator(codes, **options)
        features = tf.concat([codes, error_features(scaled, reconstruction)], axis=1)
        return features, scaled, reconstruction

    def explain(self, images, training=False, statistics_rate=None):
        features, scaled, reconstruction = self.encode(images, training, statistics_rate)
        mixture = Mixture(*map(tf.convert_to_tensor, self.mixture))
        return {
            "anomaly_score": mixture_energy(features, mixture),
            "codes": features,
            **self.explain_reconstruction(scaled, reconstruction),
        }


class DAGMM(SinglePlayerModel):
    """Trained by reconstruction, the energy under the batch's own mixture, and its variances.

    Its configuration is `DagmmConfig`.
    """

    networks_class = DagmmNetworks
    operations_without_litert = ("MatrixTriangularSolve",)
    trained: DagmmNetworks
    scoring: DagmmNetworks
    divergence_fix = " or raise --covariance_jitter"

    def __init__(self, *options, **named_options):
        super().__init__(*options, **named_options)
        self._assign = tf.function(
            self._features_and_assignments, autograph=False, reduce_retracing=True
        )

    @property
    def term_weights(self):
        return {
            "loss/reconstruction": 1.0,
            "loss/energy": self.config.energy_weight,
            "loss/singularity": self.config.singularity_weight,
        }

    def draw(self, batch_size, seed):
        shape = (batch_size, self.config.estimation_width)
        kept = 1.0 - self.config.dropout
        drawn = tf.random.stateless_uniform(shape, seed) < kept
        return {"kept": tf.cast(drawn, tf.float32) / kept}

    def terms(self, images, draws):
        features, scaled, reconstruction = self.trained.encode(images, training=True)
        assignments = self.trained.assignment(features, draws["kept"])
        jitter = self.config.covariance_jitter
        mixture = estimate_mixture(features, assignments, jitter, total=_sum_over_replicas)
        penalty = singularity_penalty(mixture)
        return {
            "loss/reconstruction": squared_distance(scaled, reconstruction),
            "loss/energy": mixture_energy(features, mixture),
            "loss/singularity": tf.fill((tf.shape(features)[0],), penalty),
        }

    def fit_score(self, batches):
        """The mixture of all normal training images."""
        parts = [self._assign(images) for images in batches()]
        features, assignments = (tf.concat(tensors, axis=0) for tensors in zip(*parts, strict=True))
        mixture = estimate_mixture(features, assignments, self.config.covariance_jitter)
        for variable, value in zip(self.scoring.mixture, mixture, strict=True):
            variable.assign(value)

    def _features_and_assignments(self, images):
        features, _, _ = self.scoring.encode(images)
        return features, self.scoring.assignment(features)


def error_features(images: tf.Tensor, reconstruction: tf.Tensor) -> tf.Tensor:
    """Relative distance ‖x - x̂‖ / ‖x‖ and cosine of x and x̂, `(batch, 2)`."""
    norms = l2_distance(images, tf.zeros_like(images))
    other = l2_distance(reconstruction, tf.zeros_like(reconstruction))
    relative = l2_distance(images, reconstruction) / tf.maximum(norms, EPSILON)
    product = tf.reduce_sum(images * reconstruction, axis=[1, 2, 3])
    return tf.stack([relative, product / tf.maximum(norms * other, EPSILON)], axis=1)


def _sum_over_replicas(tensor):
    if tf.distribute.get_strategy().num_replicas_in_sync == 1:
        return tensor
    return tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.SUM, tensor)
