import dataclasses
import json
import re
import subprocess
import sys

import pytest

from memgan_tf import config
from memgan_tf.config.fields import field_type
from memgan_tf.config.run import INDIFFERENT

SHAPES = {"digits": (8, 8, 1), "mnist": (28, 28, 1), "cifar10": (32, 32, 3), "large": (64, 64, 3)}


@pytest.mark.parametrize("detector", sorted(config.DETECTORS))
@pytest.mark.parametrize("preset", config.PRESET_NAMES)
@pytest.mark.parametrize("family", sorted(SHAPES))
def test_every_preset_resolves_for_every_family(detector, preset, family):
    resolved = config.resolve(detector, preset, SHAPES[family], {"normal_class": 1})
    assert config.image_family(resolved.image_shape) == family
    assert resolved.data.normal_class == 1


def test_the_papers_settings():
    mnist = config.resolve("memgan", "paper", SHAPES["mnist"], {})
    cifar = config.resolve("memgan", "paper", SHAPES["cifar10"], {})
    assert (mnist.model.num_units, mnist.model.latent_dim, mnist.training.epochs) == (50, 64, 7)
    assert (cifar.model.num_units, cifar.model.latent_dim, cifar.training.epochs) == (100, 256, 10)
    for resolved in (mnist, cifar):
        assert resolved.model.encoder_adversarial == "saturating"
        assert resolved.training.ema_decay == 0.0
        assert resolved.model.temperature == 1.0
        assert 1e-5 <= resolved.training.learning_rate <= 1e-4


def test_overrides_win_over_presets():
    resolved = config.resolve("memgan", "paper", SHAPES["mnist"], {"epochs": 3, "num_units": 9})
    assert (resolved.training.epochs, resolved.model.num_units) == (3, 9)


def test_json_round_trip():
    resolved = config.resolve("memgan", "default", SHAPES["mnist"], {"normal_class": 4})
    text = json.dumps(resolved.to_dict())
    assert config.RunConfig.from_dict(json.loads(text)) == resolved


def test_a_saved_configuration_is_enough_to_run_it_again(tmp_path):
    overrides = {"dataset": "mnist", "normal_class": 4, "epochs": 3, "latent_dim": 9, "seed": 5}
    resolved = config.resolve("memgan", "paper", SHAPES["mnist"], overrides)
    path = tmp_path / "config.json"
    path.write_text(json.dumps(resolved.to_dict()))
    read = config.read_overrides(path)
    assert (read.pop("detector"), read.pop("preset")) == ("memgan", "paper")
    assert config.resolve("memgan", "paper", SHAPES["mnist"], read) == resolved


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("epochs", 0, "`epochs` must be at least 1. Received: epochs=0"),
        ("batch_size", -5, "`batch_size` must be at least 1"),
        ("latent_dim", 0, "`latent_dim` must be at least 1"),
        ("learning_rate", float("nan"), "`learning_rate` must be a finite number"),
        ("seed", 1.5, "`seed` must be an integer"),
        ("seed", True, "`seed` must be an integer"),
        ("normalization", "instance", "`normalization` must be one of batch, layer, none"),
        ("normalization", "bacth", "Received: normalization='bacth'. Did you mean batch?"),
        ("validation_fraction", 0.9, "`validation_fraction` must be at most 0.5"),
        ("jit_compile", "yes", "`jit_compile` must be one of True, False"),
        ("nonsense", 1, "`nonsense` is not a setting of memgan"),
        ("epoch", 1, "--detector=memgan --help. Did you mean epochs?"),
        ("modeldir", "x", "Did you mean model_dir?"),
        ("num_trees", 5, "is not a setting of memgan, but of isolation_forest. See"),
    ],
)
def test_bad_values(name, value, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        config.resolve("memgan", "default", SHAPES["mnist"], {name: value})


@pytest.mark.parametrize("shape", [(7, 8, 1), (8, 8193, 1), (8, 8, 2), (8, 8)])
def test_bad_image_shapes(shape):
    with pytest.raises(ValueError, match="sides of 8 to 8192 pixels and 1 or 3 channels"):
        config.resolve("memgan", "default", shape, {})


def test_settings_that_exclude_each_other():
    overrides = {"jit_compile": True, "distribution_strategy": "mirrored"}
    with pytest.raises(ValueError, match="`jit_compile` must be off where replicas share"):
        config.resolve("memgan", "default", SHAPES["mnist"], overrides)
    config.resolve("memgan", "default", SHAPES["mnist"], {**overrides, "normalization": "layer"})


@pytest.mark.parametrize(
    ("overrides", "whole"),
    [
        ({}, False),
        ({"jit_compile": True}, True),
        # Replicas exchange gradients between the networks' programs.
        (
            {
                "jit_compile": True,
                "distribution_strategy": "mirrored",
                "normalization": "layer",
            },
            False,
        ),
    ],
)
def test_the_step_is_compiled_as_a_whole_without_replicas(overrides, whole):
    resolved = config.resolve("memgan", "default", SHAPES["mnist"], overrides)
    assert resolved.training.compiles_step is whole


def test_differences_name_what_decides_the_result():
    first = config.resolve("memgan", "default", SHAPES["mnist"], {"epochs": 3})
    second = config.resolve("memgan", "default", SHAPES["mnist"], {"epochs": 4, "data_dir": "x"})
    assert first.differences(second) == ["epochs is 3 there and 4 here"]
    assert second.differences(second) == []


def test_field_names_are_unique_and_mean_the_same_everywhere():
    shared = {**config.DataConfig.describe(), **config.TrainingConfig.describe()}
    assert len(shared) == len(config.DataConfig.describe()) + len(config.TrainingConfig.describe())
    assert shared.keys() >= INDIFFERENT
    kinds = {}
    for model_class in (method.config for method in config.DETECTORS.values()):
        for name, field in model_class.describe().items():
            assert name not in shared
            assert kinds.setdefault(name, field_type(field)) == field_type(field)


def test_every_field_explains_itself():
    for part in (config.DataConfig, config.TrainingConfig, config.MemganConfig):
        assert dataclasses.is_dataclass(part)
        assert part.__dataclass_params__.frozen
        for field in part.describe().values():
            assert len(field.metadata["description"]) > 10


@pytest.mark.parametrize("text", ["", "[1, 2]", "{", '{"data": 3}'])
def test_unreadable_files(text, tmp_path):
    path = tmp_path / "config.json"
    path.write_text(text)
    with pytest.raises(ValueError, match="`config_file`"):
        config.read_overrides(path)


@pytest.mark.parametrize("part", ["data", "training", "model", "detector", "image_shape"])
def test_a_damaged_configuration_is_named(part):
    values = config.resolve("memgan", "default", SHAPES["mnist"], {}).to_dict()
    values.pop(part)
    with pytest.raises(ValueError, match=r"`config` lacks a part|`detector` must be one of"):
        config.RunConfig.from_dict(values)


def test_configuration_needs_no_tensorflow():
    code = (
        "import sys, memgan_tf, memgan_tf.config, memgan_tf.data, memgan_tf.tools.main;"
        "import memgan_tf.tools.train, memgan_tf.tools.evaluate, memgan_tf.tools.score;"
        "assert 'tensorflow' not in sys.modules and 'keras' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
