"""Backbones by name: maps, layers, strides."""

import keras
import numpy as np
import pytest

from memgan_tf.backbones.making import make_backbone
from tests import tiny_backbone


def photographs(side=64, count=2):
    return np.random.default_rng(0).uniform(0, 255, (count, side, side, 3)).astype("float32")


def test_tiny_file(tiny):
    backbone = make_backbone(f"file:{tiny}")
    assert backbone.name == "file:tiny.keras"
    assert backbone.layers == tiny_backbone.LAYERS
    assert backbone.strides == tiny_backbone.STRIDES
    assert backbone.channels == tiny_backbone.CHANNELS
    assert [tuple(found.shape) for found in backbone.model(photographs())] == [
        (2, 32, 32, 8),
        (2, 16, 16, 12),
        (2, 8, 8, 16),
    ]


def test_maps_are_those_of_the_file(tiny):
    backbone = make_backbone(f"file:{tiny}")
    whole = keras.models.load_model(tiny)
    part = keras.Model(whole.input, [whole.get_layer(name).output for name in backbone.layers])
    for ours, theirs in zip(backbone.model(photographs()), part(photographs()), strict=True):
        # Not to the last bit: batch normalization is folded into convolutions.
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-6 * np.abs(theirs).max())


def test_real_file(real):
    backbone = make_backbone(f"file:{real}")
    assert backbone.layers == ("block4", "block7", "block10", "block14")
    assert backbone.strides == (8, 16, 16, 32)
    assert backbone.channels == (40, 80, 112, 192)


@pytest.mark.parametrize(("count", "layers"), [(1, ("third",)), (2, ("second", "third"))])
def test_fewer_maps(tiny, count, layers):
    assert make_backbone(f"file:{tiny}", num_maps=count).layers == layers
