import numpy as np

from memgan_tf.report.selection import GROUPS, select

LABELS = np.array([0, 1, 0, 1, 0, 1])
SCORES = np.array([1.0, 2.0, 9.0, 8.0, 7.0, 3.0])


def as_lists(groups):
    return {name: positions.tolist() for name, positions in groups.items()}


def test_mistakes_and_ends_by_hand():
    assert as_lists(select(LABELS, SCORES, 5.0, 2)) == {
        "false_alarm": [2, 4],  # the normal images with 9 and 7, the worse one first
        "miss": [5, 1],  # the anomalies with 3 and 2, the nearest to the threshold first
        "most_anomalous": [2, 3],
        "least_anomalous": [0, 1],
    }


def test_a_score_at_the_threshold_is_no_alarm():
    assert as_lists(select(LABELS, SCORES, 9.0, 5))["false_alarm"] == []
    assert as_lists(select(LABELS, SCORES, 8.0, 5))["miss"] == [3, 5, 1]


def test_without_labels_there_are_no_mistakes():
    groups = select(None, SCORES, 5.0, 9)
    assert list(groups) == ["most_anomalous", "least_anomalous"]
    assert groups["most_anomalous"].tolist() == [2, 3, 4, 5, 1, 0]
    assert set(groups) < set(GROUPS)
