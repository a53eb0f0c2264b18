"""Ablations of a score that is a mean of parts."""

import numpy as np

from memgan_tf.evaluation.part_choices import auroc_by_parts, choices


def test_every_choice_is_there_once():
    assert list(choices(("a", "b", "c"))) == [
        ("a", [0]),
        ("b", [1]),
        ("c", [2]),
        ("a+b", [0, 1]),
        ("a+c", [0, 2]),
        ("b+c", [1, 2]),
        ("a+b+c", [0, 1, 2]),
    ]


def test_each_choice_is_ranked_by_its_mean():
    labels = np.array([0, 0, 1, 1])
    # The first part alone has 3 of 4 pairs right, the second 2, their mean all of them.
    parts = np.array([[0.0, 3.0], [2.0, 0.0], [1.0, 2.5], [3.0, 0.5]])
    found = auroc_by_parts(labels, parts, ("first", "second"))
    assert found == {"first": 0.75, "second": 0.5, "first+second": 1.0}
