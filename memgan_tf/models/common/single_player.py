"""Methods that minimize one loss."""

import abc

import tensorflow as tf

from memgan_tf.models.common.paired import PairedModel


class SinglePlayerModel(PairedModel):
    """A model with one player and one loss, a weighted sum of terms.

    Attributes:
        player: The player's name, for step sizes and checkpoints.
    """

    player = "autoencoder"

    def make_players(self):
        return {self.player: self.trained.trainable_variables}

    @property
    @abc.abstractmethod
    def term_weights(self) -> dict[str, float]:
        """Weight of each term in the loss, by tag."""

    @property
    def metric_names(self):
        return tuple(self.term_weights)

    @abc.abstractmethod
    def terms(self, images, draws) -> dict[str, tf.Tensor]:
        """Per-image terms of the loss, `(batch,)`, by tag, as a training step computes them."""

    def train_step(self, images, draws, step):
        with tf.GradientTape() as tape:
            terms = self.terms(images, draws)
            metrics = {tag: step.mean(values) for tag, values in terms.items()}
            loss = tf.add_n([self.term_weights[tag] * value for tag, value in metrics.items()])
        step.apply(self.player, tape.gradient(loss, self.players[self.player]))
        return metrics


def half_squared_weights(variables, images) -> tf.Tensor:
    """½ Σ w² over `variables`, once per image, `(batch,)`: weight decay as a term of a loss."""
    penalty = tf.add_n([tf.nn.l2_loss(tf.convert_to_tensor(v)) for v in variables])
    return tf.fill((tf.shape(images)[0],), penalty)
