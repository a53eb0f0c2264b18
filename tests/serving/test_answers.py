"""What a server's answer must be."""

import numpy as np
import pytest

from memgan_tf.serving import answers

GOOD = {
    "anomaly_score": np.array([1.0, 2.0], np.float32),
    "p_value": np.array([1.0, 0.05], np.float32),
    "is_anomaly": np.array([False, True]),
    "threshold": np.array([1.5, 1.5], np.float32),
}


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        ("p_value", [7.0, 0.5], "p_value goes from 0.5 to 7"),
        ("p_value", [-3.0, 0.5], "p_value goes from -3"),
        ("threshold", [1.5, 1.0], "threshold differs"),
        ("anomaly_score", [np.nan, 1.0], "anomaly_score has a value"),
        ("is_anomaly", [1.0, 0.0], "is_anomaly is of the type"),
    ],
)
def test_scores_that_cannot_be_are_refused(name, values, message):
    answers.check_scores(GOOD)
    with pytest.raises(ValueError, match=message):
        answers.check_scores({**GOOD, name: np.array(values)})


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("is_anomaly", ["false"]),
        ("is_anomaly", [3]),
        ("anomaly_score", ["1.5"]),
        ("anomaly_score", [None]),
        ("anomaly_score", [True]),
        ("anomaly_score", [1e308]),
        ("anomaly_score", [10**400]),
        ("anomaly_score", [float("nan")]),
        ("p_value", 0.5),
        ("p_value", [[0.5]]),
        ("p_value", {"0": 0.5}),
    ],
)
def test_nothing_is_converted(name, values):
    with pytest.raises(ValueError, match=name):
        answers.to_array(name, values)


def test_numbers_are_read():
    assert answers.to_array("p_value", [1, 0.5]).tolist() == [1.0, 0.5]
    assert answers.to_array("is_anomaly", [True]).dtype == np.bool_


@pytest.mark.parametrize("dims", [[-1, 60000, 60000, 3], [-1, -8, 8, 1], [-1, 8, 8, 10**9]])
def test_a_shape_that_no_image_has_is_refused(dims):
    with pytest.raises(ValueError, match="must have 1 or 3 channels"):
        answers.image_shape(dims)


def test_other_shapes_are_those_of_images_or_none():
    assert answers.image_shape([-1, 8, 9, 1]) == (8, 9, 1)
    assert answers.image_shape([-1, 8]) is None
    assert answers.image_shape(None) is None
