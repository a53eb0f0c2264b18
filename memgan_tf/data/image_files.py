"""Decodes image files to 8-bit pixels, with one rule for all formats, modes and orientations."""

import contextlib
import dataclasses
import functools
import hashlib
import io
import os
import stat
import struct
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from PIL import ExifTags, Image, ImageOps

from memgan_tf import files
from memgan_tf.data import tiff
from memgan_tf.data.budget import BUDGET, BYTES_PER_PIXEL
from memgan_tf.data.channels import is_gray
from memgan_tf.data.deep_color import is_deep, low_bytes
from memgan_tf.data.fitting import fit_image, mark_content

# Formats that Pillow may recognize by content; suffixes decide which files are read.
FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF")
IMAGE_SUFFIXES = (
    *(".bmp", ".gif", ".jfif", ".jpe", ".jpeg", ".jpg", ".png"),
    *(".tif", ".tiff", ".webp"),
)
MIN_SIDE = 8
# Values of the EXIF orientation that swap height and width.
SIDEWAYS = (5, 6, 7, 8)
# Background of transparent pixels: white, as in browsers.
BACKGROUND = (255, 255, 255, 255)
STRIP_ROWS = 128
TIFF_BEGINS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
PNG_BEGIN = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"


@dataclasses.dataclass(frozen=True)
class DecodedImage:
    """The first frame of a file, upright, on the background, with 8 bits per channel.

    Attributes:
        image: Pillow image of mode L or RGB.
        format: Pillow's name of the file's format.
        peak: The largest value of a file with more than 8 bits, before conversion to 8 bits; None
            for other files, and if the file states how many bits its values use.
    """

    image: Image.Image
    format: str
    peak: int | None = None

    @property
    def size(self) -> tuple[int, int]:
        """`(height, width)`."""
        return self.image.height, self.image.width

    def fit(self, height: int, width: int, rule: str) -> np.ndarray:
        """Pixels at a run's size, `(height, width, 3)` uint8; see `fitting`."""
        fitted = np.asarray(fit_image(self.image, height, width, rule))
        if rule == "keep":
            fitted = mark_content(fitted, self.size)
        return np.broadcast_to(fitted.reshape(height, width, -1), (height, width, 3))

    def digest(self) -> str:
        """Digest of the pixels, equal for two files if and only if size and pixels are equal."""
        # A gray image has the same digest in a color file.
        is_color = self.image.mode != "L" and not all(map(is_gray, self._strips()))
        shape = (*self.size, 3) if is_color else self.size
        hasher = hashlib.sha256("x".join(map(str, shape)).encode() + b":")
        for strip in self._strips():
            is_needless = strip.ndim == 3 and not is_color
            hasher.update(np.ascontiguousarray(strip[..., 0] if is_needless else strip).data)
        return hasher.hexdigest()[:32]

    def _strips(self):
        """Pixels of some rows at a time, which stay in the processor's cache."""
        for top in range(0, self.image.height, STRIP_ROWS):
            bottom = min(top + STRIP_ROWS, self.image.height)
            yield np.asarray(self.image.crop((0, top, self.image.width, bottom)))


@contextlib.contextmanager
def pillow_rules() -> Iterator[None]:
    """A context for `decode` that refuses oversized images and hides Pillow's other warnings.

    Warning filters belong to the process, so enter it once around all threads that decode.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield


def decode(path: str | os.PathLike, bit_depth: int | None = None) -> DecodedImage:
    """Reads a file; call it inside `pillow_rules`.

    Args:
        path: Path of the file.
        bit_depth: Number of bits used by the values of a file with 16 or more bits; None is 16.

    Raises:
        ValueError: If it is not a usable image; the message is only the reason.
    """
    return read(path, functools.partial(_decode, bit_depth=bit_depth))


def read(path: str | os.PathLike, use: Callable[[Image.Image], Any]) -> Any:
    """Result of a function for a file opened as an image; errors as in `decode`."""
    with BUDGET.scope():
        try:
            status = os.stat(path)
            if not stat.S_ISREG(status.st_mode):
                raise ValueError("not a regular file")
            BUDGET.take(status.st_size, "the file")
            # Read as a whole, so that a network drive is read once, and a pipe never.
            content = files.read_bytes(path, status.st_size)
        except Exception as error:
            raise ValueError(reason_of(error)) from error
        return _read_bytes(content, use)


def decode_bytes(content: bytes, bit_depth: int | None = None) -> DecodedImage:
    """Decodes a file's content, like `decode`."""
    return _read_bytes(content, functools.partial(_decode, bit_depth=bit_depth))


def _read_bytes(content, use):
    try:
        if not content:
            raise ValueError("empty file")
        with Image.open(io.BytesIO(content), formats=FORMATS) as image, BUDGET.scope():
            cost = BYTES_PER_PIXEL.get(image.format, BYTES_PER_PIXEL[None])
            BUDGET.take(cost * image.width * image.height, "the image")
            tiff.prepare(image)
            return use(image)
    except Image.UnidentifiedImageError as error:
        if content.startswith(TIFF_BEGINS):
            raise ValueError(
                "a TIFF file of a kind that Pillow cannot read; save 8 or 16 bits, gray or RGB"
            ) from error
        raise ValueError(reason_of(error)) from error
    except Exception as error:
        # A damaged file may raise anything.
        raise ValueError(reason_of(error)) from error


def stated_size(content: bytes) -> tuple[int, int]:
    """`(height, width)` from a file's header.

    Raises:
        ValueError: If the header has no size; the message is only the reason.
    """
    if content.startswith(PNG_BEGIN) and len(content) >= 24:
        # Five times faster without Pillow; prepared sets have tens of thousands of images.
        width, height = struct.unpack_from(">II", content, 16)
        return height, width
    try:
        with pillow_rules(), Image.open(io.BytesIO(content), formats=FORMATS) as image:
            return image.height, image.width
    except Exception as error:
        # A damaged file may raise anything.
        raise ValueError(reason_of(error)) from error


def upright_size(path: str | os.PathLike) -> tuple[int, int] | None:
    """`(height, width)` of the upright image, from a file's header; None if unreadable."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            return None
        with Image.open(path, formats=FORMATS) as image:
            turned = image.getexif().get(ExifTags.Base.Orientation, 1) in SIDEWAYS
            return image.size if turned else image.size[::-1]
    except Exception:
        # A damaged file may raise anything; the reason is listed when it is decoded.
        return None


def reason_of(error: Exception) -> str:
    """Why a file could not be used, in one line without its path."""
    if isinstance(error, (Image.DecompressionBombError, Image.DecompressionBombWarning)):
        return f"more than {Image.MAX_IMAGE_PIXELS:,} pixels"
    if isinstance(error, Image.UnidentifiedImageError):
        return f"not one of {', '.join(FORMATS)} by its content"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if isinstance(error, ValueError):
        return str(error) or "unreadable"
    return f"damaged: {files.first_line(error)}"


def _decode(image, bit_depth):
    found = image.format
    if min(image.size) < MIN_SIDE:
        raise ValueError(
            f"{image.width}×{image.height} pixels; each side must have at least {MIN_SIDE}"
        )
    bit_depth = bit_depth or 16
    low = low_bytes(image) if image.mode == "RGB" else None
    if low is None and bit_depth < 16 and is_deep(image):
        raise ValueError(
            f"16-bit pixels of mode {image.mode}, which --bit_depth cannot scale; save gray or RGB "
            f"without transparency"
        )
    image.load()
    if low is not None:
        return _from_deep_color(image, low, bit_depth, found)
    # Without rotation, Pillow would make a needless copy.
    ImageOps.exif_transpose(image, in_place=True)
    if image.mode.startswith("I"):
        return _from_deep_gray(image, bit_depth, found)
    return DecodedImage(_to_eight_bits(image), found)


def _from_deep_color(image, low, bit_depth, found):
    values = np.asarray(image).astype(np.uint16) << 8 | low
    image.paste(Image.fromarray(_high_byte(values, bit_depth)))
    ImageOps.exif_transpose(image, in_place=True)
    return DecodedImage(_to_eight_bits(image), found, int(values.max()))


def _from_deep_gray(image, bit_depth, found):
    values, bits, is_stated = tiff.gray_values(image, bit_depth)
    peak = None if is_stated else int(np.asarray(image).max())
    return DecodedImage(Image.fromarray(_high_byte(values, bits)), found, peak)


def _high_byte(values, bit_depth):
    # The high byte, as in every 8-bit reader of 16-bit files, including TensorFlow's.
    return np.minimum(values >> (bit_depth - 8), 255).astype(np.uint8)


def _to_eight_bits(image):
    if image.mode == "F":
        raise ValueError("floating-point pixels, whose range is not stated; save 8 or 16 bits")
    if image.has_transparency_data:
        return _on_background(image)
    mode = "L" if image.mode in ("1", "L") else "RGB"
    # Pillow would copy; a JPEG has one frame, whose pixels outlive the open file.
    return image if (image.format, image.mode) == ("JPEG", mode) else image.convert(mode)


def _on_background(image):
    """The image on the background, some rows at a time, to avoid three full copies in memory."""
    whole = Image.new("RGB", image.size)
    for top in range(0, image.height, STRIP_ROWS):
        box = (0, top, image.width, min(top + STRIP_ROWS, image.height))
        strip = image.crop(box)
        background = Image.new("RGBA", strip.size, BACKGROUND)
        over = Image.alpha_composite(background, strip.convert("RGBA")).convert("RGB")
        whole.paste(over, box)
    return whole
