"""Named networks: layers, scaling, weights from Keras' cache and from files."""

import importlib
import socket

import keras
import numpy as np
import pytest

from memgan_tf.backbones import downloads
from memgan_tf.backbones.catalog import DEFAULT_BACKBONE, NETWORKS
from memgan_tf.backbones.flat import flatten
from memgan_tf.backbones.making import make_backbone
from memgan_tf.backbones.maps import choose, find_maps
from memgan_tf.backbones.named_weights import load_weights
from memgan_tf.backbones.randomness import randomize
from tests.tiny_backbone import make_tiny_network

PACKAGES = {
    "mobilenet_v2": "mobilenet_v2",
    "efficientnet_b0": "efficientnet",
    "efficientnet_v2_b0": "efficientnet_v2",
    "resnet50": "resnet",
}


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache of Keras'."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr(downloads, "_folders", lambda: [tmp_path / "models"])
    (tmp_path / "models").mkdir()
    return tmp_path / "models"


def build(name, top=False):
    builder = getattr(keras.applications, NETWORKS[name].builder)
    model = builder(weights=None) if top else builder(include_top=False, weights=None)
    randomize(model)
    return model


def check_layers(model, network):
    """The table agrees with the rule for files: ends of blocks at strides 8, 16 and 32."""
    found = choose(find_maps(flatten(model)), 4)
    assert tuple(item.layer for item in found) == network.layers
    # ResNet50 has one stage of stride 16.
    few = network is NETWORKS["resnet50"]
    assert [item.stride for item in found] == [8, 16, 32] if few else [8, 16, 16, 32]


@pytest.mark.parametrize("name", NETWORKS)
def test_as_keras_would_compute(name, cache, monkeypatch):
    """From the file in Keras' cache, the maps of keras.applications with its preprocessing."""
    network = NETWORKS[name]
    model = build(name)
    check_layers(model, network)
    model.save(cache / network.cached)
    asked = []

    def get_file(fname, *_, **__):
        asked.append(fname)
        return str(cache / fname)

    monkeypatch.setattr("keras.src.utils.file_utils.get_file", get_file)
    backbone = make_backbone(name)
    assert not asked, "a file in the cache needs no network"
    builder = getattr(keras.applications, network.builder)
    theirs = builder(include_top=False, weights="imagenet", input_shape=(224, 224, 3))
    assert asked == [network.cached]
    images = np.random.default_rng(0).uniform(0, 255, (1, 224, 224, 3)).astype("float32")
    package = importlib.import_module(f"keras.applications.{PACKAGES[name]}")
    part = keras.Model(theirs.input, [theirs.get_layer(x).output for x in network.layers])
    expected = part(package.preprocess_input(images.copy()))
    for found, wanted in zip(backbone.maps(images), expected, strict=True):
        scale = float(np.abs(wanted).max())
        # Random networks magnify what rounding leaves: both are up to 5e-4 from a network in
        # float64. A missing factor would be of order one.
        np.testing.assert_allclose(found / scale, wanted / scale, atol=2e-3)


def test_random_weights_repeat_and_say_so():
    first, second = (make_backbone("mobilenet_v2", weights="random") for _ in range(2))
    assert first.sha256 == second.sha256
    assert "random weights" in first.license


KINDS = ("h5", "weights.h5", "keras")


@pytest.fixture(scope="module")
def small_files(tmp_path_factory):
    """Weights of a tiny network in every kind of file, with and without logits."""
    folder = tmp_path_factory.mktemp("weights")
    bare, whole = make_tiny_network(top=False), make_tiny_network(top=True)
    whole.set_weights([*bare.get_weights(), *whole.get_weights()[len(bare.weights) :]])
    for kind in KINDS:
        for part, model in (("bare", bare), ("whole", whole)):
            path = folder / f"{part}.{kind}"
            (model.save_weights if kind == "weights.h5" else model.save)(path)
    return folder, bare


def load_tiny(path):
    return load_weights(lambda top: make_tiny_network(seed=1, top=top), "tiny", path)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("part", ["bare", "whole"])
def test_every_kind_of_file(small_files, part, kind):
    folder, expected = small_files
    found = load_tiny(folder / f"{part}.{kind}")
    assert len(found.weights) == len(expected.weights)
    for ours, theirs in zip(found.weights, expected.weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("kind", KINDS)
def test_weights_of_another_network(tmp_path, kind):
    image = keras.Input((None, None, 3))
    model = keras.Model(image, keras.layers.Conv2D(8, 5)(image))
    path = tmp_path / f"other.{kind}"
    (model.save_weights if kind == "weights.h5" else model.save)(path)
    with pytest.raises(ValueError, match=r"must be weights of tiny[^\n]*$"):
        load_tiny(path)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_damaged_weights(small_files, tmp_path, kind, share):
    content = (small_files[0] / f"bare.{kind}").read_bytes()
    path = tmp_path / f"short.{kind}"
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(ValueError, match=r"short[^ ]* is damaged or [^\n]*$"):
        load_tiny(path)


def test_no_weights_and_no_network(cache, monkeypatch):
    """One line with the ways out, at once."""

    def unreachable(*_, **__):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unreachable)
    monkeypatch.setenv("no_proxy", "*")
    with pytest.raises(ValueError, match=r"^[^\n]*$") as caught:
        make_backbone(DEFAULT_BACKBONE)
    message = str(caught.value)
    ways = ("--backbone_weights=", "--backbone=filters", "--detector=pca", "memgan_plus")
    for part in ("efficientnetb0_notop.h5", *ways):
        assert part in message
    assert not list(cache.iterdir())


def test_silent_network(cache, monkeypatch):
    """A server that accepts and says nothing is given up; sockets wait as before."""
    monkeypatch.setattr(downloads, "PATIENCE", 0.3)
    before = socket.getdefaulttimeout()
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}/"
        monkeypatch.setattr("keras.src.applications.efficientnet.BASE_WEIGHTS_PATH", address)
        monkeypatch.setenv("no_proxy", "*")
        with pytest.raises(ValueError, match=r"download failed[^\n]*timed out[^\n]*$"):
            make_backbone("efficientnet_b0")
    assert socket.getdefaulttimeout() == before
