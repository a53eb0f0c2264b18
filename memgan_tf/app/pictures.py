"""Pictures for the page: a thumbnail, the photograph, and the map over it."""

import collections
import contextlib
import io
import pathlib
import secrets
import threading
from typing import cast

import numpy as np
from PIL import Image

from memgan_tf import files, temporaries
from memgan_tf.app.append_log import make_folder
from memgan_tf.app.images import ScoredImage
from memgan_tf.app.judges import Judge
from memgan_tf.app.photographs import Opened, reopen
from memgan_tf.data.folders.originals import Originals, Photograph
from memgan_tf.data.image_files import DecodedImage
from memgan_tf.evaluation.heat_scale import HeatScale
from memgan_tf.report.overlays import PREDICTED, color_bar, outline

FOLDER = "thumbnails"
# Longer side in pixels of a thumbnail, of a photograph and of a map.
THUMBNAIL_SIDE, PHOTOGRAPH_SIDE, MAP_SIDE = 160, 1280, 768
# An image up to this side is not changed.
SMALL_SIDE = 96
JPEG_QUALITY = 88
# Number of latest pictures kept in memory.
NUM_KEPT = 48
MAX_THUMBNAIL_BYTES = 2**20


class Pictures:
    """Makes pictures on demand, and keeps the latest ones.

    Args:
        folder: Folder of the inspection, where thumbnails are kept.
        judge: Computes the maps.
    """

    def __init__(self, folder: pathlib.Path, judge: Judge):
        self._folder, self._judge = make_folder(folder / FOLDER), judge
        self._photographs, self._maps = _Latest(NUM_KEPT), _Latest(NUM_KEPT)

    def keep(self, key: str, decoded: DecodedImage) -> None:
        """Makes the pictures of an image that has already been decoded."""
        self._photographs.put(key, encode(decoded.image, PHOTOGRAPH_SIDE))
        # Not synced: one that a power cut emptied is made again.
        temporary = self._folder / f"{temporaries.TEMPORARY_PREFIX}{secrets.token_hex(8)}"
        temporary.write_bytes(encode(decoded.image, THUMBNAIL_SIDE))
        temporary.replace(self._folder / key)

    def thumbnail(self, image: ScoredImage) -> bytes:
        """A small picture of an image.

        Raises:
            ValueError: If its file can no longer be read.
        """
        with contextlib.suppress(OSError, ValueError):
            if found := files.read_bytes(self._folder / image.id, MAX_THUMBNAIL_BYTES):
                return found
        self.keep(image.id, cast(DecodedImage, reopen(image, self._judge).decoded))
        return files.read_bytes(self._folder / image.id, MAX_THUMBNAIL_BYTES)

    def photograph(self, image: ScoredImage) -> bytes:
        """A picture of an image for the full screen; errors as in `thumbnail`."""
        found = self._photographs.get(image.id)
        if found is None:
            decoded = cast(DecodedImage, reopen(image, self._judge).decoded)
            found = self._photographs.put(image.id, encode(decoded.image, PHOTOGRAPH_SIDE))
        return found

    def map(self, image: ScoredImage, is_called: bool) -> bytes | None:
        """The map of an image in the colors of the report, transparent at 0; None without a map.

        Args:
            image: The image.
            is_called: Whether it is called an anomaly; then predicted regions are outlined.

        Raises:
            ValueError: As `thumbnail`.
        """
        key = (image.id, is_called)
        return self._maps.get(key) or self._maps.put(key, self._draw_map(image, is_called))

    def _draw_map(self, image, is_called):
        opened = reopen(image, self._judge)
        values = self._judge.heat(opened.pixels)
        if values is None:
            return None
        heat = restored(opened, values, self._judge.image_fit)
        return draw_map(heat, self._judge.scale, is_called)


def encode(image: Image.Image, longest: int) -> bytes:
    """An image as JPEG with a longer side of at most `longest`; a small image unchanged as PNG."""
    content = io.BytesIO()
    if max(image.size) > longest:
        factor = longest / max(image.size)
        width, height = (max(1, round(factor * side)) for side in image.size)
        # Reducing by integer factors first is much faster for large images.
        image = image.resize((width, height), Image.Resampling.BILINEAR, reducing_gap=2.0)
    if max(image.size) <= SMALL_SIDE:
        image.save(content, "PNG")
    else:
        image.save(content, "JPEG", quality=JPEG_QUALITY)
    return content.getvalue()


def kind_of(picture: bytes) -> str:
    """The media type of a result of `encode`."""
    return "image/png" if picture.startswith(b"\x89PNG") else "image/jpeg"


def restored(opened: Opened, values: np.ndarray, image_fit: str) -> np.ndarray:
    """Converts a detector's map to a map of the photograph, `(height, width)`."""
    photograph = Photograph(pathlib.Path(), opened.size)
    return Originals([photograph], image_fit).restore(0, np.asarray(values, np.float32), MAP_SIDE)


def draw_map(heat: np.ndarray, scale: HeatScale | None, is_called: bool) -> bytes:
    """A map as PNG with transparency, for display over the photograph.

    Args:
        heat: `(height, width)`, nonnegative.
        scale: Scale of the colors; None uses the map's largest value.
        is_called: Whether regions above the scale are outlined.
    """
    known = scale or HeatScale(float(heat.max()), 1.0, 1)
    values = known.normalize(heat)
    colors = color_bar()[0][np.round(255 * values).astype(int)]
    # Squared, as in the report, so that usual values stay nearly transparent.
    opacity = np.round(255 * np.square(values)).astype(np.uint8)
    picture = np.concatenate([colors, opacity[..., np.newaxis]], axis=-1)
    if is_called and scale is not None:
        picture[outline(heat > scale.top)] = (*np.round(255 * PREDICTED), 255)
    content = io.BytesIO()
    Image.fromarray(picture).save(content, "PNG", compress_level=3)
    return content.getvalue()


class _Latest:
    """A thread-safe dictionary of the latest entries."""

    def __init__(self, size):
        self._size, self._lock = size, threading.Lock()
        self._entries = collections.OrderedDict()

    def get(self, key):
        with self._lock:
            if key in self._entries:
                self._entries.move_to_end(key)
            return self._entries.get(key)

    def put(self, key, value):
        with self._lock:
            self._entries[key] = value
            while len(self._entries) > self._size:
                self._entries.popitem(last=False)
        return value
