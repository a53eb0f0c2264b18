"""Kinds of TIFF files: each is read as its tags say, or left out with the reason."""

import io
import struct

import numpy as np
import pytest
from PIL import Image

from memgan_tf.data.folders.mask_files import read_mask
from memgan_tf.data.image_files import decode_bytes, pillow_rules

SHORT, LONG = 3, 4
GRAY, WHITE_IS_ZERO, RGB, YCBCR = 1, 0, 2, 6
VALUES = np.random.default_rng(0).integers(0, 4096, (9, 10, 3)).astype(np.uint16)


def tiff(data, shape, bits, photometric, planes=1, order="<", orientation=1):
    """An uncompressed TIFF file with one strip per plane."""
    height, width, channels = shape
    strips = channels if planes == 2 else 1
    extra = struct.pack(f"{order}{channels}H", *[bits] * channels)
    extra += struct.pack(
        f"{order}{strips}I", *(256 + n * len(data) // strips for n in range(strips))
    )
    extra += struct.pack(f"{order}{strips}I", *[len(data) // strips] * strips)
    tags = {
        256: (SHORT, 1, width),
        257: (SHORT, 1, height),
        258: (SHORT, channels, bits if channels == 1 else 160),
        259: (SHORT, 1, 1),
        262: (SHORT, 1, photometric),
        273: (LONG, strips, 256 if strips == 1 else 160 + 2 * channels),
        274: (SHORT, 1, orientation),
        277: (SHORT, 1, channels),
        278: (SHORT, 1, height),
        279: (LONG, strips, len(data) if strips == 1 else 160 + 2 * channels + 4 * strips),
        284: (SHORT, 1, planes),
    }
    head = (b"II" if order == "<" else b"MM") + struct.pack(f"{order}HIH", 42, 8, len(tags))
    for tag, (kind, count, value) in tags.items():
        fits = kind == SHORT and count == 1
        packed = struct.pack(f"{order}HH", value, 0) if fits else struct.pack(f"{order}I", value)
        head += struct.pack(f"{order}HHI", tag, kind, count) + packed
    return (head + bytes(4)).ljust(160, b"\0") + extra.ljust(96, b"\0") + data


def deep(values, photometric=GRAY, **options):
    values = values.reshape(*values.shape[:2], -1)
    order = options.get("order", "<")
    stored = np.moveaxis(values, -1, 0) if options.get("planes") == 2 else values
    data = stored.astype(values.dtype.newbyteorder(order)).tobytes()
    return tiff(data, values.shape, 8 * values.dtype.itemsize, photometric, **options)


def saved(image, **options):
    content = io.BytesIO()
    image.save(content, "TIFF", **options)
    return content.getvalue()


def read(content, bit_depth=None):
    with pillow_rules():
        return np.asarray(decode_bytes(content, bit_depth).image)


@pytest.mark.parametrize("order", ["<", ">"])
def test_color_of_16_bits_is_scaled_by_the_depth(order):
    content = deep(VALUES, RGB, order=order)
    np.testing.assert_array_equal(read(content), VALUES >> 8)
    np.testing.assert_array_equal(read(content, 12), VALUES >> 4)
    assert decode_bytes(content).peak == VALUES.max()


@pytest.mark.parametrize("values", [VALUES, VALUES[..., 0]], ids=["color", "gray"])
def test_16_bits_are_upright(values):
    """A camera held upright says 6: turn it clockwise."""
    content = deep(values, RGB if values.ndim == 3 else GRAY, orientation=6)
    np.testing.assert_array_equal(read(content), np.rot90(values >> 8, -1))


def test_16_bit_color_in_separate_planes_is_left_out():
    """Pillow would show bytes of one value as two pixels."""
    small = VALUES.astype(np.uint8)
    np.testing.assert_array_equal(read(deep(small, RGB, planes=2)), small)
    with pytest.raises(ValueError, match="16-bit color in separate planes"):
        read(deep(VALUES, RGB, planes=2))


def test_transparent_16_bit_color_has_no_other_depth():
    content = deep(np.concatenate([VALUES, np.full((9, 10, 1), 65535, np.uint16)], -1), RGB)
    assert read(content).shape == (9, 10, 3)
    with pytest.raises(ValueError, match="mode RGBA, which --bit_depth cannot scale"):
        read(content, 12)


def test_white_may_be_zero():
    gray = VALUES[..., 0]
    np.testing.assert_array_equal(read(deep(gray, WHITE_IS_ZERO)), 255 - (gray >> 8))
    np.testing.assert_array_equal(read(deep(gray, WHITE_IS_ZERO), 12), 255 - (gray >> 4))
    # Beyond the depth there is nothing darker than black, nor brighter than white.
    beyond = gray.copy()
    beyond[0, 0] = 60_000
    assert read(deep(beyond, WHITE_IS_ZERO), 12)[0, 0] == 0
    assert read(deep(beyond), 12)[0, 0] == 255


def test_12_bits_stated_by_the_file_need_no_setting():
    """Two values of 12 bits lie in three bytes."""
    first, second = VALUES[..., 0].reshape(-1, 2).T
    packed = np.stack([first >> 4, (first & 15) << 4 | second >> 8, second & 255], -1)
    content = tiff(packed.astype(np.uint8).tobytes(), (9, 10, 1), 12, GRAY)
    for bit_depth in (None, 10, 16):
        np.testing.assert_array_equal(read(content, bit_depth), VALUES[..., 0] >> 4)
    assert decode_bytes(content).peak is None


def test_32_bits_need_a_depth():
    wide = np.arange(90).reshape(9, 10).astype(np.int32)
    content = saved(Image.fromarray(wide))
    np.testing.assert_array_equal(read(content, 8), wide)
    for bit_depth in (None, 16):
        with pytest.raises(ValueError, match="32-bit pixels, whose range is not stated"):
            read(content, bit_depth)
    for shift in (-1, 65536 - 89):
        with pytest.raises(ValueError, match="pixels below 0 or above 65535"):
            read(saved(Image.fromarray(wide + shift)), 8)
    assert read(saved(Image.fromarray(wide + 65535 - 89)), 8).min() == 255


def test_ycbcr_is_read_compressed_or_not(tmp_path):
    color = Image.fromarray((VALUES >> 4).astype(np.uint8)).resize((20, 18)).convert("YCbCr")
    plain, packed = saved(color), saved(color, compression="tiff_lzw")
    np.testing.assert_array_equal(read(plain), read(packed))
    expected = np.asarray(color.convert("RGB")).astype(int)
    assert np.abs(read(plain) - expected).max() <= 2
    (tmp_path / "mask.tif").write_bytes(plain)
    read_mask([tmp_path / "mask.tif"], (18, 20))


def test_a_kind_that_cannot_be_read_is_still_a_tiff_file():
    with pytest.raises(ValueError, match="a TIFF file of a kind that Pillow cannot read"):
        read(deep(VALUES.astype(np.uint32), RGB))
