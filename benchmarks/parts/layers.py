"""Time of only the convolutions of MEMGAN's step, and their share of the step's time."""

import dataclasses
import itertools
import math
import statistics
from collections.abc import Callable

import tensorflow as tf
from measure import SEED, matrix_product, per_second, spread, take_turns

from memgan_tf.models.memgan import MEMGAN
from memgan_tf.networks.blocks import kernel_for, plan_sizes, plan_widths
from parts.common import make_trainer, settings, synthetic, table

# Numbers of passes of a step over a batch; D's forward and weight passes see both pairs at once.
# E: x and G(z). G: P(E(x)) and z, and z once more, for M. D: its own step, then E's and G's.
PASSES = {
    "encoder": {"forward": 2, "to inputs": 2, "to weights": 2},
    "generator": {"forward": 2, "to inputs": 3, "to weights": 2},
    "discriminator": {"forward": 4, "to inputs": 3, "to weights": 2},
}
# In the first layer of E, the pass over x needs no gradient at x; neither does D's own step.
FIRST_LAYER = {"encoder": 1, "discriminator": 1}


@dataclasses.dataclass(frozen=True)
class Pass:
    """A pass of a layer.

    Attributes:
        name: Network, layer, direction.
        times: Number of times that a step has it, for a batch.
        operations: Floating-point operations, 2 per multiply-add.
        call: Runs it once on a batch.
    """

    name: str
    times: int
    operations: int
    call: Callable


def run(options):
    tables, seconds = [], {}
    for suite, shape in options.suites.items():
        config = settings(options, "memgan", shape, steps_per_call=options.steps(20))
        passes, repeats = convolution_passes(config), options.steps(20)
        step = make_trainer(config, synthetic(shape))[1]
        product, operations = matrix_product()
        variants = {"step": step, "product": product, "nothing": _turn(_nothing(), repeats)}
        variants |= {p.name: _turn(p.call, repeats) for p in passes}
        measured = take_turns(variants, options.rounds)
        tables.append(_table(suite, config, passes, repeats, measured, operations))
        seconds[suite] = measured
    return {"tables": tables, "seconds": seconds}


def convolution_passes(config):
    """All convolutions of the step, in each direction."""
    sizes = plan_sizes(*config.image_shape[:2])
    widths = plan_widths(len(sizes) - 1, config.model.base_width, config.model.max_width)
    channels, found = [config.image_shape[2], *widths], []
    for network, directions in PASSES.items():
        for level, (size, smaller) in enumerate(itertools.pairwise(sizes)):
            calls, operations = _calls(
                config.training.batch_size, size, smaller, channels[level], channels[level + 1]
            )
            for direction, times in directions.items():
                if level == 0 and direction == "to inputs":
                    times = FIRST_LAYER.get(network, times)
                # G is the mirror: its forward pass is the backward pass of a convolution.
                kind = direction
                if network == "generator" and direction != "to weights":
                    kind = {"forward": "to inputs", "to inputs": "forward"}[direction]
                name = f"{network} {size[0]}×{size[1]}, {direction}"
                found.append(Pass(name, times, operations, calls[kind]))
    return found


def _calls(batch, size, smaller, narrow, wide):
    """Functions for a stride-2 convolution from `size` to `smaller`, and their operations."""
    kernel_shape = (*kernel_for(size), narrow, wide)
    large, small = (batch, *size, narrow), (batch, *smaller, wide)
    image, map_, kernel = (
        tf.random.stateless_normal(shape, SEED) for shape in (large, small, kernel_shape)
    )
    options = {"strides": [1, 2, 2, 1], "padding": "SAME"}
    calls = {
        "forward": lambda: tf.raw_ops.Conv2D(input=image, filter=kernel, **options),
        "to inputs": lambda: tf.raw_ops.Conv2DBackpropInput(
            input_sizes=large, filter=kernel, out_backprop=map_, **options
        ),
        "to weights": lambda: tf.raw_ops.Conv2DBackpropFilter(
            input=image, filter_sizes=kernel_shape, out_backprop=map_, **options
        ),
    }
    operations = 2 * math.prod(small) * math.prod(kernel_shape) // wide
    return {name: tf.function(call) for name, call in calls.items()}, operations


def _nothing():
    value = tf.zeros(())
    return tf.function(lambda: tf.identity(value))


def _turn(call, repeats):
    def run():
        for _ in range(repeats):
            result = call()
        result.numpy()

    return run


def _table(suite, config, passes, repeats, seconds, product):
    steps, rows, shares = config.training.steps_per_call, [], []
    # The cost of a function call, which does not occur inside the step.
    alone = {
        p.name: [
            max(total - empty, 1e-9) / repeats
            for total, empty in zip(seconds[p.name], seconds["nothing"], strict=True)
        ]
        for p in passes
    }
    for index, total in enumerate(seconds["step"]):
        shares.append(sum(p.times * alone[p.name][index] for p in passes) * steps / total)
    for p in passes:
        rate = p.operations / statistics.median(alone[p.name]) / 1e9
        milliseconds = 1e3 * p.times * statistics.median(alone[p.name])
        rows.append([p.name, p.times, f"{p.operations / 1e6:.1f}", f"{rate:.0f}"])
        rows[-1].append(f"{milliseconds:.2f}")
    step = statistics.median(seconds["step"]) / steps
    in_step = sum(p.times * p.operations for p in passes) / step
    peak = product / statistics.median(seconds["product"])
    caption = (
        f"{suite}, batch {config.training.batch_size}: the step takes {1e3 * step:.1f} ms "
        f"({per_second(steps * config.training.batch_size, seconds['step'])} images/s); its "
        f"convolutions one after the other, alone, are {spread(shares)} of that. In the step they "
        f"run at {in_step / 1e9:.0f} GFLOP/s; a product of matrices reached {peak / 1e9:.0f}."
    )
    columns = ["convolution", "times a step", "MFLOP", "GFLOP/s alone", "ms of the step"]
    return table(columns, rows, caption)


def forward_multiplications(config):
    """Multiply-adds for one image in E, G and D, from the operations of the graphs."""
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
    """Floating-point operations of a step for one image, 2 per multiply-add; see `PASSES`."""
    forward = forward_multiplications(config)
    return 2 * sum(sum(PASSES[name].values()) * forward[name] for name in PASSES)
