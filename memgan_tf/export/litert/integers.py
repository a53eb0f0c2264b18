"""Calibrates files with integers, from their own scores of held-out normal images."""

import dataclasses
import pathlib
from typing import cast

import numpy as np

from memgan_tf.data import LabelledImages
from memgan_tf.detectors.base import Detector
from memgan_tf.evaluation.calibration import Calibration
from memgan_tf.evaluation.heat_scale import measure_scale
from memgan_tf.evaluation.measured_test import stratified_subset
from memgan_tf.evaluation.metrics import ranking_metrics
from memgan_tf.evaluation.trained_run import TrainedRun
from memgan_tf.evaluation.views import Views
from memgan_tf.export.litert.metadata import LiteMetadata
from memgan_tf.export.litert.model import LiteModel

# Largest number of test images, a stratified draw, that are scored by both.
MAX_TEST_IMAGES = 2000


def recalibrate(
    path: pathlib.Path, run: TrainedRun, metadata: LiteMetadata, held_out: LabelledImages
) -> tuple[LiteMetadata, list[str]]:
    """Calibrates a file with integers with its own scores of held-out normal images.

    Args:
        path: Path of a file with the run's calibration.
        run: The run.
        metadata: Metadata of the file.
        held_out: Normal images that were not used for training.

    Returns:
        The metadata with the new calibration and pixel threshold, and findings, one phrase each.

    Raises:
        RuntimeError: If the scores are all equal or not finite.
    """
    with LiteModel(path) as lite:
        scores = lite.score(held_out.images)["anomaly_score"]
        if not np.isfinite(scores).all() or (len(scores) > 1 and np.ptp(scores) == 0.0):
            raise RuntimeError(
                "as integers every held-out normal image has the same score, or one that is not "
                "finite. Use float16"
            )
        pixels = metadata.pixel_threshold
        if pixels is not None and lite.has_maps:
            pixels = measure_scale(cast(Detector, _Explaining(lite)), Views.of(held_out)).top
    before = metadata.calibration
    after = Calibration.of(scores, before.target_fpr)
    own = run.score(held_out.images)
    gaps = np.abs(scores - own) / max(np.abs(own).mean(), 1e-12)
    findings = [
        f"{len(scores)} held-out normal images score within {np.median(gaps):.1e} of the run's "
        f"mean score at the median, {gaps.max():.1e} at most",
        f"their {metadata.quantization} scores set the threshold {after.threshold:.6g}, in place "
        f"of {before.threshold:.6g} by {len(before.scores)} images",
    ]
    # Mentions what a few images cannot guarantee, because the run may have many more.
    findings += after.describe()[2:]
    return dataclasses.replace(metadata, calibration=after, pixel_threshold=pixels), findings


def compare_with_run(
    lite: LiteModel, run: TrainedRun, test: LabelledImages
) -> tuple[dict[str, float], str]:
    """AUROC of the run and of a file on a labeled test split, and a phrase with both.

    It is not used for any choice.
    """
    limit = min(MAX_TEST_IMAGES, run.detector.max_test_images or MAX_TEST_IMAGES)
    known = np.asarray(test.labels)
    positions = stratified_subset(known, limit)
    labels, images = known[positions], test.images[positions]
    before = ranking_metrics(labels, run.score(images))["auroc"]
    after = ranking_metrics(labels, lite.score(images)["anomaly_score"])["auroc"]
    facts = {"run": before, "litert": after, "num_images": len(labels)}
    quantization = lite.metadata.quantization
    return facts, (
        f"AUROC on {len(labels)} test images {100 * before:.2f} before, {100 * after:.2f} as "
        f"{quantization}"
    )


@dataclasses.dataclass(frozen=True)
class _Explaining:
    """Wraps a file as a detector, to measure its maps."""

    model: LiteModel
    max_test_images: int | None = None

    @property
    def config(self):
        return self.model.metadata

    def explain(self, images):
        return self.model.explain(images)
