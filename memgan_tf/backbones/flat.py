"""A network as one flat graph, for color images of any size."""

import dataclasses
from typing import Any

import keras
import tensorflow as tf

from memgan_tf.files import DAMAGE, first_line

# Layers that do nothing in inference mode.
IDLE = (
    *(keras.layers.Dropout, keras.layers.SpatialDropout2D, keras.layers.AlphaDropout),
    *(keras.layers.GaussianDropout, keras.layers.GaussianNoise),
    *(keras.layers.ActivityRegularization, keras.layers.RandomFlip, keras.layers.RandomRotation),
    *(keras.layers.RandomZoom, keras.layers.RandomTranslation, keras.layers.RandomContrast),
    keras.layers.RandomBrightness,
)


@dataclasses.dataclass(frozen=True)
class Step:
    """One call of a layer.

    Attributes:
        name: Name of the layer.
        sources: Ids of its input tensors.
        output: Its output.
    """

    name: str
    sources: tuple[int, ...]
    output: keras.KerasTensor


@dataclasses.dataclass
class FlatNetwork:
    """Calls of layers on an image of any size, in a valid order.

    The layers of inner models are at the same level as the others. Layers that do nothing in
    inference mode are left out, and so are those that work only for one size of image, such as
    logits after `Flatten`.

    Attributes:
        image: The input, `(None, None, None, 3)`.
        steps: The calls.
        refused: Reasons by name, for layers that do not accept any size.
        last: The output of the network, or its last map if the output is not available.
    """

    image: keras.KerasTensor
    steps: list[Step] = dataclasses.field(default_factory=list)
    refused: dict[str, str] = dataclasses.field(default_factory=dict)
    last: keras.KerasTensor | None = None

    def run(self, model: keras.Model, arguments: tuple) -> Any:
        """Calls a model's layers one by one on tensors of this network."""
        if isinstance(model, keras.Sequential):
            result = arguments[0]
            for layer in model.layers:
                result = self.call(layer, (result,), {})
            return result
        return model._run_through_graph(
            arguments,
            operation_fn=lambda layer: lambda *given, **named: self.call(layer, given, named),
        )

    def call(self, layer: Any, given: tuple, named: dict) -> Any:
        """Calls a layer, unless one of its inputs is missing."""
        sources = [item for item in keras.tree.flatten((given, named)) if _is_tensor(item)]
        if MISSING in sources:
            return MISSING
        if isinstance(layer, keras.Model):
            return self.run(layer, given)
        if isinstance(layer, IDLE):
            return given[0]
        try:
            output = layer(*given, **named)
        # A layer may raise anything for a size that it does not accept.
        except (*DAMAGE, RuntimeError, tf.errors.OpError) as error:
            self.refused[layer.name] = first_line(error)
            return MISSING
        self.steps.append(Step(layer.name, tuple(map(id, sources)), output))
        return output


class _Missing:
    """Placeholder for the output of a layer that was not called."""


MISSING = _Missing()


def _is_tensor(item):
    return item is MISSING or isinstance(item, keras.KerasTensor)


def flatten(model: keras.Model) -> FlatNetwork:
    """Calls a model's layers on a color image of any size.

    Raises:
        ValueError: If its input is not one color image, channels last.
    """
    check_image_input(model)
    network = FlatNetwork(keras.Input((None, None, 3), name="image", dtype="float32"))
    network.last = keras.tree.flatten(network.run(model, (network.image,)))[-1]
    if network.last is MISSING:
        maps = [step.output for step in network.steps if len(step.output.shape) == 4]
        network.last = maps[-1] if maps else network.image
    return network


def check_image_input(model: keras.Model) -> None:
    """Checks that a model takes one color image, channels last.

    Raises:
        ValueError: If it does not.
    """
    shapes = [tuple(tensor.shape)[1:] for tensor in getattr(model, "inputs", None) or ()]
    if len(shapes) != 1 or len(shapes[0]) != 3 or shapes[0][2] != 3:
        raise ValueError(
            "its input must be one color image, (height, width, 3). "
            f"Received: {', '.join(map(str, shapes)) or 'no input'}"
        )
