"""Words at both ends of the figures that they follow."""

import numpy as np
import pytest

from memgan_tf.evaluation.calibration import Calibration
from memgan_tf.report.baseline_words import compare_with_baseline
from memgan_tf.report.evaluate import METRIC_MEANINGS, format_metrics
from memgan_tf.report.map_words import describe_maps
from memgan_tf.report.verdict import judge
from memgan_tf.report.warnings import chance_of_alarms
from tests.report.test_verdict import NORMAL, findings


@pytest.mark.parametrize(
    ("pixel_auroc", "aupro", "words"),
    [
        (0.98, 0.95, "point at the defects"),
        (0.98, 0.6, "most of the defects"),  # the worse of the two decides
        (0.9, 0.6, "most of the defects"),
        (0.75, 0.4, "hint at"),
        (0.98, 0.1, "not shown"),
        (0.5, 0.15, "not shown"),
        (0.2, 0.02, "point away"),
    ],
)
def test_heat_maps_are_praised_by_their_figures(pixel_auroc, aupro, words):
    assert words in describe_maps(pixel_auroc, aupro, 200, 100)[0]


def test_few_defects_make_modest_words():
    assert "not shown" in describe_maps(0.9, 0.9, 3, 2)[0]


def beside(low, high):
    decisions = {"found": 7, "num_anomalies": 60, "false_alarms": 1, "num_normal": 40}
    difference = [(low + high) / 2, low, high]
    facts = {"seconds": 2.0, "num_train": 180, "auroc": 0.8, "decisions": decisions}
    return {"baseline": {**facts, "auroc_difference": difference}}


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (0.01, 0.2, "it is better than this run"),
        (-0.2, -0.01, "this run is better"),
        (-0.1, 0.2, "not shown to be better"),
        (-0.2, 0.1, "do not show which is better"),
    ],
)
def test_the_pca_beside_a_run_is_called_better_when_it_is(low, high, words):
    (sentence,) = compare_with_baseline(beside(low, high))
    assert words in sentence
    assert "finds 7 of 60" in sentence
    assert compare_with_baseline({}) == []


def test_the_time_of_the_pca_is_a_plain_number():
    """Not 1.4e+02."""
    results = beside(-0.2, 0.1)
    results["baseline"]["seconds"] = 137.21
    assert "fitted in 137 s on 180" in compare_with_baseline(results)[0]


def test_a_higher_rate_helps_only_a_score_that_tells_something():
    able = judge(findings(NORMAL / 2, [60] * 49 + [96]))
    assert any("A higher --target_fpr" in warning for warning in able.warnings)
    guessing = judge(findings(NORMAL, NORMAL))
    assert not any("A higher --target_fpr" in warning for warning in guessing.warnings)
    assert any("No other threshold helps" in warning for warning in guessing.warnings)


def test_alarms_that_chance_explains_accuse_nobody():
    """Twenty calibration images put the threshold's rate anywhere from 0.1 to 16 %."""
    calibration = Calibration.of(np.arange(1.0, 21.0), 0.05)
    normal = [*range(1, 18), 30, 30, 30]
    few = judge(findings(normal, np.full(40, 60.0), calibration=calibration))
    assert not any("than chance explains" in warning for warning in few.warnings)
    many = judge(findings([*range(1, 11), *[30] * 10], np.full(40, 60.0), calibration=calibration))
    assert any("than chance explains" in warning for warning in many.warnings)


def test_the_chance_of_alarms_is_that_of_ranks():
    """Above the largest of n: the one more is the largest of n + 1 in one case of n + 1."""
    calibration = Calibration.of(np.arange(1.0, 10.0), 0.05)
    assert chance_of_alarms(calibration, 1, 1) == pytest.approx(1 / 10)
    assert chance_of_alarms(calibration, 0, 5) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("facts", "results", "num_train", "words"),
    [
        ({"remaining_fall": 0.11}, {}, 500, "still fell, by 11.0"),
        ({}, {"defect_sizes": {"vanished": 3, "anomalies": 9}}, 500, "of 3 of 9 anomalies"),
        ({}, {}, 29, "fewer than 30"),
    ],
)
def test_what_makes_a_run_weak_is_said_with_what_to_do(facts, results, num_train, words):
    told = findings(NORMAL, np.full(60, 200.0), num_train=num_train)
    told.facts.update(facts, config={"training": {"epochs": 40}})
    told.results.update(results)
    assert any(words in warning for warning in judge(told).warnings)
    plain = findings(NORMAL, np.full(60, 200.0))
    plain.facts.update({"remaining_fall": 0.01})
    plain.results.update({"defect_sizes": {"vanished": 0, "anomalies": 9}})
    assert judge(plain).warnings == []


@pytest.mark.parametrize(
    ("fit", "shapes", "warns"),
    [("pad", [0.5, 1.5], True), ("pad", [1.0, 1.05], False), ("stretch", [0.5, 1.5], False)],
)
def test_different_shapes_are_a_warning_under_pad(fit, shapes, warns):
    told = findings(NORMAL, np.full(60, 200.0))
    lists = {"leaks": [], "unusable_masks": [], "left_out": []}
    told.data_index = {**lists, "image_fit": fit, "shapes": shapes}
    assert any("different shapes" in warning for warning in judge(told).warnings) == warns


def test_every_printed_metric_has_its_meaning():
    """A stranger reads `memgan evaluate` without a textbook."""
    lines = format_metrics({"metrics": {"auroc": 0.5, "aupro": 0.25}, "kinds": []}).splitlines()
    assert lines[0].split() == ["auroc", "50.00", *METRIC_MEANINGS["auroc"].split()]
    assert "30 % of the normal pixels" in lines[1]


def test_drift_is_said_as_a_probability_with_what_to_do():
    (line,) = (
        w for w in judge(findings(NORMAL + 60, np.full(60, 200.0))).warnings if "Chance alone" in w
    )
    assert "with a probability of" in line
    assert "memgan recalibrate" in line
