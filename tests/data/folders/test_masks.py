"""Masks of folders of the layout mvtec."""

import shutil

import numpy as np
import pytest
from PIL import Image

from memgan_tf.data.folders import index as folder_index
from tests.data.folder_files import SIDE, index, load, put


def test_masks_are_scaled_by_the_nearest_pixel_and_empty_for_normals(mvtec):
    test = load(mvtec, "test")
    assert test.masks.shape == (7, SIDE, SIDE)
    assert test.masks.dtype == bool
    assert not test.masks[:3].any()
    whole = np.asarray(Image.open(mvtec / "ground_truth" / "patch" / "001_mask.png")) > 0
    np.testing.assert_array_equal(test.masks[4], whole[1::2, 1::2])


@pytest.mark.parametrize(("fit", "rows"), [("pad", slice(4, 12)), ("crop", slice(0, 16))])
def test_masks_are_fitted_as_images_are(fit, rows, tmp_path):
    for name in ("train/good/a.png", "train/good/b.png", "test/good/a.png", "test/bad/a.png"):
        put(tmp_path / "set" / name, 200, (32, 16))
    put(tmp_path / "set" / "ground_truth" / "bad" / "a_mask.png", 255, (32, 16))
    test = load(tmp_path / "set", "test", image_fit=fit)
    expected = np.zeros((SIDE, SIDE), bool)
    expected[rows] = True
    bad = test.names.index("test/bad/a.png")
    np.testing.assert_array_equal(test.masks[bad], expected)
    np.testing.assert_array_equal(test.images[bad][..., 0] == 200, expected)


@pytest.mark.parametrize("harm", ["missing", "size", "cut"])
def test_without_a_usable_mask_for_each_defect_there_are_none(harm, mvtec):
    mask = mvtec / "ground_truth" / "patch" / "001_mask.png"
    if harm == "missing":
        mask.unlink()
    elif harm == "size":
        put(mask, 255, (9, 5))
    else:
        mask.write_bytes(mask.read_bytes()[:40])
    assert load(mvtec, "test").masks is None
    (problem,) = index(mvtec)["unusable_masks"]
    assert "001" in problem["path"]
    assert any("no pixel metrics" in line for line in folder_index.summarize(index(mvtec)))


def test_a_set_without_ground_truth_has_no_masks(mvtec):
    shutil.rmtree(mvtec / "ground_truth")
    assert load(mvtec, "test").masks is None
    assert index(mvtec)["unusable_masks"] == []
