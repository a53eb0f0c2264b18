"""What the GANs without a memory share."""

from typing import Any

import tensorflow as tf

from memgan_tf.losses import discriminator_loss
from memgan_tf.models.common.paired import PairedModel

# Below this loss of D, in nats, the run is marked SUSPECT. An undecided D has 2 log 2 = 1.39.
LOST_GAME = 0.01


class AdversarialModel(PairedModel):
    """A GAN over codes z ~ N(0, 1)."""

    trained: Any  # `Networks` with a list `discriminators`

    def __init__(self, config, *options, **named_options):
        super().__init__(config, *options, **named_options)
        self.learning_rate_multipliers = {"discriminator": config.discriminator_learning_rate}

    def draw(self, batch_size, seed):
        shape = (batch_size, self.config.latent_dim)
        draws = {"noise": tf.random.stateless_normal(shape, seed)}
        for discriminator in self.trained.discriminators:
            for index, dropped in enumerate(discriminator.dropped_shapes):
                fresh = tf.random.experimental.stateless_fold_in(seed, len(draws))
                drawn = tf.random.stateless_uniform((batch_size, 2, 2, *dropped), fresh)
                draws[_mask_name(discriminator, index)] = drawn >= self.config.discriminator_dropout
        return draws

    def kept_units(self, draws, turn) -> dict[str, list[list]]:
        """Dropout's masks of the real and of the fake pairs, by the discriminator's name.

        As in the sources, each pass through a discriminator has its own masks. So E and G do not
        play against exactly the units that D has just updated.

        Args:
            draws: The replica's rows of `draw`.
            turn: 0 for D's update, 1 for E's and G's.
        """
        return {
            discriminator.name: [
                [
                    draws[_mask_name(discriminator, index)][:, turn, side]
                    for index in range(len(discriminator.dropped_shapes))
                ]
                for side in (0, 1)
            ]
            for discriminator in self.trained.discriminators
        }

    def health(self, metrics, explained):
        problems = super().health(metrics, explained)
        if metrics["loss/discriminator"] < LOST_GAME:
            problems.append("the discriminator's loss is near 0, so it teaches E and G nothing")
        return problems


def _mask_name(discriminator, index):
    return f"kept/{discriminator.name}/{index}"


def update_discriminator(step, variables, logit_pairs) -> dict[str, tf.Tensor]:
    """One update of the player `discriminator`.

    Args:
        step: The training step.
        variables: Variables of the discriminators.
        logit_pairs: Function without arguments that returns the logits of the real and the fake
            images, `(batch,)` each, for each discriminator.

    Returns:
        Metrics: the loss, and the probabilities of the first discriminator.
    """
    with tf.GradientTape() as tape:
        pairs = logit_pairs()
        loss = step.mean(tf.add_n([discriminator_loss(real, fake) for real, fake in pairs]))
    step.apply("discriminator", tape.gradient(loss, variables))
    real, fake = pairs[0]
    return {
        "loss/discriminator": loss,
        "gan/real_probability": step.mean(tf.sigmoid(real)),
        "gan/fake_probability": step.mean(tf.sigmoid(fake)),
    }
