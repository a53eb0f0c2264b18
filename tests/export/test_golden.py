"""Golden images, and what counts as the same answer."""

import numpy as np
import pytest

import memgan_tf
from memgan_tf.data import load_task
from memgan_tf.export.golden import Golden, golden_images, synthetic_images


def test_golden_images_are_real_and_synthetic(exported):
    golden, run = Golden.load(exported.path), memgan_tf.load(exported.run)
    task = load_task(run.config.data, run.config.training.seed)
    assert len(golden.images) == 5 + 16
    np.testing.assert_array_equal(golden.images[:5], synthetic_images((8, 8, 1)))
    np.testing.assert_array_equal(golden.images[5:13], task.validation.images[:8])
    np.testing.assert_array_equal(golden.images[13:], task.test.images[task.test.labels == 1][:8])
    np.testing.assert_array_equal(golden.outputs["anomaly_score"], run.score(golden.images))
    np.testing.assert_array_equal(golden_images(task, 0), synthetic_images((8, 8, 1)))


def test_synthetic_images_fit_any_shape():
    images = synthetic_images((9, 12, 3))
    assert images.shape == (5, 9, 12, 3)
    assert [int(i.min()) for i in images[:2]] == [0, 255]


def outputs(**changes):
    return {
        "anomaly_score": np.float32([1.0, 2.0, 3.0]),
        "p_value": np.float32([0.5, 0.2, 0.1]),
        "is_anomaly": np.array([False, False, True]),
        "threshold": np.float32([2.0, 2.0, 2.0]),
        **{name: np.array(value, np.float32) for name, value in changes.items()},
    }


def golden():
    return Golden(np.zeros((3, 8, 8, 1), np.uint8), outputs())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"anomaly_score": [1, 2, 3.01]}, "anomaly_score of golden image 2 is 3.0"),
        ({"anomaly_score": [1, np.nan, 3]}, "anomaly_score of golden image 1 is nan"),
        ({"threshold": [2, 2, 2.1]}, "threshold of golden image 2"),
        ({"is_anomaly": [True, False, True]}, "is_anomaly of golden image 0"),
        ({"p_value": [0.5, 0.3, 0.1]}, "p_value of golden image 1"),
    ],
)
def test_what_differs_is_named(changes, message):
    with pytest.raises(RuntimeError, match=message):
        golden().compare(outputs(**changes), tolerance=1e-4)


def test_what_may_differ():
    assert golden().compare(outputs(), tolerance=0) == "bitwise equal"
    # The last bits of a score; with them a decision on the threshold, and a p-value.
    near = outputs(anomaly_score=[1, 2.00001, 3], is_anomaly=[0, 1, 1], p_value=[0.5, 0.1, 0.1])
    assert golden().compare(near, tolerance=1e-4) == "equal to 5.0e-06"
    with pytest.raises(RuntimeError, match="anomaly_score has the shape"):
        golden().compare(outputs(anomaly_score=[1]), tolerance=1e-4)
