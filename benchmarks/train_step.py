"""Speed of MEMGAN's training step, in one process against a literal Algorithm 1 and eager mode.

python benchmarks/train_step.py

Prints a Markdown table: images per second at batch 64 on MNIST shapes (median of rounds that take
turns, so that a change in the machine's speed meets all alike), the ratio to the step, the share
of the float32 matrix peak that was measured in between, and the peak memory of training one class.
"""

import os
import platform
import resource
import statistics
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf
from absl import app, flags

from memgan_tf.config import resolve
from memgan_tf.losses import discriminator_loss, generator_loss, l2_distance, mutual_information
from memgan_tf.models.memgan import MEMGAN

FLAGS = flags.FLAGS
flags.DEFINE_integer("batch_size", 64, "Images a step.")
flags.DEFINE_integer("rounds", 7, "Rounds in which the variants take turns.")
flags.DEFINE_integer("steps", 12, "Steps a round.")
flags.DEFINE_integer("side", 28, "Pixels a side.")

SEED = tf.constant([1, 2], tf.int64)


class Step:
    """What a model may do in its step: one optimiser a player."""

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


def literal_algorithm_1(model, images, draws, step):
    """Algorithm 1 line by line: every forward pass anew for each player, nothing shared."""
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


def make_variant(config, kind):
    """A function that takes one step."""
    model = MEMGAN(config.model, config.image_shape, seed=0)
    step = Step(model, FLAGS.batch_size)

    def run(images):
        draws = model.draw(FLAGS.batch_size, SEED)
        if kind == "literal":
            literal_algorithm_1(model, images, draws, step)
        else:
            model.train_step(images, draws, step)

    return run if kind == "eager" else tf.function(run)


def forward_multiplications(config):
    """Multiply-adds of one image through E, G and D, from the graphs' convolutions."""
    model = MEMGAN(config.model, config.image_shape, seed=0)
    image, code = tf.zeros((1, *config.image_shape)), tf.zeros((1, config.model.latent_dim))
    calls = {
        "encoder": lambda: model.trained.encoder(image),
        "generator": lambda: model.trained.generator(code),
        "discriminator": lambda: model.discriminator(image, code),
    }
    return {name: _multiplications(call) for name, call in calls.items()}


def _multiplications(call):
    operations = tf.function(call).get_concrete_function().graph.get_operations()
    total = 0
    for operation in operations:
        if operation.type == "MatMul":
            total += operation.inputs[1].shape.num_elements()
        elif operation.type == "Conv2D":
            places = operation.outputs[0].shape[1:3].num_elements()
            total += places * operation.inputs[1].shape.num_elements()
        elif operation.type == "Conv2DBackpropInput":
            places = operation.inputs[2].shape[1:3].num_elements()
            total += places * operation.inputs[1].shape.num_elements()
    return total


def step_operations(config):
    """Floating-point operations of a step, for one image; 2 a multiply-add.

    A pass back costs a forward pass for the inputs' gradients and one for the weights'. E: x and
    G(z), forward and both ways back. G: P(E(x)) and z likewise, and back once more for M's
    gradient through z. D: both pairs for its own step, forward and both ways back, and both pairs
    again against the updated D, forward and back to the inputs.
    """
    passes = {"encoder": 2 * 3, "generator": 2 * 3 + 1, "discriminator": 2 * 3 + 2 * 2}
    forward = forward_multiplications(config)
    return 2 * sum(passes[name] * forward[name] for name in passes)


def matrix_peak():
    """Floating-point operations a second of a float32 matrix product."""
    size, repeats = 1024, 20
    matrix = tf.random.stateless_normal((size, size), SEED)
    product = tf.function(tf.linalg.matmul)
    product(matrix, matrix)
    started = time.perf_counter()
    for _ in range(repeats):
        result = product(matrix, matrix)
    result.numpy()
    return 2 * size**3 * repeats / (time.perf_counter() - started)


def main(argv):
    del argv
    shape = (FLAGS.side, FLAGS.side, 1)
    config = resolve("memgan", "default", shape, {})
    images = tf.constant(
        np.random.default_rng(0).integers(0, 256, (FLAGS.batch_size, *shape), dtype=np.uint8)
    )
    names = {"step": "MEMGAN's step", "literal": "literal Algorithm 1", "eager": "eager mode"}
    variants = {kind: make_variant(config, kind) for kind in names}
    for run in variants.values():
        run(images)
    seconds, peaks = {kind: [] for kind in names}, []
    for _ in range(FLAGS.rounds):
        for kind, run in variants.items():
            started = time.perf_counter()
            for _ in range(FLAGS.steps):
                run(images)
            seconds[kind].append((time.perf_counter() - started) / FLAGS.steps)
        peaks.append(matrix_peak())
    report(config, names, seconds, statistics.median(peaks))


def report(config, names, seconds, peak):
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, ", end="")
    print(f"Python {platform.python_version()}, TensorFlow {tf.__version__}, Keras ", end="")
    print(f"{keras.__version__}; batch {FLAGS.batch_size}, {config.image_shape}\n")
    print("| variant | images/s, median | times as slow as the step: median (min to max) |")
    print("|---|---|---|")
    for kind, name in names.items():
        ratios = [a / b for a, b in zip(seconds[kind], seconds["step"], strict=True)]
        rate = FLAGS.batch_size / statistics.median(seconds[kind])
        spread = f"{min(ratios):.2f} to {max(ratios):.2f}"
        print(f"| {name} | {rate:.0f} | {statistics.median(ratios):.2f} ({spread}) |")
    operations = step_operations(config)
    used = operations * FLAGS.batch_size / statistics.median(seconds["step"])
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"\n{operations / 1e6:.0f} MFLOP an image, {used / 1e9:.0f} GFLOP/s of {peak / 1e9:.0f} ")
    print(f"that a matrix product reached: {used / peak:.0%}. Peak memory {memory:.2f} GiB.")


if __name__ == "__main__":
    app.run(main)
