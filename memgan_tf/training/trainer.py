"""The training function: several steps of any model in one call, on any number of replicas."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from memgan_tf.config import TrainingConfig
from memgan_tf.data.pipeline import steps_per_epoch, training_batches
from memgan_tf.data.stored_images import Images, StoredImages
from memgan_tf.models.common.base import ModelFactory
from memgan_tf.training.adam import FusedAdam

# Largest number of images that measure the normalization statistics.
STATISTICS_IMAGES = 2048


class Trainer:
    """A model, its optimizers and its position in the data.

    Args:
        factory: Makes the model; called once, in the strategy's scope.
        config: How to train.
        images: `(num_images, height, width, channels)` uint8 normal images.
        strategy: Distributes the replicas.

    Attributes:
        model: The model.
        step: int64 variable, the number of finished steps. With the seed, it determines the data
            and the random numbers that follow.
        seconds: float64 variable, training time over all processes that worked on the run.
        totals: Sums of the metrics since the epoch began, by tag.
        total_epochs: Epochs of all phases.
        phase: Name of the phase of the steps that are traced.
    """

    def __init__(
        self,
        factory: ModelFactory,
        config: TrainingConfig,
        images: Images,
        strategy: tf.distribute.Strategy,
    ):
        self.config, self._strategy = config, strategy
        self.num_replicas = strategy.num_replicas_in_sync
        if config.batch_size % self.num_replicas:
            raise ValueError(
                f"`batch_size` must be a multiple of the {self.num_replicas} replicas. "
                f"Received: batch_size={config.batch_size}"
            )
        with strategy.scope():
            self.model = factory()
            self._images, self._reserved = _reserve(images, self.model.reserved_share)
            self.steps_per_epoch = steps_per_epoch(len(self._images), config.batch_size)
            self.model.prepare(self._ordered_batches)
            self.total_epochs = sum(self._length(phase) for phase in self.model.phases)
            self.total_steps = self.total_epochs * self.steps_per_epoch
            self.step = tf.Variable(0, dtype=tf.int64, trainable=False)
            self.seconds = tf.Variable(0.0, dtype=tf.float64, trainable=False)
            self.totals = {
                name: tf.Variable(0.0, trainable=False) for name in self.model.metric_names
            }
            self._optimizers = {
                player: self._make_optimizer(player, variables)
                for player, variables in self.model.players.items()
            }
        self._iterator: Any = None
        self.phase = ""
        self._steps = tf.function(self._run_steps)

    @property
    def steps_done(self) -> int:
        """The value of `step`."""
        return int(self.step.numpy())

    @property
    def variables(self) -> dict[str, list]:
        """Everything that a checkpoint must hold, by name."""
        return {
            "step": [self.step],
            "seconds": [self.seconds],
            "totals": list(self.totals.values()),
            "scoring": self.model.scoring_variables,
            **{f"player_{name}": values for name, values in self.model.players.items()},
            **{f"optimizer_{name}": o.variables for name, o in self._optimizers.items()},
        }

    def run(self, num_steps: int) -> None:
        """Takes `num_steps` training steps."""
        if self._iterator is None:
            self._iterator = iter(self._batches())
        while num_steps > 0:
            epoch, done = divmod(self.steps_done, self.steps_per_epoch)
            phase, epoch_of_phase = self._phase_at(epoch)
            if done == 0:
                self.model.begin_epoch(phase, epoch_of_phase, self._ordered_batches)
            count = min(num_steps, self.steps_per_epoch - done)
            self._steps(self._iterator, tf.constant(count), phase)
            num_steps -= count

    def initialize(self) -> None:
        """Prepares the untrained model for scoring, with the constants that training would set."""
        self.measure_statistics()
        for phase in self.model.phases:
            self.model.begin_epoch(phase.name, 0, self._ordered_batches)
        self.measure_statistics()

    def take_metrics(self) -> dict[str, float]:
        """Means of the metrics since the last call, by tag."""
        steps = (self.steps_done - 1) % self.steps_per_epoch + 1
        means = {name: float(total.numpy()) / steps for name, total in self.totals.items()}
        for total in self.totals.values():
            total.assign(0.0)
        return means

    def measure_statistics(self) -> None:
        """Sets the normalization statistics of the scoring path from normal training images."""
        size = min(self.config.batch_size, len(self._images))
        count = max(1, min(len(self._images), STATISTICS_IMAGES) // size)
        for index in range(count):
            batch = self._images[index * size : (index + 1) * size]
            self._measure(tf.constant(batch), tf.constant(1.0 / (index + 1)))
        self.learn_score()

    def learn_score(self) -> None:
        """Sets what only the score reads, from normal training images."""

        def seen():
            return self._ordered_batches(self._images[:STATISTICS_IMAGES])

        self.model.learn_normal(seen, self.config.seed)
        self.model.fit_score(lambda: self._ordered_batches(self._reserved))

    def learning_rate(self, player: str) -> float:
        """A player's step size in the next step."""
        return float(self._optimizers[player].learning_rate)

    @tf.function(autograph=False, reduce_retracing=True)
    def _measure(self, images, rate):
        self.model.measure_statistics(images, rate)

    def _make_optimizer(self, player, variables):
        rate = self.config.learning_rate * self.model.learning_rate_multipliers.get(player, 1.0)
        steps = self.steps_per_epoch * sum(
            self._length(phase)
            for phase in self.model.phases
            if phase.players is None or player in phase.players
        )
        steps *= self.model.updates_per_step.get(player, 1)
        drop = int(self.model.step_drop * steps)
        if self.config.learning_rate_decay < 1.0:
            rate = keras.optimizers.schedules.CosineDecay(
                rate, max(steps, 1), alpha=self.config.learning_rate_decay
            )
        elif drop < steps:
            rate = keras.optimizers.schedules.PiecewiseConstantDecay([drop], [rate, 0.1 * rate])
        optimizer = FusedAdam(rate, self.config.beta_1, self.config.beta_2)
        optimizer.build(variables)
        return optimizer

    def _length(self, phase):
        return self.config.epochs if phase.num_epochs is None else phase.num_epochs

    def _phase_at(self, epoch):
        """Name of the phase of an epoch, and the number of the epoch in it."""
        for phase in self.model.phases:
            if epoch < self._length(phase):
                break
            epoch -= self._length(phase)
        return phase.name, epoch

    def _ordered_batches(self, images=None):
        images, size = self._images if images is None else images, self.config.batch_size
        for start in range(0, len(images), size):
            yield tf.constant(images[start : start + size])

    def _batches(self):
        def make(context=None):
            # A worker reads only the shares of its own replicas.
            workers = context.num_input_pipelines if context else 1
            count = self.num_replicas // workers
            first = context.input_pipeline_id * count if context else 0
            return training_batches(
                self._images,
                self.config.batch_size,
                self.config.seed,
                self.steps_done,
                self.model.draw,
                self.num_replicas,
                range(first, first + count),
            )

        if self.num_replicas == 1:
            return make()
        return self._strategy.distribute_datasets_from_function(make)

    def _run_steps(self, iterator, num_steps, phase):
        self.phase = phase
        # AutoGraph converts the loop; the steps have no control flow, and their conversion took
        # longer than their tracing.
        take_step = tf.autograph.experimental.do_not_convert(self._take_step)
        if self.config.compiles_step and self.num_replicas == 1:
            # One program instead of hundreds of operations, each of which is a launch on a GPU.
            take_step = tf.function(take_step, jit_compile=True)
        for _ in tf.range(num_steps):
            take_step(next(iterator))

    def _take_step(self, batch):
        metrics = self._strategy.run(self._replica_step, args=(batch,))
        for name, value in metrics.items():
            self.totals[name].assign_add(self._strategy.reduce("SUM", value, axis=None))
        self.step.assign_add(1)
        self._average_weights()

    def _replica_step(self, batch):
        images, draws = batch
        return self.model.train_step(images, draws, self)

    def _average_weights(self):
        """Moves the scoring weights toward the trained ones, faster at first."""
        step = tf.cast(self.step, tf.float32)
        rate = 1.0 - tf.minimum(self.config.ema_decay, (1.0 + step) / (10.0 + step))
        for average, trained in self.model.scoring_pairs:
            average.assign_add(rate * (trained - average))

    # What a model may do in its step; see models.base.Step.

    def mean(self, values):
        """Sum of per-image values over the global batch size."""
        return tf.reduce_sum(values) / self.config.batch_size

    def apply(self, player, gradients):
        """Updates a player; the optimizer sums the gradients over the replicas."""
        self._optimizers[player].apply_gradients(
            zip(gradients, self.model.players[player], strict=True)
        )


def _reserve(images, share):
    """The images that train, and those that fit the score: every k-th image, or all images."""
    if share == 0.0 or len(images) < 2:
        return images, images
    reserved = np.arange(len(images)) % round(1.0 / share) == 0
    pick = images.select if isinstance(images, StoredImages) else images.__getitem__
    return pick(np.flatnonzero(~reserved)), pick(np.flatnonzero(reserved))
