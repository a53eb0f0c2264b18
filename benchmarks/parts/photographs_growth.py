"""How the time and memory of `patch_memory` grow with the photographs and their size."""

import os
import tempfile

import numpy as np
from measure import run_child

from parts.common import table

COUNTS, SIDES, FEW = (50, 100, 300), (256, 512, 1024), 10
FIT = """
import sys, time
import numpy as np
from memgan_tf.config import resolve
from memgan_tf.detectors.registry import make_detector
path, count, factor, backbone, weights, tile_size = sys.argv[1:]
images = np.load(path)[: int(count)].repeat(int(factor), 1).repeat(int(factor), 2)
values = {"backbone": backbone}
values |= {"backbone_weights": weights} if weights else {}
values |= {"tile_size": int(tile_size)} if tile_size else {}
config = resolve("patch_memory", "default", images.shape[1:], values)
started = time.process_time(), time.perf_counter()
make_detector(config).fit(images, images[:1])
print(time.process_time() - started[0], time.perf_counter() - started[1])
"""


def measure(options, images):
    """What was found, and a table; each fit has a process of its own, for its peak memory."""
    side = images.shape[1]
    runs = [(count, 1, "") for count in COUNTS]
    runs += [(FEW, size // side, "512" if size == 1024 else "") for size in SIDES]
    if options.quick:
        runs = [(4, 1, ""), (4, 4, "192")]
    rows, found = [], []
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "images.npy")
        np.save(path, images)
        for count, factor, tile_size in runs:
            backbone = options.backbone or "mobilenet_v2"
            weights = "" if options.backbone else "random"
            line, _, memory = run_child(FIT, path, count, factor, backbone, weights, tile_size)
            cpu, wall = map(float, line.split())
            size = f"{factor * side}×{factor * side}" + (
                f", tiles of {tile_size}" * bool(tile_size)
            )
            rows.append(
                [min(count, len(images)), size, f"{cpu:.1f}", f"{wall:.1f}", f"{memory:.2f}"]
            )
            found.append({"photographs": count, "size": size, "CPU s": cpu, "GiB": memory})
    columns = ["photographs", "pixels", "fit, CPU s", "wall s", "peak memory of the process, GiB"]
    caption = "`patch_memory`, whole fit: reading the backbone, features, statistics, leaving out."
    return found, [table(columns, rows, caption)]
