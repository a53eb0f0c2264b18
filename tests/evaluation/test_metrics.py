import numpy as np
import pytest

from memgan_tf.evaluation.metrics import ranking_metrics, threshold_metrics

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
    with pytest.raises(ValueError, match=message):
        ranking_metrics(np.array(labels), np.array(scores))
