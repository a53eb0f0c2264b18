import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from memgan_tf.evaluation.metrics import (
    auroc_difference,
    auroc_interval,
    ranking_metrics,
    share_interval,
    threshold_metrics,
)

LABELS = np.array([0, 0, 0, 0, 1, 1])


@pytest.mark.parametrize(
    ("scores", "auroc", "fpr_at_95_tpr"),
    [
        ([1, 2, 3, 4, 5, 6], 1.0, 0.0),  # every anomaly above every normal image
        ([6, 5, 4, 3, 2, 1], 0.0, 1.0),  # the wrong way round stays wrong
        ([1, 2, 3, 4, 3.5, 6], 7 / 8, 0.25),  # one of eight pairs is out of order
        ([1, 1, 1, 1, 1, 1], 0.5, 1.0),  # ties count half
    ],
)
def test_ranking(scores, auroc, fpr_at_95_tpr):
    metrics = ranking_metrics(LABELS, np.array(scores, float))
    assert metrics["auroc"] == pytest.approx(auroc)
    assert metrics["fpr_at_95_tpr"] == pytest.approx(fpr_at_95_tpr)


def test_the_rate_at_which_95_of_100_anomalies_are_flagged():
    # 90 anomalies above every normal image, 5 above half of them, 5 below all.
    scores = np.repeat([4.0, 2.0, 0.0, 3.0, 1.0], [90, 5, 5, 10, 10])
    labels = np.repeat([1, 1, 1, 0, 0], [90, 5, 5, 10, 10])
    assert ranking_metrics(labels, scores)["fpr_at_95_tpr"] == pytest.approx(0.5)


def test_average_precision_and_best_f1():
    # Ranked: anomaly, normal, anomaly, …: precision 1 at recall 1/2, 2/3 at recall 1.
    metrics = ranking_metrics(LABELS, np.array([1, 2, 3, 5, 4, 6], float))
    assert metrics["average_precision"] == pytest.approx(0.5 * 1 + 0.5 * 2 / 3)
    assert metrics["oracle_f1_max"] == pytest.approx(2 * (2 / 3) / (1 + 2 / 3))


def test_threshold():
    metrics = threshold_metrics(LABELS, np.array([1, 2, 3, 5, 4, 6], float), threshold=4.0)
    # Above 4: one normal image of four, one anomaly of two; 4 itself is not above.
    assert metrics["fpr_at_threshold"] == pytest.approx(1 / 4)
    assert metrics["f1_at_threshold"] == pytest.approx(2 * 1 / (2 + 1 + 1))


@pytest.mark.parametrize(
    ("labels", "scores", "message"),
    [
        ([0, 0], [1.0, 2.0], "`labels` must hold both"),
        ([0, 2], [1.0, 2.0], "`labels` must hold both"),
        ([0, 1], [1.0, np.nan], "`scores` must be finite; 1 are not"),
    ],
)
def test_bad_input(labels, scores, message):
    labels, scores = np.array(labels), np.array(scores)
    for measure in (
        lambda: ranking_metrics(labels, scores),
        lambda: threshold_metrics(labels, scores, 1.5),
        lambda: auroc_difference(labels, scores, np.arange(2.0)),
        lambda: auroc_difference(labels, np.arange(2.0), scores),
    ):
        with pytest.raises(ValueError, match=message):
            measure()


def test_the_interval_of_an_auroc_by_its_definition():
    """Both ends are 1.96 standard errors, taken at that end, from the value."""
    low, high = auroc_interval(0.8, 30, 50)
    for end in (low, high):
        others = (30 + 50) / 2 - 1
        spread = 1 + others * (1 - end) / (2 - end) + others * end / (1 + end)
        assert abs(0.8 - end) == pytest.approx(1.959964 * (end * (1 - end) * spread / 1500) ** 0.5)
    assert low < 0.8 < high


def test_a_perfect_auroc_of_few_images_is_not_certain():
    low, high = auroc_interval(1.0, 5, 5)
    assert 0.5 < low < 0.8
    assert high == 1.0
    assert auroc_interval(0.0, 5, 5) == pytest.approx((1 - high, 1 - low))
    assert auroc_interval(1.0, 500, 500)[0] > 0.99


def test_the_interval_of_an_auroc_covers_the_truth():
    """Normal scores one standard deviation apart: the AUROC is Φ(1/√2) = 0.7602."""
    generator, hits = np.random.default_rng(0), 0
    for _ in range(400):
        labels = np.repeat([0, 1], [25, 15])
        value = roc_auc_score(labels, generator.normal(labels))
        low, high = auroc_interval(value, 25, 15)
        hits += low <= 0.7602 <= high
    assert 0.92 <= hits / 400 <= 0.99


def test_the_interval_of_a_share():
    # Wilson's interval of 0 of 10 ends at z² / (10 + z²).
    assert share_interval(0, 10) == pytest.approx((0.0, 1.959964**2 / (10 + 1.959964**2)))
    low, high = share_interval(5, 10)
    assert low + high == pytest.approx(1.0)


def test_the_difference_of_two_aurocs_of_the_same_images():
    generator = np.random.default_rng(0)
    labels = np.repeat([0, 1], 60)
    good = labels + generator.normal(0, 0.3, 120)
    guess = generator.normal(size=120)
    expected = ranking_metrics(labels, good)["auroc"] - ranking_metrics(labels, guess)["auroc"]
    difference, low, high = auroc_difference(labels, good, guess)
    assert difference == pytest.approx(expected)
    assert 0.2 < low < difference < high
    assert auroc_difference(labels, good, 2 * good + 1) == (0.0, 0.0, 0.0)


def test_the_interval_of_a_difference_by_delongs_definition():
    labels = np.array([0, 0, 0, 1, 1])
    first, second = np.array([1.0, 2.0, 5.0, 4.0, 6.0]), np.array([3.0, 1.0, 2.0, 2.0, 4.0])

    def wins(scores):  # of each anomaly (row) against each normal image (column)
        gaps = scores[labels == 1][:, np.newaxis] - scores[labels == 0]
        return (gaps > 0) + 0.5 * (gaps == 0)

    gaps = wins(first) - wins(second)
    variance = np.var(gaps.mean(axis=1), ddof=1) / 2 + np.var(gaps.mean(axis=0), ddof=1) / 3
    margin = 1.959964 * variance**0.5
    # The first has 5 of 6 pairs in order, the second 3 and two ties halved.
    expected = 5 / 6 - 4.5 / 6
    found = auroc_difference(labels, first, second)
    assert found == pytest.approx((expected, max(expected - margin, -1), min(expected + margin, 1)))


def test_the_interval_of_a_difference_covers_it():
    """Two scores of the same quality: the interval holds 0 in about 95 of 100 draws."""
    generator = np.random.default_rng(1)
    labels, held = np.repeat([0, 1], 40), 0
    for _ in range(200):
        first, second = (labels + generator.normal(0, 1, 80) for _ in range(2))
        _, low, high = auroc_difference(labels, first, second)
        held += low <= 0 <= high
    assert 180 <= held <= 199
