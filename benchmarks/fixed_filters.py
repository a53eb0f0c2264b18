"""Label-free choice of the backbone `filters`: figures on local synthetic anomalies.

python benchmarks/fixed_filters.py --sets=woven,stone --output=results/filters/variants.json

Each variant is the backbone of `patch_memory` on every set, a folder in MVTec's layout below the
current one. The anomalies are made in held-out normal images; no test image is read. Figures that
are in the output are not measured again.
"""

import pathlib
import time

import numpy as np
from absl import app, flags

FLAGS = flags.FLAGS
# Arguments of `make_filters`, and layers.
VARIANTS = {
    "7 pixels, three scales": ({"balanced": True}, 3),
    "7 pixels, two scales": ({"balanced": True}, 2),
    "5 pixels, three scales": ({"balanced": True, "side": 5, "num_brightness": 12}, 3),
    "7 pixels, three scales, not balanced": ({}, 3),
}


def define_flags():
    flags.DEFINE_list("sets", None, "Folders to train on.")
    flags.DEFINE_list("variants", None, "Variants; all if absent.")
    flags.DEFINE_string("output", "results/filters/variants.json", "File of the figures.")
    flags.DEFINE_integer("seed", 1, "Seed of the anomalies.")


def make_detector(name, task_config):
    """A detector `patch_memory` with a variant as its backbone."""
    from memgan_tf.backbones.cutting import cut
    from memgan_tf.backbones.filters import LAYERS, LICENSE, make_filters
    from memgan_tf.detectors.registry import make_detector as make

    settings, num_layers = VARIANTS[name]
    detector = make(task_config)
    detector._backbone = cut(make_filters(**settings), "filters", LICENSE, LAYERS[:num_layers])
    return detector


def measure(folder, name):
    """AUROC of scores and AUPRO of maps, means over the kinds of anomalies, and seconds."""
    from patches.choosing import Trial

    from memgan_tf.api import configure
    from memgan_tf.data import load_task

    config = configure(f"folder:{folder}", detector="patch_memory", backbone="filters")
    task = load_task(config.data, config.training.seed, with_test=False)
    images, held_out = (s.images[np.arange(len(s))] for s in (task.train, task.validation))
    started = time.monotonic()
    detector = make_detector(name, config)
    detector.fit(images, held_out)
    seconds = time.monotonic() - started
    trial = Trial(held_out, bool(config.data.leave_out_padding), FLAGS.seed)
    return {**trial.measure(detector.explain), "seconds": round(seconds, 1)}


def choose(found):
    """Names of variants by the mean of AUROC and AUPRO over their common sets, best first."""
    sets = set.intersection(*(set(by_set) for by_set in found.values()))

    def figure(name):
        return np.mean([(found[name][s]["auroc"] + found[name][s]["aupro"]) / 2 for s in sets])

    return {name: round(float(figure(name)), 4) for name in sorted(found, key=figure)[::-1]}


def main(_):
    from memgan_tf import files

    path = pathlib.Path(FLAGS.output)
    found = files.read_json(path) if path.exists() else {}
    for folder in FLAGS.sets:
        for name in FLAGS.variants or VARIANTS:
            place = pathlib.Path(folder).name
            if place not in found.setdefault(name, {}):
                found[name][place] = measure(folder, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                files.write_json(path, found)
                print(place, name, found[name][place], flush=True)
    print("Mean of AUROC and AUPRO:", choose(found))


if __name__ == "__main__":
    define_flags()
    flags.mark_flag_as_required("sets")
    app.run(main)
