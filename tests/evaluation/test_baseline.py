import dataclasses
import types

import numpy as np
import pytest

from memgan_tf.config import resolve
from memgan_tf.data import LabelledImages
from memgan_tf.evaluation import baseline
from memgan_tf.evaluation.baseline import measure_baseline

CONFIG = resolve("memgan", "default", (8, 8, 1), {"dataset": "folder:parts"})
PLACE = np.arange(12)


def noisy(count, seed):
    generator = np.random.default_rng(seed)
    slope = np.linspace(0, 200, 8)[np.newaxis, :, np.newaxis, np.newaxis]
    light = generator.uniform(0.8, 1.2, (count, 1, 1, 1))
    pixels = slope * light + generator.normal(0, 3, (count, 8, 8, 1))
    return np.clip(pixels, 0, 255).astype(np.uint8)


@pytest.fixture
def task():
    """Slopes under changing light; the last six test images have a dark corner."""
    tested = noisy(12, 2)
    tested[6:, 5:, 5:] = 0
    return types.SimpleNamespace(
        train=LabelledImages(noisy(40, 0), None, [""] * 40),
        validation=LabelledImages(noisy(20, 1), None, [""] * 20),
        test=LabelledImages(tested, np.repeat([0, 1], 6), [""] * 12),
    )


def test_a_pca_finds_what_it_can_and_beats_guessing(task):
    found = measure_baseline(CONFIG, task, PLACE, np.zeros(12))
    assert found["auroc"] == 1.0
    assert found["decisions"]["found"] == 6
    assert found["num_train"] == 40
    assert found["auroc_difference"][0] == pytest.approx(0.5)
    assert found["auroc_difference"][1] > 0


def test_a_run_that_is_as_good_is_not_beaten(task):
    difference = measure_baseline(CONFIG, task, PLACE, np.arange(12.0))["auroc_difference"]
    assert difference == [0.0, 0.0, 0.0]


def test_there_is_none_beside_other_data_or_a_pca(task):
    digits = resolve("memgan", "default", (8, 8, 1), {"dataset": "digits"})
    pca = resolve("pca", "default", (8, 8, 1), {"dataset": "folder:parts"})
    for config in (digits, pca):
        assert measure_baseline(config, task, PLACE, np.zeros(12)) is None
    assert measure_baseline(CONFIG, task, PLACE[:6], np.zeros(6)) is None
    task.train.images[:] = 7
    assert measure_baseline(CONFIG, task, PLACE, np.zeros(12)) is None


def test_beside_a_detector_on_features_it_has_the_size_of_its_own_default(task, counted):
    """Photographs of 128 pixels are those of 64 pixels with each pixel shown four times."""
    small = resolve("memgan", "default", (64, 64, 1), {"dataset": "folder:parts"})
    expected = measure_baseline(small, repeated(task, 8), PLACE, np.zeros(12))
    settings = {"dataset": "folder:parts", "backbone": "mobilenet_v2"}
    large = resolve("padim", "default", (128, 192, 1), settings)
    assert measure_baseline(large, repeated(task, 16, 24), PLACE, np.zeros(12)) is not None
    assert counted[1].image_shape == (43, 64, 1)
    large = resolve("padim", "default", (128, 128, 1), settings)
    found = measure_baseline(large, repeated(task, 16), PLACE, np.zeros(12))
    assert counted[2] == counted[0]
    assert {**found, "seconds": 0} == {**expected, "seconds": 0}


def repeated(task, rows, columns=None):
    """The task with each pixel shown in a rectangle of this size."""

    def enlarge(images):
        pixels = images.images.repeat(rows, axis=1).repeat(columns or rows, axis=2)
        return dataclasses.replace(images, images=pixels)

    return types.SimpleNamespace(**{name: enlarge(part) for name, part in vars(task).items()})


class Darkness:
    """A detector that fits at once: an image is as anomalous as it is dark."""

    left_out_scores = None

    def __init__(self, config):
        self.config = config

    def fit(self, images, held_out):
        assert len(images) == 40
        assert len(held_out) == 20

    def score(self, images):
        return -images[:, 0, 0, 0] - images[:, -1, -1, 0].astype(float)


@pytest.fixture
def counted(monkeypatch):
    """Number of fits, as the length of a list."""
    fits = []

    def make(config):
        fits.append(config)
        return Darkness(config)

    monkeypatch.setattr(baseline, "make_detector", make)
    return fits


def test_a_second_evaluation_does_not_fit_again(task, tmp_path, counted):
    first = measure_baseline(CONFIG, task, PLACE, np.arange(12.0), tmp_path)
    assert measure_baseline(CONFIG, task, PLACE, np.arange(12.0), tmp_path) == first
    assert len(counted) == 1
    # The comparison follows the run's scores, which are not kept.
    assert measure_baseline(CONFIG, task, PLACE, np.zeros(12), tmp_path) != first
    assert len(counted) == 1


def _other_training_pixel(task, monkeypatch):
    task.train.images[3, 0, 0] += 1


def _other_held_out_pixel(task, monkeypatch):
    task.validation.images[3, 0, 0] += 1


def _other_test_pixel(task, monkeypatch):
    task.test.images[3, 0, 0] += 1


def _other_code(task, monkeypatch):
    monkeypatch.setattr(baseline, "source_digest", lambda: "other")


@pytest.mark.parametrize(
    "change", [_other_training_pixel, _other_held_out_pixel, _other_test_pixel, _other_code]
)
def test_what_decides_the_fit_makes_another(task, tmp_path, counted, monkeypatch, change):
    measure_baseline(CONFIG, task, PLACE, np.zeros(12), tmp_path)
    change(task, monkeypatch)
    measure_baseline(CONFIG, task, PLACE, np.zeros(12), tmp_path)
    assert len(counted) == 2


def test_other_settings_make_another_fit(task, tmp_path, counted):
    for settings in ({}, {"target_fpr": 0.2}, {"leave_out_padding": True}):
        config = resolve("memgan", "default", (8, 8, 1), {"dataset": "folder:parts", **settings})
        measure_baseline(config, task, PLACE, np.zeros(12), tmp_path)
    measure_baseline(config, task, PLACE[1:], np.zeros(11), tmp_path)
    assert len(counted) == 4


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[:40],
        lambda text: "[]",
        lambda text: "\0",
        lambda text: text.replace('"threshold"', '"thresholds"'),
        lambda text: text.replace('"num_train": 40', '"num_train": "40"'),
        lambda text: text.replace('"scores": [', '"scores": [null,'),
        lambda text: text.replace('"scores": [', '"scores": [1e999,'),
        lambda text: text.replace('"scores": [', '"scores": [1.5,'),
    ],
)
def test_a_damaged_file_is_made_again(task, tmp_path, counted, damage):
    first = measure_baseline(CONFIG, task, PLACE, np.zeros(12), tmp_path)
    path = tmp_path / baseline.FILE
    text = path.read_text()
    assert damage(text) != text
    path.write_text(damage(text))
    again = measure_baseline(CONFIG, task, PLACE, np.zeros(12), tmp_path)
    assert {**again, "seconds": 0} == {**first, "seconds": 0}
    assert len(counted) == 2
    assert measure_baseline(CONFIG, task, PLACE, np.zeros(12), tmp_path) == again
    assert len(counted) == 2
