"""Masks of every mode and place."""

import re

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from memgan_tf.data.folders.mask_files import read_mask
from memgan_tf.data.image_files import pillow_rules
from tests.data.folder_files import index, load, put

SHAPE = (10, 12)
MARKED = np.zeros(SHAPE, bool)
MARKED[2:5, 3:9] = True


def values(dtype, value, channels=()):
    pixels = np.zeros((*SHAPE, *channels), dtype)
    pixels[MARKED] = value
    return Image.fromarray(pixels)


def palette():
    image = values(np.uint8, 1).convert("P")
    image.putdata(MARKED.astype(np.uint8).ravel())
    image.putpalette([0, 0, 0, 128, 0, 0])
    return image


MODES = {
    "1.png": lambda: values(np.uint8, 255).convert("1"),
    "L.png": lambda: values(np.uint8, 1),
    "16 bits.png": lambda: values(np.uint16, 1),
    "32 bits.tif": lambda: values(np.int32, 70_000),
    "float.tif": lambda: values(np.float32, 0.25),
    "RGB.png": lambda: values(np.uint8, (1, 0, 0), (3,)),
    "blue.bmp": lambda: values(np.uint8, (0, 0, 1), (3,)),
    "palette.png": palette,
    "RGBA.png": lambda: values(np.uint8, (255, 0, 0, 255), (4,)),
    "faint RGBA.png": lambda: values(np.uint8, (0, 3, 0, 1), (4,)),
    "LA.png": lambda: values(np.uint8, (9, 255), (2,)),
    "black on nothing.png": lambda: values(np.uint8, (0, 0, 0, 255), (4,)),
    "CMYK.tif": lambda: values(np.uint8, 255).convert("RGB").convert("CMYK"),
}


@pytest.mark.parametrize("name", MODES)
def test_what_is_not_black_is_a_defects_in_every_mode(name, tmp_path):
    MODES[name]().save(tmp_path / name)
    with pillow_rules():
        mask, is_scaled = read_mask([tmp_path / name], SHAPE)
    np.testing.assert_array_equal(np.asarray(mask), 255 * MARKED)
    assert not is_scaled


@pytest.mark.parametrize("value", [(1, 0, 0), (0, 256, 0), (0, 0, 0, 65535), (0, 3, 0, 65535)])
def test_color_masks_of_16_bits(value, tmp_path):
    pixels = np.zeros((*SHAPE, len(value)), np.uint16)
    pixels[MARKED] = value
    content = tf.io.encode_png(tf.constant(pixels, tf.uint16)).numpy()
    (tmp_path / "a.png").write_bytes(content)
    with pillow_rules():
        mask = np.asarray(read_mask([tmp_path / "a.png"], SHAPE)[0])
    np.testing.assert_array_equal(mask > 0, MARKED)


def test_noise_beside_the_edges_of_a_jpeg_is_black(tmp_path):
    marked = np.zeros((64, 64), bool)
    marked[13:37, 21:42] = True
    Image.fromarray(255 * marked.astype(np.uint8)).save(tmp_path / "a.jpg", quality=80)
    assert (np.asarray(Image.open(tmp_path / "a.jpg")) > 0).sum() > marked.sum()
    with pillow_rules():
        found = np.asarray(read_mask([tmp_path / "a.jpg"], (64, 64))[0]) > 0
    np.testing.assert_array_equal(found, marked)


def test_a_white_background_that_is_seen_is_a_defects(tmp_path):
    """No mode decides which color is the background: only black is."""
    Image.fromarray(np.full((*SHAPE, 4), 255, np.uint8)).save(tmp_path / "a.png")
    with pillow_rules():
        assert np.asarray(read_mask([tmp_path / "a.png"], SHAPE)[0]).all()


def test_masks_are_joined_and_scaled(tmp_path):
    left, right = np.zeros((5, 6), np.uint8), np.zeros(SHAPE, np.uint8)
    left[:, :2], right[:, 8:] = 1, 1
    for name, pixels in (("0.png", left), ("1.png", right)):
        Image.fromarray(pixels).save(tmp_path / name)
    with pillow_rules():
        mask, is_scaled = read_mask([tmp_path / "0.png", tmp_path / "1.png"], SHAPE)
    expected = np.zeros(SHAPE, bool)
    expected[:, :4] = expected[:, 8:] = True
    np.testing.assert_array_equal(np.asarray(mask) > 0, expected)
    assert is_scaled


def test_a_scaled_mask_takes_the_nearest_pixel(tmp_path):
    """Of 30 rows onto 10: each shows the middle one of three, however thin a line there is."""
    large = np.zeros((30, 36), np.uint8)
    large[3 * 4 + 1] = large[3 * 7] = 1
    Image.fromarray(large).save(tmp_path / "a.png")
    with pillow_rules():
        mask, _ = read_mask([tmp_path / "a.png"], SHAPE)
    expected = np.zeros(SHAPE, bool)
    expected[4] = True
    np.testing.assert_array_equal(np.asarray(mask) > 0, expected)


@pytest.mark.parametrize("size", [(12, 12), (9, 10), (24, 10)])
def test_a_mask_of_another_shape_is_refused(size, tmp_path):
    put(tmp_path / "a.png", 1, size)
    with pillow_rules(), pytest.raises(ValueError, match=r"but its image has 12×10"):
        read_mask([tmp_path / "a.png"], SHAPE)


def side(name):
    """Half of an image is its mask, left or right."""
    pixels = np.zeros(SHAPE, np.uint8)
    pixels[:, slice(6) if name == "left" else slice(6, None)] = 255
    return Image.fromarray(pixels)


def make(root, images, masks):
    """A set with images of defects, and masks: `{path: left or right}`."""
    for number, name in enumerate(("train/good/0.png", "train/good/1.png", "test/good/0.png")):
        put(root / name, 20 * number)
    for number, name in enumerate(images):
        put(root / name, 100 + 20 * number)
    for name, half in masks.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        side(half).save(root / name)
    return root


def halves(root):
    """Which half of each image of a defect is marked."""
    test = load(root, "test")
    if test.masks is None:
        return None
    found = {}
    for name, mask, label in zip(test.names, test.masks, test.labels, strict=True):
        columns = np.flatnonzero(mask.any(axis=0))
        if label:
            found[name] = "left" if columns.max() < 8 else "right" if columns.min() > 7 else "both"
    return found


A, B = "test/bad/a/0.png", "test/bad/b/0.png"


@pytest.mark.parametrize(
    ("images", "masks", "expected", "num_unused"),
    [
        # The mask at the image's own place, whatever else there is.
        (
            ["test/bad/0.png"],
            {"ground_truth/bad/0_mask.png": "left", "ground_truth/bad/old/0_mask.png": "right"},
            {"test/bad/0.png": "left"},
            1,
        ),
        # Images of equal names keep their own.
        (
            [A, B],
            {"ground_truth/bad/a/0_mask.png": "left", "ground_truth/bad/b/0_mask.png": "right"},
            {A: "left", B: "right"},
            0,
        ),
        # By name in the defect's folder.
        ([A], {"ground_truth/bad/0.png": "left"}, {A: "left"}, 0),
        (["test/bad/0.png"], {"masks/bad/x/0_gt.bmp": "right"}, {"test/bad/0.png": "right"}, 0),
        (
            ["test/bad/0.PNG"],
            {"Ground_Truth/BAD/0_MASK.png": "left"},
            {"test/bad/0.PNG": "left"},
            0,
        ),
        # A name may have line breaks.
        (
            ["test/bad/a\nb.png"],
            {"masks/bad/a\nb_mask.png": "left"},
            {"test/bad/a\nb.png": "left"},
            0,
        ),
        # Several of one image are joined.
        (
            ["test/bad/0.png"],
            {"ground_truth/bad/0/0.png": "left", "ground_truth/bad/0/1.png": "right"},
            {"test/bad/0.png": "both"},
            0,
        ),
        # Beside the image.
        (["test/bad/0.png"], {"test/bad/0_mask.png": "right"}, {"test/bad/0.png": "right"}, 0),
        # Another defect's mask of the same name is none.
        (["test/bad/0.png"], {"ground_truth/worse/0_mask.png": "left"}, None, 1),
    ],
)
def test_which_mask_is_whose(images, masks, expected, num_unused, tmp_path):
    root = make(tmp_path / "set", images, masks)
    assert halves(root) == expected
    unused = [f for f in index(root)["left_out"] if f["reason"] == "no image has this mask"]
    assert len(unused) == num_unused
    assert (index(root)["unusable_masks"] == []) == (expected is not None)


@pytest.mark.parametrize(
    ("images", "masks", "reason"),
    [
        (
            ["test/bad/0.png"],
            {"ground_truth/bad/0_mask.png": "left", "ground_truth/bad/0.png": "right"},
            "2 masks fit, and none is used",
        ),
        ([A, B], {"ground_truth/bad/0_mask.png": "left"}, "fits this image and another"),
    ],
)
def test_two_that_fit_are_said_and_not_used(images, masks, reason, tmp_path):
    root = make(tmp_path / "set", images, masks)
    assert halves(root) is None
    problems = index(root)["unusable_masks"]
    assert [p["path"] for p in problems] == images
    assert all(reason in p["reason"] for p in problems)
    left_out = {f["path"]: f["reason"] for f in index(root)["left_out"]}
    assert left_out == dict.fromkeys(masks, "it is not clear whose mask this is")


def test_black_masks_of_anomalies_are_said(tmp_path):
    root = make(tmp_path / "set", [A, B], {"ground_truth/bad/a/0_mask.png": "left"})
    put(root / "ground_truth/bad/b/0_mask.png", 0, (12, 10))
    note = f"1 mask of an anomalous image is black.*the first is that of {B}"
    assert any(re.match(note, line) for line in index(root)["notes"])
    side("right").save(root / "ground_truth/bad/b/0_mask.png")
    assert not any("black" in line for line in index(root)["notes"])
