"""Translates shapes and parts of tensors to Keras; one size may be that of the batch."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from memgan_tf.export.batch_sizes import (
    BatchSize,
    UnsupportedError,
    shape_of,
    target_shape,
    vector,
)
from memgan_tf.export.keras_table import is_sizes, moves_batch, sizes_in, translates


@translates("Shape")
def _shape(graph, operation, value):
    return shape_of(tuple(value.shape), graph.factor(value))


@translates("ShapeN")
def _shapes(graph, operation, *values):
    return [_shape(graph, operation, value) for value in values]


@translates("Pack")
def _pack(graph, operation, *values):
    axis = operation.get_attr("axis")
    if not any(isinstance(value, keras.KerasTensor) for value in values):
        return vector([np.asarray(value, object).item() for value in values])
    return graph.apply(lambda *parts: ops.stack(parts, axis=axis), *values)


@translates("ConcatV2")
def _concatenate(graph, operation, *inputs):
    *values, axis = inputs
    axis = int(sizes_in(operation, axis)[0])
    if not any(isinstance(value, keras.KerasTensor) for value in values):
        return vector([size for value in values for size in value])
    result = graph.apply(lambda *parts: ops.concatenate(parts, axis=axis), *values)
    if moves_batch(result, [axis]):
        return graph.mark(result, sum(graph.factor(value) for value in values))
    return result


@translates("Reshape")
def _reshape(graph, operation, value, wanted):
    if not isinstance(value, keras.KerasTensor):
        return np.reshape(value, [int(size) for size in wanted])
    shape, factor = target_shape(
        tuple(value.shape), graph.factor(value), sizes_in(operation, wanted)
    )
    return graph.mark(ops.reshape(value, shape), factor)


@translates("Squeeze")
def _squeeze(graph, operation, value):
    axes = tuple(operation.get_attr("squeeze_dims"))
    return graph.apply(ops.squeeze, value, axis=axes or None)


@translates("ExpandDims")
def _expand(graph, operation, value, axis):
    axis = int(sizes_in(operation, axis)[0])
    if is_sizes(value):
        return np.expand_dims(value, axis)
    return graph.apply(ops.expand_dims, value, axis=axis)


@translates("Transpose")
def _transpose(graph, operation, value, axes):
    axes = tuple(int(axis) for axis in sizes_in(operation, axes))
    return graph.apply(ops.transpose, value, axes=axes)


@translates("Tile")
def _tile(graph, operation, value, repeats):
    repeats = sizes_in(operation, repeats)
    if not isinstance(repeats[0], BatchSize):
        if moves_batch(value, np.flatnonzero(repeats != 1)):
            raise UnsupportedError("a repeated batch")
        return graph.apply(ops.tile, value, repeats=[int(count) for count in repeats])
    wanted = vector([*repeats[:1] * value.shape[0], *repeats[1:] * value.shape[1:]])
    return _broadcast(graph, operation, value, wanted)


@translates("BroadcastTo")
def _broadcast(graph, operation, value, wanted):
    wanted = sizes_in(operation, wanted)
    zeros = _zeros(graph, operation, wanted)
    return graph.mark(graph.apply(_add_to(operation), value, zeros), _factor_of(wanted))


def _add_to(operation):
    """The operation that does not change a value if the other argument is zeros."""
    return ops.logical_or if operation.outputs[0].dtype == tf.bool else ops.add


@translates("Fill")
def _fill(graph, operation, wanted, value):
    return graph.apply(
        _add_to(operation), _zeros(graph, operation, sizes_in(operation, wanted)), value
    )


def _zeros(graph, operation, wanted):
    """Zeros with a shape that begins with the batch."""
    if not is_sizes(wanted):
        return np.zeros([int(size) for size in wanted], operation.outputs[0].dtype.as_numpy_dtype)
    if wanted[0] != BatchSize() or any(isinstance(size, BatchSize) for size in wanted[1:]):
        raise UnsupportedError("a shape with more than one batch")
    sizes = tuple(int(size) for size in wanted[1:])
    zeros = ops.sum(ops.zeros_like(graph.pixels), axis=(1, 2, 3))
    zeros = ops.reshape(zeros, (-1, *(1 for _ in sizes)))
    if sizes:
        zeros = zeros + np.zeros((1, *sizes), np.float32)
    return ops.cast(zeros, operation.outputs[0].dtype.name)


def _factor_of(wanted):
    return wanted[0].factor if isinstance(wanted[0], BatchSize) else 1


@translates("StridedSlice")
def _slice(graph, operation, value, begin, end, strides):
    index = _index(operation, begin, end, strides)
    if not isinstance(value, keras.KerasTensor):
        part = value[index]
        return vector(part) if isinstance(part, np.ndarray) else np.array(part)
    result = graph.apply(lambda tensor: tensor[index], value)
    if None in value.shape and None not in result.shape:
        raise UnsupportedError("a part of the batch")
    return result


@translates("Slice")
def _cut(graph, operation, value, begin, sizes):
    parts = zip(sizes_in(operation, begin), sizes_in(operation, sizes), strict=True)
    index = tuple(
        slice(None)
        if isinstance(size, BatchSize) or (first, size) == (0, -1)
        else slice(int(first), None if size == -1 else int(first + size))
        for first, size in parts
    )
    if not isinstance(value, keras.KerasTensor):
        return vector(value[index])
    result = graph.apply(lambda tensor: tensor[index], value)
    if None in value.shape and None not in result.shape:
        raise UnsupportedError("a part of the batch")
    return result


def _index(operation, begin, end, strides):
    """The Python index for the five masks of a slice."""
    masks = {
        name: operation.get_attr(f"{name}_mask")
        for name in ("begin", "end", "ellipsis", "new_axis", "shrink_axis")
    }
    parts = (sizes_in(operation, part) for part in (begin, end, strides))
    index: list[Any] = []
    for place, (first, last, step) in enumerate(zip(*parts, strict=True)):
        bit = 1 << place
        if masks["ellipsis"] & bit:
            index.append(Ellipsis)
        elif masks["new_axis"] & bit:
            index.append(None)
        elif masks["shrink_axis"] & bit:
            index.append(int(first))
        else:
            start, stop = (
                None if masks[name] & bit else int(limit)
                for name, limit in (("begin", first), ("end", last))
            )
            index.append(slice(start, stop, None if int(step) == 1 else int(step)))
    return tuple(index)


@translates("Split")
def _split(graph, operation, axis, value):
    axis = int(sizes_in(operation, axis)[0])
    if moves_batch(value, [axis]):
        raise UnsupportedError("a part of the batch")
    parts = ops.split(value, operation.get_attr("num_split"), axis=axis)
    return [graph.mark(part, graph.factor(value)) for part in parts]


@translates("GatherV2")
def _gather(graph, operation, value, indices, axis):
    axis = int(sizes_in(operation, axis)[0])
    if is_sizes(value):
        part = value[indices]
        return vector(part) if isinstance(part, np.ndarray) else np.array(part)
    if moves_batch(value, [axis]):
        raise UnsupportedError("a part of the batch")
    return graph.apply(ops.take, value, indices, axis=axis)


@translates("ReverseV2")
def _reverse(graph, operation, value, axes):
    axes = tuple(int(axis) for axis in sizes_in(operation, axes))
    return graph.apply(ops.flip, value, axis=axes)


@translates("Pad", "PadV2")
def _pad(graph, operation, value, widths, *fill):
    widths = [[int(side) for side in pair] for pair in sizes_in(operation, widths)]
    constant = {"constant_values": float(fill[0])} if fill else {}
    return graph.apply(ops.pad, value, pad_width=widths, **constant)


@translates("MirrorPad")
def _mirror(graph, operation, value, widths):
    widths = [[int(side) for side in pair] for pair in sizes_in(operation, widths)]
    mode = operation.get_attr("mode").decode().lower()
    return graph.apply(ops.pad, value, pad_width=widths, mode=mode)


@translates("ArgMax", "ArgMin")
def _extreme(graph, operation, value, axis):
    axis = int(sizes_in(operation, axis)[0])
    function = ops.argmax if operation.type == "ArgMax" else ops.argmin
    return graph.apply(function, value, axis=axis)


@translates("TopKV2")
def _top(graph, operation, value, count):
    found = ops.top_k(value, int(sizes_in(operation, count)[0]))
    return [graph.mark(part, graph.factor(value)) for part in found]
