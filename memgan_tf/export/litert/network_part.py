"""Finds the operations of a LiteRT graph that belong to networks and may be integers."""

from typing import Any

from memgan_tf.export.litert.flatbuffers import data_of, operations

WEIGHTED = ("CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV", "FULLY_CONNECTED")
# Between two weighted operations, these are also integers.
BETWEEN = (
    *("ADD", "MUL", "LEAKY_RELU", "RELU", "RELU6", "HARD_SWISH", "LOGISTIC", "PAD", "SLICE"),
    *("STRIDED_SLICE", "RESHAPE", "MEAN", "AVERAGE_POOL_2D", "MAX_POOL_2D", "CONCATENATION"),
)
# Operations of layers are named `<layer>/<operation>`; a method's own formulas have no layer.
LAYER_SIGN = "/"
NO_LAYERS = (
    "`quantization` int8 makes the layers of networks integers, and this score has none. Use "
    "float16"
)


def float_nodes(model: Any) -> list[str]:
    """Names of all operations outside of networks, which must stay in floating point.

    A layer with weights belongs to a network. So does a simple operation of a layer between two
    such layers.

    Args:
        model: Result of `flatbuffers.parse`, not quantized.

    Raises:
        ValueError: If no operation belongs to a network.
    """
    subgraph = model.subgraphs[0]
    found, names = operations(model, subgraph), [t.name.decode() for t in subgraph.tensors]
    weighted = [o for o in found if _is_weighted(model, subgraph, o, names)]
    if not weighted:
        raise ValueError(NO_LAYERS)
    after, before = _tensors_after(found, weighted), _tensors_before(found, weighted)
    kept = {id(o) for o in weighted}
    kept |= {
        id(o)
        for o in found
        if o.kind in BETWEEN
        and LAYER_SIGN in names[o.outputs[0]]
        and o.outputs[0] in before
        and any(i in after for i in o.inputs)
    }
    return [names[o.outputs[0]] for o in found if o.outputs and id(o) not in kept]


def _is_weighted(model, subgraph, operation, names):
    is_layer = operation.kind in WEIGHTED and LAYER_SIGN in names[operation.outputs[0]]
    return is_layer and data_of(model, subgraph.tensors[operation.inputs[1]]) is not None


def _tensors_after(found, weighted):
    """Tensors that depend on a weighted operation."""
    chosen, reached = {id(o) for o in weighted}, set()
    for operation in found:
        if id(operation) in chosen or any(i in reached for i in operation.inputs):
            reached.update(operation.outputs)
    return reached


def _tensors_before(found, weighted):
    """Tensors that a weighted operation depends on."""
    chosen, needed = {id(o) for o in weighted}, set()
    for operation in reversed(found):
        if id(operation) in chosen or any(i in needed for i in operation.outputs):
            needed.update(operation.inputs)
    return needed
