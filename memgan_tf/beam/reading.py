"""The images of a shard in order, each with its name, and unusable files with the reason."""

import os
from collections.abc import Iterator

import numpy as np
import tensorflow as tf

from memgan_tf.beam import storage
from memgan_tf.beam.plan import holds_records
from memgan_tf.data.channels import as_channels
from memgan_tf.data.image_files import decode_bytes, reason_of
from memgan_tf.data.inputs import ARRAY_NAMES
from memgan_tf.data.labelled_images import as_pixels
from memgan_tf.data.npz import read_arrays
from memgan_tf.data.records import look_through

Found = tuple[str, np.ndarray | str]


class Reader:
    """Reads images at a model's size, as `memgan score` reads them.

    Args:
        image_shape: `(height, width, channels)`.
        image_fit: How files of another size are fitted.
        record_feature: See `plan.Job`.
        bit_depth: Number of bits used by the values of files of 16 and 32 bits.
    """

    def __init__(
        self,
        image_shape: tuple[int, int, int],
        image_fit: str,
        record_feature: str,
        bit_depth: int = 16,
    ):
        self._shape, self._fit, self._feature = tuple(image_shape), image_fit, record_feature
        self._bit_depth = bit_depth

    def read(self, files: list[str]) -> Iterator[Found]:
        """Yields a name with `(height, width, channels)` uint8 pixels, or with a reason.

        Call this inside `pillow_rules`.
        """
        for file in files:
            if not holds_records(file):
                yield _name(file), self._decode_file(file)
                continue
            count = 0
            try:
                for index, image in enumerate(self._records(file)):
                    yield f"{_name(file)}#{index:06d}", image
                    count = index + 1
            except (OSError, ValueError, tf.errors.OpError) as error:
                yield f"{_name(file)}#{count:06d}…", f"unreadable from here on: {_reason(error)}"

    def _decode_file(self, path):
        try:
            content = storage.read(path)
        except (OSError, ValueError) as error:
            return _reason(error)
        return self._decode(content)

    def _decode(self, content):
        height, width, channels = self._shape
        try:
            pixels = decode_bytes(content, self._bit_depth).fit(height, width, self._fit)
        except ValueError as error:
            return str(error)
        return as_channels(pixels, channels)

    def _records(self, path):
        with storage.on_this_machine(path) as local:
            if local.lower().endswith(".npz"):
                yield from self._arrays(path, local)
                return
            is_compressed = path.lower().endswith(".gz")
            count, reason = look_through(local, is_compressed)
            kind = "GZIP" if is_compressed else ""
            # TensorFlow itself detects any other damage.
            for record in tf.data.TFRecordDataset(local, kind).take(count).as_numpy_iterator():
                yield self._decode_record(record)
            if reason is not None:
                raise ValueError(f"the next record {reason}")

    def _arrays(self, path, local):
        try:
            arrays = read_arrays(local, ARRAY_NAMES)
        except ValueError as error:
            raise ValueError(f"no npz file that can be read: {error}") from error
        name = next((name for name in ("images", "x_test", "x_train") if name in arrays), None)
        if name is None:
            raise ValueError("no array images (or x_test, or x_train)")
        images = as_pixels(f"{name} of {path}", arrays[name])
        if images.shape[1:] != self._shape:
            raise ValueError(f"images of shape {images.shape[1:]}; the model's are {self._shape}")
        yield from np.asarray(images)

    def _decode_record(self, record):
        if not self._feature:
            return self._decode(record)
        try:
            example = tf.train.Example.FromString(record)
        except Exception:  # the error class of protocol buffers differs by version
            return "not a tf.train.Example"
        values = example.features.feature[self._feature].bytes_list.value
        if len(values) != 1:
            return f"the feature {self._feature} holds {len(values)} values of bytes, not 1"
        return self._decode(values[0])


def _name(path):
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _reason(error):
    return " ".join(reason_of(error).split())
