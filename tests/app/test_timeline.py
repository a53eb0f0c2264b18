import numpy as np

from memgan_tf.app import timeline
from memgan_tf.app.images import ScoredImage
from memgan_tf.evaluation.calibration import Calibration
from tests.app.test_decisions import decision


def images(scores):
    return [
        ScoredImage(f"{i:032x}", f"{i}.png", f"/{i}.png", (8, 8), float(s), 0.5, 2.0, f"t{i}")
        for i, s in enumerate(scores)
    ]


def test_higher_scores_lie_higher_and_later_ones_to_the_right():
    drawn = timeline.draw(images([1.0, 3.0, 2.0]), lambda key: None, threshold=2.5)
    assert [p.kind for p in drawn.points] == ["normal", "alarm", "normal"]
    xs, ys = zip(*((p.x, p.y) for p in drawn.points), strict=True)
    assert xs == (timeline.MARGIN, timeline.WIDTH / 2, timeline.WIDTH - timeline.MARGIN)
    assert ys[1] == timeline.MARGIN
    assert ys[0] == timeline.HEIGHT - timeline.MARGIN
    assert ys[1] < drawn.threshold_y < ys[2] < ys[0]
    assert not drawn.is_logarithmic


def test_wide_scores_are_drawn_by_their_logarithms():
    drawn = timeline.draw(images([1.0, 10.0, 100.0]), lambda key: None, threshold=10.0)
    ys = [p.y for p in drawn.points]
    assert drawn.is_logarithmic
    # A score at the threshold is no alarm.
    assert [p.kind for p in drawn.points] == ["normal", "normal", "alarm"]
    assert ys[1] == drawn.threshold_y == (ys[0] + ys[2]) / 2


def test_one_image_and_none():
    assert timeline.draw([], lambda key: None, 1.0) is None
    assert len(timeline.draw(images([1.0]), lambda key: None, 1.0).points) == 1


def test_only_the_latest_are_drawn():
    drawn = timeline.draw(images(np.arange(400.0)), lambda key: None, 1e9)
    assert len(drawn.points) == timeline.NUM_DRAWN
    assert drawn.points[-1].name == "399.png"


def test_drift_leaves_confirmed_defects_out():
    calibration = Calibration.of(np.random.default_rng(0).normal(size=200), 0.05)
    normal = list(np.random.default_rng(1).normal(size=60))
    found = images(normal + [50.0] * 30)
    defects = {i.id: decision(decision="defect") for i in found[60:]}
    assert timeline.drift_of(found, lambda key: None, calibration).differs
    test = timeline.drift_of(found, defects.get, calibration)
    assert not test.differs
    assert test.num_images == 60


def test_no_drift_test_says_why():
    calibration = Calibration.of(np.arange(10.0), 0.1)
    assert "needs 20 images" in timeline.drift_of(images([1.0]), lambda key: None, calibration)
    assert "a server does not" in timeline.drift_of(images([1.0] * 50), lambda key: None, None)
