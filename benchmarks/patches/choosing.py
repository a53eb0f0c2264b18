"""Label-free figures of every variant: local synthetic anomalies in held-out normal images."""

import numpy as np

from memgan_tf.data.local_anomalies import make_local_anomalies
from memgan_tf.evaluation.metrics import ranking_metrics
from memgan_tf.evaluation.pixel_metrics import PixelMetrics
from patches.networks import NETWORKS
from patches.scores import PatchScores, Variant

PRESENT, PCA = "present", "pca"
# What is tried of the classifier, by the positions of its maps, and of the other networks.
OF_CLASSIFIER = {
    (0,): ("position", "memory", "large memory"),
    (0, 1): ("position", "shared", "memory"),
    (1, 2): ("position", "memory"),
}
OF_OTHERS = {(0,): ("memory",)}


def all_variants(quick=False):
    """Every `Variant` that is tried; for a test, only two."""
    if quick:
        return [Variant("turns", (0, 1), name) for name in ("position", "memory")]
    tried = dict.fromkeys(NETWORKS, OF_OTHERS) | {"turns": OF_CLASSIFIER}
    return [
        Variant(network, layers, statistics)
        for network, by_layers in tried.items()
        for layers, several in by_layers.items()
        for statistics in several
    ]


def reserve(images):
    """Training images of a run's steps, and those reserved for its score (see `Trainer`)."""
    reserved = np.arange(len(images)) % 10 == 0
    return images[~reserved], images[reserved]


class Trial:
    """Synthetic anomalies of one set and the figures of scores and maps on them.

    Args:
        images: Held-out normal images.
        has_padding: Whether black pixels are padding, which has no anomalies.
        seed: Seed of the anomalies.
    """

    def __init__(self, images, has_padding, seed):
        self.normal, self.damaged = images, make_local_anomalies(images, seed)
        if has_padding:
            for name, (damaged, masks) in self.damaged.items():
                is_padding = (images == 0).all(axis=-1)
                kept = np.where(is_padding[..., np.newaxis], 0, np.maximum(damaged, 1))
                self.damaged[name] = kept.astype(images.dtype), masks & ~is_padding
        self.present = {}

    def batches(self):
        """Images by kind of anomaly; the normal ones have the name ``."""
        return {"": self.normal, **{kind: images for kind, (images, _) in self.damaged.items()}}

    def auroc(self, scores):
        """Mean AUROC over the kinds of anomalies, of scores `(images,)` by name of `batches`."""
        labels = np.repeat([0, 1], len(self.normal))
        pairs = [np.append(scores[""], scores[kind]) for kind in self.damaged]
        return float(np.mean([ranking_metrics(labels, pair)["auroc"] for pair in pairs]))

    def pixels(self, maps):
        """Mean pixel AUROC and AUPRO, of maps `(images, height, width)` by name of `batches`."""
        found = []
        for kind, (_, masks) in self.damaged.items():
            metrics = PixelMetrics()
            metrics.update(maps[kind], masks)
            metrics.update(maps[""], np.zeros_like(masks))
            result = metrics.result()
            found.append((result.pixel_auroc, result.aupro))
        return dict(zip(("pixel_auroc", "aupro"), np.mean(found, axis=0).tolist(), strict=True))

    def measure(self, explain):
        """Figures of a function from images to an explanation, which is kept as `present`."""
        self.present = {kind: explain(images) for kind, images in self.batches().items()}
        scores, maps = (
            {kind: found[name] for kind, found in self.present.items()}
            for name in ("anomaly_score", "anomaly_map")
        )
        return {"auroc": self.auroc(scores), **self.pixels(maps)}

    def measure_patches(self, patches):
        """Figures of each score and of each map of `PatchScores`."""
        found = {
            kind: patches.explain(images, self.present[kind])
            for kind, images in self.batches().items()
        }
        scores, maps = (
            {name: {kind: f[part][name] for kind, f in found.items()} for name in found[""][part]}
            for part in (0, 1)
        )
        return {
            "scores": {name: self.auroc(values) for name, values in scores.items()},
            "maps": {name: self.pixels(values) for name, values in maps.items()},
        }


def measure_variants(run, task, pca, quick=False, seed=1):
    """Figures of a PCA, of a run's present score, and of every variant, by name."""
    images, held_out = (s.images[np.arange(len(s))] for s in (task.train, task.validation))
    trained, reserved = reserve(images)
    trial = Trial(held_out, bool(run.config.data.leave_out_padding), seed)
    found = {PCA: trial.measure(pca.explain), PRESENT: trial.measure(run.detector.explain)}
    present = run.detector.explain(reserved)
    for variant in all_variants(quick):
        patches = PatchScores(run, variant, trained, reserved, present)
        found[str(variant)] = trial.measure_patches(patches)
    return found


def choose(by_set):
    """Variant, score and map with the highest mean of AUROC and of AUPRO over the sets.

    Args:
        by_set: Result of `measure_variants` by set.
    """
    found = list(by_set.values())
    variants = set.intersection(*map(set, found)) - {PCA, PRESENT}
    best = {}
    for variant in sorted(variants):
        score, auroc = _highest(found, variant, "scores", lambda value: value)
        shown, aupro = _highest(found, variant, "maps", lambda value: value["aupro"])
        best[variant, score, shown] = (auroc + aupro) / 2
    return max(best, key=best.__getitem__)


def _highest(found, variant, part, figure):
    """The name with the highest mean figure over the sets, and the mean."""
    means = {
        name: float(np.mean([figure(one[variant][part][name]) for one in found]))
        for name in found[0][variant][part]
    }
    name = max(means, key=means.__getitem__)
    return name, means[name]
