"""Runs a LiteRT model in a separate process, because a malformed file may crash it.

`python -m memgan_tf.export.litert.worker model.tflite <threads>` writes a line of JSON with the
outputs of the model, or an error. Then it reads images from standard input: a line with their
number, and their pixels. It answers with a line of JSON with the type and shape of each output, and
the bytes of the outputs. TensorFlow is never imported.
"""

import contextlib
import json
import os
import resource
import sys

import numpy as np

from memgan_tf.export.litert.flatbuffers import import_litert
from memgan_tf.files import first_line


class LiteRunner:
    """The interpreter of a model with one signature, from an image to its outputs.

    Args:
        path: Path of the file.
        num_threads: Threads of the kernels.

    Attributes:
        shape: `(height, width, channels)` of the image.

    Raises:
        ValueError, RuntimeError: If the file is not such a model.
    """

    def __init__(self, path: str, num_threads: int):
        interpreter = import_litert("interpreter", "model").Interpreter(
            path, None, None, num_threads
        )
        interpreter.allocate_tensors()
        signatures = interpreter.get_signature_list()
        if len(signatures) != 1:
            raise ValueError(f"it has {len(signatures)} signatures instead of one")
        self._call = interpreter.get_signature_runner()
        (self._name, described), *others = self._call.get_input_details().items()
        shape = tuple(int(side) for side in described["shape"])
        if others or described["dtype"] is not np.uint8 or len(shape) != 4 or shape[0] != 1:
            raise ValueError("its input is not one image of bytes")
        self.shape = shape[1:]

    @property
    def outputs(self) -> list[str]:
        """Names of the outputs."""
        return sorted(self._call.get_output_details())

    def __call__(self, images: np.ndarray) -> dict[str, np.ndarray]:
        """Outputs by name for images `(num_images, height, width, channels)` uint8."""
        found = [self._call(**{self._name: image[np.newaxis]}) for image in images]
        return {name: np.concatenate([answer[name] for answer in found]) for name in self.outputs}


def main(path: str, num_threads: str) -> None:
    """Answers until standard input ends."""
    # Limits the memory, so that a malformed file ends this process and does not harm the machine.
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (memory, resource.getrlimit(resource.RLIMIT_AS)[1]))
    answers = sys.stdout.buffer
    try:
        runner = LiteRunner(path, int(num_threads))
        _say(answers, {"outputs": runner.outputs, "shape": runner.shape})
        while line := sys.stdin.buffer.readline():
            shape = (int(line), *runner.shape)
            content = sys.stdin.buffer.read(int(np.prod(shape)))
            outputs = runner(np.frombuffer(content, np.uint8).reshape(shape))
            _say(answers, {name: [a.dtype.str, a.shape] for name, a in outputs.items()})
            for values in outputs.values():
                answers.write(np.ascontiguousarray(values).data)
            answers.flush()
    except (ValueError, RuntimeError, MemoryError) as error:
        _say(answers, {"error": first_line(error) or type(error).__name__})


def _say(answers, values):
    answers.write(json.dumps(values).encode() + b"\n")
    answers.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
