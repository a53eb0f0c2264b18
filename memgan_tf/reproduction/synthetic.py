"""Synthetic anomalies made from normal images, used to choose settings without labels."""

import numpy as np

from memgan_tf.evaluation.metrics import ranking_metrics

# Side of the pasted patch as a share of the image's side.
PATCH_SHARE = 0.4


def make_synthetic_anomalies(images: np.ndarray, seed: int = 0) -> dict[str, np.ndarray]:
    """Anomalies of five kinds, with the number of images for each.

    Args:
        images: `(num_images, side, side, channels)` uint8 normal images, at least 2.
        seed: Determines which images are combined and where a patch is pasted.

    Returns:
        A dictionary by kind of images of the same shape: `rot90` and `rot180` are rotated;
        `shuffle` has its four quarters exchanged; `mixup` is averaged with another image;
        `cutpaste` has a patch of another image.
    """
    generator = np.random.default_rng(seed)
    # Pairs each image with a different one.
    others = images[(np.arange(len(images)) + generator.integers(1, len(images))) % len(images)]
    return {
        "rot90": np.rot90(images, 1, axes=(1, 2)),
        "rot180": np.rot90(images, 2, axes=(1, 2)),
        "shuffle": np.roll(images, (images.shape[1] // 2, images.shape[2] // 2), axis=(1, 2)),
        "mixup": ((images.astype(np.uint16) + others) // 2).astype(np.uint8),
        "cutpaste": _paste(images, others, generator),
    }


def synthetic_auroc(
    score, images: np.ndarray, seed: int = 0, make=make_synthetic_anomalies
) -> dict[str, float]:
    """AUROC of images against the synthetic anomalies made from them, by kind, in [0, 1].

    Args:
        score: Function of uint8 images to scores, higher = more anomalous.
        images: Held-out images; see `make_synthetic_anomalies`.
        seed: See `make_synthetic_anomalies`.
        make: Function of images and a seed that returns anomalies by kind.
    """
    normal, result = score(images), {}
    labels = np.repeat([0, 1], len(images))
    for kind, anomalies in make(images, seed).items():
        scores = np.concatenate([normal, score(np.ascontiguousarray(anomalies))])
        result[kind] = ranking_metrics(labels, scores)["auroc"]
    return result


def _paste(images, others, generator):
    pasted = images.copy()
    height, width = (max(1, round(PATCH_SHARE * side)) for side in images.shape[1:3])
    tops = generator.integers(0, images.shape[1] - height + 1, len(images))
    lefts = generator.integers(0, images.shape[2] - width + 1, len(images))
    for image, other, top, left in zip(pasted, others, tops, lefts, strict=True):
        image[top : top + height, left : left + width] = other[
            top : top + height, left : left + width
        ]
    return pasted
