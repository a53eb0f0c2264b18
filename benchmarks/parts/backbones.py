"""Costs of the maps of each named backbone, with random weights, which do not affect the time."""

import pathlib
import tempfile
import time

import numpy as np
import tensorflow as tf
from measure import spread

from memgan_tf.backbones.carrying import MODEL, save_backbone
from memgan_tf.backbones.catalog import NETWORKS
from memgan_tf.backbones.making import make_backbone
from parts.common import table

SIDES = (224, 256)
BATCH = 8


def run(options):
    names = ["mobilenet_v2"] if options.quick else list(NETWORKS)
    sides = (64,) if options.quick else SIDES
    rows, seconds, facts = [], {}, {}
    for name in names:
        backbone = make_backbone(name, weights="random")
        facts[name] = {"weights": backbone.model.count_params(), "megabytes": _megabytes(backbone)}
        call = tf.function(lambda images, model=backbone.model: model(images, training=False))
        seconds[name] = {side: _measure(call, side, options.rounds) for side in sides}
        maps = zip(backbone.layers, backbone.strides, backbone.channels, strict=True)
        rows.append(
            [
                f"`{name}`",
                ", ".join(f"`{layer}` ({stride}; {count})" for layer, stride, count in maps),
                f"{facts[name]['weights'] / 1e6:.1f}",
                f"{facts[name]['megabytes']:.1f}",
                *(spread([1000 * value for value in seconds[name][side]], 1) for side in sides),
            ]
        )
    columns = ["backbone", "layers (stride; channels)", "weights, millions", "file in a run, MB"]
    columns += [f"CPU ms an image, {side} px" for side in sides]
    return {"tables": [table(columns, rows)], "CPU seconds an image": seconds, "facts": facts}


def _measure(call, side, rounds):
    """CPU seconds per image, of all threads, round by round."""
    images = tf.constant(
        np.random.default_rng(0).uniform(0, 255, (BATCH, side, side, 3)), "float32"
    )
    call(images)
    found = []
    for _ in range(rounds):
        started = time.process_time()
        [maps.numpy() for maps in call(images)]
        found.append((time.process_time() - started) / BATCH)
    return found


def _megabytes(backbone):
    with tempfile.TemporaryDirectory() as folder:
        save_backbone(backbone, folder)
        return (pathlib.Path(folder) / MODEL).stat().st_size / 1e6
