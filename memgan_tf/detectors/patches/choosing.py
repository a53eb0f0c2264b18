"""Decides whether statistics by position or a memory without position find more small defects."""

import numpy as np
import tensorflow as tf

from memgan_tf.data.local_anomalies import make_local_anomalies
from memgan_tf.detectors.patches.memory import MemoryLearner
from memgan_tf.detectors.patches.positions import PositionLearner
from memgan_tf.detectors.patches.streaming import FeatureStream
from memgan_tf.layers.patch_scores import gaussian_distances

# Share of the images to hold out, minimum (with fewer, nothing is decided) and maximum number.
HELD_SHARE, FEWEST_HELD, MOST_HELD = 0.2, 10, 30


def count_held(num_images: int) -> int:
    """Number of images that `memory_lead` holds out; 0 if there are too few."""
    count = min(int(HELD_SHARE * num_images), MOST_HELD)
    return count if count >= FEWEST_HELD else 0


def memory_lead(
    stream: FeatureStream,
    positions: PositionLearner,
    memory: MemoryLearner,
    has_padding: bool,
    seed: int,
) -> float:
    """How much better the memory separates held-out images from copies with a small local anomaly.

    Both learn from the first grid of the other images.

    Args:
        stream: Features of at least `FEWEST_HELD / HELD_SHARE` images.
        positions: Learner to be fitted.
        memory: Learner to be fitted, for the number of images that are not held out.
        has_padding: Whether black pixels are padding, which has no anomalies.
        seed: Determines which images are held out and what the anomalies look like.

    Returns:
        Its AUROC minus that of the positions, mean over kinds of anomalies.
    """
    held = np.zeros(len(stream), bool)
    held[np.random.default_rng(seed).permutation(len(held))[: count_held(len(held))]] = True
    start, normal = 0, []
    for grids in stream.passing("choosing"):
        features, valid = grids[0]
        out = held[start : start + len(valid)]
        start += len(valid)
        if not out.all():
            positions.add(features[~out], valid[~out])
            memory.add(features[~out], valid[~out])
        if out.any():
            normal.append((features[out], valid[out]))
    positions.fit()
    memory.fit()
    images = stream.images(np.flatnonzero(held))
    usual = _scores(normal, positions, memory)
    leads = []
    for damaged, _ in make_local_anomalies(images, seed, ("small",)).values():
        if has_padding:
            is_padding = (images == 0).all(axis=-1, keepdims=True)
            damaged = np.where(is_padding, 0, np.maximum(damaged, 1)).astype(images.dtype)
        found = _scores((grids[0] for grids in stream.grids_of(damaged)), positions, memory)
        by_position, by_memory = (_auroc(*pair) for pair in zip(usual, found, strict=True))
        leads.append(by_memory - by_position)
    return float(np.mean(leads))


def _scores(batches, positions, memory):
    """Largest distances of each image, by positions and by the memory, `(2, images)`."""
    gaussians, side = positions.fitted.gaussians, positions.statistics.cell_side
    found = []
    for features, valid in batches:
        projected = tf.constant(positions.projection(features), tf.float32)
        distances = gaussian_distances(
            projected, tf.constant(gaussians.means), tf.constant(gaussians.whitening), side
        )
        by_memory = [
            memory.leave_out(-1, *pair).max() for pair in zip(features, valid, strict=True)
        ]
        found.append([(distances.numpy() * valid).max(axis=(1, 2)), by_memory])
    return np.concatenate(found, axis=1)


def _auroc(normal, anomalous):
    above = anomalous[:, np.newaxis] - normal
    return (above > 0).mean() + 0.5 * (above == 0).mean()
