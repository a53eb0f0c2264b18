"""MEMGAN+'s scoring path: MEMGAN's, a turn classifier, and a score with more parts."""

from typing import Any

import tensorflow as tf

from memgan_tf.config.memgan_plus import (
    CHOSEN_PARTS,
    SCORE_PARTS,
    TURN_PARTS,
    parse_parts,
)
from memgan_tf.layers import MeasuredGaussians
from memgan_tf.layers.local_score import LocalScore
from memgan_tf.layers.nearest_patches import NearestPatches
from memgan_tf.layers.shrinking import shrink
from memgan_tf.losses.turns import NUM_TURNS, all_turns, turn_accuracy, turn_loss
from memgan_tf.models.common.build import Build
from memgan_tf.models.common.memory_autoencoder import MemoryAutoencoder
from memgan_tf.models.common.paired import compile_call, locate
from memgan_tf.models.turn_evidence import describe_turns, turn_weight
from memgan_tf.networks.turn_classifier import TurnClassifier

# Separates the seeds of the turn classifier from those of the other networks.
TURN_SEED = 1_000_000
# Added to a turn loss (nats) and to a squared distance to keep their logarithms finite.
LOG_OFFSET = 1e-3
# The deviation of a part is at least this share of its mean; few images may have none.
SMALLEST_SHARE = 0.02
# Number of patches that the part `patches` remembers.
NUM_PATCHES = 8000


class PlusNetworks(MemoryAutoencoder):
    """MEMGAN's path, the turn classifier, and the constants of the parts of the score.

    Attributes:
        part_names: The parts that are measured; the score may have fewer.
        turns: The classifier; None if no part of the score needs it.
        feature_law: Gaussians of the classifier's features, one for each turn.
        patches: The memory of the part `patches`; None without it.
        part_weights: `(num_parts,)` weights; the score is the weighted mean of the chosen parts.
        told: Share of the turns of reserved images that the classifier recognizes.
    """

    def __init__(self, config, build: Build):
        super().__init__(config, build)
        image_shape = build.image_shape
        chosen = parse_parts(config.score_parts)
        self.mirror_views = config.turn_mirror_views
        self.turns: Any = None  # a `TurnClassifier`, if a part of the score needs it
        self.unit_features = config.turn_features == "unit"
        self.turned_shape = (min(*image_shape[:2], config.turn_side),) * 2
        if TURN_PARTS & set(chosen):
            self.turns = self._parts["turns"] = TurnClassifier(
                self.turned_shape[0],
                self.scaling.scaled_shape(image_shape)[2],
                config.turn_width,
                config.max_width,
                config.normalization,
                seed=TURN_SEED + build.seed,
                dtype=build.dtype,
                name="turns",
            )
            if build.jit_compile:
                compile_call(self.turns)
            self.feature_law = MeasuredGaussians(
                NUM_TURNS, self.turns.num_features, dtype="float32"
            )
            self._parts["feature_law"] = self.feature_law
        self.patches = None
        if "patches" in chosen:
            width = min(config.turn_width, config.max_width)
            self.patches = NearestPatches(image_shape[:2], width, NUM_PATCHES)
            self._first_maps = tf.function(self.first_maps, autograph=False, reduce_retracing=True)
        self.part_names = tuple(
            name
            for name in SCORE_PARTS
            if (self.turns or name not in TURN_PARTS)
            and (name in chosen or name not in CHOSEN_PARTS)
        )
        self.chosen = [self.part_names.index(name) for name in chosen]
        # A score with no other part does not weigh the turns.
        self.weighs_turns = config.weigh_turns and "turns" in chosen and len(chosen) > 1
        size = (len(self.part_names),)
        self.pixel_weights = tf.Variable(tf.ones(image_shape[:2]), trainable=False)
        self.part_means = tf.Variable(tf.zeros(size), trainable=False)
        self.part_deviations = tf.Variable(tf.ones(size), trainable=False)
        self.local_score = LocalScore(image_shape[:2]) if config.score_rule == "local" else None
        self.part_weights = tf.Variable(tf.ones(size), trainable=False)
        self.told = tf.Variable(1.0, trainable=False)

    @property
    def variables(self):
        standard = [self.pixel_weights, self.part_means, self.part_deviations]
        optional = [part for part in (self.local_score, self.patches) if part]
        more = [variable for part in optional for variable in part.variables]
        return [*super().variables, *standard, self.part_weights, self.told, *more]

    def explain(self, images, training=False, statistics_rate=None):
        explained = super().explain(images, training, statistics_rate)
        parts = self._measure_parts(images, explained, training, statistics_rate)
        if self.patches:
            patch_scores, patch_maps = self.patches(self.first_maps(images))
            parts = tf.concat([parts, patch_scores[:, tf.newaxis]], axis=1)
        explained |= {"parts": (parts - self.part_means) / self.part_deviations}
        if self.chosen != [SCORE_PARTS.index("reconstruction")]:
            chosen = tf.gather(explained["parts"], self.chosen, axis=1)
            weights = tf.gather(self.part_weights, self.chosen)
            # Equal weights are exactly 1, so the result is the plain mean, bit for bit.
            weights /= tf.reduce_mean(weights)
            explained["anomaly_score"] = tf.reduce_mean(chosen * weights, axis=1)
        if self.local_score:
            score = explained["anomaly_score"]
            explained = {**locate(explained, self.local_score), "anomaly_score": score}
            if self.patches:
                explained["anomaly_map"] = patch_maps
        return explained

    def first_maps(self, images):
        """The first map of the classifier, of raw images."""
        return self.turns.first_map(self._for_turns(self.scaling(images)))

    def _for_turns(self, scaled):
        """Scaled images, made small and square if needed."""
        if tuple(scaled.shape[1:3]) == self.turned_shape:
            return scaled
        return shrink(scaled, self.turned_shape)

    def classify_turns(self, scaled, training=False, statistics_rate=None):
        """Logits and features of `all_turns` of scaled images, made small and square if needed."""
        views = all_turns(self._for_turns(scaled))
        return self.turns(views, training=training, statistics_rate=statistics_rate)

    def _measure_parts(self, images, explained, training, statistics_rate):
        """`(batch, num_parts)`, higher = more anomalous, each in its own units."""
        squares = tf.square(explained["anomaly_map"])
        if self.local_score:
            residual, _ = self.local_score(squares)
        else:
            residual = tf.sqrt(tf.reduce_sum(squares * self.pixel_weights, axis=[1, 2]))
        parts = [
            explained["anomaly_score"],
            residual,
            explained["projection_distance"],
        ]
        if self.turns:
            parts += self._measure_turns(self.scaling(images), training, statistics_rate)
        return tf.stack(parts, axis=1)

    def _measure_turns(self, scaled, training, statistics_rate):
        """Logarithms of the loss of the turns and of the distance of the features.

        Without the logarithm, a few images with a hundred times the usual loss would determine the
        deviation.
        """
        views = [scaled] if training or not self.mirror_views else [scaled, scaled[:, :, ::-1]]
        measured = []
        for view in views:
            logits, features = self.classify_turns(view, training, statistics_rate)
            features = tf.reshape(features, (NUM_TURNS, -1, self.turns.num_features))
            if self.unit_features:
                features = tf.math.l2_normalize(features, axis=-1)
            distances = tf.reduce_mean(self.feature_law(features, statistics_rate), axis=0)
            measured.append((turn_loss(logits), distances))
        means = [tf.add_n(values) / len(views) for values in zip(*measured, strict=True)]
        return [tf.math.log(mean + LOG_OFFSET) for mean in means]

    def fit_score(self, batches, explain):
        """Measures the pixels' usual errors, then the parts' means and deviations.

        The Gaussians of the features were measured with the normalization statistics.

        Args:
            batches: Normal images that were not trained on; see `TrainableModel.fit_score`.
            explain: This object's `explain`, compiled.
        """
        if self.turns:
            self.feature_law.update()
        self._fit_residual(batches, explain)
        if self.patches:
            self.patches.fit(lambda: map(self._first_maps, batches()))
        self.part_means.assign(tf.zeros_like(self.part_means))
        self.part_deviations.assign(tf.ones_like(self.part_deviations))
        parts = tf.concat([explain(images)["parts"] for images in batches()], axis=0)
        means = tf.reduce_mean(parts, axis=0)
        smallest = SMALLEST_SHARE * tf.abs(means) + 1e-6
        self.part_means.assign(means)
        self.part_deviations.assign(tf.maximum(tf.math.reduce_std(parts, axis=0), smallest))
        if self.weighs_turns:
            self._weigh_turns(batches)

    def learn_patches(self, batches, seed):
        """Remembers patches of training images; see `TrainableModel.learn_normal`."""
        if self.patches:
            self.patches.learn(lambda: map(self._first_maps, batches()), seed)

    def _fit_residual(self, batches, explain):
        """Measures the usual errors of the reconstructions."""
        if self.local_score:
            errors = [explain(images)["error_map"] for images in batches()]
            self.local_score.fit(lambda: [tf.square(part) for part in errors])
            return
        squares = [tf.square(explain(images)["anomaly_map"]) for images in batches()]
        usual = tf.reduce_mean(tf.concat(squares, axis=0), axis=0)
        # The offset keeps pixels that never vary from deciding alone.
        self.pixel_weights.assign(1.0 / tf.maximum(usual + tf.reduce_mean(usual), 1e-6))

    def _weigh_turns(self, batches):
        """Weighs the part `turns` by the share of the turns that is recognized."""
        told = [turn_accuracy(self.classify_turns(self.scaling(images))[0]) for images in batches()]
        shares = tf.concat(told, axis=0)
        self.told.assign(tf.reduce_mean(shares))
        position = self.part_names.index("turns")
        weight = turn_weight(float(self.told.numpy()), NUM_TURNS * len(shares))
        weights = [weight if at == position else 1.0 for at in range(len(self.part_names))]
        self.part_weights.assign(weights)

    def describe_score(self):
        """The weights of the score, one sentence each; see `TrainableModel.score_notes`."""
        if not self.weighs_turns:
            return []
        weight = float(self.part_weights[self.part_names.index("turns")].numpy())
        return [describe_turns(float(self.told.numpy()), weight)]
