import json
import pathlib
import re

import numpy as np
import pytest
from scipy import stats

from memgan_tf.evaluation.calibration import (
    Calibration,
    needed_images,
    recalibrated,
    replace_calibration,
)
from memgan_tf.training.run_directory import RunDirectory

NINETEEN = np.arange(1.0, 20.0)
BEFORE = Calibration.of(np.arange(1.0, 20.0), 0.05)


@pytest.mark.parametrize(
    ("target_fpr", "threshold"),
    # (n + 1)(1 - rate) = 19, 18, 10: the 19th, 18th and 10th smallest.
    [(0.05, 19.0), (0.10, 18.0), (0.5, 10.0)],
)
def test_threshold(target_fpr, threshold):
    assert Calibration.of(NINETEEN, target_fpr).threshold == threshold


def test_rounding_does_not_raise_the_rank():
    """50 · (1 - 0.42) is 29, and 29.000000000000004 as it is computed."""
    assert Calibration.of(np.arange(1.0, 50.0), 0.42).threshold == 29.0


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


@pytest.mark.parametrize(
    ("n", "target_fpr", "law"),
    [
        (19, 0.05, stats.beta(1, 19)),  # the largest of 19: P(rate < r) = 1 - (1 - r)^19
        (19, 0.10, stats.beta(2, 18)),  # the second largest
        (999, 0.05, stats.beta(50, 950)),
        (4, 0.05, stats.beta(1, 4)),  # too few: the largest all the same
    ],
)
def test_fpr_interval_is_the_beta_law_of_an_order_statistic(n, target_fpr, law):
    interval = Calibration.of(np.arange(n), target_fpr).fpr_interval(0.9)
    assert interval == pytest.approx((law.ppf(0.05), law.ppf(0.95)))


def test_fpr_interval_of_the_largest_score_by_hand():
    low, high = Calibration.of(NINETEEN, 0.05).fpr_interval(0.95)
    assert 1 - (1 - low) ** 19 == pytest.approx(0.025)
    assert (1 - high) ** 19 == pytest.approx(0.025)


def test_fpr_interval_covers_the_true_rate_as_often_as_it_says():
    generator, inside = np.random.default_rng(0), []
    for _ in range(1000):
        calibration = Calibration.of(generator.uniform(size=59), 0.1)
        low, high = calibration.fpr_interval(0.8)
        inside.append(low <= 1.0 - calibration.threshold <= high)  # uniform: rate = 1 - threshold
    assert np.mean(inside) == pytest.approx(0.8, abs=0.04)


@pytest.mark.parametrize("confidence", [0.0, 1.0, float("nan")])
def test_bad_confidence(confidence):
    calibration = Calibration.of(NINETEEN, 0.1)
    with pytest.raises(ValueError, match="`confidence` must be"):
        calibration.fpr_interval(confidence)
    with pytest.raises(ValueError, match="`confidence` must be"):
        calibration.p_value_intervals(NINETEEN, confidence)


def test_p_value_intervals_are_exact_binomial_ones():
    calibration = Calibration.of(NINETEEN, 0.05)
    intervals = calibration.p_value_intervals(np.array([0.0, 10.0, 20.0]))
    for interval, count in zip(intervals, (19, 10, 0), strict=True):
        expected = stats.binomtest(count, 19).proportion_ci(0.95, method="exact")
        assert interval == pytest.approx((expected.low, expected.high))


@pytest.mark.parametrize(("target_fpr", "needed"), [(0.05, 19), (0.1, 9), (0.5, 1), (0.03, 33)])
def test_needed_images(target_fpr, needed):
    assert needed_images(target_fpr) == needed
    assert Calibration.of(np.arange(needed), target_fpr).attainable_fpr <= target_fpr
    if needed > 1:
        assert Calibration.of(np.arange(needed - 1), target_fpr).attainable_fpr > target_fpr


def test_the_description_warns_of_too_few_images():
    enough, few = Calibration.of(NINETEEN, 0.05), Calibration.of(NINETEEN[:4], 0.05)
    assert "between 0.00133 and 0.176 with 95% confidence" in enough.describe()[1]
    assert len(enough.describe()) == 2
    assert "4 images cannot guarantee a rate of 0.05: their best is 0.2. 19" in few.describe()[2]


def test_a_file_of_before_the_interval_is_read(tmp_path):
    (tmp_path / "c.json").write_text('{"scores": [1.0, 2.0], "target_fpr": 0.5}')
    assert Calibration.load(tmp_path / "c.json").source == "held-out training images"


def test_the_table_of_the_page_is_what_the_calibration_says():
    page = pathlib.Path(__file__).parents[2] / "docs" / "thresholds.md"
    rows = re.findall(
        r"^\| (\d+) \| ([\d.]+) % \| ([\d.]+) % to ([\d.]+) % \|$", page.read_text(), re.MULTILINE
    )
    assert len(rows) == 7
    for n, resolution, low, high in rows:
        calibration = Calibration.of(np.arange(int(n)), 0.05)
        expected = 100 * np.array([calibration.attainable_fpr, *calibration.fpr_interval()])
        assert float(resolution) == pytest.approx(expected[0], rel=0.05)
        assert [float(low), float(high)] == [round(value, 1) for value in expected[1:]]


def test_a_changed_digit_is_noticed(tmp_path):
    path = tmp_path / "calibration.json"
    Calibration.of([1.25, 2.5, 3.75], 0.05).save(path)
    path.write_text(path.read_text().replace("2.5", "2.75"))
    with pytest.raises(ValueError, match=r"calibration.json is damaged: its scores have"):
        Calibration.load(path)


def test_a_score_that_is_not_a_number_is_refused():
    calibration = Calibration.of(np.arange(9.0), 0.2)
    for use in (calibration.p_values, calibration.p_value_intervals):
        with pytest.raises(ValueError, match=r"the score of image 1 is NaN"):
            use(np.array([1.0, np.nan]))
    assert calibration.p_values(np.array([np.inf, -np.inf])).tolist() == [0.1, 1.0]


def test_another_rate_keeps_the_scores():
    after = recalibrated(BEFORE, target_fpr=0.1)
    assert (after.threshold, after.target_fpr) == (18.0, 0.1)
    assert after.source == BEFORE.source
    np.testing.assert_array_equal(after.scores, BEFORE.scores)


def test_other_images_keep_the_rate():
    after = recalibrated(BEFORE, scores=np.arange(101.0, 120.0))
    assert (after.threshold, after.target_fpr) == (119.0, 0.05)
    assert after.source == "new images"


@pytest.mark.parametrize(
    ("target_fpr", "count", "message"),
    [
        (0.04, None, r"at least 1/20 \(0.05\), all that 19 normal images can guarantee; 24 would"),
        (None, 18, r"at least 1/19 \(0.0526\), all that 18"),
        (0.01, 50, "99 would do"),
    ],
)
def test_a_rate_that_the_images_cannot_guarantee(target_fpr, count, message):
    scores = None if count is None else np.arange(float(count))
    with pytest.raises(ValueError, match=message):
        recalibrated(BEFORE, target_fpr, scores)


def finished(path, config):
    run = RunDirectory(path)
    with run.claimed(config):
        BEFORE.save(run.path / "calibration.json")
        run.mark_complete({"training_seconds": 1.0})
    return run


def test_the_old_one_is_kept_under_its_date(tmp_path, tiny_config):
    run = finished(tmp_path / "run", tiny_config())
    before = (run.path / "calibration.json").read_bytes()
    backups = [replace_calibration(run, recalibrated(BEFORE, rate)) for rate in (0.1, 0.2)]
    assert len(set(backups)) == 2
    assert backups[0].read_bytes() == before
    assert Calibration.load(backups[1]).target_fpr == 0.1
    assert Calibration.load(run.path / "calibration.json").target_fpr == 0.2
    assert run.read_config() == tiny_config()


def test_a_run_in_use_is_left_alone(tmp_path, tiny_config):
    run = finished(tmp_path / "run", tiny_config())
    with run.claimed(tiny_config()), pytest.raises(RuntimeError, match="in use by another"):
        replace_calibration(run, recalibrated(BEFORE, 0.1))
    assert Calibration.load(run.path / "calibration.json").target_fpr == 0.05
