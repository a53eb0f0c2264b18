"""The networks of a run of memgan_plus as backbones of the detectors on patches."""

import tensorflow as tf

from memgan_tf.backbones.backbone import Backbone
from memgan_tf.detectors.registry import make_detector
from memgan_tf.layers.shrinking import shrink
from memgan_tf.networks.blocks import normalize
from memgan_tf.training.checkpoints import raw_variable

# The classifier of turns, E, D, and the classifier with its initial weights.
NETWORKS = ("turns", "encoder", "discriminator", "untrained")


class TrunkMaps:
    """Maps of one network, from pixels; what `Backbone` expects of a model.

    Args:
        trace: Function from scaled images to all maps, finest first.
        scaling: Layer that scales pixels.
        num_channels: Channels of the run's images.
        layers: Positions of the maps to use; 0 is the finest.
    """

    def __init__(self, trace, scaling, num_channels, layers):
        self._trace, self._scaling = trace, scaling
        self._num_channels, self._layers = num_channels, layers
        self.variables = []

    def __call__(self, images, training=False):
        del training
        # Detectors on patches repeat gray images to three channels.
        maps = self._trace(self._scaling(images[..., : self._num_channels]))
        return [tf.cast(maps[layer], tf.float32) for layer in self._layers]


def make_backbone(run, images, name, layers):
    """A backbone of one of `NETWORKS`.

    Args:
        run: A `TrainedRun` of memgan_plus.
        images: Its training images.
        name: Which network.
        layers: See `TrunkMaps`.
    """
    trace, scaling = _trace(run, images, name)
    shape = run.config.image_shape
    model = TrunkMaps(trace, scaling, shape[2], layers)
    maps = model(tf.zeros((1, *shape)))
    return Backbone(
        model=model,
        name=name,
        layers=tuple(f"halving {layer + 1}" for layer in layers),
        strides=tuple(2 ** (layer + 1) for layer in layers),
        channels=tuple(values.shape[-1] for values in maps),
        sha256="",
        license="trained on the same photographs",
    )


def _trace(run, images, name):
    """The function and the scaling of `TrunkMaps`."""
    networks = run.detector.model.scoring
    if name == "untrained":
        fresh = make_detector(run.config)
        fresh.initialize(images)
        networks = fresh.model.scoring
    if name == "discriminator":
        return _convolutions(_read_discriminator(run, images).trunk), networks.scaling
    if name == "encoder":
        return _convolutions(networks.encoder.trunk), networks.scaling
    return _blocks(networks.turns, networks.turned_shape), networks.scaling


def _blocks(classifier, side):
    def trace(scaled):
        if tuple(scaled.shape[1:3]) != side:
            scaled = shrink(scaled, side)
        maps = [tf.nn.relu(classifier.first(scaled))]
        for block in classifier.blocks:
            maps.append(block(maps[-1]))
        return maps

    return trace


def _convolutions(trunk):
    def trace(scaled):
        maps = []
        for convolution, layer in zip(trunk.convolutions, trunk.normalizations, strict=True):
            scaled = normalize(layer, convolution(scaled), False, None)
            scaled = tf.nn.leaky_relu(scaled, trunk.negative_slope)
            maps.append(scaled)
        return maps

    return trace


def _read_discriminator(run, images):
    """D of the newest checkpoint; scoring does not need it, so `TrainedRun` leaves it out."""
    model = make_detector(run.config).make_trainer(images).model
    found = [raw_variable(v) for v in model.discriminator.trainable_variables]
    newest = tf.train.latest_checkpoint(str(run.directory.checkpoints))
    checkpoint = tf.train.Checkpoint(player_discriminator=found)
    checkpoint.restore(newest).assert_existing_objects_matched().expect_partial()
    return model.discriminator
