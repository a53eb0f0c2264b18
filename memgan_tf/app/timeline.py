"""The scores over time, and a test whether they still match the calibration images."""

import dataclasses
import math
from collections.abc import Callable, Sequence

import numpy as np

from memgan_tf.app.decisions import DEFECT, Decision
from memgan_tf.app.images import ScoredImage
from memgan_tf.evaluation.calibration import Calibration
from memgan_tf.evaluation.drift import Drift, compare

# Numbers of latest images that are drawn, and that are tested.
NUM_DRAWN, NUM_TESTED = 300, 200
# Minimum number of images for the test.
MIN_TESTED = 20
WIDTH, HEIGHT, MARGIN = 640, 220, 12
# Ratio of the largest to the smallest score from which the axis is logarithmic.
WIDE = 8.0


@dataclasses.dataclass(frozen=True)
class Point:
    """An image in the chart.

    Attributes:
        id: Id of the image.
        name: Name of the image.
        score: Score of the image.
        x: Horizontal position.
        y: Vertical position, downward.
        kind: `alarm` or `normal`, followed by the decision, if any.
    """

    id: str
    name: str
    score: float
    x: float
    y: float
    kind: str


@dataclasses.dataclass(frozen=True)
class Timeline:
    """The chart.

    Attributes:
        points: The latest images, oldest first.
        threshold_y: Vertical position of the threshold's line.
        first: Time of the first point, ISO 8601.
        last: Time of the last point.
        is_logarithmic: Whether the axis of the scores is logarithmic.
        low: Score at the lower edge.
        high: Score at the upper edge.
    """

    points: list[Point]
    threshold_y: float
    first: str
    last: str
    is_logarithmic: bool
    low: float
    high: float


def draw(
    images: Sequence[ScoredImage],
    decision_of: Callable[[str], Decision | None],
    threshold: float,
) -> Timeline | None:
    """The chart of the latest images; None without images."""
    latest = list(images[-NUM_DRAWN:])
    if not latest:
        return None
    scores = np.array([image.anomaly_score for image in latest])
    values = np.append(scores, threshold)
    is_logarithmic = bool(values.min() > 0 and values.max() > WIDE * values.min())
    transform = math.log if is_logarithmic else float
    low, high = transform(values.min()), transform(values.max())
    span = (high - low) or 1.0

    def down(value):
        share = (transform(value) - low) / span
        return round(HEIGHT - MARGIN - share * (HEIGHT - 2 * MARGIN), 1)

    step = (WIDTH - 2 * MARGIN) / max(1, len(latest) - 1)
    points = []
    for index, image in enumerate(latest):
        decision = decision_of(image.id)
        kind = "alarm" if image.anomaly_score > threshold else "normal"
        kind = kind if decision is None else f"{kind} {decision.decision}"
        x = round(MARGIN + index * step, 1)
        place = (image.anomaly_score, x, down(image.anomaly_score))
        points.append(Point(image.id, image.name, *place, kind))
    ends = (float(values.min()), float(values.max()))
    return Timeline(points, down(threshold), latest[0].time, latest[-1].time, is_logarithmic, *ends)


def drift_of(
    images: Sequence[ScoredImage],
    decision_of: Callable[[str], Decision | None],
    calibration: Calibration | None,
) -> Drift | str:
    """The test of the latest images without confirmed defects, or a reason for no test."""
    if calibration is None:
        return "No drift test: a server does not give its calibration scores."
    latest = []
    for image in reversed(images):
        decision = decision_of(image.id)
        if decision is None or decision.decision != DEFECT:
            latest.append(image.anomaly_score)
        if len(latest) == NUM_TESTED:
            break
    if len(latest) < MIN_TESTED:
        return f"The drift test needs {MIN_TESTED} images without a confirmed defect."
    return compare(calibration, np.array(latest))
