"""The exported signature at batch 1, before and after its variables are frozen to constants.

CPU time of the process is what other work on the machine changes least; run it with `--threads=1`.
"""

import tempfile
import time

import numpy as np
import tensorflow as tf
from measure import per_second, ratios, spread, take_turns
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from memgan_tf.detectors.registry import make_detector
from memgan_tf.evaluation.calibration import Calibration
from memgan_tf.export.graph_session import GraphSession
from memgan_tf.export.scorer import Scorer
from parts.common import settings, synthetic, table

RUN, SAVED, FROZEN = "run's score", "signature", "signature, frozen"
SESSION = "signature, session"
CALLS, LARGE_BATCH = 100, 512


def run(options):
    single, batched, seconds = [], [], {}
    for suite, shape in options.suites.items():
        config, images = settings(options, "memgan", shape), synthetic(shape, LARGE_BATCH)
        detector = make_detector(config)
        detector.initialize(images[:64])
        with tempfile.TemporaryDirectory() as folder:
            ways = _ways(detector, images, folder)
            single += _measure_single(suite, ways, images, options, seconds)
            batched += _measure_batched(suite, ways, images, options, seconds)
    columns = ["shapes", "way", "CPU p50, ms", "CPU p99, ms", "wall p50, ms", "wall p99, ms"]
    columns += ["CPU p50 over the signature's", "scores"]
    other = ["shapes", "way", "images/s", "time over the run's score"]
    caption = f"Batches of {LARGE_BATCH}."
    return {
        "tables": [table(columns, single, "Batches of 1."), table(other, batched, caption)],
        "seconds": seconds,
    }


def _ways(detector, images, folder):
    """Functions from uint8 images to scores, by name."""
    shape = images.shape[1:]
    scorer = Scorer(detector.model, shape, Calibration.of(detector.score(images), 0.05))
    tf.saved_model.save(scorer, folder, signatures=scorer.signatures())
    loaded = tf.saved_model.load(folder)
    signature = loaded.signatures["serving_default"]
    frozen = convert_variables_to_constants_v2(signature)
    names = sorted(signature.structured_outputs)
    position = names.index("anomaly_score")
    session = GraphSession(folder)

    def of_signature(given):
        return signature(image=tf.constant(given, tf.float32))["anomaly_score"].numpy()

    def of_frozen(given):
        outputs = tf.nest.flatten(frozen(tf.constant(given, tf.float32)))
        return outputs[position].numpy()

    return {
        RUN: detector.score,
        SAVED: of_signature,
        FROZEN: of_frozen,
        SESSION: lambda given: session.run("serving_default", image=given)["anomaly_score"],
    }


def _measure_single(suite, ways, images, options, seconds):
    times = {name: [] for name in ways}
    for way in ways.values():
        way(images[:1])
    for index in range(CALLS * options.rounds):
        image = images[index % len(images)][np.newaxis]
        for name, way in ways.items():
            wall, processor = time.perf_counter(), time.process_time()
            way(image)
            spent = (time.process_time() - processor, time.perf_counter() - wall)
            times[name].append(spent)
    seconds[f"{suite}, 1"] = {
        name: np.percentile(values, [50, 99], axis=0).tolist() for name, values in times.items()
    }
    base, rows = np.median(times[SAVED], axis=0)[0], []
    for name, values in times.items():
        middle, high = 1e3 * np.percentile(values, [50, 99], axis=0)
        row = [
            suite,
            name,
            *(f"{value:.2f}" for pair in zip(middle, high, strict=True) for value in pair),
        ]
        ratio = np.median(values, axis=0)[0] / base
        rows.append([*row, f"{ratio:.2f}", _difference(ways[name], ways[SAVED], images)])
    return rows


def _difference(way, base, images):
    """How the scores of single images compare, in words."""
    mine, theirs = (
        np.concatenate([w(image[np.newaxis]) for image in images[:32]]) for w in (way, base)
    )
    if np.array_equal(mine, theirs):
        return "equal bit by bit"
    return f"relative difference up to {np.max(np.abs(mine - theirs) / np.abs(theirs)):.0e}"


def _measure_batched(suite, ways, images, options, seconds):
    turns = take_turns({n: lambda w=w: w(images) for n, w in ways.items()}, options.rounds)
    seconds[f"{suite}, {len(images)}"] = turns
    return [
        [suite, name, per_second(len(images), turns[name]), spread(ratios(turns, name, RUN))]
        for name in ways
    ]
