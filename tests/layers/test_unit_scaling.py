import numpy as np
import pytest
import tensorflow as tf

from memgan_tf.layers.scalings import make_scaling
from memgan_tf.layers.unit_scaling import GlobalContrastScaling, UnitScaling, global_contrast


def image(*values):
    return np.array(values, np.uint8).reshape(1, 1, -1, 1)


def test_unit_scaling_spans_0_to_1():
    np.testing.assert_allclose(UnitScaling()(image(0, 51, 255)).numpy().ravel(), [0.0, 0.2, 1.0])


def test_contrast_by_hand():
    # Mean 20, deviations -20, 0, 20, 0: their mean size is 10.
    values = global_contrast(image(0, 20, 40, 20)).numpy().ravel()
    np.testing.assert_allclose(values, [-2.0, 0.0, 2.0, 0.0])


def test_contrast_forgets_brightness_and_contrast():
    first, second = image(10, 20, 60), image(30, 50, 130)
    np.testing.assert_allclose(global_contrast(first), global_contrast(second), rtol=1e-6)


def test_a_constant_image_becomes_zeros():
    np.testing.assert_array_equal(global_contrast(image(9, 9, 9)).numpy().ravel(), [0.0] * 3)


def test_the_measured_range_becomes_0_to_1_and_others_may_leave_it():
    scaling = GlobalContrastScaling()
    # Contrast-normalised: -2, 0, 2, 0 and -1, 1, -1, 1.
    scaling.measure([image(0, 20, 40, 20), image(0, 2, 0, 2)])
    np.testing.assert_allclose([float(scaling.low), float(scaling.high)], [-2.0, 2.0])
    np.testing.assert_allclose(scaling(image(0, 20, 40, 20)).numpy().ravel(), [0, 0.5, 1, 0.5])
    peak = scaling(image(0, 0, 0, 80)).numpy().ravel()  # -⅔, -⅔, -⅔, 2
    np.testing.assert_allclose(peak, [1 / 3, 1 / 3, 1 / 3, 1.0], rtol=1e-6)
    assert scaling(np.eye(4, dtype=np.uint8).reshape(1, 4, 4, 1)[:, :, :1]).numpy().max() <= 1.0
    wide = np.zeros((1, 1, 100, 1), np.uint8)
    wide[0, 0, 0] = 255
    assert float(scaling(wide).numpy().max()) > 1.0


def test_the_round_trip_to_contrast_normalised_images():
    scaling, pixels = GlobalContrastScaling(), image(3, 90, 200, 14)
    scaling.measure([pixels])
    np.testing.assert_allclose(
        scaling.restore(scaling(pixels)), global_contrast(pixels), rtol=1e-5, atol=1e-6
    )


def test_images_without_contrast_give_a_range_all_the_same():
    scaling = GlobalContrastScaling()
    scaling.measure([image(7, 7), image(200, 200)])
    assert np.isfinite(scaling(image(0, 255))).all()


@pytest.mark.parametrize("law", ["symmetric", "contrast", "unit", "global_contrast"])
def test_every_law_scales_and_displays(law):
    scaling = make_scaling(law, 0.5)
    scaled = scaling(image(0, 100, 255))
    assert scaled.dtype == tf.float32
    shown = scaling.display(scaled).numpy()
    assert (shown >= 0).all()
    assert (shown <= 1).all()
    assert scaling.output_activation in ("tanh", "sigmoid", "linear")


def test_an_unknown_law():
    with pytest.raises(ValueError, match="`input_scaling` must be one of symmetric, contrast"):
        make_scaling("zca", 0.5)
