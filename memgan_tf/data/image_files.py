"""Image files to 8-bit pixels: every format, mode and orientation by one rule."""

import contextlib
import dataclasses
import hashlib
import io
import os
import stat
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from memgan_tf import files
from memgan_tf.data.channels import is_grey
from memgan_tf.data.fitting import fit_image

# What Pillow is asked to recognise, by content; suffixes decide what is looked at.
FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF")
IMAGE_SUFFIXES = (
    *(".bmp", ".gif", ".jfif", ".jpe", ".jpeg", ".jpg", ".png"),
    *(".tif", ".tiff", ".webp"),
)
MIN_SIDE = 8
# Behind transparent pixels: white, as browsers show them.
BACKGROUND = (255, 255, 255, 255)


@dataclasses.dataclass(frozen=True)
class DecodedImage:
    """A file's first frame, upright, on the background, 8 bits a channel.

    Attributes:
        image: Of mode L or RGB.
        format: Pillow's name of the file's format.
    """

    image: Image.Image
    format: str

    @property
    def size(self) -> tuple[int, int]:
        """`(height, width)`."""
        return self.image.height, self.image.width

    def fit(self, height: int, width: int, rule: str) -> np.ndarray:
        """Pixels at a run's size, `(height, width, 3)` uint8; see `fitting.fit_image`."""
        fitted = np.asarray(fit_image(self.image, height, width, rule))
        return np.broadcast_to(fitted.reshape(height, width, -1), (height, width, 3))

    def digest(self) -> str:
        """Names the pixels: equal for two files if and only if size and pixels are equal."""
        pixels = np.asarray(self.image)
        if pixels.ndim == 3 and is_grey(pixels):
            # A grey picture is the same picture in a colour file.
            pixels = np.ascontiguousarray(pixels[..., 0])
        head = "x".join(map(str, pixels.shape)).encode()
        return hashlib.sha256(head + b":" + pixels.tobytes()).hexdigest()[:32]


@contextlib.contextmanager
def pillow_rules() -> Iterator[None]:
    """A context for `decode`: oversized images are refused, Pillow's other warnings unsaid.

    Warnings are the process's, so enter it once around all threads that decode.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield


def decode(path: str | os.PathLike) -> DecodedImage:
    """Reads a file; call it inside `pillow_rules`.

    Raises:
        ValueError: If it is no usable image; the message is the reason alone.
    """
    return read(path, _decode)


def read(path: str | os.PathLike, use: Callable[[Image.Image], Any]) -> Any:
    """What a function makes of a file that is open as an image; as `decode`."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise ValueError("not a regular file")
        # Read at once: a network drive is asked once, and a pipe never.
        with open(path, "rb") as file:
            content = file.read()
    except Exception as error:
        raise ValueError(reason_of(error)) from error
    return _read_bytes(content, use)


def decode_bytes(content: bytes) -> DecodedImage:
    """Decodes a file's content; as `decode`."""
    return _read_bytes(content, _decode)


def _read_bytes(content, use):
    try:
        if not content:
            raise ValueError("empty file")
        with Image.open(io.BytesIO(content), formats=FORMATS) as image:
            return use(image)
    except Exception as error:
        # A damaged file may raise anything.
        raise ValueError(reason_of(error)) from error


def longer_side(path: str | os.PathLike) -> int | None:
    """The longer side by the file's header alone; None if it cannot be read."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            return None
        with Image.open(path, formats=FORMATS) as image:
            return max(image.size)
    except Exception:
        return None


def reason_of(error: Exception) -> str:
    """Why a file could not be used, one line without its path."""
    if isinstance(error, (Image.DecompressionBombError, Image.DecompressionBombWarning)):
        return f"more than {Image.MAX_IMAGE_PIXELS:,} pixels"
    if isinstance(error, Image.UnidentifiedImageError):
        return f"not one of {', '.join(FORMATS)} by its content"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if isinstance(error, ValueError):
        return str(error) or "unreadable"
    return f"damaged: {files.first_line(error)}"


def _decode(image):
    found = image.format
    if min(image.size) < MIN_SIDE:
        raise ValueError(
            f"{image.width}×{image.height} pixels; each side must have at least {MIN_SIDE}"
        )
    image.load()
    upright = ImageOps.exif_transpose(image)
    return DecodedImage(_to_eight_bits(upright), found)


def _to_eight_bits(image):
    if image.mode == "F":
        raise ValueError("floating-point pixels, whose range is not stated; save 8 or 16 bits")
    if image.mode.startswith("I"):
        values = np.asarray(image)
        if values.min() < 0 or values.max() > 0xFFFF:
            raise ValueError("32-bit pixels outside 0 to 65535; save 8 or 16 bits")
        # The high byte, as every 8-bit reader of 16-bit files does, TensorFlow's among them.
        return Image.fromarray((values >> 8).astype(np.uint8))
    if image.has_transparency_data:
        whole = Image.new("RGBA", image.size, BACKGROUND)
        return Image.alpha_composite(whole, image.convert("RGBA")).convert("RGB")
    return image.convert("L" if image.mode in ("1", "L") else "RGB")
