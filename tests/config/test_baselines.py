"""Rules of the baselines' configurations that no single field has."""

import re

import pytest

from memgan_tf import config

MNIST = (28, 28, 1)


@pytest.mark.parametrize(
    ("detector", "overrides", "message"),
    [
        ("dcae", {"widths": "8,x"}, "`widths` must be positive integers with commas"),
        ("dcae", {"widths": "0"}, "`widths` must be positive integers with commas"),
        ("dcae", {"jit_compile": True}, "`jit_compile` must be off for dcae"),
        ("deep_svdd", {"jit_compile": True}, "`jit_compile` must be off for deep_svdd"),
        ("kde", {"smallest_bandwidth": 6.0}, "`smallest_bandwidth` must be at most 5"),
        ("kde", {"epochs": 3}, "`epochs` is not a setting of kde"),
        ("pca", {"explained_variance": 1.0}, "`explained_variance` must be below 1 for pca"),
        ("memae", {"nu": 0.1}, "`nu` is not a setting of memae"),
        ("memae", {"latent_dim": -1}, "`latent_dim` must be at least 0"),
        ("vae", {"latent_dim": 0}, "`latent_dim` must be at least 1"),
        ("bigan", {"discriminator_dropout": 1.0}, "`discriminator_dropout` must be at most 0.99"),
        ("adgan", {"max_test_images": 1}, "`max_test_images` must be at least 2"),
    ],
)
def test_bad_values(detector, overrides, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        config.resolve(detector, "default", MNIST, overrides)


def test_a_shallow_run_can_be_repeated_from_its_own_file():
    """Its configuration has the training's defaults, which are no mistake."""
    resolved = config.resolve("kde", "default", MNIST, {"seed": 3})
    values = {**resolved.to_dict()["training"], **resolved.to_dict()["model"]}
    assert config.resolve("kde", "default", MNIST, values).training == resolved.training


def test_compiling_without_determinism_is_allowed():
    options = {"jit_compile": True, "deterministic_ops": False}
    assert config.resolve("dcae", "default", MNIST, options).training.jit_compile


@pytest.mark.parametrize("detector", sorted(config.DETECTORS))
def test_the_paper_preset_departs_from_nothing_and_overrides_are_told(detector):
    assert config.departures(config.resolve(detector, "paper", MNIST, {"seed": 4})) == []
    name, value = (
        ("min_side", 64) if config.by_features(detector) else ("input_scaling", "contrast")
    )
    changed = config.resolve(detector, "paper", MNIST, {name: value})
    assert any(f"{name} {value} (paper preset: " in d for d in config.departures(changed))


def test_what_adgan_leaves_out_is_told():
    told = " ".join(config.departures(config.resolve("adgan", "default", MNIST, {})))
    assert "num_inversion_steps 60 (paper preset: 500)" in told
    assert "max_test_images 2000 (paper preset: None)" in told


@pytest.mark.parametrize("shape", [(8, 8, 1), MNIST, (32, 32, 3), (64, 64, 3)])
@pytest.mark.parametrize(
    ("detector", "spectral", "dropout"),
    [("alad", True, 0.2), ("bigan", False, 0.5), ("adgan", False, 0.0)],
)
def test_the_papers_discriminators_and_the_defaults_plain_ones(detector, spectral, dropout, shape):
    paper, default = (config.resolve(detector, p, shape, {}).model for p in ("paper", "default"))
    assert (paper.spectral_normalization, paper.discriminator_dropout) == (spectral, dropout)
    # ALAD on CIFAR-10 has in `default` what its source has.
    plain = (True, 0.2) if (detector, shape[0]) == ("alad", 32) else (False, 0.0)
    assert (default.spectral_normalization, default.discriminator_dropout) == plain


def test_what_alad_leaves_out_is_told():
    told = config.departures(config.resolve("alad", "default", MNIST, {}))
    assert "spectral_normalization False (paper preset: True)" in told
    assert "discriminator_dropout 0.0 (paper preset: 0.2)" in told
    assert "image_pairs trunk (paper preset: convolutions)" in told
