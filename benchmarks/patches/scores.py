"""Scores and maps by what is normal of patch features, and together with the run's own."""

import dataclasses

import numpy as np
import tensorflow as tf

from memgan_tf.config.features import PatchMemoryConfig
from memgan_tf.detectors.patches.patch_memory import PatchMemory
from memgan_tf.layers.local_score import SMALLEST_DEVIATION, LocalScore
from patches.networks import make_backbone

# What is normal of patches: settings of the detector `patch_memory`.
STATISTICS = {
    "position": {"memory": "positions"},
    "shared": {"memory": "positions", "max_positions": 1},
    "memory": {"memory": "anywhere"},
    "large memory": {"memory": "anywhere", "num_units": 8000},
}
RESIDUAL = "weighted_residual"
TINY = 1e-6
AT_ONCE = 32


@dataclasses.dataclass(frozen=True)
class Variant:
    """What the patches' features are, and what is learned of them.

    Attributes:
        network: One of `NETWORKS`.
        layers: Positions of its maps, 0 is the finest.
        statistics: One of `STATISTICS`.
    """

    network: str
    layers: tuple[int, ...]
    statistics: str

    def __str__(self):
        layers = "+".join(str(layer + 1) for layer in self.layers)
        return f"{self.network} {layers}, {self.statistics}"


class PatchScores:
    """Scores and maps by one variant, learned from the training images of a run.

    Args:
        run: A `TrainedRun` of memgan_plus.
        variant: A `Variant`.
        trained: Images that the run's steps saw, for what is normal.
        reserved: Images that they did not see, for what is usual of a score.
        present: `explain` of the run for the reserved images.
    """

    def __init__(self, run, variant, trained, reserved, present):
        config = PatchMemoryConfig(min_side=1, **STATISTICS[variant.statistics])
        self._detector = PatchMemory(
            dataclasses.replace(run.config, detector="patch_memory", model=config)
        )
        self._detector._backbone = make_backbone(run, trained, variant.network, variant.layers)
        self._detector.fit(trained, reserved)
        self._residual = run.detector.part_names.index(RESIDUAL)
        self._local = LocalScore(run.config.image_shape[:2])
        found = self._explain(reserved)
        squares = tf.square(found["anomaly_map"])
        self._local.fit(lambda: [squares])
        self._usual = {
            "largest": moments(np.log(found["anomaly_score"] + TINY)),
            "present": moments(present["anomaly_score"]),
            "residual": moments(present["parts"][:, self._residual]),
        }

    def explain(self, images, present):
        """Possible scores `(batch,)` and maps `(batch, height, width)`, each by name.

        `largest` is the largest distance of a patch, `local` is `LocalScore` of the map; with the
        run's whole score or its residual, both in deviations of reserved images, the mean or the
        higher one.

        Args:
            images: `(batch, height, width, channels)`.
            present: `explain` of the run for them.
        """
        found = self._explain(images)
        local, maps = (v.numpy() for v in self._local(tf.square(found["anomaly_map"])))
        # The run's maps are 0 in padding, and nowhere else.
        maps = np.where(present["anomaly_map"] == 0.0, 0.0, maps)
        largest = self._standard("largest", np.log(found["anomaly_score"] + TINY))
        whole = self._standard("present", present["anomaly_score"])
        residual = self._standard("residual", present["parts"][:, self._residual])
        scores = {
            "largest": largest,
            "local": local,
            "mean of present and largest": (whole + largest) / 2,
            "mean of present and local": (whole + local) / 2,
            "mean of residual and largest": (residual + largest) / 2,
            "mean of residual and local": (residual + local) / 2,
            "higher of residual and local": np.maximum(residual, local),
        }
        both = np.sqrt(maps * present["anomaly_map"])
        return scores, {"smoothed": found["anomaly_map"], "local": maps, "both": both}

    def _explain(self, images):
        """The detector's `explain`, a few images at a time: all distances are in memory."""
        parts = [
            self._detector.explain(images[i : i + AT_ONCE]) for i in range(0, len(images), AT_ONCE)
        ]
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def _standard(self, name, values):
        mean, deviation = self._usual[name]
        return (values - mean) / deviation


def moments(values):
    """Mean and deviation, which few images may not have."""
    return float(np.mean(values)), float(np.std(values)) + SMALLEST_DEVIATION
