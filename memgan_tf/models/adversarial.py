"""What the GANs without a memory share."""

import tensorflow as tf

from memgan_tf.models.paired import PairedModel

# D's loss in nats below which the run is marked SUSPECT; an undecided D has 2 log 2 = 1.39.
LOST_GAME = 0.01


class AdversarialModel(PairedModel):
    """A GAN over codes z ~ N(0, 1)."""

    def __init__(self, config, *options, **named_options):
        super().__init__(config, *options, **named_options)
        self.learning_rate_multipliers = {"discriminator": config.discriminator_learning_rate}

    def draw(self, batch_size, seed):
        shape = (batch_size, self.config.latent_dim)
        return {"noise": tf.random.stateless_normal(shape, seed)}

    def health(self, metrics, explained):
        problems = super().health(metrics, explained)
        if metrics["loss/discriminator"] < LOST_GAME:
            problems.append("the discriminator's loss is near 0, so it teaches E and G nothing")
        return problems
