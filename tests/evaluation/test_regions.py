import pathlib
import types

import numpy as np
import pytest

from memgan_tf.data.folders.originals import Originals, Photograph
from memgan_tf.evaluation import predicted_regions
from memgan_tf.evaluation.calibration import Calibration
from memgan_tf.evaluation.regions import Region, find_region
from memgan_tf.evaluation.scores import write_scores
from memgan_tf.evaluation.views import Views


@pytest.fixture
def heat():
    """A region of six pixels, one of two that touch at a corner, on a map of 6 × 8."""
    values = np.zeros((6, 8), np.float32)
    values[1:3, 2:5] = 2.0
    values[4, 6] = values[5, 7] = 9.0
    return values


def test_the_largest_region_has_a_box_and_an_area(heat):
    assert find_region(heat, 1.0) == Region((2, 1, 5, 3), 6)


def test_pixels_at_the_threshold_are_not_above_it(heat):
    assert find_region(heat, 2.0) == Region((6, 4, 8, 6), 2)
    assert find_region(heat, 9.0) is None


def test_boxes_are_in_the_photographs_pixels(heat):
    """The photograph is 10 times as high and 5 times as wide."""
    assert find_region(heat, 1.0, (60, 40)) == Region((10, 10, 25, 30), 300)
    assert find_region(heat, 1.0, (6, 8)) == find_region(heat, 1.0)


def test_the_table_has_the_regions(tmp_path):
    calibration = Calibration.of(np.arange(1.0, 20.0), 0.1)
    regions = [None, Region((2, 1, 5, 3), 6)]
    scores = np.array([1.0, 40.0], np.float32)
    write_scores(tmp_path / "s.csv", ["a", "b"], None, scores, calibration, regions)
    header, first, second = (tmp_path / "s.csv").read_text().splitlines()
    assert header.endswith("is_anomaly,region,region_area")
    assert first.endswith(',0,"",0') or first.endswith(",0,,0")
    assert second.endswith(',1,"2,1,5,3",6')


def test_a_region_is_written_as_its_box():
    """A pixel in the third column of the second row, scaled twice as large."""
    heat = np.zeros((4, 4))
    heat[1, 2] = 1.0
    assert str(find_region(heat, 0.5, (8, 8))) == "4,2,6,4"


def test_regions_of_called_images_alone_are_in_the_photographs_pixels(heat, monkeypatch):
    """Photographs twice as large as the images, compared at the size of the images."""
    monkeypatch.setattr(predicted_regions, "MAX_LONGER_SIDE", 8)
    monkeypatch.setattr(predicted_regions, "pixel_threshold", lambda run: 1.0)
    run = types.SimpleNamespace(
        config=types.SimpleNamespace(image_shape=(6, 8, 1)),
        explain=lambda images: {"anomaly_map": np.stack([heat] * len(images))},
    )
    photographs = [Photograph(pathlib.Path("absent"), (12, 16))] * 3
    views = Views(np.zeros((3, 6, 8, 1), np.uint8), originals=Originals(photographs, "stretch"))
    flagged = np.array([False, True, False])
    found = predicted_regions.predict_regions(run, views, flagged)
    assert found == [None, Region((4, 2, 10, 6), 24), None]
    assert predicted_regions.predict_regions(run, Views(views.images), flagged) is None
