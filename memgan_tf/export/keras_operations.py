"""What operations of TensorFlow are in Keras."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from memgan_tf.export.batch_sizes import (
    BatchSize,
    UnsupportedError,
    batch_axis,
    shape_of,
    target_shape,
    vector,
)

TRANSLATIONS: dict[str, Any] = {}
ELEMENTWISE = {
    "Abs": ops.abs,
    "AddV2": ops.add,
    "BiasAdd": ops.add,
    "Ceil": ops.ceil,
    "Equal": ops.equal,
    "Erf": ops.erf,
    "Exp": ops.exp,
    "Floor": ops.floor,
    "Greater": ops.greater,
    "GreaterEqual": ops.greater_equal,
    "IsFinite": ops.isfinite,
    "Less": ops.less,
    "LessEqual": ops.less_equal,
    "Log": ops.log,
    "Log1p": ops.log1p,
    "LogSoftmax": ops.log_softmax,
    "LogicalAnd": ops.logical_and,
    "LogicalNot": ops.logical_not,
    "LogicalOr": ops.logical_or,
    "Maximum": ops.maximum,
    "Minimum": ops.minimum,
    "Mul": ops.multiply,
    "Neg": ops.negative,
    "Pow": ops.power,
    "RealDiv": ops.divide,
    "Round": ops.round,
    "Relu": ops.relu,
    "Relu6": ops.relu6,
    "Rsqrt": ops.rsqrt,
    "SelectV2": ops.where,
    "Sigmoid": ops.sigmoid,
    "Softmax": ops.softmax,
    "Softplus": ops.softplus,
    "Sqrt": ops.sqrt,
    "Square": ops.square,
    "Sub": ops.subtract,
    "Tanh": ops.tanh,
    "ZerosLike": ops.zeros_like,
}
REDUCTIONS = {
    "All": ops.all,
    "Any": ops.any,
    "Max": ops.max,
    "Mean": ops.mean,
    "Min": ops.min,
    "Prod": ops.prod,
    "Sum": ops.sum,
}
SAME = ("Identity", "StopGradient", "Snapshot", "PreventGradient", "EnsureShape", "CheckNumerics")


def translates(*types: str):
    """Registers a function for types of operations."""

    def register(function):
        TRANSLATIONS.update(dict.fromkeys(types, function))
        return function

    return register


def _sizes(operation, value):
    """An argument that must be a shape or an axis: numbers, or multiples of the batch."""
    if isinstance(value, keras.KerasTensor):
        raise UnsupportedError(f"{operation.type} by what the pixels say")
    return np.atleast_1d(value)


def _is_sizes(value):
    return isinstance(value, np.ndarray) and value.dtype == object


@translates(*SAME)
def _same(graph, operation, value, *rest):
    return value


@translates(*ELEMENTWISE)
def _elementwise(graph, operation, *inputs):
    if any(map(_is_sizes, inputs)):
        return _size_arithmetic(operation, *inputs)
    if operation.type == "LogSoftmax" or operation.type == "Softmax":
        return graph.apply(ELEMENTWISE[operation.type], *inputs, axis=-1)
    return graph.apply(ELEMENTWISE[operation.type], *inputs)


def _size_arithmetic(operation, first, second):
    known = {"Mul": lambda a, b: a * b, "AddV2": lambda a, b: a + b}
    if operation.type not in known:
        raise UnsupportedError(f"{operation.type} of sizes of the batch")
    return known[operation.type](first, second)


@translates("FloorDiv")
def _floor_divide(graph, operation, first, second):
    if _is_sizes(first) or _is_sizes(second):
        return first // second
    return graph.apply(ops.floor_divide, first, second)


@translates("AddN")
def _add_all(graph, operation, first, *rest):
    for other in rest:
        first = graph.apply(ops.add, first, other)
    return first


@translates("SquaredDifference")
def _squared_difference(graph, operation, first, second):
    return graph.apply(ops.square, graph.apply(ops.subtract, first, second))


@translates("LeakyRelu")
def _leaky_relu(graph, operation, value):
    return graph.apply(ops.leaky_relu, value, negative_slope=operation.get_attr("alpha"))


@translates("Cast")
def _cast(graph, operation, value):
    if _is_sizes(value):
        return value
    return graph.apply(ops.cast, value, dtype=operation.get_attr("DstT").name)


@translates(*REDUCTIONS)
def _reduce(graph, operation, value, axes):
    keep = operation.get_attr("keep_dims")
    if _is_sizes(value) and operation.type == "Prod":
        return np.prod(value, keepdims=keep)
    axes = tuple(int(axis) for axis in _sizes(operation, axes))
    return graph.apply(REDUCTIONS[operation.type], value, axis=axes, keepdims=keep)


# Shapes.


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
    axis = int(_sizes(operation, axis)[0])
    if not any(isinstance(value, keras.KerasTensor) for value in values):
        return vector([size for value in values for size in value])
    result = graph.apply(lambda *parts: ops.concatenate(parts, axis=axis), *values)
    if _moves_batch(result, [axis]):
        return graph.mark(result, sum(graph.factor(value) for value in values))
    return result


@translates("Reshape")
def _reshape(graph, operation, value, wanted):
    if not isinstance(value, keras.KerasTensor):
        return np.reshape(value, [int(size) for size in wanted])
    shape, factor = target_shape(tuple(value.shape), graph.factor(value), _sizes(operation, wanted))
    return graph.mark(ops.reshape(value, shape), factor)


@translates("Squeeze")
def _squeeze(graph, operation, value):
    axes = tuple(operation.get_attr("squeeze_dims"))
    return graph.apply(ops.squeeze, value, axis=axes or None)


@translates("ExpandDims")
def _expand(graph, operation, value, axis):
    axis = int(_sizes(operation, axis)[0])
    if _is_sizes(value):
        return np.expand_dims(value, axis)
    return graph.apply(ops.expand_dims, value, axis=axis)


@translates("Transpose")
def _transpose(graph, operation, value, axes):
    axes = tuple(int(axis) for axis in _sizes(operation, axes))
    return graph.apply(ops.transpose, value, axes=axes)


@translates("Tile")
def _tile(graph, operation, value, repeats):
    repeats = _sizes(operation, repeats)
    if not isinstance(repeats[0], BatchSize):
        if _moves_batch(value, np.flatnonzero(repeats != 1)):
            raise UnsupportedError("a repeated batch")
        return graph.apply(ops.tile, value, repeats=[int(count) for count in repeats])
    wanted = vector([*repeats[:1] * value.shape[0], *repeats[1:] * value.shape[1:]])
    return _broadcast(graph, operation, value, wanted)


@translates("BroadcastTo")
def _broadcast(graph, operation, value, wanted):
    wanted = _sizes(operation, wanted)
    zeros = _zeros(graph, operation, wanted)
    return graph.mark(graph.apply(_add_to(operation), value, zeros), _factor_of(wanted))


def _add_to(operation):
    """What leaves a value as it is beside zeros of its kind."""
    return ops.logical_or if operation.outputs[0].dtype == tf.bool else ops.add


@translates("Fill")
def _fill(graph, operation, wanted, value):
    return graph.apply(
        _add_to(operation), _zeros(graph, operation, _sizes(operation, wanted)), value
    )


def _zeros(graph, operation, wanted):
    """Zeros of a shape that begins with the batch."""
    if not _is_sizes(wanted):
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


def _moves_batch(value, axes):
    """Whether one of the axes is the batch's."""
    if not isinstance(value, keras.KerasTensor):
        return False
    return batch_axis(tuple(value.shape)) in {int(axis) % len(value.shape) for axis in axes}


# Parts.


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
    parts = zip(_sizes(operation, begin), _sizes(operation, sizes), strict=True)
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
    """The index of Python that a slice's five masks stand for."""
    masks = {
        name: operation.get_attr(f"{name}_mask")
        for name in ("begin", "end", "ellipsis", "new_axis", "shrink_axis")
    }
    parts = (_sizes(operation, part) for part in (begin, end, strides))
    index = []
    for place, (first, last, step) in enumerate(zip(*parts, strict=True)):
        bit = 1 << place
        if masks["ellipsis"] & bit:
            index.append(Ellipsis)
        elif masks["new_axis"] & bit:
            index.append(None)
        elif masks["shrink_axis"] & bit:
            index.append(int(first))
        else:
            limits = [
                None if masks[name] & bit else int(limit)
                for name, limit in (("begin", first), ("end", last))
            ]
            index.append(slice(*limits, None if int(step) == 1 else int(step)))
    return tuple(index)


@translates("Split")
def _split(graph, operation, axis, value):
    axis = int(_sizes(operation, axis)[0])
    if _moves_batch(value, [axis]):
        raise UnsupportedError("a part of the batch")
    parts = ops.split(value, operation.get_attr("num_split"), axis=axis)
    return [graph.mark(part, graph.factor(value)) for part in parts]


@translates("GatherV2")
def _gather(graph, operation, value, indices, axis):
    axis = int(_sizes(operation, axis)[0])
    if _is_sizes(value):
        part = value[indices]
        return vector(part) if isinstance(part, np.ndarray) else np.array(part)
    if _moves_batch(value, [axis]):
        raise UnsupportedError("a part of the batch")
    return graph.apply(ops.take, value, indices, axis=axis)


@translates("ReverseV2")
def _reverse(graph, operation, value, axes):
    axes = tuple(int(axis) for axis in _sizes(operation, axes))
    return graph.apply(ops.flip, value, axis=axes)


@translates("Pad", "PadV2")
def _pad(graph, operation, value, widths, *fill):
    widths = [[int(side) for side in pair] for pair in _sizes(operation, widths)]
    constant = {"constant_values": float(fill[0])} if fill else {}
    return graph.apply(ops.pad, value, pad_width=widths, **constant)


@translates("MirrorPad")
def _mirror(graph, operation, value, widths):
    widths = [[int(side) for side in pair] for pair in _sizes(operation, widths)]
    mode = operation.get_attr("mode").decode().lower()
    return graph.apply(ops.pad, value, pad_width=widths, mode=mode)


@translates("ArgMax", "ArgMin")
def _extreme(graph, operation, value, axis):
    axis = int(_sizes(operation, axis)[0])
    function = ops.argmax if operation.type == "ArgMax" else ops.argmin
    return graph.apply(function, value, axis=axis)


@translates("TopKV2")
def _top(graph, operation, value, count):
    found = ops.top_k(value, int(_sizes(operation, count)[0]))
    return [graph.mark(part, graph.factor(value)) for part in found]


# Linear algebra, convolutions, pictures.


@translates("MatMul", "BatchMatMulV2")
def _multiply(graph, operation, first, second):
    names = ("adj_x", "adj_y")
    if operation.type == "MatMul":
        names = ("transpose_a", "transpose_b")
    first, second = (
        graph.apply(ops.swapaxes, value, axis1=-1, axis2=-2) if operation.get_attr(name) else value
        for value, name in zip((first, second), names, strict=True)
    )
    return graph.apply(ops.matmul, first, second)


def _check_layout(operation):
    if operation.get_attr("data_format") != b"NHWC":
        raise UnsupportedError(f"{operation.type} with channels first")


def _window(operation):
    _check_layout(operation)
    padding = operation.get_attr("padding").decode().lower()
    if padding not in ("same", "valid"):
        raise UnsupportedError(f"{operation.type} with a padding of its own")
    strides = tuple(operation.get_attr("strides")[1:3])
    return {"strides": strides, "padding": padding}


@translates("Conv2D", "DepthwiseConv2dNative")
def _convolve(graph, operation, value, kernel):
    dilation = tuple(operation.get_attr("dilations")[1:3])
    function = ops.conv if operation.type == "Conv2D" else ops.depthwise_conv
    return graph.apply(function, value, kernel, **_window(operation), dilation_rate=dilation)


@translates("Conv2DBackpropInput")
def _convolve_back(graph, operation, sizes, kernel, value):
    window = _window(operation)
    wanted = [int(size) for size in _sizes(operation, sizes)[1:3]]
    if not isinstance(kernel, np.ndarray):
        raise UnsupportedError("a transposed convolution by what the pixels say")
    strides, size = window["strides"], kernel.shape[:2]
    full = [
        (side - 1) * step + length
        for side, step, length in zip(value.shape[1:3], strides, size, strict=True)
    ]
    # Not the operation, which exchanges two of its arguments in Keras 3.15; and not its padding,
    # which gives other sizes.
    layer = keras.layers.Conv2DTranspose(kernel.shape[2], size, strides, use_bias=False)
    result = graph.layer(layer, kernel, value)
    index = (slice(None), *(_middle(*sizes) for sizes in zip(full, wanted, strict=True)))
    return graph.apply(lambda tensor: tensor[index], result)


def _middle(full, wanted):
    """The part of a side that a padding of SAME leaves."""
    if full < wanted:
        raise UnsupportedError("a transposed convolution to a larger size")
    before = (full - wanted) // 2
    return slice(before, before + wanted)


@translates("MaxPool", "AvgPool")
def _pool(graph, operation, value):
    function = ops.max_pool if operation.type == "MaxPool" else ops.average_pool
    size = tuple(operation.get_attr("ksize")[1:3])
    return graph.apply(function, value, pool_size=size, **_window(operation))


@translates("FusedBatchNormV3")
def _batch_normalize(graph, operation, value, scale, offset, mean, variance):
    _check_layout(operation)
    if operation.get_attr("is_training"):
        raise UnsupportedError("statistics of the batch")
    factor = scale / np.sqrt(variance + operation.get_attr("epsilon"))
    scaled = graph.apply(ops.multiply, value, factor)
    return [graph.apply(ops.add, scaled, offset - mean * factor)]


@translates("ScaleAndTranslate", "ResizeBilinear")
def _resize(graph, operation, value, size, *rest):
    antialias = operation.type == "ScaleAndTranslate" and operation.get_attr("antialias")
    wanted = tuple(int(side) for side in _sizes(operation, size))
    if operation.type == "ScaleAndTranslate":
        scale, translation = rest
        expected = np.divide(wanted, value.shape[1:3])
        bilinear = operation.get_attr("kernel_type") == b"triangle"
        if not bilinear or np.any(translation) or not np.allclose(scale, expected):
            raise UnsupportedError("a resize by another rule than Keras'")
    elif not operation.get_attr("half_pixel_centers"):
        raise UnsupportedError("a resize by another rule than Keras'")
    return graph.apply(ops.image.resize, value, size=wanted, antialias=bool(antialias))


@translates("Placeholder")
def _placeholder(graph, operation):
    if operation.outputs[0].dtype == tf.resource:
        raise UnsupportedError("a variable that is not a constant")
    raise UnsupportedError("a second input")


@translates("Cholesky")
def _cholesky(graph, operation, value):
    return graph.apply(ops.cholesky, value)


@translates("MatrixTriangularSolve")
def _solve(graph, operation, matrix, value):
    if operation.get_attr("adjoint"):
        raise UnsupportedError("a transposed triangular system")
    lower = operation.get_attr("lower")
    return graph.apply(ops.solve_triangular, matrix, value, lower=lower)
