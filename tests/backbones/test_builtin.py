"""The network that ships with the package."""

import json
import pathlib
import socket

import h5py
import numpy as np
import pytest

from memgan_tf.backbones.archive import in_memory, read_members
from memgan_tf.backbones.builtin import LAYERS, PATH
from memgan_tf.backbones.making import make_backbone
from memgan_tf.config import features, resolve

ROOT = pathlib.Path(__file__).parents[2]
LARGEST_FILE = 5_000_000


@pytest.fixture(scope="module")
def backbone():
    """Made without a network."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "create_connection", None)
        patch.setattr(socket, "getaddrinfo", None)
        return make_backbone("builtin")


def test_its_maps_follow_the_image(backbone):
    image = np.random.default_rng(0).uniform(0, 255, (1, 64, 96, 3)).astype("float32")
    assert backbone.layers == LAYERS
    assert [found.shape[1:3] for found in backbone.maps(image)] == [
        (64 // stride, 96 // stride) for stride in backbone.strides
    ]
    assert backbone.notes == ()


def test_it_says_what_it_has_seen(backbone):
    assert "CIFAR-10, its labels included" in backbone.license
    assert backbone.license in (ROOT / "docs" / "backbones.md").read_text()


def test_the_file_is_small_and_in_half_precision():
    assert PATH.stat().st_size <= LARGEST_FILE
    kinds = set()
    with h5py.File(in_memory(read_members(PATH)[1])) as file:
        file.visititems(lambda _, item: kinds.add(getattr(item, "dtype", None)))
    assert kinds == {None, np.dtype("float16")}


def test_the_record_is_of_this_file(backbone):
    record = json.loads((ROOT / "results" / "backbones" / "builtin.json").read_text())
    assert record["sha256"] == backbone.sha256


def test_the_last_maps_are_taken_where_fewer_are_asked_for(backbone):
    assert make_backbone("builtin", num_maps=1).layers == LAYERS[-1:]


@pytest.mark.parametrize("dataset", ["cifar10", "tfds:cifar10", "tfds:cifar10:3.0.2"])
def test_it_is_kept_out_of_the_tables_of_the_set_it_was_taught(dataset):
    given = {"dataset": dataset, "normal_class": 0, "backbone": features.BUILTIN}
    with pytest.raises(ValueError, match="`backbone` must not be builtin on cifar10"):
        resolve("features_knn", "default", (32, 32, 3), given)
    resolve("features_knn", "default", (32, 32, 3), {**given, "backbone": "efficientnet_b0"})
    resolve("features_knn", "default", (28, 28, 1), {**given, "dataset": "mnist"})
