import numpy as np
import pytest

from memgan_tf.app.prices import Price, Share, one_sided, steps_of, steps_of_scores
from memgan_tf.evaluation.calibration import Calibration, recalibrated
from tests.app.test_decisions import decision


def decided(good, defects):
    pairs = [("good", s) for s in good] + [("defect", s) for s in defects]
    return [decision(decision=d, anomaly_score=s) for d, s in pairs]


def test_a_price_counts_false_alarms_and_misses():
    price = Price.of(2.0, decided(good=[1.0, 2.0, 3.0, 4.0], defects=[2.0, 9.0]))
    assert (price.false_alarms.count, price.false_alarms.total) == (2, 4)  # 3 and 4
    assert (price.misses.count, price.misses.total) == (1, 2)  # 2 is not above 2


def test_intervals_are_wilsons():
    # Newcombe (1998), Table I: 81 of 263.
    assert Share(81, 263).interval == pytest.approx((0.2553, 0.3662), abs=1e-4)
    assert Share(0, 0).interval == (0.0, 1.0)


@pytest.mark.parametrize("n", [1, 3, 19, 150, 5000])
def test_each_step_is_what_recalibrate_would_set(n):
    calibration = Calibration.of(np.random.default_rng(n).normal(size=n), 0.05)
    steps = steps_of(calibration)
    assert len(steps) <= 201
    assert [t for t, _ in steps] == sorted(t for t, _ in steps)
    assert calibration.threshold in [t for t, _ in steps]
    for threshold, rate in steps:
        assert recalibrated(calibration, rate).threshold == threshold
        assert rate <= 0.5


def test_steps_of_equal_scores():
    calibration = Calibration.of(np.array([1.0] * 10 + [2.0] * 9), 0.05)
    assert steps_of(calibration) == [(1.0, 0.5), (2.0, 1 / 20)]


def test_steps_without_a_calibration_are_the_sessions_scores():
    assert steps_of_scores(np.array([3.0, 1.0, 3.0])) == [1.0, 3.0]
    assert steps_of_scores(np.array([])) == []


@pytest.mark.parametrize(
    ("looked_at", "others", "warns"),
    [
        ((10, 10), (5, 100), True),  # all alarms, a twentieth of the rest
        ((5, 10), (30, 100), False),  # half and a third
        ((10, 10), (7, 7), False),  # all
        ((0, 10), (0, 100), False),  # nothing yet
        ((10, 10), (0, 100), True),
    ],
)
def test_a_look_at_alarms_alone_is_warned_of(looked_at, others, warns):
    found = one_sided(Share(*looked_at), Share(*others))
    assert (found is not None) == warns
