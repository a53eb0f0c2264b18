"""Speed of an export with TensorFlow's C API and Python, compared with the run's own score.

    python benchmarks/serving.py [--side=28] [--detector=memgan] [--rounds=15]

In one process, the variants take turns at each batch size, so changes of the machine's speed affect
all equally. A ratio compares medians of the same round; below 1 the export is faster. The weights
are the initial ones, because speed does not depend on them.
"""

import os
import pathlib
import platform
import statistics
import sys
import tempfile
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# The tests have the code that calls the C API.
sys.path.append(str(pathlib.Path(__file__).parents[1]))

import keras
import numpy as np
import tensorflow as tf
from absl import app, flags

from memgan_tf.config import DETECTORS, resolve
from memgan_tf.detectors.registry import make_detector
from memgan_tf.evaluation.calibration import Calibration
from memgan_tf.export.scorer import Scorer
from tests.c_api.session import CSession

FLAGS = flags.FLAGS
flags.DEFINE_enum("detector", "memgan", list(DETECTORS), "Method, with its default preset.")
flags.DEFINE_integer("side", 28, "Side of the images in pixels.")
flags.DEFINE_integer("rounds", 15, "Number of rounds in which the variants take turns.")
flags.DEFINE_integer("images", 512, "Images per round, in at most 20 calls.")
flags.DEFINE_list("batch_sizes", ["1", "8", "64", "512"], "Images per call.")

RUN, PYTHON, C_API, BYTES = "run's score", "SavedModel, Python", "SavedModel, C API", "PNG, C API"
MAX_CALLS = 20


def make_ways(folder):
    """Functions from uint8 images to scores, by name."""
    shape = (FLAGS.side, FLAGS.side, 1)
    detector = make_detector(resolve(FLAGS.detector, "default", shape, {}))
    images = np.random.default_rng(0).integers(0, 256, (64, *shape), dtype=np.uint8)
    detector.initialize(images)
    scorer = Scorer(detector.model, shape, Calibration.of(detector.score(images), 0.05))
    tf.saved_model.save(scorer, folder, signatures=scorer.signatures())
    signature = tf.saved_model.load(folder).signatures["serving_default"]
    session = CSession(folder)
    ways = {
        RUN: lambda images, files: detector.score(images),
        PYTHON: lambda images, files: signature(image=tf.constant(images, tf.float32))[
            "anomaly_score"
        ].numpy(),
        C_API: lambda images, files: session.run("serving_default", image=images)["anomaly_score"],
        BYTES: lambda images, files: session.run("serve_bytes", image_bytes=files)["anomaly_score"],
    }
    return ways, session


def measure(ways, batch_size):
    """Seconds of each call, by way and round; all ways give the same scores."""
    shape = (batch_size, FLAGS.side, FLAGS.side, 1)
    images = np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)
    files = [tf.io.encode_png(image).numpy() for image in images]
    expected = ways[RUN](images, files)
    for way in ways.values():
        for _ in range(2):
            np.testing.assert_allclose(way(images, files), expected, rtol=1e-5)
    calls = max(1, min(MAX_CALLS, FLAGS.images // batch_size))
    seconds = {name: [] for name in ways}
    for _ in range(FLAGS.rounds):
        for name, way in ways.items():
            seconds[name].append([])
            for _ in range(calls):
                started = time.perf_counter()
                way(images, files)
                seconds[name][-1].append(time.perf_counter() - started)
    return seconds


def report(batch_size, seconds):
    own = [statistics.median(calls) for calls in seconds[RUN]]
    for name, rounds in seconds.items():
        latencies = np.concatenate(rounds)
        p50, p95 = 1e3 * np.percentile(latencies, [50, 95])
        ratios = [statistics.median(c) / o for c, o in zip(rounds, own, strict=True)]
        spread = f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
        rate = batch_size / np.median(latencies)
        print(f"| {batch_size} | {name} | {rate:.0f} | {p50:.2f} | {p95:.2f} | {spread} |")


def main(argv):
    del argv
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, ", end="")
    print(f"Python {platform.python_version()}, TensorFlow {tf.__version__}, Keras ", end="")
    print(f"{keras.__version__}; {FLAGS.detector}, {FLAGS.side}×{FLAGS.side}×1\n")
    print("| batch | way | scores/s | p50 ms | p95 ms | time over the run's: median (range) |")
    print("|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        ways, session = make_ways(folder)
        for batch_size in map(int, FLAGS.batch_sizes):
            report(batch_size, measure(ways, batch_size))
        session.close()


if __name__ == "__main__":
    app.run(main)
