"""Files from strangers: refused in one line before Keras builds anything from them."""

import keras
import numpy as np
import pytest

from memgan_tf.backbones.keras_file import read_model
from memgan_tf.backbones.making import make_backbone
from tests.backbones import hostile_files as hostile

CUSTOM = {"module": None, "registered_name": "stranger>Echo", "class_name": "Echo"}
CASES = {
    "custom": (lambda s, p: hostile.with_layer(s, p, **CUSTOM), "Keras' own"),
    "os": (lambda s, p: hostile.with_layer(s, p, module="os", class_name="system"), "Keras' own"),
    "module os": (lambda s, p: hostile.with_layer(s, p, module="os"), "module=os"),
    "registered": (
        lambda s, p: hostile.with_layer(s, p, registered_name="stranger>Echo"),
        "registered_name=stranger>Echo",
    ),
    "TFSMLayer": (lambda s, p: hostile.with_layer(s, p, class_name="TFSMLayer"), "TFSMLayer"),
    "TorchModuleWrapper": (
        lambda s, p: hostile.with_layer(s, p, class_name="TorchModuleWrapper"),
        "TorchModuleWrapper",
    ),
    "activation": (lambda s, p: hostile.with_setting(s, p, activation="eval"), "`activation`"),
    "activation of os": (
        lambda s, p: hostile.with_setting(
            s,
            p,
            activation={
                "module": "os",
                "class_name": "function",
                "config": "relu",
                "registered_name": "function",
            },
        ),
        "module=os",
    ),
    "initializer": (
        lambda s, p: hostile.with_setting(
            s, p, kernel_initializer={"module": "os", "class_name": "Zeros", "config": {}}
        ),
        "module=os",
    ),
    "object in settings": (
        lambda s, p: hostile.with_setting(
            s, p, filters={"module": "keras.layers", "class_name": "Lambda", "config": {}}
        ),
        "class_name=Lambda",
    ),
    "lambda in settings": (
        lambda s, p: hostile.with_setting(
            s, p, strides={"class_name": "__lambda__", "config": {"value": ""}}
        ),
        "class_name=__lambda__",
    ),
    "huge layer": (lambda s, p: hostile.with_setting(s, p, -1, units=2**30), "do not match"),
    "bomb": (hostile.bomb, "expand"),
    "claim": (hostile.large_claim, "2147483648"),
    "more members": (
        lambda s, p: hostile.write(p, hostile.members(s) | {"assets/x.txt": b"x"}),
        "alone",
    ),
    "upward path": (
        lambda s, p: hostile.write(
            p, {("../x" if "meta" in k else k): v for k, v in hostile.members(s).items()}
        ),
        "alone",
    ),
    "no weights": (
        lambda s, p: hostile.write(p, {"config.json": hostile.members(s)["config.json"]}),
        "model.weights.h5",
    ),
    "no model": (
        lambda s, p: hostile.write(p, hostile.members(s) | {"config.json": b"[1, 2]"}),
        "model",
    ),
    "deep": (
        lambda s, p: hostile.write(p, hostile.members(s) | {"config.json": b"[" * 100_000}),
        "cannot be used",
    ),
    "large array": (lambda s, p: hostile.with_weights(s, p, hostile.large_array), "expand"),
    "link": (lambda s, p: hostile.with_weights(s, p, hostile.linked), "must not link to elsewhere"),
    "external": (lambda s, p: hostile.with_weights(s, p, hostile.kept_elsewhere), "kept in"),
    "shape": (lambda s, p: hostile.with_weights(s, p, hostile.other_shape), "do not fit"),
}


@pytest.mark.parametrize("name", CASES)
def test_refused(tiny, tmp_path, name):
    make, reason = CASES[name]
    path = tmp_path / "hostile.keras"
    make(tiny, path)
    with pytest.raises(ValueError, match=r"^[^\n]*$") as caught:
        make_backbone(f"file:{path}")
    assert reason in str(caught.value)
    assert str(path) in str(caught.value)


def test_code_does_not_run(tmp_path):
    path, witness = tmp_path / "hostile.keras", tmp_path / "witness"
    hostile.calls_code(path, witness)
    with pytest.raises(ValueError, match="class_name=Lambda"):
        make_backbone(f"file:{path}")
    assert not witness.exists()
    # The file is as hostile as it looks: Keras runs the code where it is allowed to.
    keras.models.load_model(path, safe_mode=False)(np.zeros((1, 8, 8, 3), "float32"))
    assert witness.exists()


def test_registered_object_is_not_found(tiny, tmp_path):
    """Not even by a name that some package of this process has registered."""
    path = tmp_path / "hostile.keras"
    with keras.saving.CustomObjectScope({"relu": exec, "stranger>Echo": exec, "Conv2D": exec}):
        hostile.with_layer(tiny, path, registered_name="stranger>Echo")
        with pytest.raises(ValueError, match="Keras' own"):
            read_model(path)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_cut_short(tiny, tmp_path, share):
    path = tmp_path / "short.keras"
    content = tiny.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(ValueError, match=r"short\.keras is damaged or is not a \.keras file"):
        make_backbone(f"file:{path}")


def test_every_byte_counts_or_is_refused(tiny, tmp_path):
    """A flipped byte is refused in one line or changes nothing of the network."""
    whole, path = tiny.read_bytes(), tmp_path / "flipped.keras"
    good = make_backbone(f"file:{tiny}").sha256
    for position in np.random.default_rng(0).integers(0, len(whole), 40):
        content = bytearray(whole)
        content[position] ^= 0xFF
        path.write_bytes(content)
        try:
            found = make_backbone(f"file:{path}")
        except ValueError as error:
            assert "\n" not in str(error)  # noqa: PT017
        else:
            assert found.sha256 == good


def test_weights_of_another_network(tiny, tmp_path):
    other = tmp_path / "other.keras"
    image = keras.Input((None, None, 3))
    keras.Model(image, keras.layers.Conv2D(8, 5)(image)).save(other)
    path = tmp_path / "mixed.keras"
    contents = hostile.members(tiny)
    contents["model.weights.h5"] = hostile.members(other)["model.weights.h5"]
    hostile.write(path, contents)
    with pytest.raises(ValueError, match="so they do not match"):
        make_backbone(f"file:{path}")


def test_good_file_is_read(tiny):
    """What is refused above is refused for what was changed."""
    assert len(make_backbone(f"file:{tiny}").layers) == 3
