import numpy as np

from memgan_tf.evaluation.defect_sizes import measure_sizes


def test_defects_are_counted_in_the_runs_pixels():
    masks = np.zeros((4, 16, 16), bool)
    masks[1, :4, :4] = True  # 16 pixels of 256
    masks[2, 0, 0] = True  # one
    labels = np.array([0, 1, 1, 1])
    assert measure_sizes(masks, labels, (16, 16)) == {
        "anomalies": 3,
        "vanished": 2,  # one pixel, and none
        "median_pixels": 1.0,
    }
    # At half the side a defect has a quarter of its pixels.
    assert measure_sizes(masks, labels, (8, 8))["median_pixels"] == 0.25
    assert measure_sizes(masks[:2], labels[:2], (8, 8))["vanished"] == 0
