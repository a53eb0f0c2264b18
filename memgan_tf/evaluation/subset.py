"""A part of a labelled set with the same shares of both labels."""

import numpy as np

# The part is always the same one, whatever the run's seed.
SUBSET_SEED = 0


def stratified_subset(labels: np.ndarray, max_images: int | None) -> np.ndarray:
    """Positions of at most `max_images` images, ascending; of all of them for None.

    Args:
        labels: `(num_images,)`, 1 = anomaly, 0 = normal.
        max_images: At least 2. Each label keeps its share, and one image at least.
    """
    if max_images is None or max_images >= len(labels):
        return np.arange(len(labels))
    generator = np.random.default_rng(SUBSET_SEED)
    anomalies, normals = np.flatnonzero(labels == 1), np.flatnonzero(labels == 0)
    share = round(max_images * len(anomalies) / len(labels))
    num_anomalies = min(max(share, 1), max_images - 1)
    chosen = [
        generator.choice(members, min(count, len(members)), replace=False)
        for members, count in ((anomalies, num_anomalies), (normals, max_images - num_anomalies))
    ]
    return np.sort(np.concatenate(chosen))
