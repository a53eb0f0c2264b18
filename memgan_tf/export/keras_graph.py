"""A TensorFlow graph as a functional Keras model of Keras' own operations."""

import fractions
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from memgan_tf.export import keras_shapes, keras_values  # noqa: F401, they fill the table
from memgan_tf.export.batch_sizes import UnsupportedError
from memgan_tf.export.keras_table import TRANSLATIONS

# Constants with more values become weights of the model; the others are in its configuration.
MOST_VALUES = 16
# Operations without an effect on values.
SILENT = ("NoOp", "Assert")
# Operations that return their first input.
SAME = ("Identity", "StopGradient", "Snapshot", "PreventGradient", "EnsureShape", "CheckNumerics")


class GraphTranslator:
    """Translates the operations of a graph that scores images.

    Args:
        function: Function from images `(batch, height, width, channels)` float32 to a dictionary
            of tensors.
        image_shape: `(height, width, channels)`.

    Attributes:
        pixels: The model's input.
        weights: Layers that hold constants, and their values.
    """

    def __init__(self, function: tf.types.experimental.GenericFunction, image_shape: tuple):
        spec = tf.TensorSpec((None, *image_shape), tf.float32)
        traced = tf.function(function, input_signature=[spec], autograph=False)
        concrete = traced.get_concrete_function()
        self._names = sorted(concrete.structured_outputs)
        frozen = convert_variables_to_constants_v2(concrete, lower_control_flow=False)
        self._outputs = dict(zip(self._names, frozen.outputs, strict=True))
        self._graph = frozen.graph
        self.pixels = keras.Input(image_shape, name="pixels")
        self.weights: list[tuple[keras.layers.Layer, np.ndarray]] = []
        self._values: dict[str, Any] = {frozen.inputs[0].name: self.pixels}
        self._factors: dict[int, fractions.Fraction] = {}
        self._zero = None

    def outputs(self) -> dict[str, Any]:
        """The function's outputs, computed from `pixels`.

        Raises:
            UnsupportedError: If an operation of the graph has no counterpart.
        """
        for operation in self._graph.get_operations():
            if operation.type in SILENT or all(o.name in self._values for o in operation.outputs):
                continue
            inputs = [self._values[tensor.name] for tensor in operation.inputs]
            results = self.translate(operation, inputs)
            for tensor, value in zip(operation.outputs, results, strict=False):
                self._values[tensor.name] = value
        return {name: self._values[tensor.name] for name, tensor in self._outputs.items()}

    def translate(self, operation: tf.Operation, inputs: list[Any]) -> list[Any]:
        """The values of an operation's outputs.

        Raises:
            UnsupportedError: If it has no counterpart.
        """
        if operation.type == "Const":
            return [tf.make_ndarray(operation.get_attr("value"))]
        if operation.type in SAME:
            return inputs[:1]
        fixed = all(isinstance(value, np.ndarray) and value.dtype != object for value in inputs)
        if fixed and inputs:
            return _compute(operation, inputs)
        found = TRANSLATIONS.get(operation.type)
        if found is None:
            raise UnsupportedError(f"the TensorFlow operation {operation.type}")
        result = found(self, operation, *inputs)
        return result if isinstance(result, list) else [result]

    # Methods for the translations.

    def tensor(self, value: Any) -> Any:
        """A value as an argument of an operation; many numbers become a weight of the model."""
        if not isinstance(value, np.ndarray):
            return value
        if value.size <= MOST_VALUES or value.dtype.kind not in "fc":
            return value
        layer = keras.layers.Embedding(
            1, value.size, dtype=str(value.dtype), name=f"constant_{len(self.weights)}"
        )
        self.weights.append((layer, value))
        return ops.reshape(layer(self.zero), value.shape)

    @property
    def zero(self) -> Any:
        """The number 0, `(1,)` int32, for any pixels."""
        if self._zero is None:
            total = ops.sum(ops.zeros_like(self.pixels))
            self._zero = ops.reshape(ops.cast(total, "int32"), (1,))
        return self._zero

    def factor(self, tensor: Any) -> fractions.Fraction:
        """The first size of a tensor as a multiple of the batch size."""
        return self._factors.get(id(tensor), fractions.Fraction(1))

    def mark(self, tensor: Any, factor: fractions.Fraction) -> Any:
        """Stores this multiple for a new tensor."""
        if factor != 1:
            # The tensor is kept, so that its id is not reused.
            self._values[f"kept_{len(self._values)}"] = tensor
            self._factors[id(tensor)] = factor
        return tensor

    def apply(self, function: Any, *arguments: Any, **options: Any) -> Any:
        """Calls a Keras operation on tensors of one batch."""
        factors = [self.factor(value) for value in arguments if _has_batch(value)]
        result = function(*map(self.tensor, arguments), **options)
        return self.mark(result, max(factors, default=fractions.Fraction(1)))

    def layer(self, layer: keras.layers.Layer, kernel: np.ndarray, value: Any) -> Any:
        """The result of a layer whose only weight is the kernel."""
        self.weights.append((layer, kernel))
        return self.mark(layer(value), self.factor(value))

    def fill_weights(self) -> None:
        """Sets the weights of the layers; call it after the model is made."""
        for layer, value in self.weights:
            layer.set_weights([value.reshape(layer.weights[0].shape)])


def _compute(operation, inputs):
    """The outputs of an operation on constants."""
    with tf.Graph().as_default() as graph:
        kinds = [tensor.dtype for tensor in operation.inputs]
        constants = [tf.constant(v, kind) for v, kind in zip(inputs, kinds, strict=True)]
        node = tf.compat.v1.NodeDef()
        node.CopyFrom(operation.node_def)
        del node.input[:]
        node.input.extend(f"input_{i}" for i in range(len(constants)))
        found = tf.import_graph_def(
            tf.compat.v1.GraphDef(node=[node]),
            input_map={f"input_{i}": constant for i, constant in enumerate(constants)},
            return_elements=[tensor.name for tensor in operation.outputs],
            name="",
        )
        with tf.compat.v1.Session(graph=graph) as session:
            return [np.asarray(value) for value in session.run(found)]


def _has_batch(value):
    return isinstance(value, keras.KerasTensor) and None in value.shape
