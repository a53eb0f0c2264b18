"""Converts a scorer to a LiteRT file in float32, float16 or int8."""

import contextlib
import os
import re
import sys
import tempfile
import warnings
from collections.abc import Iterable, Iterator

import numpy as np
import tensorflow as tf

from memgan_tf.export.litert.flatbuffers import custom_operations, load_schema, pack, parse
from memgan_tf.export.litert.half_weights import halve_weights
from memgan_tf.export.litert.network_part import float_nodes
from memgan_tf.export.litert.scorer import IMAGE, SIGNATURE, LiteScorer
from memgan_tf.files import first_line
from memgan_tf.validation import check_choice

FLOAT32, FLOAT16, INT8 = QUANTIZATIONS = ("float32", "float16", "int8")


def convert(
    scorer: LiteScorer, quantization: str = FLOAT32, images: np.ndarray | None = None
) -> bytes:
    """Converts a scorer to only built-in operations of LiteRT.

    With `int8`, the layers of the networks are integers, with ranges measured on `images`. The
    following differences, distances, score and decision stay in float32, because anomalies lie
    outside the ranges of normal images. With `float16` and `int8`, large float constants are
    stored in half precision.

    Args:
        scorer: The scorer.
        quantization: `float32`, `float16` or `int8`.
        images: For `int8`, normal images `(num_images, height, width, channels)` uint8.

    Raises:
        ValueError: If LiteRT has no operation for a part of the score, or, with `int8`, the score
            has no network layer.
    """
    check_choice("quantization", quantization, QUANTIZATIONS)
    with tempfile.TemporaryDirectory(prefix="memgan_litert_") as folder, _quiet():
        tf.saved_model.save(scorer, folder, signatures=scorer.signatures())
        content = _convert(folder)
        if quantization == INT8:
            content = _quantize(folder, content, images)
    model = parse(content)
    others = custom_operations(model)
    if others:
        raise ValueError(obstacle_of(others))
    if quantization != FLOAT32:
        halve_weights(model, load_schema())
    return pack(model)


def _converter(folder):
    converter = tf.lite.TFLiteConverter.from_saved_model(folder, signature_keys=[SIGNATURE])
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
    return converter


def _convert(folder):
    try:
        return _converter(folder).convert()
    except Exception as error:
        # The converter's class of errors is not public.
        named = sorted(set(re.findall(r"\btf\.(\w+)\(", str(error).split("Details:")[-1])))
        if not named:
            raise ValueError(f"LiteRT's converter failed: {first_line(error)}") from error
        raise ValueError(obstacle_of(named)) from error


def obstacle_of(names: Iterable[str]) -> str:
    """What to say of operations that LiteRT lacks."""
    return (
        f"LiteRT has no built-in operation for {', '.join(names)}, which the score needs. Export "
        f"with format=saved_model"
    )


def _quantize(folder, content, images):
    denied = float_nodes(parse(content))

    def representative():
        for image in images:
            yield {IMAGE: image[np.newaxis]}

    converter = _converter(folder)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = representative
    options = tf.lite.experimental.QuantizationDebugOptions(denylisted_nodes=denied)
    debugger = tf.lite.experimental.QuantizationDebugger(
        converter=converter, debug_dataset=representative, debug_options=options
    )
    return debugger.get_nondebug_quantized_model()


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """A context that hides the converter's messages, which come from C++."""
    sys.stderr.flush()
    saved = os.dup(2)
    with tempfile.TemporaryFile() as sink, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        os.dup2(sink.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(saved, 2)
            os.close(saved)
