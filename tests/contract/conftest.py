"""Small separable data and a tiny configuration of every detector."""

import dataclasses
import functools
import pathlib
import tempfile

import numpy as np
import pytest

from memgan_tf.config import by_features, resolve
from memgan_tf.config.registry import DEEP
from memgan_tf.detectors.registry import make_detector
from memgan_tf.layers import spectral
from memgan_tf.training.run_directory import RunDirectory
from tests.tiny_backbone import write_tiny_backbone

IMAGE_SHAPE = (8, 8, 1)
NETWORKS = {"base_width": 8, "latent_dim": 4, "batch_size": 32}
GAN = {**NETWORKS, "discriminator_width": 16, "learning_rate": 2e-3, "ema_decay": 0.9}
LENET = {"widths": "8", "latent_dim": 16, "batch_size": 32, "learning_rate": 2e-3}
# Images are not enlarged: patches are to see a wave whole.
FEATURES = {"min_side": 8}
# A detector that is registered and not listed here fails the suite.
TINY = {
    "memgan": {**GAN, "num_units": 8, "epochs": 60},
    "memgan_plus": {**GAN, "num_units": 8, "epochs": 60, "turn_width": 8},
    "adgan": {**GAN, "epochs": 60, "num_inversion_steps": 30, "input_scaling": "unit"},
    "alad": {**GAN, "epochs": 60},
    "bigan": {
        **GAN,
        "base_width": 32,
        "discriminator_width": 64,
        "batch_size": 16,
        "learning_rate": 1e-3,
        "epochs": 150,
        "ema_decay": 0.98,
    },
    "dagmm": {**NETWORKS, "num_components": 2, "epochs": 40, "learning_rate": 2e-3},
    "dcae": {**LENET, "epochs": 40},
    "deep_svdd": {**LENET, "epochs": 20, "pretraining_epochs": 20},
    "dsebm": {"base_width": 16, "num_hidden": 64, "noise_stddev": 0.3, "epochs": 80},
    "isolation_forest": {"explained_variance": 1.0},
    "kde": {},
    "memae": {**NETWORKS, "num_units": 20, "epochs": 40, "learning_rate": 3e-3},
    "ocsvm": {"explained_variance": 1.0},
    "pca": {},
    "vae": {**NETWORKS, "epochs": 40, "learning_rate": 3e-3},
    "patch_memory": FEATURES,
    "padim": {**FEATURES, "num_channels": 16},
    "patchcore": {**FEATURES, "num_units": 500},
    "features_knn": FEATURES,
}


def make_config(name, **overrides):
    """The tiny configuration of a detector."""
    backbone = {"backbone": tiny_backbone()} if by_features(name) else {}
    overrides = {**TINY[name], **backbone, "seed": 0, **overrides}
    return resolve(name, "default", IMAGE_SHAPE, overrides)


@functools.cache
def tiny_backbone():
    """The name of a backbone in a file, which goes when the process ends."""
    folder = tempfile.TemporaryDirectory(prefix="memgan_tf_backbone_")
    tiny_backbone.folder = folder
    return f"file:{write_tiny_backbone(pathlib.Path(folder.name) / 'tiny.keras')}"


@pytest.fixture(autouse=True)
def few_iterations(monkeypatch):
    """Two power iterations: unrolled, ten make most of a graph, and have no other kind of step."""
    norm = functools.partial(spectral.spectral_norm, num_iterations=2)
    monkeypatch.setattr(spectral, "spectral_norm", norm)


@dataclasses.dataclass(frozen=True)
class Task:
    """Normal images and a labelled test set."""

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray
    labels: np.ndarray


def waves(generator, count):
    """Waves of random phase along a line, `(count, 8)`."""
    phases = generator.uniform(0, 2 * np.pi, (count, 1))
    return np.sin(2 * np.pi * np.arange(8) / 8 + phases)


def as_images(generator, patterns):
    """Patterns `(count, 8, 8)` at random heights, with noise: `(count, 8, 8, 1)` uint8."""
    heights = generator.uniform(50, 100, (len(patterns), 1, 1))
    noisy = 128 + heights * patterns + generator.normal(0, 5, patterns.shape)
    return np.clip(np.round(noisy), 0, 255).astype(np.uint8)[..., np.newaxis]


def normal_images(generator, count):
    """Waves along the rows or along the columns."""
    patterns = np.repeat(waves(generator, count)[:, np.newaxis], 8, axis=1)
    lying = generator.uniform(size=(count, 1, 1)) < 0.5
    return as_images(generator, np.where(lying, patterns.transpose(0, 2, 1), patterns))


def odd_images(generator, count):
    """Products of both, of the same energy: no closer to 0 and no further than normal ones."""
    rows, columns = waves(generator, count), waves(generator, count)
    return as_images(generator, np.sqrt(2) * rows[:, np.newaxis] * columns[:, :, np.newaxis])


@pytest.fixture(scope="session")
def task():
    """Separable by the pattern, not by brightness or contrast."""
    generator = np.random.default_rng(0)
    return Task(
        train=normal_images(generator, 160),
        validation=normal_images(generator, 40),
        test=np.concatenate([normal_images(generator, 100), odd_images(generator, 100)]),
        labels=np.repeat([0, 1], 100),
    )


@dataclasses.dataclass(frozen=True)
class Fitted:
    """A detector that has learned, and one that has not."""

    name: str
    detector: object
    run: RunDirectory
    unfitted: object
    config_before: dict
    images_before: np.ndarray


@pytest.fixture(scope="session")
def fit(task, tmp_path_factory):
    """Fits a detector once for all tests, into the folder of a run."""
    known = {}

    def fit_once(name):
        if name not in known:
            # Of a training in steps, the last checkpoint alone is read.
            config = make_config(name, **({"checkpoint_epochs": 1000} if name in DEEP else {}))
            before, images = config.to_dict(), task.train.copy()
            detector, unfitted = make_detector(config), make_detector(config)
            unfitted.initialize(task.train)
            run = RunDirectory(tmp_path_factory.mktemp(name) / "run")
            with run.claimed(config):
                detector.fit(task.train, task.validation, run)
            known[name] = Fitted(name, detector, run, unfitted, before, images)
        return known[name]

    return fit_once
