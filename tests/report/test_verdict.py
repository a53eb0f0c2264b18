import types

import numpy as np
import pytest

from memgan_tf.evaluation.calibration import Calibration
from memgan_tf.report.findings import ScoredSet
from memgan_tf.report.verdict import judge
from memgan_tf.report.warnings import chance_of_alarms

# Held-out scores 1, …, 99: at a rate of 5 % the threshold is 95.
CALIBRATION = Calibration.of(np.arange(1.0, 100.0), 0.05)


def findings(normal=None, anomalies=None, **changes):
    """Findings of a run with given test scores; without any it was not tested."""
    run = types.SimpleNamespace(
        calibration=changes.get("calibration", CALIBRATION),
        detector=types.SimpleNamespace(max_test_images=changes.get("max_test_images")),
        config=types.SimpleNamespace(
            model=types.SimpleNamespace(by_features=changes.get("by_features", False))
        ),
    )
    results, scored = None, ScoredSet(None, [], np.array([1.0]), None)
    if normal is not None:
        scores = np.array([*normal, *anomalies], float)
        labels = np.repeat([0, 1], [len(normal), len(anomalies)])
        auroc = np.mean([(a > n) + 0.5 * (a == n) for a in anomalies for n in normal])
        results = {
            "metrics": {"auroc": float(auroc), **changes.get("metrics", {})},
            "pixels": changes.get("pixels", {}),
            "num_normal": len(normal),
            "num_anomalies": len(anomalies),
        }
        scored = ScoredSet(None, [], scores, labels)
    return types.SimpleNamespace(
        run=run,
        facts={"suspect": changes.get("suspect", [])},
        num_train=changes.get("num_train", 500),
        results=results,
        scored=scored,
        flagged=scored.scores > run.calibration.threshold,
        data_index=None,
    )


NORMAL = np.linspace(1, 99, 60)


@pytest.mark.parametrize(
    ("anomalies", "kind", "headline"),
    [
        (np.full(60, 200.0), "good", "very well"),
        (np.linspace(70, 200, 60), "good", "images well"),
        (np.linspace(30, 150, 60), "fair", "Expect mistakes"),
        (np.linspace(10, 120, 60), "poor", "better than guessing"),
        (NORMAL, "poor", "not shown to be better"),
        (NORMAL / 2, "poor", "not shown to be better"),
    ],
)
def test_the_headline_follows_the_lower_end_of_the_interval(anomalies, kind, headline):
    verdict = judge(findings(NORMAL, anomalies))
    assert verdict.kind == kind
    assert headline in verdict.headline


def test_few_images_make_a_perfect_run_modest():
    """Three against three, all told apart: the interval reaches far down."""
    verdict = judge(findings([1, 2, 3], [200, 201, 202]))
    assert verdict.kind in ("fair", "poor")
    assert any("Few test images (3 normal, 3 anomalies)" in w for w in verdict.warnings)


def test_decisions_are_counted_with_their_intervals():
    anomalies = [10] * 5 + [100] * 15
    text = " ".join(judge(findings([*range(1, 58), 96, 97, 98], anomalies)).sentences)
    assert "finds 15 of 20 anomalies (75.0\N{NO-BREAK SPACE}%" in text
    assert "false alarm on 3 of 60 normal images" in text
    assert "target was 5\N{NO-BREAK SPACE}%" in text


def test_suspect_comes_before_any_figure():
    verdict = judge(findings(NORMAL, np.full(60, 200.0), suspect=["all images use one unit"]))
    assert verdict.kind == "suspect"
    assert verdict.headline.startswith("SUSPECT")
    assert "all images use one unit" in verdict.sentences[0]


def test_a_run_that_no_anomaly_tested_says_so():
    verdict = judge(findings())
    assert verdict.kind == "unknown"
    assert "no labeled anomaly" in verdict.headline
    assert "99 normal images" in verdict.sentences[0]
    assert "is not known" in verdict.sentences[1]
    assert verdict.warnings == []


@pytest.mark.parametrize(
    ("changes", "warning"),
    [
        ({"num_train": 40}, "Only 40 normal images trained it. Five hundred are"),
        ({"num_train": 40, "by_features": True}, "trained it. A hundred are a good start"),
        ({"max_test_images": 100}, "Only 100 test images were scored"),
        ({"calibration": Calibration.of(np.arange(1.0, 10.0), 0.05)}, "their best is 10.0"),
        ({"pixels": {"obstacle": "kde has no anomaly maps"}}, "no pixel metrics: kde has no"),
    ],
)
def test_what_limits_a_run_is_a_warning(changes, warning):
    plain = judge(findings(NORMAL, np.full(60, 200.0)))
    assert not any(warning in line for line in plain.warnings)
    limited = judge(findings(NORMAL, np.full(60, 200.0), **changes))
    assert any(warning in line for line in limited.warnings), limited.warnings


def test_normal_test_images_that_score_higher_are_a_warning():
    verdict = judge(findings(NORMAL + 60, np.full(60, 200.0)))
    assert any("raise more false alarms" in line for line in verdict.warnings)
    assert any("are higher than those of the calibration" in line for line in verdict.warnings)


def test_a_threshold_that_lets_most_anomalies_through_is_a_warning():
    verdict = judge(findings(NORMAL / 2, [60] * 49 + [96]))
    assert any("misses 98.0\N{NO-BREAK SPACE}% of the anomalies" in w for w in verdict.warnings)


def test_pixel_metrics_are_quoted():
    metrics = {"pixel_auroc": 0.912, "aupro": 0.8}
    told = findings(NORMAL, NORMAL + 99, metrics=metrics, pixels={"num_regions": 7})
    assert any("91.2 and an AUPRO of 80.0 (7 defect regions)" in s for s in judge(told).sentences)


@pytest.mark.parametrize(("alarms", "chance"), [(0, 1.0), (1, 2 / 21), (2, 1 / 210)])
def test_the_chance_of_alarms_counts_those_that_came(alarms, chance):
    """The highest of 21 scores is one of two new images, or both are the highest two."""
    calibration = Calibration.of(np.arange(19.0), 0.05)
    assert chance_of_alarms(calibration, alarms, 2) == pytest.approx(chance)
