import numpy as np
import pytest
import tensorflow as tf

from memgan_tf.layers import ImageScaling
from memgan_tf.layers.scaling import (
    GlobalContrastScaling,
    UnitScaling,
    global_contrast,
    make_scaling,
)


def test_symmetric_maps_the_byte_range_to_minus_one_to_one():
    pixels = np.array([0, 255, 127.5], np.float32).reshape(1, 1, 3, 1)
    np.testing.assert_allclose(ImageScaling("symmetric")(pixels).numpy().ravel(), [-1, 1, 0])


def test_contrast_gives_each_image_mean_zero_and_the_given_deviation(pixels):
    images = pixels(3)
    images[1] //= 4  # a dark, flat one comes out like the others
    scaled = ImageScaling("contrast", contrast_scale=0.5)(images).numpy()
    np.testing.assert_allclose(scaled.mean((1, 2, 3)), np.zeros(3), atol=1e-6)
    np.testing.assert_allclose(scaled.std((1, 2, 3)), np.full(3, 0.5), rtol=1e-5)


def test_contrast_l1_gives_each_image_the_given_mean_absolute_deviation():
    # Mean 4; deviations 4, 4, 4, 4 and 3, 1, 3, 7.
    images = np.array([[0, 0, 8, 8], [1, 3, 1, 11]], np.float32).reshape(2, 2, 2, 1)
    scaled = ImageScaling("contrast_l1", contrast_scale=0.5)(images).numpy().reshape(2, 4)
    expected = [[-0.5, -0.5, 0.5, 0.5], [-3 / 7, -1 / 7, -3 / 7, 1.0]]
    np.testing.assert_allclose(scaled, expected, rtol=1e-6)


@pytest.mark.parametrize("law", ["contrast", "contrast_l1"])
@pytest.mark.parametrize("value", [0, 7, 255])
def test_constant_images_become_zeros(value, law):
    images = np.full((2, 8, 8, 1), value, np.uint8)
    np.testing.assert_array_equal(ImageScaling(law)(images), np.zeros((2, 8, 8, 1)))


@pytest.mark.parametrize("law", ["contrast", "contrast_l1"])
def test_almost_constant_images_become_zeros(law):
    images = np.full((1, 8, 8, 1), 127.0, np.float32)
    images[0, ::2] += 1e-3
    np.testing.assert_array_equal(ImageScaling(law)(images), np.zeros((1, 8, 8, 1)))


def test_bytes_and_floats_scale_alike(pixels):
    images, layer = pixels(), ImageScaling("contrast")
    np.testing.assert_array_equal(layer(images), layer(images.astype(np.float32)))


@pytest.mark.parametrize("law", ["symmetric", "contrast", "contrast_l1"])
def test_display_is_in_the_unit_range(law, pixels):
    layer = ImageScaling(law)
    shown = layer.display(layer(pixels())).numpy()
    assert shown.min() >= 0.0
    assert shown.max() <= 1.0
    assert shown.std() > 0.1


def test_unknown_law():
    with pytest.raises(ValueError, match="`law` must be one of symmetric, contrast"):
        ImageScaling("whitened")


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


def test_contrast_root_keeps_the_root_of_the_contrast():
    # Deviations 48 and 12: divided by 48 and by 24.
    images = np.array([[52, 148], [88, 112]], np.float32).reshape(2, 1, 2, 1)
    scaled = ImageScaling("contrast_root", contrast_scale=0.5)(images).numpy().reshape(2, 2)
    np.testing.assert_allclose(scaled, [[-0.5, 0.5], [-0.25, 0.25]], rtol=1e-5)


def test_a_fourth_channel_has_the_contrast_of_the_image(pixels):
    layer = make_scaling("contrast_level", 0.5)
    assert layer.scaled_shape((8, 8, 3)) == (8, 8, 4)
    images = np.zeros((2, 8, 8, 3), np.float32)
    # Deviations 46 and 94, and 2 more: the usual one, and twice it.
    images[0, ::2], images[1, ::2] = 92, 188
    scaled = layer(images).numpy()
    contrast = ImageScaling("contrast", 0.5)
    np.testing.assert_array_equal(scaled[..., :3], contrast(images))
    np.testing.assert_allclose(scaled[0, ..., 3], 0.0, atol=1e-5)
    np.testing.assert_allclose(scaled[1, ..., 3], 1.0, atol=1e-5)
    np.testing.assert_array_equal(layer.display(scaled), contrast.display(scaled[..., :3]))


def test_a_fourth_channel_has_the_contrast_around_each_pixel():
    image = np.full((1, 16, 16, 1), 100, np.float32)
    image[:, :, 8::2] = 60
    plane = make_scaling("contrast_map", 0.5)(image).numpy()[0, ..., 1]
    # Even: (0 + 2) / 16 is 2⁻³. Stripes: two or three of five columns, deviation √(0.24) 40.
    np.testing.assert_allclose(plane[:, :6], -1.5, atol=1e-5)
    expected = 0.5 * np.log2((40 * np.sqrt(0.24) + 2) / 16)
    np.testing.assert_allclose(plane[:, 10:14], expected, atol=1e-3)


@pytest.mark.parametrize("law", ["contrast_root", "contrast_level", "contrast_map"])
def test_even_images_have_finite_values(law):
    scaled = make_scaling(law, 0.5)(np.full((2, 8, 8, 3), 7, np.uint8)).numpy()
    np.testing.assert_array_equal(scaled[..., :3], np.zeros((2, 8, 8, 3)))
    assert np.isfinite(scaled).all()
