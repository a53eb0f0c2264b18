"""Translates arithmetic to Keras: elementwise operations, sums, products and convolutions."""

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from memgan_tf.export.batch_sizes import UnsupportedError
from memgan_tf.export.keras_table import is_sizes, sizes_in, translates

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
# Layers whose only weight is a kernel.
PLAIN = {"use_bias": False, "dtype": "float32"}
REDUCTIONS = {
    "All": ops.all,
    "Any": ops.any,
    "Max": ops.max,
    "Mean": ops.mean,
    "Min": ops.min,
    "Prod": ops.prod,
    "Sum": ops.sum,
}


@translates("IdentityN")
def _same_each(graph, operation, *values):
    return list(values)


@translates(*ELEMENTWISE)
def _elementwise(graph, operation, *inputs):
    if any(map(is_sizes, inputs)):
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
    if is_sizes(first) or is_sizes(second):
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
    if is_sizes(value):
        return value
    return graph.apply(ops.cast, value, dtype=operation.get_attr("DstT").name)


@translates(*REDUCTIONS)
def _reduce(graph, operation, value, axes):
    keep = operation.get_attr("keep_dims")
    if is_sizes(value) and operation.type == "Prod":
        return np.prod(value, keepdims=keep)
    axes = tuple(int(axis) for axis in sizes_in(operation, axes))
    return graph.apply(REDUCTIONS[operation.type], value, axis=axes, keepdims=keep)


@translates("MatMul", "BatchMatMulV2")
def _multiply(graph, operation, first, second):
    names = ("adj_x", "adj_y")
    if operation.type == "MatMul":
        names = ("transpose_a", "transpose_b")
    first, second = (
        _turned(graph, value) if operation.get_attr(name) else value
        for value, name in zip((first, second), names, strict=True)
    )
    if isinstance(second, np.ndarray) and second.ndim == 2:
        return graph.layer(keras.layers.Dense(second.shape[1], **PLAIN), second, first)
    return graph.apply(ops.matmul, first, second)


def _turned(graph, value):
    if isinstance(value, np.ndarray):
        return np.swapaxes(value, -1, -2)
    return graph.apply(ops.swapaxes, value, axis1=-1, axis2=-2)


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


@translates("Conv2D")
def _convolve(graph, operation, value, kernel):
    options = _fixed(operation, kernel)
    groups = value.shape[-1] // kernel.shape[2]
    layer = keras.layers.Conv2D(kernel.shape[3], kernel.shape[:2], groups=groups, **options)
    return graph.layer(layer, kernel, value)


@translates("DepthwiseConv2dNative")
def _convolve_channels(graph, operation, value, kernel):
    options = _fixed(operation, kernel)
    layer = keras.layers.DepthwiseConv2D(
        kernel.shape[:2], depth_multiplier=kernel.shape[3], **options
    )
    return graph.layer(layer, kernel, value)


def _fixed(operation, kernel):
    """The options of a layer with a constant kernel."""
    if not isinstance(kernel, np.ndarray):
        raise UnsupportedError("a convolution by what the pixels say")
    dilation = tuple(operation.get_attr("dilations")[1:3])
    return {**_window(operation), "dilation_rate": dilation, **PLAIN}


@translates("Conv2DBackpropInput")
def _convolve_back(graph, operation, sizes, kernel, value):
    window = _window(operation)
    wanted = [int(size) for size in sizes_in(operation, sizes)[1:3]]
    if not isinstance(kernel, np.ndarray):
        raise UnsupportedError("a transposed convolution by what the pixels say")
    strides, size = window["strides"], kernel.shape[:2]
    full = [
        (side - 1) * step + length
        for side, step, length in zip(value.shape[1:3], strides, size, strict=True)
    ]
    # Does not use the operation, which swaps two of its arguments in Keras 3.15, or its padding,
    # which gives other sizes.
    layer = keras.layers.Conv2DTranspose(kernel.shape[2], size, strides, **PLAIN)
    result = graph.layer(layer, kernel, value)
    index = (slice(None), *(_middle(*sizes) for sizes in zip(full, wanted, strict=True)))
    return graph.apply(lambda tensor: tensor[index], result)


def _middle(full, wanted):
    """The part of a side that remains with SAME padding."""
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
    wanted = tuple(int(side) for side in sizes_in(operation, size))
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
