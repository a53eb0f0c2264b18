"""Runs a LiteRT file from a program: images in, decisions out."""

import contextlib
import json
import os
import pathlib
import signal
import subprocess
import threading
from typing import Any

import numpy as np

from memgan_tf.data import as_pixels
from memgan_tf.data.stored_images import Images
from memgan_tf.evaluation.explanations import parts_of
from memgan_tf.export.litert.metadata import LiteMetadata, read_metadata
from memgan_tf.export.litert.scorer import DECISIONS, MAP
from memgan_tf.programs import module_command

# A model may need a minute for a large photograph on a small device; opening one takes seconds. If
# it takes longer, or a part of the images takes longer than the most, it hangs.
SECONDS, MOST_SECONDS = 60.0, 1800.0
DTYPES = ("<f4", "|b1")


class LiteModel:
    """A file made by `memgan export --format=litert`, run by LiteRT's interpreter.

    The interpreter runs in a separate process, because a malformed file may crash it. Use it as a
    context manager, or call `close`.

    Args:
        path: Path of the file.
        num_threads: Threads of the interpreter; None uses one per core.
        what: The flag or argument that names the file, for messages.

    Attributes:
        metadata: Metadata of the file.

    Raises:
        ValueError: If ai-edge-litert is not installed or the file is not such a model.
    """

    def __init__(
        self, path: str | os.PathLike, num_threads: int | None = None, what: str = "model"
    ):
        self._path, self._what = pathlib.Path(path), what
        self._allowed, self._is_late = SECONDS, False
        self.metadata: LiteMetadata = read_metadata(path, what)
        threads = num_threads or os.cpu_count()
        self._process: Any = subprocess.Popen(
            module_command("memgan_tf.export.litert.worker", os.fspath(path), str(threads)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("the interpreter's process has no pipes")
        self._input, self._output = self._process.stdin, self._process.stdout
        try:
            with self._deadline(1):
                described = self._read_line()
            self._check(described)
        except BaseException:
            self.close()
            raise
        self.has_maps = MAP in described["outputs"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self) -> None:
        """Ends the interpreter's process."""
        with contextlib.suppress(OSError):
            self._input.close()
        self._process.kill()
        self._process.wait()
        self._output.close()

    def score(self, images: Images) -> dict[str, np.ndarray]:
        """`anomaly_score`, `p_value`, `is_anomaly` and `threshold` of images, each `(num_images,)`.

        Args:
            images: `(num_images, height, width, channels)`, 0 to 255, in the model's shape; or a
                set that is indexed by arrays of positions.

        Raises:
            ValueError: If the images do not have the shape, or the interpreter fails.
        """
        positions = parts_of(np.arange(len(images)), self.metadata.image_shape)
        parts = [self.explain(images[part]) for part in positions]
        return {name: np.concatenate([part[name] for part in parts]) for name in DECISIONS}

    def explain(self, images: Images) -> dict[str, np.ndarray]:
        """Like `score`, for images in memory; with `anomaly_map` if the method has it."""
        images = np.asarray(as_pixels("images", images))
        if images.shape[1:] != self.metadata.image_shape:
            raise ValueError(
                f"`images` must have the shape that the model takes, {self.metadata.image_shape}. "
                f"Received: shape={images.shape[1:]}"
            )
        with self._deadline(len(images)):
            try:
                self._input.write(f"{len(images)}\n".encode())
                self._input.write(np.ascontiguousarray(images, np.uint8).data)
                self._input.flush()
            except OSError as error:
                raise self._failure() from error
            return self._read_outputs(len(images))

    def _read_outputs(self, count):
        found, shapes = {}, ([count], [count, *self.metadata.image_shape[:2]])
        for name, (dtype, shape) in self._read_line().items():
            if dtype not in DTYPES or shape not in shapes:
                raise self._failure(f"its output {name} is not one value, or map, for each image")
            size = int(np.prod(shape)) * np.dtype(dtype).itemsize
            content = self._output.read(size)
            if len(content) < size:
                raise self._failure()
            found[name] = np.frombuffer(content, dtype).reshape(shape)
        return found

    def _check(self, described):
        missing = sorted(set(DECISIONS) - set(described["outputs"]))
        if missing:
            raise self._failure(f"it has no output {missing[0]}")
        if tuple(described["shape"]) != self.metadata.image_shape:
            raise self._failure("its input does not have the shape in its metadata")

    def _read_line(self):
        line = self._output.readline()
        if not line:
            raise self._failure()
        values = json.loads(line)
        if "error" in values:
            raise self._failure(values["error"])
        return values

    def _failure(self, reason=None):
        """The error to raise, with the interpreter's reason, or how its process ended."""
        if reason is None:
            code = self._process.wait()
            reason = f"its process ended with {code}"
            if self._is_late:
                reason = f"it took more than {self._allowed:g} s"
            elif code < 0:
                reason = f"its process was ended by {signal.Signals(-code).name}"
        return ValueError(
            f"`{self._what}` {self._path} cannot be run by LiteRT's interpreter: {reason}. Export "
            f"the run again"
        )

    @contextlib.contextmanager
    def _deadline(self, count):
        self._allowed = min(MOST_SECONDS, SECONDS * (1 + count))
        timer = threading.Timer(self._allowed, self._end)
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _end(self):
        self._is_late = True
        self._process.kill()
