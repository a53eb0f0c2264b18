"""The default for photographs: statistics for each position, or a memory without position."""

import numpy as np
import tensorflow as tf

from memgan_tf.detectors.patches.base import FeatureDetector, FeatureModel
from memgan_tf.detectors.patches.choosing import count_held, memory_lead
from memgan_tf.detectors.patches.memory import MemoryLearner
from memgan_tf.detectors.patches.padim import PUBLISHED_SIDE
from memgan_tf.detectors.patches.positions import PositionLearner, unpack
from memgan_tf.detectors.patches.projection import principal
from memgan_tf.layers.patch_scores import (
    gaussian_distances,
    largest,
    nearest_distances,
    to_image,
)

# Names of the grids, finest first.
PREFIXES = ("fine_", "coarse_")
MEMORY = "memory_"
# Largest share of the patches in the memory without position.
MEMORY_SHARE = 0.1
# Lead in AUROC on synthetic defects with which the memory is chosen nevertheless.
CLEAR_LEAD = 0.01
TINY = 1e-6


class PatchMemoryModel(FeatureModel):
    """The mean over the grids of the largest distance, each relative to its usual value.

    The median normal image has a score of 1. The map is that of the finest grid, in the same unit.
    """

    def __init__(self, network, arrays, image_shape, smoothing):
        self._anywhere = MEMORY + "units" in arrays
        names = (MEMORY,) if self._anywhere else PREFIXES
        self._prefixes = [name for name in names if name + "matrix" in arrays]
        kept: dict[str, np.ndarray] = {}
        self._cell_sides: dict[str, int] = {}
        for prefix in self._prefixes:
            if self._anywhere:
                own = [prefix + name for name in ("matrix", "offset", "units")]
                kept |= {name: arrays[name] for name in own}
            else:
                kept |= unpack(arrays, prefix)
                self._cell_sides[prefix] = int(arrays[prefix + "cell_side"])
            kept[prefix + "usual"] = arrays[prefix + "usual"]
        super().__init__(network, kept, image_shape)
        self._smoothing = smoothing * min(image_shape[:2]) / PUBLISHED_SIDE

    def explain(self, images):
        grids = self.network(images)
        maps = [
            self._distances(grid.features, prefix) / self.learned[prefix + "usual"]
            for grid, prefix in zip(grids, self._prefixes, strict=False)
        ]
        scores = [largest(values, grid.valid) for values, grid in zip(maps, grids, strict=False)]
        return {
            "anomaly_score": tf.add_n(scores) / len(scores),
            "anomaly_map": to_image(
                maps[0], grids[0].valid, self._image_shape[:2], self._smoothing, grids[0].boxes
            ),
        }

    def _distances(self, features, prefix):
        learned = self.learned
        projected = features @ learned[prefix + "matrix"] + learned[prefix + "offset"]
        if not self._anywhere:
            means, whitening = learned[prefix + "means"], learned[prefix + "whitening"]
            return gaussian_distances(projected, means, whitening, self._cell_sides[prefix])
        rows, columns, size = projected.shape[1:]
        patches = tf.reshape(projected, (-1, rows * columns, size))
        squares = nearest_distances(patches, learned[prefix + "units"])
        return tf.reshape(tf.sqrt(squares), (-1, rows, columns))


class PatchMemory(FeatureDetector):
    """Decides from normal images whether position matters; see docs/photographs.md.

    Its configuration is `PatchMemoryConfig`.
    """

    def learn(self, stream):
        settings = self.config.model
        sampled = stream.sample(self.config.training.seed)
        learners = {
            prefix: PositionLearner(
                principal(rows, size), ridge, settings.max_positions, settings.shared_patches
            )
            for prefix, rows, (size, ridge) in zip(
                PREFIXES, sampled, _sizes(settings), strict=False
            )
        }
        if settings.memory == "anywhere":
            return self._learn_anywhere(stream, learners[PREFIXES[0]].projection)
        for grids in stream.passing("statistics"):
            for learner, grid in zip(learners.values(), grids, strict=False):
                learner.add(*grid)
        for learner in learners.values():
            learner.fit()
        gains, largest_of = self._leave_out(stream, learners)
        gain, lead = float(gains.mean()), 0.0
        if settings.memory == "auto" and gain > 0.0 and count_held(len(stream)):
            lead = self._memory_lead(stream, learners[PREFIXES[0]])
        if settings.memory == "auto" and (gain <= 0.0 or lead > CLEAR_LEAD):
            found = self._learn_anywhere(stream, learners[PREFIXES[0]].projection)
        else:
            found = self._positions(learners, largest_of)
        self.notes.append(describe_gains(gains))
        if lead > CLEAR_LEAD:
            self.notes.append(
                f"Nevertheless patches are remembered without their place: in left-out images with "
                f"small synthetic defects, this finds {100 * lead:.1f} more of 100 pairs of a "
                f"defect and a good image in the right order (AUROC)."
            )
        return found

    def _memory_lead(self, stream, learner):
        """See `memory_lead`."""
        settings, data = self.config.model, self.config.data
        fresh = PositionLearner(
            learner.projection, learner.ridge, learner.max_positions, learner.shared_patches
        )
        memory = MemoryLearner(
            learner.projection,
            settings.num_units,
            MEMORY_SHARE,
            len(stream) - count_held(len(stream)),
            self.config.training.seed,
        )
        has_padding = data.leave_out_padding is not False and data.fit in ("pad", "keep")
        return memory_lead(stream, fresh, memory, has_padding, self.config.training.seed)

    def _leave_out(self, stream, learners):
        """Each image's gain of statistics by position, nats per patch, and largest distances."""
        first = learners[PREFIXES[0]]
        shared = first.fitted.shared(first.ridge)
        gains, found = [], []
        for grids in stream.passing("leaving out"):
            distances = [
                learner.leave_out(*grid)
                for learner, grid in zip(learners.values(), grids, strict=False)
            ]
            found.append(np.stack([values.max(axis=(1, 2)) for values in distances], axis=1))
            features, valid = grids[0]
            features = first.projection(features)
            gains.append(first.fitted.gain(shared, features, valid, distances[0]))
        return np.concatenate(gains), np.concatenate(found)

    def _positions(self, learners, largest_of):
        usual = np.maximum(np.median(largest_of, axis=0), TINY)
        self.left_out_scores = (largest_of / usual).mean(axis=1)
        found: dict[str, np.ndarray] = {}
        for (prefix, learner), value in zip(learners.items(), usual, strict=True):
            found |= {**learner.arrays(prefix), prefix + "usual": np.float32(value)}
        return found

    def _learn_anywhere(self, stream, projection):
        learner = MemoryLearner(
            projection,
            self.config.model.num_units,
            MEMORY_SHARE,
            len(stream),
            self.config.training.seed,
        )
        for grids in stream.passing("patches"):
            learner.add(*grids[0])
        learner.fit()
        scores: list[np.ndarray] = []
        for grids in stream.passing("leaving out"):
            for features, valid in zip(*grids[0], strict=True):
                scores.append(learner.leave_out(len(scores), features, valid).max())
        usual = max(float(np.median(scores)), TINY)
        self.left_out_scores = np.array(scores) / usual
        return {**learner.arrays(MEMORY), MEMORY + "usual": np.float32(usual)}

    def make_model(self, network, arrays):
        return PatchMemoryModel(
            network, arrays, self.config.image_shape, self.config.model.smoothing
        )


def describe_gains(gains: np.ndarray) -> str:
    """Whether the place of a patch says what is normal, in words and with how sure this is.

    Args:
        gains: `(num_images,)`, log-likelihood of each left-out image's patches by statistics for
            each position, minus that by statistics for all. Their mean decides.
    """
    helps = float(gains.mean()) > 0.0
    count = int(((gains > 0.0) == helps).sum())
    compared = (
        f"for {count} of {len(gains)} good images, each left out in turn, statistics of the others "
        f"{'place by place' if helps else 'over all places'} fit it better than those "
        f"{'over all places' if helps else 'place by place'}"
    )
    if helps:
        return f"The parts lie alike, so each place of an image has its own normal: {compared}."
    return f"The parts do not lie alike, so normal is the same at every place: {compared}."


def _sizes(settings):
    """Components and ridge of each grid."""
    return (
        (settings.fine_components, settings.fine_ridge),
        (settings.coarse_components, settings.coarse_ridge),
    )
