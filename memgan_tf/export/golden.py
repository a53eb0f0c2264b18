"""Golden images, which check an export before it is published and on a server."""

import dataclasses
import os
import pathlib
from typing import Any

import numpy as np

from memgan_tf import files
from memgan_tf.data import OneClassTask
from memgan_tf.data.labelled_images import as_pixels
from memgan_tf.data.npz import read_arrays

GOLDEN_FILE = pathlib.PurePath("assets.extra", "golden.npz")
IMAGES = "images"
# Largest number of pixels of all golden images; they are sent as text to another process.
MAX_PIXELS = 2**20


@dataclasses.dataclass(frozen=True)
class Golden:
    """Images, and the answer of `serving_default` for all of them in one batch.

    Attributes:
        images: `(num_images, height, width, channels)` uint8.
        outputs: `anomaly_score`, `p_value`, `is_anomaly`, `threshold`, each `(num_images,)`.
    """

    images: np.ndarray
    outputs: dict[str, np.ndarray]

    def save(self, export: str | os.PathLike) -> None:
        """Writes them to the folder of an export."""
        path = pathlib.Path(export, GOLDEN_FILE)
        path.parent.mkdir(exist_ok=True)
        with files.replacing(path) as temporary:
            arrays: dict[str, Any] = {IMAGES: self.images, **self.outputs}
            np.savez_compressed(temporary, **arrays)

    def compare(self, outputs: dict[str, np.ndarray], tolerance: float) -> str:
        """Compares answers for all images with the expected ones.

        Scores and thresholds must agree within the tolerance. A decision must agree if its score is
        further than that from the threshold. P-values must agree if all scores agree to the last
        bit.

        Args:
            outputs: Outputs by name, `(num_images,)` each.
            tolerance: Share of a score, or of the mean score if that is larger, by which it may
                differ.

        Returns:
            `bitwise equal` or `equal to <largest difference>`.

        Raises:
            RuntimeError: If something differs by more; the message names the first such image.
        """
        worst = 0.0
        for name in ("anomaly_score", "threshold"):
            got, want = np.float64(outputs[name]), np.float64(self.outputs[name])
            if got.shape != want.shape:
                raise RuntimeError(f"{name} has the shape {got.shape} instead of {want.shape}")
            scale = np.maximum(np.abs(want), max(np.abs(want).mean(), 1e-12))
            differences = np.abs(got - want) / scale
            self._check(differences <= tolerance, name, outputs)
            worst = max(worst, float(differences.max()))
        score, threshold = self.outputs["anomaly_score"], self.outputs["threshold"]
        near = np.abs(score - threshold) <= tolerance * np.abs(threshold)
        same = np.equal(outputs["is_anomaly"], self.outputs["is_anomaly"])
        self._check(near | same, "is_anomaly", outputs)
        if worst > 0.0:
            return f"equal to {worst:.1e}"
        same = np.equal(np.float32(outputs["p_value"]), self.outputs["p_value"])
        self._check(same, "p_value", outputs)
        return "bitwise equal"

    def _check(self, good, name, outputs):
        if not good.all():
            index = int(np.argmin(good))
            raise RuntimeError(
                f"{name} of golden image {index} is {outputs[name][index]:.9g} instead of "
                f"{self.outputs[name][index]:.9g}"
            )

    @classmethod
    def load(cls, export: str | os.PathLike) -> "Golden":
        """Reads them from the folder of an export.

        Raises:
            ValueError: If the folder has no readable ones.
        """
        path = pathlib.Path(export, GOLDEN_FILE)
        try:
            arrays = read_arrays(path)
            images = as_pixels(IMAGES, arrays.pop(IMAGES))
            if any(array.shape != (len(images),) for array in arrays.values()):
                raise ValueError("not an answer for each image")
            return cls(np.asarray(images), arrays)
        except (KeyError, ValueError) as error:
            raise ValueError(
                f"`export` must be a version that memgan export made, "
                f"saved_models/<name>/<version>; {path} cannot be read: {files.first_line(error)}"
            ) from error


def synthetic_images(image_shape: tuple[int, int, int]) -> np.ndarray:
    """Black, white, a gradient, a checkerboard and noise: `(5, *image_shape)` uint8."""
    height, width, _ = image_shape
    rows, columns = np.mgrid[:height, :width]
    patterns = [
        np.zeros((height, width)),
        np.full((height, width), 255),
        255 * (rows + columns) / (height + width - 2),
        255 * ((rows + columns) % 2),
    ]
    repeated = [np.repeat(p[..., np.newaxis], image_shape[2], axis=-1) for p in patterns]
    noise = np.random.default_rng(0).integers(0, 256, image_shape)
    return np.stack([*repeated, noise]).astype(np.uint8)


def golden_images(task: OneClassTask, count: int) -> np.ndarray:
    """Synthetic images, then `count` of a task: held-out normal images and any anomalies.

    Args:
        task: Task of the run.
        count: Largest number of images from the task.
    """
    pixels = task.image_shape[0] * task.image_shape[1]
    count = min(count, max(2, MAX_PIXELS // pixels))
    anomalies = np.zeros((0, *task.image_shape), np.uint8)
    if task.test is not None:
        anomalies = task.test.images[task.test.labels == 1][: count // 2]
    normal = task.validation.images[: count - len(anomalies)]
    return np.concatenate([synthetic_images(task.image_shape), normal, anomalies])
