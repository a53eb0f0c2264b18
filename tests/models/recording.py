"""A training step that records what a model would do."""

import tensorflow as tf


class RecordingStep:
    """Keeps the players' gradients and updates nothing."""

    phase = "training"

    def __init__(self, batch_size):
        self.batch_size, self.gradients = batch_size, {}

    def mean(self, values):
        return tf.reduce_sum(values) / self.batch_size

    def apply(self, player, gradients):
        self.gradients[player] = gradients
