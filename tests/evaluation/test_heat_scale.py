import types

import numpy as np
import pytest

from memgan_tf.data.folders.originals import Originals, Photograph
from memgan_tf.evaluation import heat_scale as module
from memgan_tf.evaluation.float_bins import RELATIVE_WIDTH
from memgan_tf.evaluation.heat_scale import HeatScale, heat_scale, measure_scale
from memgan_tf.evaluation.views import Views
from memgan_tf.training.run_directory import RunDirectory


class Run:
    """A run, and its detector, whose anomaly map is the image itself."""

    def __init__(self, path, maps=True, max_test_images=None):
        self.directory = RunDirectory(path)
        self.config = types.SimpleNamespace(image_shape=(8, 8, 1))
        self.detector, self.max_test_images = self, max_test_images
        self.maps, self.num_explained = maps, 0

    def explain(self, images):
        self.num_explained += len(images)
        scores = {"anomaly_score": images.sum(axis=(1, 2, 3), dtype=float)}
        return {**scores, "anomaly_map": images[..., 0].astype(float)} if self.maps else scores


def images_of(count):
    """Pixels of 3, and one of 255."""
    images = np.full((count, 8, 8, 1), 3, np.uint8)
    images[0, 0, 0] = 255
    return Views(images)


def test_the_scale_covers_all_but_a_thousandth_of_the_normal_pixels(tmp_path):
    scale = measure_scale(Run(tmp_path), images_of(20))  # one pixel of 1280 is above
    assert scale.top == pytest.approx(3, rel=RELATIVE_WIDTH)
    assert (scale.share, scale.num_images) == (0.999, 20)
    scale = measure_scale(Run(tmp_path), images_of(10))  # one of 640: more than a thousandth
    assert scale.top == pytest.approx(255, rel=RELATIVE_WIDTH)


def test_padding_around_photographs_has_no_part_in_the_scale(tmp_path):
    """Photographs of 4 × 8 pixels in the middle of images of 8 × 8, whose bars have high values."""
    images = np.full((20, 8, 8, 1), 200, np.uint8)
    images[:, 2:6] = 3
    photographs = Originals([Photograph(tmp_path / "absent", (4, 8))] * 20, "pad")
    scale = measure_scale(Run(tmp_path), Views(images, originals=photographs))
    assert scale.top == pytest.approx(3, rel=RELATIVE_WIDTH)


def test_the_work_is_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "MAX_IMAGES", 7)
    monkeypatch.setattr(module, "MAX_SLOW_IMAGES", 2)
    assert measure_scale(Run(tmp_path), images_of(20)).num_images == 7
    assert measure_scale(Run(tmp_path, max_test_images=1000), images_of(20)).num_images == 2


def test_the_scale_is_measured_once_and_kept(tmp_path):
    run = Run(tmp_path)
    first = heat_scale(run, lambda: images_of(20))
    explained = run.num_explained

    def no_images():
        raise AssertionError("the held-out images are not needed again")

    assert heat_scale(run, no_images) == first
    assert run.num_explained == explained


def test_a_detector_without_maps_has_no_scale(tmp_path):
    assert heat_scale(Run(tmp_path, maps=False), lambda: images_of(20)) is None
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_file_is_named(tmp_path):
    (tmp_path / "eval").mkdir()
    (tmp_path / "eval" / "heatmap_scale.json").write_text('{"top": 1}')
    with pytest.raises(ValueError, match=r"heatmap_scale.json is damaged.* Remove it"):
        heat_scale(Run(tmp_path), lambda: images_of(20))


def test_the_sentence():
    text = HeatScale(2.5, 0.999, 40).describe()
    assert "from 0 to 2.5, which 99.9 % of the pixels of 40 held-out normal images" in text
