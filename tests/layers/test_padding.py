import numpy as np

from memgan_tf.layers.padding import content_mask


def mask_of(image):
    return content_mask(image[np.newaxis]).numpy()[0]


def framed(rows=slice(None), columns=slice(None), value=9):
    image = np.zeros((10, 12, 3), np.uint8)
    image[rows, columns, 1] = value
    return image


def test_bars_at_opposite_sides_are_no_content():
    expected = np.zeros((10, 12), bool)
    expected[3:7] = True
    np.testing.assert_array_equal(mask_of(framed(rows=slice(3, 7)))[4:6], expected[4:6])
    found = mask_of(framed(rows=slice(3, 7)))
    assert found[3:7].all()
    # A bar may be a pixel wider at one side, so a pixel beyond may count.
    assert not found[:2].any()
    assert not found[8:].any()
    found = mask_of(framed(columns=slice(4, 8)))
    assert found[:, 4:8].all()
    assert not found[:, :3].any()
    assert not found[:, 9:].any()


def test_bars_that_differ_by_a_pixel():
    found = mask_of(framed(rows=slice(2, 7)))  # two above, three below
    assert found[2:7].all()
    assert not found[0].any()
    assert not found[9].any()


def test_dark_content_at_one_side_counts():
    """Half of a photograph is black: bars would be at both sides."""
    assert mask_of(framed(rows=slice(0, 5))).all()
    found = mask_of(framed(rows=slice(3, 5)))
    assert found[3:7].all()


def test_black_pixels_inside_count():
    image = framed(rows=slice(2, 8))
    image[4:6, 3:9] = 0
    assert mask_of(image)[4:6].all()


def test_a_photograph_without_bars_and_a_black_one_count_whole():
    assert mask_of(framed()).all()
    assert mask_of(np.zeros((10, 12, 1), np.uint8)).all()


def test_each_image_of_a_batch_has_its_own_bars():
    batch = np.stack([framed(rows=slice(4, 6)), framed(columns=slice(5, 7))])
    found = content_mask(batch).numpy()
    assert found[0, 5, 0]
    assert not found[1, 5, 0]
