import json

import numpy as np
import pytest

from memgan_tf.evaluation.calibration import Calibration

NINETEEN = np.arange(1.0, 20.0)


@pytest.mark.parametrize(
    ("target_fpr", "threshold"),
    # (n + 1)(1 - rate) = 19, 18, 10: the 19th, 18th and 10th smallest.
    [(0.05, 19.0), (0.10, 18.0), (0.5, 10.0)],
)
def test_threshold(target_fpr, threshold):
    assert Calibration.of(NINETEEN, target_fpr).threshold == threshold


def test_too_few_scores_give_the_largest_and_say_what_they_can_guarantee():
    calibration = Calibration.of(NINETEEN[:4], 0.05)
    assert calibration.threshold == 4.0
    assert calibration.attainable_fpr == pytest.approx(1 / 5)


def test_the_guarantee_holds_over_many_draws():
    generator, rates = np.random.default_rng(0), []
    for _ in range(400):
        threshold = Calibration.of(generator.normal(size=50), 0.1).threshold
        rates.append(np.mean(generator.normal(size=500) > threshold))
    assert 0.08 < np.mean(rates) < 0.1


@pytest.mark.parametrize(
    ("score", "p_value"),
    [
        (0.0, 1.0),  # below all
        (19.0, 2 / 20),  # one calibration score is as high
        (19.5, 1 / 20),  # above all: never 0
        (10.0, 11 / 20),
    ],
)
def test_p_values(score, p_value):
    assert Calibration.of(NINETEEN, 0.05).p_values(np.array([score]))[0] == pytest.approx(p_value)


def test_decisions_and_p_values_agree():
    calibration = Calibration.of(NINETEEN, 0.1)
    scores = np.linspace(0, 25, 101)
    flagged = scores > calibration.threshold
    np.testing.assert_array_equal(flagged, calibration.p_values(scores) <= 0.1)


def test_file_round_trip(tmp_path):
    calibration = Calibration.of(np.random.default_rng(0).normal(size=9), 0.05)
    calibration.save(tmp_path / "calibration.json")
    loaded = Calibration.load(tmp_path / "calibration.json")
    np.testing.assert_array_equal(loaded.scores, calibration.scores)
    assert loaded.threshold == calibration.threshold


@pytest.mark.parametrize("content", ["", "{}", '{"scores": [], "target_fpr": 0.1}', "[]"])
def test_damaged_file(content, tmp_path):
    path = tmp_path / "calibration.json"
    path.write_text(content)
    with pytest.raises(ValueError, match="calibration.json is"):
        Calibration.load(path)


@pytest.mark.parametrize(
    ("scores", "target_fpr"), [([], 0.1), ([1.0, float("nan")], 0.1), ([1.0], 0.0), ([1.0], 0.9)]
)
def test_bad_input(scores, target_fpr):
    with pytest.raises(ValueError, match="`scores` must be|`target_fpr` must be"):
        Calibration.of(scores, target_fpr)


def test_the_file_says_what_the_threshold_is(tmp_path):
    Calibration.of(NINETEEN, 0.1).save(tmp_path / "c.json")
    assert json.loads((tmp_path / "c.json").read_text())["threshold"] == 18.0
