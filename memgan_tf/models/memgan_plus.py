"""MEMGAN+: MEMGAN's networks, memory and step, and a score with more parts."""

import numpy as np
import tensorflow as tf

from memgan_tf.config.memgan_plus import MemganPlusConfig
from memgan_tf.losses.turns import turn_accuracy, turn_loss
from memgan_tf.models.memgan import MEMGAN
from memgan_tf.models.plus_networks import PlusNetworks
from memgan_tf.models.turn_views import moved


class MEMGANPlus(MEMGAN):
    """MEMGAN, a turn classifier as one more player, and the combined score.

    Its configuration is `MemganPlusConfig`.
    """

    networks_class = PlusNetworks
    trained: PlusNetworks
    scoring: PlusNetworks
    reserved_share = 0.1
    replaces_score = False

    def __init__(self, config: MemganPlusConfig, *options, **named_options):
        super().__init__(config, *options, **named_options)
        self.learning_rate_multipliers["turns"] = config.turn_learning_rate
        self.updates_per_step = {"turns": config.turn_steps}
        self._explain = tf.function(self.scoring.explain, autograph=False, reduce_retracing=True)
        self.part_names = self.scoring.part_names
        if self.trained.turns:
            self.metric_names = (*MEMGAN.metric_names, "loss/turns", "turns/accuracy")

    def make_players(self):
        players = super().make_players()
        if self.trained.turns:
            players["turns"] = self.trained.turns.trainable_variables
        return players

    def draw(self, batch_size, seed):
        draws = super().draw(batch_size, seed)
        shift, size = self.config.turn_shift, (batch_size, self.config.turn_steps)
        if self.trained.turns and shift:
            draws["turn_shifts"] = tf.random.stateless_uniform(
                (*size, 2), seed + 2, -shift, shift + 1, tf.int32
            )
        if self.trained.turns and self.config.turn_flip:
            draws["turn_flips"] = tf.random.stateless_uniform(size, seed + 3) < 0.5
        return draws

    def train_step(self, images, draws, step):
        metrics = super().train_step(images, draws, step)
        if self.trained.turns:
            scaled = self.trained.scaling(images)
            steps = [
                self._turn_step(scaled, draws, index, step)
                for index in range(self.config.turn_steps)
            ]
            metrics |= {name: tf.add_n([m[name] for m in steps]) / len(steps) for name in steps[0]}
        return metrics

    def _turn_step(self, scaled, draws, index, step):
        shifts, flips = (draws.get(name) for name in ("turn_shifts", "turn_flips"))
        views = moved(
            scaled,
            None if shifts is None else shifts[:, index],
            None if flips is None else flips[:, index],
        )
        with tf.GradientTape() as tape:
            logits, _ = self.trained.classify_turns(views, training=True)
            loss = step.mean(turn_loss(logits))
        step.apply("turns", tape.gradient(loss, self.players["turns"]))
        return {"loss/turns": loss, "turns/accuracy": step.mean(turn_accuracy(logits))}

    def learn_normal(self, batches, seed):
        self.scoring.learn_patches(batches, seed)

    def fit_score(self, batches):
        self.scoring.fit_score(batches, self._explain)

    def score_notes(self):
        return self.scoring.describe_score()

    def summarize(self, images, explained):
        summaries = super().summarize(images, explained)
        # Eq. 8, which is not the score of this model.
        errors = explained.get("error_map", explained["anomaly_map"])
        errors = np.sqrt(np.sum(np.square(errors), axis=(1, 2)))
        summaries.scalars["loss/cycle"] = float(errors.mean())
        for name, values in zip(self.part_names, explained["parts"].T, strict=True):
            summaries.histograms[f"score/part_{name}"] = values
        return summaries
