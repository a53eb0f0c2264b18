import numpy as np
import pytest

from memgan_tf.estimator.layout import RowLayout, flatten, square_for


def test_images_become_rows_and_rows_images_again(pixels):
    images = pixels(5, (8, 10, 3))
    rows, shape = flatten(images)
    assert rows.shape == (5, 240)
    assert shape == (8, 10, 3)
    np.testing.assert_array_equal(RowLayout.of(rows, shape, "pixels").images(rows), images)


def test_grey_images_need_no_channel(pixels):
    images = pixels(5)
    rows, shape = flatten(images[..., 0])
    assert shape == (8, 8, 1)
    np.testing.assert_array_equal(RowLayout.of(rows, (8, 8), "pixels").images(rows), images)


def test_a_table_is_no_image():
    table = np.zeros((5, 3))
    assert flatten(table)[1] is None
    assert flatten([[1, 2], [3, 4]])[1] is None


@pytest.mark.parametrize(
    ("columns", "side"), [(1, 8), (64, 8), (65, 9), (100, 10), (101, 11), (65536, 256)]
)
def test_the_smallest_square(columns, side):
    assert square_for(columns) == (side, side, 1)


def test_numbers_become_grey_levels():
    layout = RowLayout.of(np.array([[0.0, 5.0], [10.0, 5.0]]), None, "numbers")
    # Training range to 64…192, as much room again on both sides, then it is cut.
    rows = np.array([[0.0, 5.0], [10.0, 5.0], [5.0, 5.0], [-5.0, 5.0], [99.0, 6.0]])
    images = layout.images(rows).reshape(5, 64)
    np.testing.assert_array_equal(images[:, 0], [64, 192, 128, 0, 255])
    np.testing.assert_array_equal(images[:, 1], [64, 64, 64, 64, 192])  # a column without spread
    assert (images[:, 2:] == 128).all()


@pytest.mark.parametrize(
    ("image_shape", "values", "message"),
    [
        (None, "pixels", "`image_shape` must be given for flattened rows"),
        ((8, 9), "pixels", "`image_shape` must have as many values as a row, 64"),
        ((4, 16), "pixels", "sides of 8 to 8192 pixels"),
        ((8, 8), "numbers", "`image_shape` must be left out"),
        ((8, 8), "digits", "`values` must be one of pixels, numbers"),
    ],
)
def test_mistakes(image_shape, values, message):
    with pytest.raises(ValueError, match=message):
        RowLayout.of(np.zeros((3, 64)), image_shape, values)


def test_too_many_columns():
    with pytest.raises(ValueError, match="at most 65536 columns"):
        square_for(65537)
