"""Scores files with a LiteRT model, by the rules of its run."""

import dataclasses

import numpy as np

from memgan_tf.data.folders.originals import MAX_LONGER_SIDE
from memgan_tf.data.inputs import ScoringInput, read_input
from memgan_tf.evaluation.explanations import parts_of
from memgan_tf.evaluation.false_discoveries import control_false_discoveries
from memgan_tf.evaluation.regions import Region, find_region
from memgan_tf.evaluation.views import Views
from memgan_tf.export.litert.model import LiteModel
from memgan_tf.export.litert.scorer import MAP


@dataclasses.dataclass(frozen=True)
class LiteScores:
    """A model's results for images.

    Attributes:
        given: The images.
        scores: `(num_images,)` A(x).
        p_values: `(num_images,)`.
        flagged: `(num_images,)` bool, whether an image is called an anomaly.
        regions: Anomalous region of each of these, None for the others; None for a model without a
            pixel threshold.
    """

    given: ScoringInput
    scores: np.ndarray
    p_values: np.ndarray
    flagged: np.ndarray
    regions: list[Region | None] | None


def score_source(model: LiteModel, source: str, fdr: float | None = None) -> LiteScores:
    """Scores an image, a folder or an npz file; files of any size are fitted like the run's.

    Args:
        model: The model.
        source: As in `read_input`.
        fdr: None decides by the threshold; a number decides for all images together.

    Raises:
        ValueError: If there is nothing to score, or the model fails.
    """
    told = model.metadata
    given = read_input(source, told.image_shape, told.image_fit, told.bit_depth)
    answers = model.score(given.images)
    scores, calibration = answers["anomaly_score"], told.calibration
    # Those of the file are quotients in single precision.
    p_values = calibration.p_values(scores)
    flagged: np.ndarray = scores.astype(np.float64) > calibration.threshold
    if not np.array_equal(flagged, answers["is_anomaly"]):
        raise ValueError("`model` does not decide as in its metadata. Export the run again")
    if fdr is not None:
        flagged = control_false_discoveries(p_values, fdr)
    return LiteScores(given, scores, p_values, flagged, _regions(model, given, flagged))


def _regions(model, given, flagged):
    threshold = model.metadata.pixel_threshold
    if threshold is None or given.originals is None or not model.has_maps:
        return None
    views = Views(given.images, None, given.originals)
    found: list[Region | None] = [None] * len(flagged)
    for part in parts_of(np.flatnonzero(flagged), model.metadata.image_shape):
        maps = model.explain(given.images[part])[MAP]
        for position, values in zip(part, maps, strict=True):
            heat = views.heat(position, values, MAX_LONGER_SIDE)
            found[position] = find_region(heat, threshold, views.size(position))
    return found
