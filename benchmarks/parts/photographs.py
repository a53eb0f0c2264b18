"""Detectors for photographs, and anomalib's PaDiM and PatchCore on the same features.

CPU seconds include all threads of the process. Without `--backbone` the network has random weights,
and without `--photographs` the images are noise; neither changes the cost.
"""

import importlib.util
import pathlib
import statistics
import time

import numpy as np
import tensorflow as tf
from measure import spread
from threadpoolctl import threadpool_limits

from memgan_tf.backbones.making import make_backbone
from memgan_tf.config import resolve
from memgan_tf.data.inputs import read_input
from memgan_tf.detectors.patches.memory import MAX_CANDIDATES
from memgan_tf.detectors.patches.streaming import FeatureStream
from memgan_tf.detectors.registry import make_detector
from memgan_tf.networks.patch_features import Grid, PatchFeatures
from parts.common import synthetic, table

NAMES = ("patch_memory", "padim", "patchcore")
THEIRS = {"padim": "PaDiM", "patchcore": "PatchCore"}
BATCHES = (1, 16)
FIT_ROUNDS = 1
COLUMNS = ["detector", "CPU {unit} after the features: median (range)", "wall", "with the features"]


def run(options):
    side, count, scored, few = (256, 300, 16, 8) if not options.quick else (64, 20, 4, 4)
    images = photographs(options, side, count)
    bench = Bench(options, images)
    tables, seconds = [], {}
    rounds = min(FIT_ROUNDS, options.rounds)
    fitting = take_turns({"features": bench.features, **bench.fits()}, rounds, warm=False)
    if _has_anomalib():
        fitting[f"anomalib, {THEIRS['patchcore']}"] = [bench.coreset() for _ in range(rounds)]
    caption = f"Fitting {len(images)} photographs of {side}×{side} pixels, s."
    tables.append(_compared(fitting, "s", 1.0, caption))
    seconds["fit"] = fitting
    for batch in BATCHES:
        turns = take_turns(bench.scores(images[:scored], batch), options.rounds)
        caption = f"Scoring a photograph from decoded pixels, batches of {batch}, ms."
        tables.append(_compared(turns, "ms", 1000 / min(scored, len(images)), caption))
        seconds[f"score, batch {batch}"] = turns
    if _has_anomalib():
        tables.append(_as_it_comes(images[:few], scored))
    else:
        print("anomalib is not installed, so its rows are left out")
    return {"tables": tables, "CPU and wall seconds": seconds}


def photographs(options, side, count):
    """uint8 `(count, side, side, 3)`, of the training photographs of a folder or noise."""
    if not options.photographs:
        return synthetic((side, side, 3), count)
    folder = pathlib.Path(options.photographs) / "train"
    return np.array(read_input(str(folder), (side, side, 3)).images[:count])


def overrides(options):
    """Overrides of the configuration for the backbone."""
    if options.backbone:
        return {"backbone": options.backbone}
    return {"backbone": "mobilenet_v2", "backbone_weights": "random"}


def clock(call):
    """CPU seconds of all threads, and wall seconds."""
    started = time.process_time(), time.perf_counter()
    call()
    return [time.process_time() - started[0], time.perf_counter() - started[1]]


def take_turns(variants, rounds, warm=True):
    """Result of `clock` for each call by variant, in turns like `measure.take_turns`."""
    for call in variants.values() if warm else ():
        call()
    found = {name: [] for name in variants}
    for _ in range(rounds):
        for name, call in variants.items():
            found[name].append(clock(call))
    return found


class Bench:
    """Fits and scores detectors on features that are computed once."""

    def __init__(self, options, images):
        self._options, self._images = options, images
        asked = overrides(options)
        backbone = make_backbone(asked["backbone"], None, asked.get("backbone_weights"))
        self._network = PatchFeatures(backbone, images.shape[1:])
        self._grids = tf.function(
            lambda batch: [(g.features, g.valid) for g in self._network(batch)]
        )
        self._stream = FeatureStream(self._network, images)
        self._models, self._theirs = {}, {}
        self.features(images[:16])
        self._stream.sample(0)
        if _has_anomalib():
            self._make_theirs()

    def features(self, images=None, batch=16):
        """Passes images through the network, once."""
        images = self._images if images is None else images
        for start in range(0, len(images), batch):
            grids = self._grids(tf.constant(images[start : start + batch]))
            [part.numpy() for grid in grids for part in grid]

    def fits(self):
        """Functions that learn from the features, for our and their detectors."""
        found = {}
        for name in NAMES:
            found[f"memgan_tf, {name}"] = lambda name=name: self._learn(name)
        if self._theirs:
            model, learned = self._theirs["padim"]
            found[f"anomalib, {THEIRS['padim']}"] = lambda: model.fit(learned)
        return found

    def coreset(self):
        """Result of `clock` for fitting their PatchCore; see `GivenPatchcore.fit`."""
        model, candidates = self._theirs["patchcore"]
        return model.fit(candidates, clock)

    def scores(self, images, batch):
        """Functions that score the features of images, and one that computes the features."""
        found = {"features": lambda: self.features(images, batch)}
        starts = range(0, len(images), batch)
        parts = [self._grids(tf.constant(images[i : i + batch])) for i in starts]
        given = [_to_torch(grids[0][0]) for grids in parts] if self._theirs else []
        for name in NAMES:
            found[f"memgan_tf, {name}"] = lambda explain=self._models[name]: [
                explain(grids)["anomaly_score"].numpy() for grids in parts
            ]
            if name in self._theirs:
                model = self._theirs[name][0]
                found[f"anomalib, {THEIRS[name]}"] = lambda m=model: [m.score(x) for x in given]
        return found

    def _learn(self, name):
        shape = self._images.shape[1:]
        detector = make_detector(resolve(name, "default", shape, overrides(self._options)))
        # As `fit` does.
        with threadpool_limits(1):
            arrays = detector.learn(self._stream)
        # Replaces the network by the given grids.
        model = detector.make_model(self._network, arrays)
        model.network = lambda grids: [Grid(*grid) for grid in grids]
        self._models[name] = tf.function(model.explain, reduce_retracing=True)

    def _make_theirs(self):
        import torch

        from parts.torch_patches import GivenPadim, GivenPatchcore

        torch.set_num_threads(self._options.threads)
        maps = np.concatenate([grids[0][0] for grids in self._stream.passing("features")])
        shape = self._images.shape[1:]
        padim = resolve("padim", "default", shape, overrides(self._options)).model
        patchcore = resolve("patchcore", "default", shape, overrides(self._options)).model
        rows = maps.reshape(-1, maps.shape[-1])
        drawn = np.random.default_rng(0).permutation(len(rows))[:MAX_CANDIDATES]
        num_units = min(patchcore.num_units, int(patchcore.coreset_share * len(rows)))
        self._theirs = {
            "padim": (GivenPadim(padim.num_channels, shape[:2]), _to_torch(maps)),
            "patchcore": (GivenPatchcore(num_units, shape[:2]), torch.from_numpy(rows[drawn])),
        }


def _has_anomalib():
    return importlib.util.find_spec("anomalib") is not None


def _to_torch(grids):
    import torch

    return torch.from_numpy(np.array(grids)).permute(0, 3, 1, 2).contiguous()


def _compared(turns, unit, factor, caption):
    """A table of times after the features, and of the ratios theirs to ours in each round."""
    rows = []
    features = [cpu for cpu, _ in turns["features"]]
    for name, found in turns.items():
        own = [cpu for cpu, _ in found]
        wall = statistics.median(wall for _, wall in found)
        whole = own if name == "features" else [a + b for a, b in zip(features, own, strict=True)]
        row = [name, spread([factor * value for value in own]), f"{factor * wall:.2f}"]
        row.append(spread([factor * value for value in whole]))
        ours = f"memgan_tf, {name.removeprefix('anomalib, ').lower()}"
        if name.startswith("anomalib"):
            pairs = zip(found, turns[ours], strict=True)
            row.append(spread([theirs[0] / mine[0] for theirs, mine in pairs]))
        rows.append([*row, ""][:5])
    columns = [column.format(unit=unit) for column in COLUMNS]
    return table([*columns, "time over memgan_tf's"], rows, caption)


def _as_it_comes(images, scored):
    """anomalib's models with their own networks, as users run them."""
    from parts.torch_patches import TIMED_CENTERS, AsItComes

    rows = []
    for name, network in (("padim", "ResNet-18"), ("patchcore", "Wide ResNet-50")):
        model = AsItComes(name)
        read = clock(lambda model=model: model.read(images, 16))
        learned = model.learn(clock)
        row = [f"anomalib, {THEIRS[name]}, {network}", f"{read[0]:.1f}", f"{learned[0]:.1f}"]
        for batch in BATCHES:
            part = images[:batch]
            model.score(part)
            rounds = max(1, min(scored, 8) // batch)
            spent = clock(lambda m=model, x=part, n=rounds: [m.score(x) for _ in range(n)])[0]
            row.append(f"{1000 * spent / (rounds * len(part)):.1f}")
        rows.append(row)
    columns = ["detector", "features, CPU s", "after the features, CPU s"]
    columns += [f"scoring, batch {batch}, CPU ms a photograph" for batch in BATCHES]
    caption = (
        f"anomalib as it comes, from decoded pixels, random weights, {len(images)} photographs. "
        f"PatchCore's coreset, a tenth of all patches, is extended from {TIMED_CENTERS} centers."
    )
    return table(columns, rows, caption)
