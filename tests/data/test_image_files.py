"""Every format, mode and orientation becomes the same 8-bit pixels."""

import hashlib
import io
import struct
import zlib

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from sklearn.datasets import load_sample_image

from memgan_tf.data.channels import as_channels, is_gray
from memgan_tf.data.fitting import FITS, fit_image, place
from memgan_tf.data.image_files import DecodedImage, decode, pillow_rules
from memgan_tf.export.encoded_images import decode_image

RED, WHITE, BLACK = (255, 0, 0), (255, 255, 255), (0, 0, 0)


def read(path):
    with pillow_rules():
        return np.asarray(decode(path).image)


def noise(mode="RGB", size=(12, 10)):
    pixels = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    return Image.fromarray(pixels).convert(mode)


@pytest.mark.parametrize("suffix", [".png", ".bmp", ".webp", ".tif", ".tiff"])
def test_lossless_files_keep_their_pixels(suffix, tmp_path):
    noise().save(tmp_path / f"a{suffix}", lossless=True)
    np.testing.assert_array_equal(read(tmp_path / f"a{suffix}"), np.asarray(noise()))


def test_a_gif_is_its_first_frame(tmp_path):
    frames = [Image.new("RGB", (9, 9), colour) for colour in (RED, BLACK)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    assert (read(tmp_path / "a.gif") == RED).all()


@pytest.mark.parametrize(
    ("mode", "suffix"), [("L", ".png"), ("L", ".jpg"), ("1", ".png"), ("CMYK", ".tif")]
)
def test_modes(mode, suffix, tmp_path):
    Image.new(mode, (9, 9), noise(mode).getpixel((0, 0))).save(tmp_path / f"a{suffix}")
    expected = Image.new(mode, (9, 9), noise(mode).getpixel((0, 0))).convert("RGB")
    pixels = read(tmp_path / f"a{suffix}")
    shown = pixels if pixels.ndim == 3 else np.stack([pixels] * 3, -1)
    np.testing.assert_array_equal(shown, np.asarray(expected))


def test_what_is_transparent_is_white(tmp_path):
    half = Image.new("RGBA", (8, 8), (*RED, 0))
    half.paste((*RED, 255), (0, 0, 4, 8))
    half.save(tmp_path / "a.png")
    palette = Image.new("P", (8, 8), 1)
    palette.putpalette([*BLACK, *RED])
    palette.save(tmp_path / "b.png", transparency=1)
    grey = Image.new("LA", (8, 8), (0, 128))
    grey.save(tmp_path / "c.png")
    left, right = read(tmp_path / "a.png")[0, [0, -1]].tolist()
    assert (tuple(left), tuple(right)) == (RED, WHITE)
    assert (read(tmp_path / "b.png") == WHITE).all()
    assert (read(tmp_path / "c.png") == 127).all()  # half black, half white


def test_16_bits_keep_the_high_byte(tmp_path):
    values = np.full((9, 9), 0x1234, np.uint16)
    for suffix in (".png", ".tif"):
        Image.fromarray(values).save(tmp_path / f"a{suffix}")
        assert (read(tmp_path / f"a{suffix}") == 0x12).all()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_pictures_are_upright(orientation, tmp_path):
    upright = noise()
    turns = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,  # the camera stores it turned the other way
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    stored = upright.transpose(turns[orientation]) if orientation in turns else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored.save(tmp_path / "a.png", exif=exif)
    np.testing.assert_array_equal(read(tmp_path / "a.png"), np.asarray(upright))


def test_the_digest_is_of_the_pixels(tmp_path):
    noise("L").save(tmp_path / "a.png")
    noise("L").convert("RGB").save(tmp_path / "b.bmp")
    changed = noise("L")
    changed.putpixel((3, 3), 255 - changed.getpixel((3, 3)))
    changed.save(tmp_path / "c.png")
    with pillow_rules():
        first, second, third = (decode(p).digest() for p in sorted(tmp_path.iterdir()))
    assert first == second != third


@pytest.mark.parametrize("colored_row", [None, 0, 299])
def test_the_digest_is_of_all_rows_at_once(colored_row):
    pixels = np.random.default_rng(0).integers(0, 256, (300, 20, 1), dtype=np.uint8).repeat(3, 2)
    head, expected = b"300x20:", pixels[..., 0]
    if colored_row is not None:
        pixels[colored_row, 7] = (1, 2, 3)
        head, expected = b"300x20x3:", pixels
    whole = hashlib.sha256(head + expected.tobytes()).hexdigest()[:32]
    assert DecodedImage(Image.fromarray(pixels), "PNG").digest() == whole


@pytest.mark.parametrize(
    ("size", "rule", "crop", "scaled", "offset"),
    [
        ((20, 40), "stretch", (0, 0, 20, 40), (10, 10), (0, 0)),
        ((20, 40), "crop", (0, 10, 20, 20), (10, 10), (0, 0)),
        ((40, 20), "crop", (10, 0, 20, 20), (10, 10), (0, 0)),
        ((20, 45), "crop", (0, 12, 20, 20), (10, 10), (0, 0)),  # the odd pixel is last
        ((45, 20), "crop", (12, 0, 20, 20), (10, 10), (0, 0)),
        ((20, 40), "pad", (0, 0, 20, 40), (5, 10), (2, 0)),
        ((40, 20), "pad", (0, 0, 40, 20), (10, 5), (0, 2)),
        ((40, 20), "keep", (0, 0, 40, 20), (10, 5), (0, 2)),
        ((8, 900), "pad", (0, 0, 8, 900), (1, 10), (4, 0)),  # never less than a pixel
        ((10, 10), "pad", (0, 0, 10, 10), (10, 10), (0, 0)),
    ],
)
def test_placements(size, rule, crop, scaled, offset):
    placement = place(size, (10, 10), rule)
    assert (placement.crop, placement.scaled, placement.offset) == (crop, scaled, offset)


def test_padding_is_black():
    whole = np.asarray(fit_image(Image.new("L", (20, 10), 200), 10, 10, "pad"))
    assert (whole[2:7] == 200).all()
    assert not whole[[0, 1, 7, 8, 9]].any()


@pytest.mark.parametrize(("mode", "black"), [("L", 0), ("RGB", (0, 9, 0))])
def test_padding_alone_is_black_where_shapes_are_kept(mode, black):
    whole = DecodedImage(Image.new(mode, (20, 10), black), "PNG").fit(10, 10, "keep")
    assert whole[2:7].reshape(-1, 3).tolist() == [[1, 9 if black else 1, 1]] * 50
    assert not whole[[0, 1, 7, 8, 9]].any()


def test_channels():
    colour = np.array([[RED, WHITE, (7, 7, 7)]], np.uint8)
    assert as_channels(colour, 1)[0, :, 0].tolist() == [76, 255, 7]  # 0.299 · 255
    assert as_channels(as_channels(colour, 1), 3)[0, 2].tolist() == [7, 7, 7]
    assert is_gray(colour[:, 1:])
    assert not is_gray(colour)


def files():
    """Pictures that a graph can decode as well, by name."""
    photo = Image.fromarray(load_sample_image("china.jpg")).resize((160, 107))
    alpha = photo.convert("RGBA")
    alpha.putalpha(photo.convert("L"))
    deep = Image.fromarray(np.asarray(photo.convert("L")).astype(np.uint16) * 257)
    kinds = {
        "png": (photo, "PNG", {}),
        "grey": (photo.convert("L"), "PNG", {}),
        "1 bit": (photo.convert("1"), "PNG", {}),
        "palette": (photo.convert("P"), "PNG", {}),
        "clear colour": (photo.convert("P"), "PNG", {"transparency": 3}),
        "alpha": (alpha, "PNG", {}),
        "grey alpha": (alpha.convert("LA"), "PNG", {}),
        "16 bits": (deep, "PNG", {}),
        "jpeg": (photo, "JPEG", {"quality": 60}),
        "grey jpeg": (photo.convert("L"), "JPEG", {}),
        "cmyk jpeg": (photo.convert("CMYK"), "JPEG", {}),
        "gif": (photo, "GIF", {}),
        "bmp": (photo, "BMP", {}),
    }
    for name, (image, kind, options) in kinds.items():
        content = io.BytesIO()
        image.save(content, kind, **options)
        yield name, content.getvalue()


def test_a_graph_gives_the_same_pixels_but_for_a_grey_level(tmp_path):
    path = tmp_path / "a.img"
    for name, content in files():
        path.write_bytes(content)
        for rule in FITS:
            for shape in ((48, 48, 3), (32, 24, 1)):
                with pillow_rules():
                    expected = as_channels(decode(path).fit(*shape[:2], rule), shape[2])
                found = decode_image(tf.constant(content), shape, rule).numpy()
                differences = np.abs(found - expected.astype(float))
                assert differences.max() <= 1, (name, rule)
                assert (differences > 0).mean() < 0.05, (name, rule)


@pytest.mark.parametrize("size", [(30, 17), (17, 31), (40, 9), (9, 40)])
def test_a_graph_places_content_where_pillow_does(size):
    """Odd bars, of which the first is narrower; black content of `keep` is not padding."""
    for rule in ("pad", "keep"):
        for value in (0, 200):
            picture = Image.fromarray(np.full((*size, 3), value, np.uint8))
            content = io.BytesIO()
            picture.save(content, "PNG")
            expected = DecodedImage(picture, "PNG").fit(16, 15, rule)
            found = decode_image(tf.constant(content.getvalue()), (16, 15, 3), rule)
            np.testing.assert_array_equal(found, expected)
            assert expected.max() == max(value, rule == "keep")
            assert expected.min() == 0


def test_a_graph_keeps_pixels_of_the_right_size(tmp_path):
    for name, content in files():
        (tmp_path / "a.img").write_bytes(content)
        expected = read(tmp_path / "a.img")
        shape = (*expected.shape[:2], 3)
        expected = np.broadcast_to(expected.reshape(*shape[:2], -1), shape)
        for rule in ("pad", "keep"):
            found = decode_image(tf.constant(content), shape, rule).numpy()
            np.testing.assert_array_equal(found, expected, err_msg=name)
            with pillow_rules():
                found = decode(tmp_path / "a.img").fit(*shape[:2], rule)
            np.testing.assert_array_equal(found, expected, err_msg=name)


def test_fewer_bits_in_16_are_scaled_as_the_user_says(tmp_path):
    values = np.full((9, 9), 0x0ABC, np.uint16)
    values[0, 0] = 0x1000
    for suffix in (".png", ".tif"):
        Image.fromarray(values).save(tmp_path / f"a{suffix}")
        with pillow_rules():
            decoded = decode(tmp_path / f"a{suffix}", bit_depth=12)
        pixels = np.asarray(decoded.image)
        assert (pixels[1, 1], pixels[0, 0], decoded.peak) == (0xAB, 255, 0x1000)
    content = (tmp_path / "a.png").read_bytes()
    served = decode_image(tf.constant(content), (9, 9, 1), "stretch", 12).numpy()
    np.testing.assert_array_equal(served[..., 0], pixels)


def test_color_of_16_bits_is_scaled_too(tmp_path):
    values = np.random.default_rng(0).integers(0, 4096, (9, 10, 3))
    content = tf.io.encode_png(tf.constant(values, tf.uint16)).numpy()
    (tmp_path / "a.png").write_bytes(content)
    np.testing.assert_array_equal(read(tmp_path / "a.png"), values >> 8)
    with pillow_rules():
        decoded = decode(tmp_path / "a.png", bit_depth=12)
    np.testing.assert_array_equal(np.asarray(decoded.image), values >> 4)
    assert decoded.peak == values.max()
    served = decode_image(tf.constant(content), (9, 10, 3), "stretch", 12).numpy()
    np.testing.assert_array_equal(served, values >> 4)


def test_color_of_16_bits_is_upright(tmp_path):
    """A camera held upright says 6: turn it clockwise. TensorFlow writes such files, without it."""
    values = np.random.default_rng(0).integers(0, 4096, (9, 10, 3))
    content = tf.io.encode_png(tf.constant(values, tf.uint16)).numpy()
    exif = Image.Exif()
    exif[0x0112] = 6
    chunk = b"eXIf" + exif.tobytes().removeprefix(b"Exif\0\0")
    chunk = struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
    header = 8 + 25
    (tmp_path / "a.png").write_bytes(content[:header] + chunk + content[header:])
    with pillow_rules():
        pixels = np.asarray(decode(tmp_path / "a.png", bit_depth=12).image)
    np.testing.assert_array_equal(pixels, np.rot90(values >> 4, -1))


def test_a_depth_changes_no_file_of_8_bits(tmp_path):
    for name, content in files():
        if name == "16 bits":
            continue
        (tmp_path / "a.img").write_bytes(content)
        expected = read(tmp_path / "a.img")
        with pillow_rules():
            found = np.asarray(decode(tmp_path / "a.img", bit_depth=10).image)
        np.testing.assert_array_equal(found, expected)
        shape = (*expected.shape[:2], 3)
        served = [decode_image(tf.constant(content), shape, "pad", n).numpy() for n in (10, 16)]
        np.testing.assert_array_equal(*served)
