"""The common color scale of a run's heat-maps, from held-out normal images."""

import dataclasses
import pathlib
from collections.abc import Callable
from typing import Any

import numpy as np

from memgan_tf import files
from memgan_tf.data.samples import at_random
from memgan_tf.evaluation.explanations import explain_in_parts, has_maps
from memgan_tf.evaluation.float_bins import NUM_BINS, bins_of, quantile
from memgan_tf.evaluation.folder import check_writable, make_evaluation
from memgan_tf.evaluation.trained_run import TrainedRun
from memgan_tf.evaluation.views import Views
from memgan_tf.training.run_directory import RunDirectory
from memgan_tf.validation import check_integer, check_real

SCALE_FILE = "heatmap_scale.json"
# Share of the pixels of held-out normal images that the scale covers.
SHARE = 0.999
# Largest number of held-out images for the measurement, and for detectors with slow scores.
MAX_IMAGES, MAX_SLOW_IMAGES = 500, 50
# Largest longer side of photographs for the measurement.
LONGEST = 512


@dataclasses.dataclass(frozen=True)
class HeatScale:
    """Colors go from 0 to `top` in all heat-maps of a run; larger values have the last color.

    Attributes:
        top: Value that `share` of the normal pixels do not exceed; for photographs it is the pixel
            threshold, above which a region is predicted.
        share: Share of the pixels of held-out normal images.
        num_images: Number of these images used for the measurement.
    """

    top: float
    share: float
    num_images: int

    def normalize(self, maps: np.ndarray) -> np.ndarray:
        """Maps of any shape, scaled to 0 to 1."""
        return np.clip(np.asarray(maps, np.float32) / max(self.top, 1e-12), 0.0, 1.0)

    def describe(self) -> str:
        """The scale in a sentence."""
        return (
            f"Colors go from 0 to {self.top:.3g}, which {100 * self.share:g} % of the pixels of "
            f"{self.num_images} held-out normal images stay below."
        )


def heat_scale(run: TrainedRun, held_out: Callable[[], Views]) -> HeatScale | None:
    """The run's scale, read from its folder, or measured and stored there.

    Args:
        run: The run.
        held_out: Returns the held-out normal images; called only if there is no scale yet.

    Returns:
        The scale; None if the detector has no anomaly maps.

    Raises:
        ValueError: If the file of the scale is damaged.
    """
    path = run.directory.evaluation / SCALE_FILE
    if path.exists():
        return read_scale(path)
    if not has_maps(run):
        return None
    return keep_scale(run.directory, measure_scale(run.detector, held_out()))


def keep_scale(directory: RunDirectory, scale: HeatScale) -> HeatScale:
    """Writes a scale to a run's folder, if that can be written, and returns it."""
    try:
        check_writable(directory)
    except ValueError:
        # It is measured again where it is needed again.
        return scale
    make_evaluation(directory)
    files.write_json(directory.evaluation / SCALE_FILE, dataclasses.asdict(scale))
    return scale


def read_scale(path: pathlib.Path) -> HeatScale:
    """Reads a scale from a file.

    Raises:
        ValueError: If it is damaged.
    """
    values = files.read_json(path)
    with files.naming_damage(path, "Remove it, and it will be made again"):
        return HeatScale(
            check_real("top", values["top"], minimum=0.0),
            check_real("share", values["share"], minimum=0.0, maximum=1.0),
            check_integer("num_images", values["num_images"], minimum=1),
        )


def measure_scale(detector: Any, held_out: Views) -> HeatScale:
    """The scale from a fixed part of the held-out normal images."""
    limit = MAX_IMAGES if detector.max_test_images is None else MAX_SLOW_IMAGES
    chosen = at_random(len(held_out.images), limit)
    counts = np.zeros(NUM_BINS, np.int64)
    for part, _, explained in explain_in_parts(detector, held_out.images, chosen):
        for position, values in zip(part, explained["anomaly_map"], strict=True):
            heat = held_out.heat(position, values, LONGEST)
            counts += np.bincount(bins_of(heat).ravel(), minlength=NUM_BINS)
    return HeatScale(quantile(counts, SHARE), SHARE, len(chosen))
