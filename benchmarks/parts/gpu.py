"""MEMGAN's step on a GPU: precision, XLA, replicas and batch sizes, against PyTorch's."""

import dataclasses
import json
import os
import time
from unittest import mock

import tensorflow as tf
from measure import optional, per_second, ratios, run_child, spread, take_turns

from memgan_tf.data import pipeline
from parts.common import Options, make_trainer, settings, synthetic, table
from parts.steps import STEP, TORCH, torch_turn

BATCHES = (64, 256)
STEPS = 20  # per turn; they take PyTorch 0.4 s on an H200
FLAGS = {
    STEP: {},
    "--distribution_strategy=mirrored": {"distribution_strategy": "mirrored"},
    "--mixed_precision": {"mixed_precision": True},
    "--jit_compile": {"jit_compile": True},
    "--jit_compile --mixed_precision": {"jit_compile": True, "mixed_precision": True},
}
# Variants that one batch size answers for; some take half a minute to compile.
AT_ONE_BATCH = {
    "--distribution_strategy=mirrored": 64,
    "--jit_compile --mixed_precision": 256,
    "PyTorch, that, torch.compile": 64,
}
FASTEST = TORCH["PyTorch, G(z) once, channels last, fused Adam"]
ON_GPUS = {
    "PyTorch, that, bfloat16": {**FASTEST, "autocast": True},
    "PyTorch, that, torch.compile": {**FASTEST, "compiled": True},
    "PyTorch, that, a CUDA graph": {**FASTEST, "graph": True},
    "PyTorch, that, bfloat16, a CUDA graph": {**FASTEST, "autocast": True, "graph": True},
}
# Determinism cannot be turned on and off in one process.
DETERMINISTIC = """
import sys; sys.path.insert(0, sys.argv[1])
from parts.gpu import deterministic_seconds; deterministic_seconds(*sys.argv[2:])
"""


def run(options):
    if not options.quick and not tf.config.list_physical_devices("GPU"):
        raise SystemExit("error: `parts=gpu` needs a GPU that TensorFlow sees")
    batches = (4,) if options.quick else BATCHES
    tables, seconds = [], {}
    for suite in options.suites:
        for batch in batches:
            found, turns = measure_shape(options, suite, batch)
            tables.append(found)
            seconds[f"{suite}, batch {batch}"] = turns
    return {"tables": tables, "seconds": seconds}


def measure_shape(options, suite, batch):
    """The table of one shape and batch size, and its seconds."""
    measured, first = measure(options, suite, batch)
    return _table(options, suite, batch, measured, first), {"turns": measured, "first": first}


def measure(options, suite, batch):
    """Seconds of each turn, and of the first, by variant."""
    images, variants = synthetic(options.suites[suite]), {}
    for name, overrides in FLAGS.items():
        if AT_ONE_BATCH.get(name, batch) != batch:
            continue
        trainer, variants[name] = make_trainer(_config(options, suite, batch, overrides), images)
        if name == "--jit_compile":
            ordered, repeated = _one_by_one(trainer), trainer._batches().take(1).cache().repeat()
            other = {"one batch made at a time": ordered, "one batch again and again": repeated}
            for key, batches in other.items():
                variants[f"{name}, {key}"] = _on(iter(batches), trainer, variants[name])
    if optional("torch"):
        config = _config(options, suite, batch, {})
        for name, chosen in _torch_variants().items():
            if AT_ONE_BATCH.get(name, batch) == batch:
                variants[name] = lambda chosen=chosen: torch_turn(
                    config, images, chosen, options.threads
                )
    able, first = {}, {}
    for name, call in variants.items():
        able[name], first[name] = _first(name, call)
    able = {name: call for name, call in able.items() if call}
    measured = take_turns(able, options.rounds)
    print(f"{suite}, batch {batch}: {json.dumps(measured)}", flush=True)
    if batch == min(BATCHES):
        given = json.dumps(dataclasses.asdict(options))
        folder = os.path.dirname(os.path.dirname(__file__))
        line, *_ = run_child(DETERMINISTIC, folder, given, suite, batch)
        measured |= json.loads(line)
    return measured, first


def deterministic_seconds(options, suite, batch):
    """Prints the seconds of turns with deterministic kernels."""
    options, variants = Options(**json.loads(options)), {}
    config = _config(options, suite, int(batch), {"deterministic_ops": True})
    variants[f"{STEP}, deterministic"] = make_trainer(config, synthetic(config.image_shape))[1]
    print(json.dumps(take_turns(variants, options.rounds)))


def _config(options, suite, batch, overrides):
    values = {"batch_size": batch, "steps_per_call": options.steps(STEPS)}
    values |= {"deterministic_ops": False, **overrides}
    return settings(options, "memgan", options.suites[suite], **values)


def _one_by_one(trainer):
    """The trainer's batches, made one after the other, as they are without a GPU."""
    with mock.patch.object(pipeline, "_parallel_batches", return_value=1):
        return trainer._batches()


def _on(batches, trainer, turn):
    """The turn on other batches."""

    def run():
        with mock.patch.object(trainer, "_iterator", batches):
            turn()

    return run


def _torch_variants():
    import torch

    if not torch.cuda.is_available():
        return TORCH
    # TensorFlow does so by default.
    torch.set_float32_matmul_precision("high")
    torch.backends.cudnn.benchmark = True
    return {**TORCH, **ON_GPUS}


def _first(name, call):
    """A variant's turn, or None if this machine cannot run it, and seconds of the first turn."""
    started = time.perf_counter()
    try:
        result = call()
        if callable(result):
            call = result
            call()
    except Exception as error:
        print(f"{name} is left out: {type(error).__name__}: {error}"[:500], flush=True)
        call = None
    seconds = time.perf_counter() - started
    print(f"{name}: first turn {seconds:.1f} s", flush=True)
    return call, seconds


def _table(options, suite, batch, seconds, first):
    count = batch * options.steps(STEPS)
    rows = []
    for name, values in seconds.items():
        waited = f"{first[name]:.0f}" if name in first else ""
        ratio = spread(ratios(seconds, name, STEP))
        rows.append([name, per_second(count, values), ratio, waited])
    columns = ["step", "images/s", "time over memgan_tf's: median (range)", "first turn, s"]
    caption = (
        f"{suite}: {options.suites[suite]}, batch {batch}, {options.steps(STEPS)} steps a turn."
    )
    return table(columns, rows, caption)
