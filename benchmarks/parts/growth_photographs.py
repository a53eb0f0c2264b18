"""Growth of the detectors for photographs with the side, the number of photographs and the memory.

Photographs are generated: objects of one kind under changing light. Each row is a process of its
own. Without `--backbone` the network has random weights, which costs the same.
"""

import json
import os
import time

import numpy as np
from measure import peak_memory, run_child

from parts.common import table
from parts.photographs import clock, overrides

BASE = {"side": 256, "count": 40}
# Detector, its settings, and what grows.
ROWS = (
    *(("patch_memory", {"memory": "positions"}, {"side": side}) for side in (256, 128, 512)),
    ("patch_memory", {"memory": "positions"}, {"count": 160}),
    *(("patch_memory", {"memory": "anywhere", "num_units": n}, {}) for n in (1000, 4000)),
    ("padim", {}, {}),
    ("features_knn", {}, {}),
)
QUICK_ROWS = (
    ("patch_memory", {"memory": "anywhere", "num_units": 20}, {"side": 64, "count": 20}),
    ("features_knn", {}, {"side": 64, "count": 4}),
)
CHILD = """
import json, sys
sys.path.insert(0, sys.argv[1])
from parts.growth_photographs import measure
print(json.dumps(measure(**json.loads(sys.argv[2]))))
"""
NUM_SCORED, ROUNDS = 8, 3


def run(options):
    rows, found = [], []
    folder = os.path.dirname(os.path.dirname(__file__))
    for detector, settings, grown in QUICK_ROWS if options.quick else ROWS:
        asked = {"detector": detector, "settings": {**overrides(options), **settings}}
        asked |= {**BASE, **grown}
        line, _, memory = run_child(CHILD, folder, json.dumps(asked))
        measured = json.loads(line)
        asked["settings"]["backbone"] = _file_name(asked["settings"]["backbone"])
        found.append({**asked, **measured, "peak memory, GiB": memory})
        units = measured["units"] or ""
        side, count = asked["side"], asked["count"]
        rows.append([f"`{_named(detector, settings)}`", f"{side}×{side}", count, units])
        rows[-1] += [f"{measured['learning']:.1f}", f"{measured['before']:.2f}", f"{memory:.2f}"]
        rows[-1].append(f"{1000 * measured['scoring']:.0f}")
    columns = ["detector", "photographs of", "number", "units in memory", "CPU s to learn"]
    columns += ["GiB before", "peak, GiB", "CPU ms to score one"]
    caption = "Generated photographs; a process each, in a row, not in turns."
    return {"tables": [table(columns, rows, caption)], "measured": found}


def _file_name(backbone):
    """A backbone without the folder of its file, which is the machine's own."""
    return "file:" + os.path.basename(backbone) if backbone.startswith("file:") else backbone


def _named(detector, settings):
    chosen = settings.get("memory")
    return f"{detector}, --memory={chosen}" if chosen else detector


def measure(detector, settings, side, count):
    """CPU seconds to learn and to score a photograph, and units in the memory, of one setting."""
    from memgan_tf.config import resolve
    from memgan_tf.detectors.registry import make_detector

    config = resolve(detector, "default", (side, side, 3), {"dataset": "folder:none", **settings})
    fitted = make_detector(config)
    fitted.get_ready()
    images, before = generated(side, count), peak_memory()
    learning, _ = clock(lambda: fitted.fit(images, images[:1]))
    tested = generated(side, NUM_SCORED, seed=1)
    fitted.score(tested[:1])  # it is traced here
    started = time.process_time()
    for _ in range(ROUNDS):
        for image in tested:
            fitted.score(image[np.newaxis])
    scoring = (time.process_time() - started) / (ROUNDS * NUM_SCORED)
    units = fitted.model.learned.get("memory_units")
    number = None if units is None else int(units.shape[0])
    return {"learning": learning, "scoring": scoring, "before": before, "units": number}


def generated(side, count, seed=0):
    """uint8 `(count, side, side, 3)`: a disc with spokes under changing light, with noise."""
    generator = np.random.default_rng(seed)
    rows, columns = np.mgrid[:side, :side] / side - 0.5
    radius, angle = np.hypot(rows, columns), np.arctan2(rows, columns)
    found = np.empty((count, side, side, 3), np.uint8)
    for image in found:
        turn, light = generator.uniform(0, 0.3), generator.uniform(0.8, 1.2)
        spokes = 110 + 50 * np.cos(8 * angle + turn) * (radius < 0.4) - 90 * (radius > 0.42)
        colors = spokes[..., np.newaxis] * np.array([1.0, 0.9, 0.7]) * light
        noise = generator.normal(0, 6, (side, side, 1))
        image[:] = np.clip(colors + noise, 1, 255)
    return found
