"""Stores constants of a LiteRT model in half precision."""

import copy
from typing import Any

import numpy as np

from memgan_tf.export.litert.flatbuffers import data_of, operations

# Smaller constants, such as thresholds and biases, are not halved.
FEWEST_VALUES = 512
LARGEST_HALF = float(np.finfo(np.float16).max)
# Operations whose constants must be exact, because they determine decisions.
COMPARISONS = ("EQUAL", "NOT_EQUAL", "GREATER", "GREATER_EQUAL", "LESS", "LESS_EQUAL")


def halve_weights(model: Any, schema: Any) -> int:
    """Stores large float32 constants as float16, each with an operation that widens it.

    LiteRT widens them once when it loads the model, unless a device computes in half precision. The
    converter's own float16 would also round calibration scores and tiny constants.

    Args:
        model: Result of `flatbuffers.parse`; it is changed.
        schema: Classes of the file format.

    Returns:
        The number of halved constants.
    """
    count = 0
    halves: dict[int, int] = {}
    for subgraph in model.subgraphs:
        found = [i for i in range(len(subgraph.tensors)) if _can_be_halved(model, subgraph, i)]
        count += len(found)
        widening = [_halve(model, subgraph, i, schema, halves) for i in found]
        subgraph.operators = [*widening, *subgraph.operators]
    used = {tensor.buffer for subgraph in model.subgraphs for tensor in subgraph.tensors}
    used |= {entry.buffer for entry in model.metadata or []}
    for position, buffer in enumerate(model.buffers):
        if position not in used:
            buffer.data = None
    return count


def _can_be_halved(model, subgraph, position):
    tensor, data = subgraph.tensors[position], data_of(model, subgraph.tensors[position])
    is_float32 = tensor.type == 0  # schema.TensorType.FLOAT32
    if data is None or not is_float32 or len(data) < 4 * FEWEST_VALUES:
        return False
    values = _float32(data)
    if not np.abs(values).max() <= LARGEST_HALF:
        return False
    readers = (o.kind for o in operations(model, subgraph) if position in o.inputs)
    return not any(kind in COMPARISONS for kind in readers)


def _halve(model, subgraph, position, schema, halves):
    """Replaces a constant by an operation that widens a new one; returns the operation."""
    tensor = subgraph.tensors[position]
    if tensor.buffer not in halves:
        values = _float32(model.buffers[tensor.buffer].data)
        buffer = schema.BufferT()
        buffer.data = np.frombuffer(values.astype("<f2").tobytes(), np.uint8)
        halves[tensor.buffer] = len(model.buffers)
        model.buffers.append(buffer)
    half = copy.copy(tensor)
    half.name, half.type = tensor.name + b"_half", schema.TensorType.FLOAT16
    half.buffer = halves[tensor.buffer]
    tensor.buffer = 0  # the empty buffer in this format
    subgraph.tensors.append(half)
    widening = schema.OperatorT()
    widening.opcodeIndex = _dequantize_code(model, schema)
    widening.inputs = np.array([len(subgraph.tensors) - 1], np.int32)
    widening.outputs = np.array([position], np.int32)
    return widening


def _dequantize_code(model, schema):
    """Position of the widening operation in the model's list, after adding it if needed."""
    wanted = schema.BuiltinOperator.DEQUANTIZE
    # A file may have several versions of an operation; 3 is the first that widens float16.
    for position, code in enumerate(model.operatorCodes):
        if max(code.builtinCode, code.deprecatedBuiltinCode) == wanted and code.version >= 3:
            return position
    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = wanted
    code.version = 3
    model.operatorCodes.append(code)
    return len(model.operatorCodes) - 1


def _float32(data):
    return np.frombuffer(bytes(bytearray(data)), "<f4")
