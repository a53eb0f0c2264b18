"""Measures the benefit of the paper's memory over features of patches.

python benchmarks/feature_memory.py --sets=bottle,tiles --backbone=file:network.keras

E, P and G see one patch of the fine grid at a time. A patch's distance is the length of the part
that G does not restore; an image's score is the largest distance. Each line is added to the record
as soon as it is measured, and existing lines are not measured again. With --page, the table between
the page's marks is filled. Labels of the test split give the AUROCs.
"""

import dataclasses
import pathlib
import tempfile
import time

import numpy as np
import tensorflow as tf
from absl import app, flags
from measure import describe_machine
from parts.patch_networks import VARIANTS, PatchNetworks
from sklearn.metrics import roc_auc_score

from memgan_tf import files
from memgan_tf.backbones.making import make_backbone
from memgan_tf.config import DataConfig
from memgan_tf.data import load_task
from memgan_tf.data.sources import settle
from memgan_tf.detectors.patches.positions import PositionLearner
from memgan_tf.detectors.patches.projection import principal, standardize
from memgan_tf.detectors.patches.streaming import FeatureStream
from memgan_tf.networks.patch_features import PatchFeatures
from memgan_tf.reproduction.tables import to_markdown

FLAGS = flags.FLAGS
MARK, END = "<!-- feature memory -->", "<!-- end of feature memory -->"
KINDS = {"standardized": "standardized by position", "whitened": "whitened by position"}
COMPONENTS, RIDGE = 80, 0.05
# A patch with this share of defect pixels counts as a defect.
DEFECT_SHARE = 0.25
LARGEST = float(np.finfo(np.float16).max)


def define_flags():
    flags.DEFINE_list("sets", [], "Folders, in this order.")
    flags.DEFINE_list("seeds", ["0", "1"], "Seeds of the split, the networks and the batches.")
    flags.DEFINE_list("kinds", list(KINDS), f"Kinds of features: {', '.join(KINDS)}.")
    flags.DEFINE_list("variants", list(map(str, range(len(VARIANTS)))), "Numbers of variants.")
    flags.DEFINE_string("backbone", None, "As in memgan train.")
    flags.DEFINE_string("output", "results/feature_memory.json", "File of the record.")
    flags.DEFINE_string("cache", tempfile.gettempdir(), "Folder for cached features.")
    flags.DEFINE_string("page", None, "Markdown page whose table is filled from the record.")


def prepare(kind, train):
    """Makes features comparable at all positions.

    Args:
        kind: `standardized` (each channel by its own mean and deviation) or `whitened`.
        train: `(images, positions, channels)` float16.

    Returns:
        A function of such features, and the number of bytes that it must store.
    """
    every = max(1, train.shape[0] * train.shape[1] // 40_000)
    rows = train.reshape(-1, train.shape[-1])[::every].astype(np.float32)
    if kind == "standardized":
        projection = standardize(rows)
        wide = projection(train.astype(np.float32))
        mean, scale = wide.mean(axis=0), np.sqrt(wide.var(axis=0) + RIDGE)
        kept = [projection.offset, mean, scale.astype(np.float16)]
        return lambda x: (projection(x.astype(np.float32)) - mean) / scale, _size(kept)
    learner = PositionLearner(principal(rows, COMPONENTS), RIDGE, np.inf)
    for start in range(0, len(train), 16):
        part = train[start : start + 16, :, np.newaxis].astype(np.float32)
        learner.add(part, np.ones(part.shape[:3], bool))
    learner.fit()
    gaussians, projection = learner.fitted.gaussians, learner.projection

    def whiten(features):
        away = projection(features.astype(np.float32)) - gaussians.means
        return (away.transpose(1, 0, 2) @ gaussians.whitening.transpose(0, 2, 1)).transpose(1, 0, 2)

    return whiten, _size(learner.arrays("").values())


def as_half(values):
    """Values in half precision, clipped, because a constant training channel may exceed it."""
    return np.clip(values, -LARGEST, LARGEST).astype(np.float16)


def _size(arrays):
    return sum(np.asarray(array).nbytes for array in arrays)


def grid_masks(masks, grid):
    """Whether patches of a grid `(rows, columns)` show a defect, `(images, positions)` bool."""
    shares = tf.image.resize(tf.cast(masks, tf.float32)[..., tf.newaxis], grid, "area")
    return shares.numpy().reshape(len(masks), -1) >= DEFECT_SHARE


def aurocs(distances, labels, defects):
    """AUROCs of images, by their largest distance, and of patches."""
    known = (labels == 0) | defects.any(axis=1)
    return {
        "auroc": float(roc_auc_score(labels, distances.max(axis=1))),
        "grid_auroc": float(roc_auc_score(defects[known].ravel(), distances[known].ravel())),
    }


def load_features(folder, seed):
    """Arrays `train`, `test`, `labels`, `defects` of a folder, from the cache or the backbone."""
    path = pathlib.Path(FLAGS.cache, f"feature_memory_{pathlib.Path(folder).name}_{seed}.npz")
    if not path.exists():
        task = load_task(settle(DataConfig(dataset=f"folder:{folder}"), True), seed)
        network = PatchFeatures(make_backbone(FLAGS.backbone), task.image_shape, min_side=128)
        found = {}
        for name, images in (("train", task.train.images), ("test", task.test.images)):
            fine = [grids[0][0] for grids in FeatureStream(network, images).passing(name)]
            found[name] = np.concatenate(fine).astype(np.float16)
        grid = found["train"].shape[1:3]
        found = {k: v.reshape(len(v), -1, v.shape[-1]) for k, v in found.items()}
        defects = grid_masks(task.test.masks, grid)
        with files.replacing(path) as temporary, open(temporary, "wb") as opened:
            np.savez(opened, labels=task.test.labels, defects=defects, **found)
    with np.load(path) as arrays:
        return dict(arrays)


def measure(variant, prepared, arrays, seed):
    """A line of the record: AUROCs, CPU seconds of training and megabytes of the file."""
    train, test, bytes_kept = prepared
    started = time.process_time()
    if variant.steps:
        networks = PatchNetworks(variant, *train.shape[1:], seed)
        networks.fit(train)
        bytes_kept += 4 * sum(int(np.prod(w.shape)) for w in networks.weights)
        seconds = time.process_time() - started
        parts = [networks.distances(test[i : i + 8]) for i in range(0, len(test), 8)]
        distances = np.concatenate(parts)
    else:
        distances = np.linalg.norm(test.astype(np.float32), axis=-1)
        seconds = 0.0
    found = aurocs(distances, arrays["labels"], arrays["defects"])
    return {**found, "training_seconds": seconds, "megabytes": bytes_kept / 1e6}


def missing_lines(record, folder, kind, seed):
    """Names and variants without a line, by key."""
    keys = {name: f"{pathlib.Path(folder).name}/{kind}/{name}/{seed}" for name in VARIANTS}
    chosen = [list(VARIANTS)[int(number)] for number in FLAGS.variants]
    return {keys[name]: VARIANTS[name] for name in chosen if keys[name] not in record}


def measure_all(path):
    """Adds the missing lines to the record."""
    record = files.read_json(path) if path.exists() else {}
    for seed in map(int, FLAGS.seeds):
        for kind in FLAGS.kinds:
            for folder in FLAGS.sets:
                lines = missing_lines(record, folder, kind, seed)
                if not lines:
                    continue
                arrays = load_features(folder, seed)
                started = time.process_time()
                function, bytes_kept = prepare(kind, arrays["train"])
                preparing = time.process_time() - started
                sides = [as_half(function(arrays[name])) for name in ("train", "test")]
                for key, variant in lines.items():
                    line = measure(variant, (*sides, bytes_kept), arrays, seed)
                    line["training_seconds"] += preparing
                    about = {"configuration": dataclasses.asdict(variant), "seed": seed}
                    record[key] = {**line, **about, "machine": describe_machine(1)}
                    files.write_json(path, record)
                    print(key, {name: round(value, 4) for name, value in line.items()}, flush=True)


def make_rows(record):
    """Cells of the table: AUROCs by seed, mean seconds and megabytes."""
    names = sorted({key.split("/")[0] for key in record})
    heading = ["features", "distance from", *(f"{n}, image / grid" for n in names), "s", "MB"]
    rows = [heading]
    for kind, title in KINDS.items():
        for variant in VARIANTS:
            lines = {n: _by_seed(record, n, kind, variant) for n in names}
            every = [line for found in lines.values() for line in found]
            if not every:
                continue
            cells = [_both(lines[name]) for name in names]
            means = [np.mean([e[n] for e in every]) for n in ("training_seconds", "megabytes")]
            rows.append([title, variant, *cells, f"{means[0]:.0f}", f"{means[1]:.2f}"])
    return rows


def _by_seed(record, name, kind, variant):
    keys = sorted(key for key in record if key.startswith(f"{name}/{kind}/{variant}/"))
    return [record[key] for key in keys]


def _both(lines):
    cells = [", ".join(f"{100 * e[n]:.1f}" for e in lines) for n in ("auroc", "grid_auroc")]
    return " / ".join(cells) if lines else ""


def fill_page(text, rows):
    """The page with the table of the rows between its marks."""
    before, _, rest = text.partition(MARK)
    _, _, after = rest.partition(END)
    return f"{before}{MARK}\n{to_markdown(rows)}\n{END}{after}"


def main(_):
    path = pathlib.Path(FLAGS.output)
    measure_all(path)
    if FLAGS.page:
        page = pathlib.Path(FLAGS.page)
        filled = fill_page(page.read_text(encoding="utf-8"), make_rows(files.read_json(path)))
        page.write_text(filled, encoding="utf-8")


if __name__ == "__main__":
    define_flags()
    app.run(main)
