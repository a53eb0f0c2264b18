import numpy as np
import pytest

from memgan_tf.evaluation.heat_scale import HeatScale
from memgan_tf.report.overlays import STRENGTH, draw_overlay, enlarge, outline

SCALE = HeatScale(top=2.0, share=0.999, num_images=9)
BRIGHTEST = np.array([252, 255, 164])  # the last colour of inferno


def overlay(grey, error, mask=None):
    image = np.full((1, 1, 1), grey, np.uint8)
    return draw_overlay(image, np.full((1, 1), error, np.float32), SCALE, mask)[0, 0]


def test_no_error_shows_the_image_in_its_own_colors():
    assert overlay(100, 0.0).tolist() == [100, 100, 100]
    red = np.zeros((1, 1, 3), np.uint8)
    red[..., 0] = 100
    shown = draw_overlay(red, np.zeros((1, 1)), SCALE)[0, 0]
    assert shown.tolist() == [100, 0, 0]


def test_the_top_of_the_scale_and_all_above_have_the_brightest_colour():
    expected = np.round((1 - STRENGTH) * 100 + STRENGTH * BRIGHTEST)
    np.testing.assert_allclose(overlay(100, 2.0), expected, atol=1)
    np.testing.assert_array_equal(overlay(100, 7.0), overlay(100, 2.0))


def test_more_error_is_more_opaque():
    dark = [int(overlay(0, error).sum()) for error in (0.0, 0.5, 1.0, 1.5, 2.0)]
    assert dark == sorted(dark)
    assert dark[0] == 0 < dark[1]


def test_the_outline_is_around_the_mask():
    mask = np.zeros((5, 5), bool)
    mask[2, 2] = True
    expected = np.zeros((5, 5), bool)
    expected[[1, 2, 2, 3], [2, 1, 3, 2]] = True
    np.testing.assert_array_equal(outline(mask), expected)
    shown = draw_overlay(np.zeros((5, 5, 3), np.uint8), np.zeros((5, 5)), SCALE, mask)
    assert shown[1, 2].tolist() == [0, 255, 255]
    assert shown[2, 2].tolist() == [0, 0, 0]


@pytest.mark.parametrize(("side", "expected"), [(8, (8, 10)), (9, (16, 20)), (3, (8, 10))])
def test_pixels_are_repeated_until_the_shorter_side_is_large_enough(side, expected):
    image = np.arange(80, dtype=np.uint8).reshape(8, 10, 1)
    assert enlarge(image, side).shape[:2] == expected
    assert enlarge(image, side)[0, -1] == image[0, -1]


def test_a_scale_of_zero_is_no_division_by_zero():
    flat = HeatScale(top=0.0, share=0.999, num_images=1)
    np.testing.assert_array_equal(flat.normalize(np.array([0.0, 1.0])), [0.0, 1.0])
