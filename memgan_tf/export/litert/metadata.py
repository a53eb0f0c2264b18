"""Metadata of a LiteRT file: how to fit images, how it decides, and its origin."""

import dataclasses
import errno
import json
import os
import pathlib
from typing import Any

import numpy as np

from memgan_tf import files
from memgan_tf.data.fitting import FITS
from memgan_tf.evaluation.calibration import Calibration
from memgan_tf.export.litert.flatbuffers import IDENTIFIER, load_schema
from memgan_tf.validation import check_choice, check_image_shape, check_integer, check_real

# Name of the entry in the file's own list of metadata.
NAME = "memgan_tf"
MAX_FILE_BYTES = 2**31
# Least share of a model that is not a hole; weights are seldom zero.
LEAST_FILLED = 0.5
# Entries and operations that are looked at; a file of this package has a few.
MAX_LISTED = 1000
# The only operations that can run without end. No exported method needs them.
LOOPS = ("WHILE", "STABLEHLO_WHILE")


@dataclasses.dataclass(frozen=True)
class LiteMetadata:
    """Metadata stored inside a LiteRT file, as JSON.

    Attributes:
        detector: Name of the method.
        quantization: `float32`, `float16` or `int8`.
        image_shape: `(height, width, channels)` of the input.
        image_fit: How photographs of another size are fitted to it.
        bit_depth: Number of bits used by the values of files of 16 and 32 bits.
        calibration: Calibration with the scores of held-out normal images.
        pixel_threshold: Above this value, a pixel of an anomaly's map belongs to a region; None
            predicts no regions.
        card: Further description of the run and the export.
    """

    detector: str
    quantization: str
    image_shape: tuple[int, int, int]
    image_fit: str
    bit_depth: int
    calibration: Calibration
    pixel_threshold: float | None = None
    card: dict[str, Any] = dataclasses.field(default_factory=dict)

    def to_bytes(self) -> bytes:
        """The metadata as JSON, with the threshold in addition to its scores."""
        calibration = {
            "threshold": self.calibration.threshold,
            "target_fpr": self.calibration.target_fpr,
            "source": self.calibration.source,
            "scores": self.calibration.scores.tolist(),
        }
        values = {
            field.name: getattr(self, field.name)
            for field in dataclasses.fields(self)
            if field.name != "calibration"
        }
        return json.dumps({**values, "calibration": calibration}, ensure_ascii=False).encode()

    @classmethod
    def from_bytes(cls, content: bytes) -> "LiteMetadata":
        """The inverse of `to_bytes`.

        Raises:
            ValueError, LookupError, TypeError: If the content is not from `to_bytes`.
        """
        values = json.loads(content)
        kept, card = values["calibration"], values["card"]
        calibration = Calibration.of(kept["scores"], kept["target_fpr"], str(kept["source"]))
        threshold = check_real("threshold", kept["threshold"])
        if threshold != calibration.threshold or not isinstance(card, dict):
            raise ValueError("its threshold is not that of its scores")
        pixels = values["pixel_threshold"]
        return cls(
            str(values["detector"]),
            str(values["quantization"]),
            check_image_shape("image_shape", values["image_shape"]),
            check_choice("image_fit", values["image_fit"], FITS),
            check_integer("bit_depth", values["bit_depth"], 8, 16),
            calibration,
            None if pixels is None else check_real("pixel_threshold", pixels, minimum=0.0),
            card,
        )


def embed(model: Any, metadata: LiteMetadata) -> None:
    """Adds metadata to a model.

    Args:
        model: Result of `flatbuffers.parse`; it is changed.
        metadata: The metadata to add.
    """
    schema = load_schema()
    buffer, entry = schema.BufferT(), schema.MetadataT()
    buffer.data = np.frombuffer(metadata.to_bytes(), np.uint8)
    entry.name, entry.buffer = NAME, len(model.buffers)
    model.buffers.append(buffer)
    model.metadata = [*(model.metadata or []), entry]


def read_metadata(path: str | os.PathLike, what: str = "model") -> LiteMetadata:
    """Reads the metadata of a file without running it.

    Args:
        path: Path of the file.
        what: The flag or argument that names it.

    Raises:
        ValueError: If ai-edge-litert is not installed, or the file was not made by
            `memgan export --format=litert`.
    """
    schema = load_schema(what)
    if not pathlib.Path(path).is_file():
        raise ValueError(f"`{what}` must be a .tflite file; {path} is not a file")
    try:
        return LiteMetadata.from_bytes(_find(_read(path), schema))
    except Exception as error:
        # A malformed file may raise anything.
        raise ValueError(
            f"`{what}` must be a .tflite file that memgan export --format=litert made; {path} "
            f"cannot be read: {files.first_line(error)}"
        ) from error


def _read(path):
    """The content of a file, read only if its head and its size on the disk are a model's."""
    with files.open_regular(path, MAX_FILE_BYTES) as file:
        if file.read(8)[4:] != IDENTIFIER:
            raise ValueError("it is not a LiteRT model")
        size, filled = os.fstat(file.fileno()).st_size, _num_filled(file.fileno())
        if filled < LEAST_FILLED * size:
            raise ValueError(
                f"it is empty but for {filled:,} of its {size:,} bytes, perhaps a copy that was "
                f"not finished"
            )
        file.seek(0)
        return file.read(MAX_FILE_BYTES)


def _num_filled(handle):
    """Number of bytes of a file outside of its holes; a file system without holes has none."""
    before = os.lseek(handle, 0, os.SEEK_CUR)
    try:
        return _count_filled(handle)
    finally:
        # The reader of the file relies on its place.
        os.lseek(handle, before, os.SEEK_SET)


def _count_filled(handle):
    end, place, filled = os.fstat(handle).st_size, 0, 0
    if not hasattr(os, "SEEK_DATA"):  # a system without holes
        return end
    while place < end:
        try:
            start = os.lseek(handle, place, os.SEEK_DATA)
        except OSError as error:
            if error.errno == errno.ENXIO:  # only a hole is left
                return filled
            return end
        place = os.lseek(handle, start, os.SEEK_HOLE)
        filled += place - start
    return filled


def _find(content, schema):
    model = schema.Model.GetRootAs(content, 0)
    _check_loops(model, schema)
    for position in range(_listed("metadata", model.MetadataLength())):
        entry = model.Metadata(position)
        if entry.Name() == NAME.encode():
            data = model.Buffers(entry.Buffer()).DataAsNumpy()
            if data.nbytes > files.MAX_JSON_BYTES:
                raise ValueError(
                    f"its metadata has {data.nbytes:,} bytes, more than the "
                    f"{files.MAX_JSON_BYTES:,} allowed"
                )
            return data.tobytes()
    raise ValueError("it has no metadata of memgan export")


def _check_loops(model, schema):
    loops = {getattr(schema.BuiltinOperator, name): name for name in LOOPS}
    for position in range(_listed("operations", model.OperatorCodesLength())):
        code = model.OperatorCodes(position)
        # As in `flatbuffers.operations`.
        found = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
        if found in loops:
            raise ValueError(f"it has a loop ({loops[found]}), which may never end")


def _listed(what, count):
    if count > MAX_LISTED:
        raise ValueError(f"it lists {count:,} {what}, more than the {MAX_LISTED:,} allowed")
    return count
