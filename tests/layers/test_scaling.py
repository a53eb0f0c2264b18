import numpy as np
import pytest

from memgan_tf.layers import ImageScaling


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
