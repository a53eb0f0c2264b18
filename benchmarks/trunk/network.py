"""A small residual network in two forms: for training and for use."""

import keras
import numpy as np

# Channels and residual blocks of each stage. All stages but the first halve the maps.
STAGES = ((32, 1), (64, 2), (128, 2), (192, 2))
# Ends of the stages whose maps are used, and their strides in pixels of a CIFAR-10 image.
USED = {"stage2": 2, "stage3": 4, "stage4": 8}
EPSILON = 1e-3


def make_trunk(is_folded: bool, shrink: int = 1) -> keras.Model:
    """The network for RGB from 0 to 255, with the maps of `USED`, finest first.

    Args:
        is_folded: Whether its convolutions have a bias; otherwise they have batch normalization,
            for training.
        shrink: Number of pixels in each direction that are averaged before the first layer.
    """
    image = keras.Input((None, None, 3), name="image")
    values = image
    if shrink > 1:
        values = keras.layers.AveragePooling2D(shrink, padding="same", name="shrink")(values)
    values = keras.layers.Rescaling(1 / 64, -2.0, name="scaling")(values)
    values = _convolve(values, STAGES[0][0], "stem", is_folded)
    values = keras.layers.ReLU(name="stem_relu")(values)
    ends = []
    for number, (channels, blocks) in enumerate(STAGES, 1):
        for index in range(blocks):
            stride = 2 if number > 1 and index == 0 else 1
            is_last = index == blocks - 1
            name = f"stage{number}" if is_last else f"stage{number}_block{index + 1}"
            values = _block(values, channels, stride, name, is_folded)
        ends.append(values)
    return keras.Model(image, ends[-len(USED) :], name="trunk")


def _block(values, channels, stride, name, is_folded):
    """Two convolutions with a skip connection; the last layer has the name of the block."""
    inside = _convolve(values, channels, f"{name}_first", is_folded, stride)
    inside = keras.layers.ReLU(name=f"{name}_relu")(inside)
    inside = _convolve(inside, channels, f"{name}_second", is_folded)
    if stride > 1 or values.shape[-1] != channels:
        values = keras.layers.AveragePooling2D(stride, padding="same", name=f"{name}_pool")(values)
        values = _convolve(values, channels, f"{name}_beside", is_folded, side=1)
    total = keras.layers.Add(name=f"{name}_add")([inside, values])
    return keras.layers.ReLU(name=name)(total)


def _convolve(values, channels, name, is_folded, stride=1, side=3):
    found = keras.layers.Conv2D(
        channels,
        side,
        stride,
        "same",
        use_bias=is_folded,
        kernel_initializer="he_normal",
        name=name,
    )(values)
    if is_folded:
        return found
    return keras.layers.BatchNormalization(momentum=0.9, epsilon=EPSILON, name=f"{name}_norm")(
        found
    )


def fold(trained: keras.Model, shrink: int) -> keras.Model:
    """The network with batch normalization folded into 16-bit weights, for the same maps."""
    found = make_trunk(True, shrink)
    for layer in found.layers:
        if not layer.weights:
            continue
        norm = trained.get_layer(f"{layer.name}_norm")
        gain, offset, mean, variance = (np.asarray(w, np.float64) for w in norm.weights)
        gain = gain / np.sqrt(variance + EPSILON)
        (kernel,) = trained.get_layer(layer.name).get_weights()
        layer.set_weights([_rounded(kernel * gain), _rounded(offset - mean * gain)])
    return found


def _rounded(values):
    return values.astype(np.float16).astype(np.float32)
