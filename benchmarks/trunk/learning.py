"""The network's tasks: labels, turns, pairs of views, and places of defects."""

import keras
import tensorflow as tf

from trunk.network import STAGES, USED, make_trunk
from trunk.views import NUM_TURNS, add_defects, make_views

NUM_CLASSES, EMBEDDING = 10, 128
SMOOTHING, TEMPERATURE = 0.1, 0.2
# Weights of the losses; that of the labels is 1.
TURNS, CONTRAST, DEFECTS = 0.5, 0.3, 1.0
WARM_EPOCHS, HELD_EPOCHS, RATE, MOMENTUM, DECAY = 2, 8, 0.2, 0.9, 5e-4


class Learner:
    """The network, its heads, and their training by gradient descent with momentum.

    Args:
        num_steps: Number of steps per epoch.
        batch_size: Images per step, each in two views.
        seed: Seed of weights and views.
        jit_compile: Whether XLA compiles a step.
    """

    def __init__(self, num_steps, batch_size, seed, jit_compile):
        keras.utils.set_random_seed(seed)
        self.trunk = make_trunk(False)
        ends = self.trunk.outputs
        pooled = keras.layers.GlobalAveragePooling2D()(ends[-1])
        inner = keras.layers.Dense(STAGES[-1][0], "relu")(pooled)
        heads = [
            *(keras.layers.Dense(size)(pooled) for size in (NUM_CLASSES, NUM_TURNS)),
            keras.layers.Dense(EMBEDDING)(inner),
            *(keras.layers.Conv2D(1, 1)(end) for end in ends),
        ]
        self.model = keras.Model(
            self.trunk.inputs,
            [keras.layers.Activation("linear", dtype="float32")(head) for head in heads],
        )
        self._weights = self.model.trainable_variables
        self._velocities = [tf.Variable(tf.zeros_like(weight)) for weight in self._weights]
        self._num_steps, self._batch_size, self._seed = num_steps, batch_size, seed
        self.step = tf.function(self._step, jit_compile=jit_compile)

    def losses(self, images, labels, seed):
        """Mean losses by name."""
        first, turns = make_views(images, seed)
        second, more_turns = make_views(images, seed + 7)
        second, places = add_defects(second, seed + 13)
        logits, turned, embedded, *found = self.model(tf.concat([first, second], 0), training=True)
        changed = tf.concat([tf.zeros_like(places), places], 0)
        target = (1 - SMOOTHING) * tf.one_hot(tf.tile(labels, [2]), NUM_CLASSES) + (
            SMOOTHING / NUM_CLASSES
        )
        return {
            "labels": _mean(tf.nn.softmax_cross_entropy_with_logits(target, logits)),
            "turns": _mean(
                tf.nn.sparse_softmax_cross_entropy_with_logits(
                    tf.concat([turns, more_turns], 0), turned
                )
            ),
            "contrast": contrast(embedded),
            "defects": tf.add_n(
                _mean(
                    tf.nn.sigmoid_cross_entropy_with_logits(
                        tf.nn.max_pool2d(changed, stride, stride, "VALID"), logit
                    )
                )
                for stride, logit in zip(USED.values(), found, strict=True)
            ),
        }

    def _step(self, images, labels, seed, rate):
        """Makes one update; returns the losses by name."""
        with tf.GradientTape() as tape:
            losses = self.losses(tf.cast(images, tf.float32), labels, seed)
            total = losses["labels"] + TURNS * losses["turns"]
            total += CONTRAST * losses["contrast"] + DEFECTS * losses["defects"]
        gradients = tape.gradient(total, self._weights)
        for weight, velocity, gradient in zip(
            self._weights, self._velocities, gradients, strict=True
        ):
            if len(weight.shape) > 1:
                gradient += DECAY * weight
            velocity.assign(MOMENTUM * velocity + gradient)
            weight.assign_sub(rate * (gradient + MOMENTUM * velocity))
        return losses

    @tf.function
    def epoch(self, images, labels, number, num_epochs):
        """Runs all steps of an epoch; returns mean losses by name."""
        seed = tf.stack([self._seed, number])
        order = tf.argsort(tf.random.stateless_uniform((len(images),), seed), stable=True)
        total = dict.fromkeys(("labels", "turns", "contrast", "defects"), 0.0)
        for index in tf.range(self._num_steps):
            rows = order[index * self._batch_size : (index + 1) * self._batch_size]
            rows = tf.ensure_shape(rows, (self._batch_size,))
            position = number * self._num_steps + index
            losses = self.step(
                tf.gather(images, rows),
                tf.gather(labels, rows),
                tf.stack([self._seed + 1, position]),
                self._rate(position, num_epochs * self._num_steps),
            )
            total = {name: total[name] + losses[name] for name in total}
        return {name: value / self._num_steps for name, value in total.items()}

    def _rate(self, position, num_positions):
        """Learning rate: increases over the first epochs, is constant, then decreases to 0."""
        warm, held = WARM_EPOCHS * self._num_steps, HELD_EPOCHS * self._num_steps
        position, end = tf.cast(position, tf.float32) + 1.0, tf.cast(num_positions, tf.float32)
        left = (end + 1.0 - position) / tf.maximum(end + 1.0 - held, 1.0)
        return RATE * tf.minimum(1.0, tf.minimum(position / warm, left))

    def accuracy(self, images, labels):
        """Share of images with the right label."""
        found = [
            tf.argmax(self._logits(images[index : index + 1000]), -1).numpy()
            for index in range(0, len(images), 1000)
        ]
        return float((tf.concat(found, 0).numpy() == labels).mean())

    @tf.function
    def _logits(self, images):
        return self.model(tf.cast(images, tf.float32), training=False)[0]


def contrast(embedded: tf.Tensor) -> tf.Tensor:
    """Cross-entropy of finding the other view of an image among all views, in nats (NT-Xent).

    Args:
        embedded: `(2 * batch, dim)`; the views of image i are at i and at batch + i.
    """
    embedded = tf.math.l2_normalize(embedded, -1, 1e-6)
    count = len(embedded)
    similar = tf.matmul(embedded, embedded, transpose_b=True) / TEMPERATURE
    similar -= 1e9 * tf.eye(count)
    partner = tf.roll(tf.range(count), count // 2, 0)
    return _mean(tf.nn.sparse_softmax_cross_entropy_with_logits(partner, similar))


def _mean(values):
    return tf.reduce_mean(tf.cast(values, tf.float32))
