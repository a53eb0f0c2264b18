"""Time of a step by kind of operation, from TensorFlow's profiler."""

import collections
import pathlib
import tempfile

import tensorflow as tf

from parts.common import make_trainer, settings, synthetic, table

# Substrings of kinds of operations, in the order of the search.
KINDS = {
    "convolutions": ("Conv2D",),
    "batch normalisation": ("BatchNorm",),
    "matrix products": ("MatMul",),
    "activations": ("Relu", "Tanh", "Softmax", "Softplus", "Sigmoid"),
    "Adam": ("ApplyAdam",),
    "random numbers and batches": ("Random", "Gather"),
}


def run(options):
    tables = []
    for suite, shape in options.suites.items():
        config = settings(options, "memgan", shape, steps_per_call=options.steps(10))
        turn = make_trainer(config, synthetic(shape))[1]
        turn()
        steps = config.training.steps_per_call
        milliseconds, counts = operation_times(turn)
        total = sum(milliseconds.values())
        rows = [
            [kind, f"{counts[kind] / steps:.0f}", f"{value / steps:.2f}", f"{value / total:.0%}"]
            for kind, value in milliseconds.most_common()
        ]
        columns = ["operations", "a step", "ms a step", "share"]
        caption = f"{suite}, batch {config.training.batch_size}; operations overlap on the cores."
        tables.append(table(columns, rows, caption))
    return {"tables": tables, "seconds": {}}


def operation_times(turn):
    """Milliseconds and counts of operations by kind, during one run of `turn`."""
    from tensorflow.tsl.profiler.protobuf import xplane_pb2

    with tempfile.TemporaryDirectory() as folder:
        tf.profiler.experimental.start(folder)
        turn()
        tf.profiler.experimental.stop()
        (path,) = pathlib.Path(folder).rglob("*.xplane.pb")
        space = xplane_pb2.XSpace.FromString(path.read_bytes())
    known = {name for name in dir(tf.raw_ops) if name[0].isupper()}
    milliseconds, counts = collections.Counter(), collections.Counter()
    for plane in space.planes:
        for line in plane.lines:
            for event in line.events:
                # `scope/name:Kind`; kernels of oneDNN have their own prefixes.
                kind = plane.event_metadata[event.metadata_id].name.rpartition(":")[2]
                if (kind not in known and not kind.startswith("_Mkl")) or kind == "Prefetch":
                    continue
                group = next((g for g, k in KINDS.items() if any(x in kind for x in k)), "the rest")
                milliseconds[group] += event.duration_ps / 1e9
                counts[group] += 1
    return milliseconds, counts
