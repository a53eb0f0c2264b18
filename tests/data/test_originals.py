"""Maps of scaled images come back to where they were in the photograph."""

import numpy as np
import pytest
from PIL import Image

from memgan_tf.data.fitting import fit_image
from memgan_tf.data.folders.originals import Originals, Photograph

SIZE = (120, 200)


def originals(tmp_path, image_fit, masks=(), size=SIZE):
    generator = np.random.default_rng(0)
    pixels = generator.integers(0, 256, (*size, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    found = Originals([Photograph(tmp_path / "a.png", size, masks)], image_fit)
    return pixels, found


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("image_fit", ["stretch", "pad", "crop", "keep"])
@pytest.mark.parametrize("target", [(64, 64), (96, 64), (32, 128)])
def test_a_coordinate_comes_back_where_it_was(tmp_path, image_fit, target, axis):
    """Every pixel's value is its own row, or column: scaled as the image is, then restored."""
    coordinate = np.indices(SIZE)[axis].astype(np.float32) + 10
    scaled = fit_image(Image.fromarray(coordinate), *target, image_fit)
    _, found = originals(tmp_path, image_fit)
    restored = found.restore(0, np.asarray(scaled))
    assert restored.shape == SIZE
    seen = restored > 0
    if image_fit != "crop":
        assert seen.all()
    # Edges are flat in a scaled image, over a pixel of it.
    step = max(SIZE[0] / target[0], SIZE[1] / target[1], 1) * (
        2 if image_fit in ("pad", "keep") else 1
    )
    inner = np.zeros(SIZE, bool)
    rows, columns = np.nonzero(seen)
    edge = int(np.ceil(2 * step))
    inner[
        rows.min() + edge : rows.max() + 1 - edge, columns.min() + edge : columns.max() - edge
    ] = 1
    assert inner.sum() > 0.2 * seen.sum()
    np.testing.assert_allclose(restored[inner], coordinate[inner], atol=1.0)


def test_what_was_cut_off_has_no_value(tmp_path):
    _, found = originals(tmp_path, "crop")
    restored = found.restore(0, np.ones((64, 64), np.float32))
    # The middle square of 120.
    assert (restored[:, 40:160] == 1).all()
    assert restored.sum() == 120 * 120


def test_padding_is_left_out(tmp_path):
    _, found = originals(tmp_path, "pad")
    values = np.full((100, 100), 7.0, np.float32)
    values[20:80] = 1.0  # 200 × 120 becomes 100 × 60
    np.testing.assert_array_equal(found.restore(0, values), np.ones(SIZE))


@pytest.mark.parametrize("image_fit", ["stretch", "pad", "crop"])
def test_large_photographs_are_shown_smaller(tmp_path, image_fit):
    pixels, found = originals(tmp_path, image_fit)
    assert found.photographs[0].shown_size(50) == (30, 50)
    assert found.pixels(0, 50).shape == (30, 50, 3)
    assert found.restore(0, np.ones((64, 64), np.float32), 50).shape == (30, 50)
    assert found.mask(0, 50).shape == (30, 50)
    np.testing.assert_array_equal(found.pixels(0), pixels)


def test_masks_are_joined_in_the_photographs_pixels(tmp_path):
    for name, place in (("m1.png", (slice(3, 5), slice(10, 20))), ("m2.png", (7, 100))):
        mask = np.zeros(SIZE, np.uint8)
        mask[place] = 255
        Image.fromarray(mask).save(tmp_path / name)
    _, found = originals(tmp_path, "stretch", (tmp_path / "m1.png", tmp_path / "m2.png"))
    mask = found.mask(0)
    assert mask.sum() == 21
    assert mask[3:5, 10:20].all()
    assert mask[7, 100]
    _, without = originals(tmp_path, "stretch")
    assert not without.mask(0).any()


def test_a_mask_is_shown_smaller_by_the_nearest_pixels(tmp_path):
    """Of 200 columns onto 80: each shows the one in its middle, such as 2.5 · 4.5 = 11.25."""
    mask = np.zeros(SIZE, np.uint8)
    mask[:, [11, 14]] = 255
    Image.fromarray(mask).save(tmp_path / "m.png")
    _, found = originals(tmp_path, "stretch", (tmp_path / "m.png",))
    expected = np.zeros((48, 80), bool)
    expected[:, 4] = True
    np.testing.assert_array_equal(found.mask(0, 80), expected)


def test_a_selection_keeps_the_order(tmp_path):
    photographs = [Photograph(tmp_path / f"{i}.png", (i + 8, 9)) for i in range(4)]
    picked = Originals(photographs, "pad").select(np.array([3, 1]))
    assert [photograph.size for photograph in picked.photographs] == [(11, 9), (9, 9)]
    assert picked.image_fit == "pad"


def test_a_photograph_that_is_gone_is_said(tmp_path):
    _, found = originals(tmp_path, "pad")
    (tmp_path / "a.png").unlink()
    with pytest.raises(ValueError, match=r"a\.png"):
        found.pixels(0)
