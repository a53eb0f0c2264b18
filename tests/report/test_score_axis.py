"""The axis of the histogram of scores."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from memgan_tf.report.charts import histogram_chart
from memgan_tf.report.plots import plot_histogram
from memgan_tf.report.score_axis import ScoreAxis

NORMAL = np.linspace(0.9, 1.3, 20)


def axis_of(normal, anomalies, threshold):
    labels = np.repeat([0, 1], [len(normal), len(anomalies)])
    return ScoreAxis.of(labels, np.concatenate([normal, anomalies]), threshold)


def test_one_far_score_does_not_set_the_range():
    """A thousand is beyond; the others keep bars of their own, and it is counted."""
    axis = axis_of(NORMAL, [*np.linspace(1.2, 2.0, 30), 1000.0], 1.3)
    assert axis.edges[-1] < 2.1
    assert (axis.shares(NORMAL) > 0).sum() > 5
    assert axis.above == 1
    assert axis.marks() == [f"1 score above {axis.edges[-1]:.3g}, in the last bar"]
    assert axis.shares(np.array([1000.0, 1.0]))[-1] == 50.0


@pytest.mark.parametrize("sign", [1, -1])
def test_nothing_is_lost(sign):
    scores = sign * np.concatenate([NORMAL, [1e6, np.inf]])
    axis = axis_of(scores, [], sign)
    assert axis.shares(scores).sum() == pytest.approx(100.0)
    assert (axis.above, axis.below) == ((2, 0) if sign > 0 else (0, 2))


def test_normal_scores_in_a_corner_get_a_logarithmic_axis():
    """As on bottle: normal ones up to 1.3, defects spread up to 10."""
    wide = axis_of(NORMAL, np.linspace(1.5, 10.0, 60), 1.3)
    assert wide.is_log
    assert (wide.shares(NORMAL) > 0).sum() >= 3
    assert wide.marks() == []
    assert not axis_of(NORMAL, np.linspace(1.2, 2.0, 30), 1.3).is_log
    # Logarithms of scores below zero do not exist.
    assert not axis_of(NORMAL - 1.0, np.linspace(1.5, 10.0, 60), 0.3).is_log


@pytest.mark.parametrize("threshold", [-5.0, 1.0, 50.0])
def test_the_threshold_is_inside(threshold):
    axis = axis_of(NORMAL, NORMAL + 0.2, threshold)
    assert axis.edges[0] < threshold < axis.edges[-1]


@pytest.mark.parametrize("value", [0.0, 3.0, -2.0])
def test_equal_scores_have_bins(value):
    axis = axis_of(np.full(5, value), [], value)
    assert (np.diff(axis.edges) > 0).all()
    assert axis.shares(np.full(5, value)).sum() == pytest.approx(100.0)


def test_the_chart_says_what_is_beyond():
    scores = np.array([*NORMAL, 1000.0])
    assert "1 score above" in histogram_chart(None, scores, 1.3).alt
    axes = Figure().subplots()
    plot_histogram(axes, np.zeros(21, int), scores, 1.3)
    assert "1 score above" in axes.get_title(loc="right")
