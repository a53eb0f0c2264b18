"""Growth of time and memory with the image, the batch, n, d and the number of images."""

import os
import statistics
import tempfile

from measure import per_second, ratios, run_child, spread, take_turns

from parts.common import make_trainer, settings, synthetic, table

BASE = {"batch_size": 32, "num_units": 50, "latent_dim": 64}
SIDES = (28, 32, 64, 128, 256)
GROWING = {
    "batch_size": (1, 8, 128, 512),
    "num_units": (500, 5000),
    "latent_dim": (8, 256, 1024),
}
NUM_IMAGES = (1_000, 10_000, 100_000, 1_000_000)
STREAM = """
import os, sys, time
import numpy as np
from memgan_tf.config import resolve
from memgan_tf.data.stored_images import open_stored
from memgan_tf.detectors.registry import make_detector
path, count, width, steps = sys.argv[1], *map(int, sys.argv[2:])
images = open_stored(path, (count, 28, 28, 1), 1)
config = resolve("memgan", "default", (28, 28, 1), {"base_width": width, "steps_per_call": steps})
trainer = make_detector(config).make_trainer(images)
trainer.run(steps)
trainer.step.numpy()
started = time.perf_counter()
for _ in range(3):
    trainer.run(steps)
trainer.step.numpy()
print((time.perf_counter() - started) / (3 * steps))
"""


def run(options):
    sides, growing, counts = SIDES, GROWING, NUM_IMAGES
    if options.quick:
        sides, growing, counts = (8, 9), {"num_units": (60,)}, (100, 200)
    tables, seconds = [_sides(options, sides)], {}
    rows = []
    shape = next(iter(options.suites.values()))
    for name, values in growing.items():
        for value in values:
            row, measured = _against_base(options, shape, name, value)
            rows.append(row)
            seconds[f"{name}={value}"] = measured
    columns = ["setting", "ms a step", "images/s", "time over the base's: median (range)"]
    caption = f"{shape}; the base is batch 32, n = 50, d = 64."
    tables.append(table(columns, rows, caption))
    tables.append(_streams(options, counts))
    return {"tables": tables, "seconds": seconds}


def _sides(options, sides):
    """Color images; each side has a separate process, for its peak memory."""
    rows = []
    for side in sides:
        code = (
            "import sys, time; sys.path.insert(0, sys.argv[1]); "
            "from parts.growth import one_side; print(*one_side(sys.argv[2], sys.argv[3]))"
        )
        line, _, memory = run_child(
            code, os.path.dirname(os.path.dirname(__file__)), side, int(options.quick)
        )
        step, batch = map(float, line.split())
        rows.append([f"{side}×{side}", int(batch), f"{1e3 * step:.0f}", f"{batch / step:.3g}"])
        rows[-1].append(f"{memory:.2f}")
    columns = ["colour image", "batch", "ms a step", "images/s", "peak memory, GiB"]
    return table(columns, rows, "n = 50, d = 64; one process each, in a row, not in turns.")


def one_side(side, quick):
    """Seconds per step, and the batch size, for one size of images."""
    from parts.common import Options

    side, options = int(side), Options(quick=bool(int(quick)))
    shape, steps = (side, side, 3), 1 if side > 64 or options.quick else 5
    values = {**BASE, "batch_size": 16, "steps_per_call": steps}
    _, run = make_trainer(settings(options, "memgan", shape, **values), synthetic(shape, 64))
    seconds = take_turns({"step": run}, 3)["step"]
    return statistics.median(seconds) / steps, 16


def _against_base(options, shape, name, value):
    values = {**BASE, "steps_per_call": options.steps(5)}
    batch = value if name == "batch_size" else BASE["batch_size"]
    images = synthetic(shape, 600)
    base = settings(options, "memgan", shape, **values)
    other = settings(options, "memgan", shape, **{**values, name: value})
    variants = {"base": make_trainer(base, images)[1], "other": make_trainer(other, images)[1]}
    measured = take_turns(variants, min(3, options.rounds))
    milliseconds = 1e3 * statistics.median(measured["other"]) / options.steps(5)
    rate = per_second(batch * options.steps(5), measured["other"])
    label = {"batch_size": "batch", "num_units": "n", "latent_dim": "d"}[name]
    ratio = spread(ratios(measured, "other", "base"))
    return [f"{label} = {value}", f"{milliseconds:.1f}", rate, ratio], measured


def _streams(options, counts):
    rows = []
    for count in counts:
        with tempfile.NamedTemporaryFile() as file:
            block = synthetic((28, 28, 1), 1000).tobytes()
            for start in range(0, count, 1000):
                file.write(block[: 784 * min(1000, count - start)])
            file.flush()
            steps, width = (1, 4) if options.quick else (20, 32)
            line, _, memory = run_child(STREAM, file.name, count, width, steps)
        size = 784 * count / 2**30
        rows.append([f"{count:,}", f"{size:.3f}", f"{1e3 * float(line):.1f}", f"{memory:.2f}"])
    columns = ["images 28×28 in a file", "GiB of pixels", "ms a step", "peak memory, GiB"]
    return table(columns, rows, "Streamed: a batch is read when its step comes.")
