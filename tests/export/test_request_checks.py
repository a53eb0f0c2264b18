"""Requests that would be scored wrongly in silence are refused inside the graph."""

import numpy as np
import pytest
import tensorflow as tf

from memgan_tf.export.request_checks import checked_pixels


def test_pixels_from_0_to_1_are_refused_and_named():
    whole = np.full((2, 8, 8, 1), 3.0, np.float32)
    whole[1] = np.linspace(0, 1, 64).reshape(8, 8, 1)
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"multiply by 255.*image 1"):
        checked_pixels(tf.constant(whole), (8, 8, 1))


@pytest.mark.parametrize("values", [(0, 0), (0, 1), (1, 1), (0, 0.5, 2), (0.25, 255)])
def test_dark_images_and_fractions_beside_larger_values_are_not(values):
    image = np.resize(np.array(values, np.float32), (1, 8, 8, 1))
    # Fractions are rounded, as `as_pixels` does outside the graph.
    np.testing.assert_array_equal(checked_pixels(tf.constant(image), (8, 8, 1)), np.round(image))
