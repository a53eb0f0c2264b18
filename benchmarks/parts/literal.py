"""References for MEMGAN's step: Algorithm 1 line by line, and the step in eager mode."""

import keras
import tensorflow as tf
from measure import SEED

from memgan_tf.losses import discriminator_loss, generator_loss, l2_distance, mutual_information
from memgan_tf.models.memgan import MEMGAN


class Step:
    """See `models.common.base.Step`; with one optimizer per player."""

    def __init__(self, model, batch_size):
        self.model, self.batch_size = model, batch_size
        self.optimizers = {}
        for player, variables in model.players.items():
            self.optimizers[player] = keras.optimizers.Adam(2e-4, 0.5)
            self.optimizers[player].build(variables)

    def mean(self, values):
        return tf.reduce_sum(values) / self.batch_size

    def apply(self, player, gradients):
        variables = self.model.players[player]
        self.optimizers[player].apply_gradients(zip(gradients, variables, strict=True))


def literal_step(config):
    """A compiled function that runs one step on a batch of images."""
    model = MEMGAN(config.model, config.image_shape, seed=0)
    size = config.training.batch_size
    step, seed = Step(model, size), tf.constant(SEED, tf.int64)

    @tf.function
    def run(images):
        literal_algorithm_1(model, images, model.draw(size, seed), step)
        return tf.constant(0)

    return lambda images: run(images).numpy()


def eager_step(config):
    """A function that runs MEMGAN's step on a batch of images, without a graph."""
    model = MEMGAN(config.model, config.image_shape, seed=0)
    size = config.training.batch_size
    step, seed = Step(model, size), tf.constant(SEED, tf.int64)
    weight = model.players["encoder"][0]

    def run(images):
        model.train_step(images, model.draw(size, seed), step)
        return weight.numpy()

    return run


def literal_algorithm_1(model, images, draws, step):
    """Algorithm 1 with separate forward passes for each player."""
    parts, weights, noise = model.trained, draws["mixing_weights"], draws.get("instance_noise")
    scaled = parts.scaling(images)

    def logits_of(codes, generated, mixed):
        if noise is None:
            return model.discriminator(scaled, codes), model.discriminator(generated, mixed)
        real = model.discriminator(scaled + noise[:, 0], codes)
        return real, model.discriminator(generated + noise[:, 1], mixed)

    def objective(player):
        codes = parts.encoder(scaled, training=True)
        mixed = parts.memory.mix(weights)
        generated = parts.generator(mixed, training=True)
        if player == "discriminator":
            return step.mean(discriminator_loss(*logits_of(codes, generated, mixed)))
        projected = parts.memory(codes)
        reconstruction = parts.generator(projected, training=True)
        recoded = parts.encoder(generated, training=True)
        loss = step.mean(l2_distance(scaled, reconstruction))
        loss += step.mean(mutual_information(weights, parts.memory.address(recoded)))
        if player != "generator":
            loss += step.mean(l2_distance(codes, projected))
        if player == "encoder":
            loss += step.mean(tf.nn.softplus(logits_of(codes, generated, mixed)[0]))
        if player == "generator":
            loss += step.mean(generator_loss(logits_of(codes, generated, mixed)[1]))
        return loss

    for player, variables in model.players.items():
        with tf.GradientTape() as tape:
            loss = objective(player)
        step.apply(player, tape.gradient(loss, variables))
