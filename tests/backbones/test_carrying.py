"""What a run carries of a backbone."""

import json
import socket
import zipfile

import keras
import numpy as np
import pytest

from memgan_tf.backbones.carrying import read_backbone, save_backbone
from memgan_tf.backbones.making import make_backbone
from tests.backbones import hostile_files as hostile
from tests.tiny_backbone import write_tiny_backbone


def test_same_maps_to_the_bit(tiny, tmp_path):
    made = make_backbone(f"file:{tiny}")
    save_backbone(made, tmp_path)
    read = read_backbone(tmp_path)
    image = np.random.default_rng(0).uniform(0, 255, (1, 40, 56, 3)).astype("float32")
    for before, after in zip(made.model(image), read.model(image), strict=True):
        np.testing.assert_array_equal(before, after)
    for key in ("name", "layers", "strides", "channels", "sha256", "license", "notes"):
        assert getattr(made, key) == getattr(read, key)


@pytest.fixture
def carried(tiny, tmp_path):
    save_backbone(make_backbone(f"file:{tiny}"), tmp_path)
    return tmp_path


def change(folder, **facts):
    path = folder / "backbone.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | facts))


@pytest.mark.parametrize(
    "facts",
    [
        {"sha256": "0" * 64},
        {"sha256": 3},
        {"sha256": "x" * 64},
        {"layers": ["first", "third", "second"]},
        {"layers": ["first", "second"]},
        {"layers": []},
        {"layers": "first"},
        {"strides": [4, 4, 8]},
        {"strides": [2.0, 4, 8]},
        {"channels": [8, 12, True]},
        {"channels": None},
        {"name": "x" * 1000},
        {"name": "two\nlines"},
        {"license": 7},
        {"notes": [1]},
        {"format": 2},
    ],
)
def test_facts_that_do_not_hold(carried, facts):
    change(carried, **facts)
    with pytest.raises(ValueError, match=r"backbone\.(json|keras) is damaged: [^\n]*$"):
        read_backbone(carried)


@pytest.mark.parametrize("name", ["backbone.keras", "backbone.json"])
def test_missing_file(carried, name):
    (carried / name).unlink()
    with pytest.raises(ValueError, match=f"{name}.*missing"):
        read_backbone(carried)


@pytest.mark.parametrize("content", ["", "[]", "{}", "null", "{", "[" * 100_000])
def test_damaged_facts(carried, content):
    (carried / "backbone.json").write_text(content)
    with pytest.raises(ValueError, match=r"backbone\.json is [^\n]*$"):
        read_backbone(carried)


def test_other_weights(carried, tmp_path_factory):
    """A network of the same shape in its place is noticed."""
    other = tmp_path_factory.mktemp("other")
    save_backbone(make_backbone(f"file:{write_tiny_backbone(other / 'b.keras', seed=1)}"), other)
    (carried / "backbone.keras").write_bytes((other / "backbone.keras").read_bytes())
    with pytest.raises(ValueError, match="its sha256 must be"):
        read_backbone(carried)


def test_hostile_network(carried):
    path = carried / "backbone.keras"
    hostile.with_layer(path, path, class_name="Lambda")
    with pytest.raises(ValueError, match="class_name=Lambda"):
        read_backbone(carried)


def test_never_asks_the_network(carried, monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("asked the network")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    assert read_backbone(carried).strides == (2, 4, 8)


def test_a_full_disk_leaves_what_was_there(carried, tiny, monkeypatch):
    before = {path.name: path.read_bytes() for path in carried.iterdir()}
    other = make_backbone(f"file:{tiny}", layers="first")

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(type(other.model), "save_weights", full)
    with pytest.raises(OSError, match="No space left"):
        save_backbone(other, carried)
    assert {path.name: path.read_bytes() for path in carried.iterdir()} == before


def test_the_same_files_each_time(tiny, tmp_path):
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        save_backbone(make_backbone(f"file:{tiny}"), tmp_path / name)
    for name in ("backbone.keras", "backbone.json"):
        first, second = (tmp_path / folder / name for folder in ("first", "second"))
        assert first.read_bytes() == second.read_bytes()


def test_keras_reads_it(tiny, tmp_path):
    backbone = make_backbone(f"file:{tiny}")
    save_backbone(backbone, tmp_path)
    image = np.random.default_rng(0).uniform(0, 255, (1, 32, 32, 3)).astype("float32")
    theirs = keras.models.load_model(tmp_path / "backbone.keras")(image)
    for ours, found in zip(backbone.maps(image), theirs, strict=True):
        np.testing.assert_array_equal(ours, found)


def test_digest_is_of_the_weights_in_use(tiny, tmp_path):
    """Packaging, dates and unused layers do not count; each weight does."""
    whole = make_backbone(f"file:{tiny}")
    hostile.write(tmp_path / "packed.keras", hostile.members(tiny), zipfile.ZIP_DEFLATED)
    assert make_backbone(f"file:{tmp_path / 'packed.keras'}").sha256 == whole.sha256
    for seed, same in ((0, True), (1, False)):
        path = write_tiny_backbone(tmp_path / "again.keras", seed)
        assert (make_backbone(f"file:{path}").sha256 == whole.sha256) == same
