"""MEMGAN's training step compared with PyTorch, a literal Algorithm 1 and eager mode."""

import tensorflow as tf
from measure import (
    matrix_product,
    optional,
    per_second,
    ratios,
    spread,
    take_turns,
    torch_device,
)

from parts.common import make_trainer, settings, synthetic, table
from parts.layers import step_operations
from parts.literal import eager_step, literal_step

STEP = "memgan_tf"
# Names of the PyTorch variants and their options.
TORCH = {
    "PyTorch": {},
    "PyTorch, channels last": {"channels_last": True},
    "PyTorch, G(z) once": {"shares_passes": True},
    "PyTorch, G(z) once, channels last, fused Adam": {
        "shares_passes": True,
        "channels_last": True,
        "fused": True,
    },
}


def run(options):
    tables, seconds = [], {}
    for suite, shape in options.suites.items():
        config = settings(options, "memgan", shape, batch_size=64, steps_per_call=options.steps(20))
        measured, operations = measure(config, options)
        tables.append(_table(suite, config, measured, operations))
        seconds[suite] = measured
    return {"tables": tables, "seconds": seconds}


def measure(config, options):
    """Seconds per turn by variant, and the operations of a matrix product per turn."""
    images, count = synthetic(config.image_shape), config.training.steps_per_call
    variants = {STEP: make_trainer(config, images)[1]}
    literal, batch = literal_step(config), tf.constant(images[: config.training.batch_size])
    variants["memgan_tf, literal Algorithm 1"] = lambda: repeat(lambda: literal(batch), count)
    eager = eager_step(config)
    variants["memgan_tf, eager mode"] = lambda: repeat(lambda: eager(batch), count)
    if optional("torch"):
        for name, chosen in TORCH.items():
            variants[name] = torch_turn(config, images, chosen, options.threads)
    variants["matrix product"], operations = matrix_product()
    return take_turns(variants, options.rounds), operations


def torch_turn(config, images, chosen, threads):
    """A turn of a PyTorch variant."""
    import torch

    from parts.torch_memgan import TorchMemgan

    torch.set_num_threads(threads)
    torch.manual_seed(0)
    model = TorchMemgan(config, images, device=torch_device(), **chosen)
    return lambda: repeat(model.train_step, config.training.steps_per_call)


def repeat(call, count):
    for _ in range(count):
        result = call()
    return result


def _table(suite, config, seconds, product):
    count = config.training.steps_per_call * config.training.batch_size
    peak = product / sorted(seconds["matrix product"])[len(seconds["matrix product"]) // 2]
    operations = step_operations(config) * count
    rows = [
        [name, per_second(count, values), spread(ratios(seconds, name, STEP))]
        for name, values in seconds.items()
        if name != "matrix product"
    ]
    used = operations / sorted(seconds[STEP])[len(seconds[STEP]) // 2]
    caption = (
        f"{suite}: {config.image_shape}, batch {config.training.batch_size}, "
        f"{operations / count / 1e6:.0f} MFLOP an image in MEMGAN's step: {used / 1e9:.0f} GFLOP/s "
        f"of the {peak / 1e9:.0f} that a product of matrices reached in the same rounds, "
        f"{used / peak:.0%}."
    )
    return table(["step", "images/s", "time over memgan_tf's: median (range)"], rows, caption)
