"""Random weights, for tests and for measuring time."""

import keras
import numpy as np

from memgan_tf.backbones.flat import flatten

LICENSE = "random weights: nothing learned, for tests only"


def randomize(model: keras.Model, seed: int = 0) -> None:
    """Sets random kernels; batch normalization is measured on noise, to preserve magnitudes."""
    generator = np.random.default_rng(seed)
    for weight in model.weights:
        shape = tuple(weight.shape)
        if len(shape) >= 2:
            values = generator.normal(size=shape) / np.sqrt(np.prod(shape[:-1]))
            weight.assign(values.astype("float32"))
    measured = [x for x in model.layers if isinstance(x, keras.layers.BatchNormalization)]
    momenta = [layer.momentum for layer in measured]
    for layer in measured:
        layer.momentum = 0.0
    if not measured:
        return
    network = flatten(model)
    noise = generator.uniform(0, 255, (2, 128, 128, 3)).astype("float32")
    keras.Model(network.image, network.steps[-1].output)(noise, training=True)
    for layer, momentum in zip(measured, momenta, strict=True):
        layer.momentum = momentum
