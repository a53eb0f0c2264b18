"""Networks of keras-hub: from layers of Keras' own, at any size."""

import sys

import keras
import numpy as np
import pytest

from memgan_tf.backbones.carrying import read_backbone, save_backbone
from memgan_tf.backbones.making import make_backbone
from memgan_tf.backbones.randomness import randomize
from memgan_tf.backbones.transformers import from_dinov2

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(scope="module")
def hub():
    return pytest.importorskip("keras_hub", reason="the extra `hub` is not installed")


def pixels(height, width):
    return np.random.default_rng(0).uniform(0, 255, (1, height, width, 3)).astype("float32")


@pytest.mark.parametrize(
    ("preset", "strides", "channels"),
    [
        ("efficientnet_lite0_ra_imagenet", (8, 16, 16, 32), (40, 80, 112, 192)),
        ("resnet_18_imagenet", (8, 16, 32), (128, 256, 512)),
        ("dinov2_small", (14,), (384,)),
    ],
)
def test_presets(hub, tmp_path, preset, strides, channels):
    backbone = make_backbone(f"hub:{preset}", weights="random")
    assert (backbone.strides, backbone.channels) == (strides, channels)
    assert backbone.name == f"hub:{preset}"
    images = pixels(112, 168)
    maps = backbone.maps(images)
    assert [tuple(found.shape) for found in maps] == [
        (1, -(-112 // stride), -(-168 // stride), count)
        for stride, count in zip(strides, channels, strict=True)
    ]
    assert all(np.std(found) > 0 for found in maps)
    save_backbone(backbone, tmp_path)
    for before, after in zip(maps, read_backbone(tmp_path).maps(images), strict=True):
        np.testing.assert_array_equal(before, after)


@pytest.mark.parametrize("registers", [0, 2])
def test_dinov2_as_keras_hub_computes(hub, registers):
    """At the one size that keras-hub's network knows, the same tokens."""
    theirs = hub.models.DINOV2Backbone(
        patch_size=14,
        num_layers=3,
        hidden_dim=24,
        num_heads=3,
        intermediate_dim=48,
        num_register_tokens=registers,
        antialias_in_interpolation=bool(registers),
        image_shape=(56, 56, 3),
        position_embedding_shape=(98, 98),
    )
    randomize(theirs)
    generator = np.random.default_rng(1)
    for block in theirs.encoder.layers:
        block.layer_scale1.lambda1.assign(generator.uniform(0.5, 2, 24))
        block.layer_scale2.lambda1.assign(generator.uniform(0.5, 2, 24))
    embeddings = theirs.embeddings
    embeddings.position_embeddings.assign(generator.normal(size=(1, 50, 24)))
    embeddings.interpolated_position_embeddings.assign(
        embeddings._interpolate_position_embeddings(
            embeddings.position_embeddings, 14, (98, 98), (56, 56), bool(registers)
        )
    )
    image = keras.Input((None, None, 3))
    ours = keras.Model(image, from_dinov2(theirs, image))
    images = pixels(56, 56) / 255
    expected = np.asarray(theirs({"images": images}))[:, 1 + registers :].reshape(1, 4, 4, 24)
    np.testing.assert_allclose(ours(images)[-1], expected, atol=2e-5)


def test_weights_of_a_preset_in_a_file(hub, tmp_path):
    """`model.weights.h5`, as it lies in a preset's folder."""
    from memgan_tf.backbones.hub import _build

    model = _build(hub, "resnet_18_imagenet")
    randomize(model, seed=3)
    path = tmp_path / "model.weights.h5"
    model.save_weights(path)
    backbone = make_backbone("hub:resnet_18_imagenet", weights=str(path))
    assert "brought as a file" in backbone.license
    first = next(x for x in backbone.model.layers if isinstance(x, keras.layers.Conv2D))
    np.testing.assert_array_equal(first.kernel, model.get_layer(first.name).kernel)
    with pytest.raises(ValueError, match="must be weights of efficientnet_lite0_ra_imagenet"):
        make_backbone("hub:efficientnet_lite0_ra_imagenet", weights=str(path))


@pytest.mark.parametrize("preset", ["resnet_18_imagnet", "kaggle://x/y", "/tmp", "gpt2_base_en"])
def test_unknown_preset(hub, preset):
    with pytest.raises(ValueError, match=r"must name a preset[^\n]*nearest are [^\n]*$"):
        make_backbone(f"hub:{preset}", weights="random")


def test_no_weights_and_no_network(hub, monkeypatch):
    def unreachable(*_, **__):
        raise OSError("unreachable")

    monkeypatch.setattr(hub.models.ResNetBackbone, "from_preset", unreachable)
    with pytest.raises(ValueError, match=r"^[^\n]*--backbone_weights=[^\n]*--detector=pca[^\n]*$"):
        make_backbone("hub:resnet_18_imagenet")


def test_without_keras_hub(monkeypatch):
    monkeypatch.setitem(sys.modules, "keras_hub", None)
    with pytest.raises(ValueError, match=r"needs keras-hub: pip install 'memgan_tf\[hub\]'"):
        make_backbone("hub:resnet_18_imagenet", weights="random")
