import json

import numpy as np
import pytest
from scipy import stats

from memgan_tf.evaluation.calibration import Calibration
from memgan_tf.evaluation.drift import compare

CALIBRATION = Calibration.of(np.random.default_rng(0).normal(size=200), 0.1)


def batch(shift, count=100):
    return np.random.default_rng(1).normal(shift, 1.0, count)


def test_the_same_law_is_no_drift():
    drift = compare(CALIBRATION, batch(0.0))
    assert not drift.differs
    assert drift.sentence.startswith("No drift seen at the level of 0.01: the 100 scores")


@pytest.mark.parametrize(("shift", "direction"), [(1.0, "higher"), (-1.0, "lower")])
def test_a_shift_is_seen_and_its_direction_said(shift, direction):
    drift = compare(CALIBRATION, batch(shift))
    assert drift.differs
    assert drift.direction == direction
    assert f"are {direction.upper()} than" in drift.sentence


def test_higher_scores_may_be_anomalies_and_lower_ones_may_not():
    assert "more of them are anomalies" in compare(CALIBRATION, batch(1.0)).sentence
    assert "Anomalies do not do that" in compare(CALIBRATION, batch(-1.0)).sentence


def test_it_is_scipys_test():
    drift, test = compare(CALIBRATION, batch(0.3)), stats.ks_2samp(batch(0.3), CALIBRATION.scores)
    assert (drift.statistic, drift.p_value) == (test.statistic, test.pvalue)


def test_the_statistic_by_hand():
    # All ten batch scores lie above three of four calibration scores: distance 3/4.
    drift = compare(Calibration.of([1.0, 2.0, 3.0, 9.0], 0.5), np.full(10, 4.0))
    assert drift.statistic == pytest.approx(0.75)
    assert drift.direction == "higher"


def test_a_batch_of_the_same_kind_alarms_once_in_a_hundred_times():
    generator, alarms = np.random.default_rng(0), 0
    for _ in range(600):
        calibration = Calibration.of(generator.normal(size=40), 0.1)
        alarms += compare(calibration, generator.normal(size=30)).differs
    assert alarms / 600 < 0.02


def test_as_json():
    values = json.loads(json.dumps(compare(CALIBRATION, batch(1.0)).to_dict()))
    assert values["differs"] is True
    assert (values["num_images"], values["num_calibration"]) == (100, 200)


@pytest.mark.parametrize("scores", [[], [1.0, float("nan")], [[1.0]]])
def test_bad_scores(scores):
    with pytest.raises(ValueError, match="`scores` must be"):
        compare(CALIBRATION, np.array(scores))
