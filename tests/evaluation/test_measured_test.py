import dataclasses
import pathlib
import types

import numpy as np
import pytest

from memgan_tf.data import LabelledImages
from memgan_tf.data.folders.originals import Originals, Photograph
from memgan_tf.evaluation import explanations, measured_test
from memgan_tf.evaluation.measured_test import measure_test, stratified_subset
from memgan_tf.evaluation.regions import Region
from memgan_tf.evaluation.views import Picked

LABELS = np.repeat([1, 0], [900, 100])


class Run:
    """A run whose anomaly map is the image, and whose score is its sum."""

    def __init__(self, maps=True, max_test_images=None):
        self.config = types.SimpleNamespace(image_shape=(8, 8, 1), detector="kde")
        self.detector = types.SimpleNamespace(max_test_images=max_test_images, part_names=())
        self.maps, self.parts = maps, []

    def score(self, images):
        self.parts.append(len(images))
        return images.sum(axis=(1, 2, 3), dtype=float)

    def explain(self, images):
        scores = {"anomaly_score": self.score(images)}
        return {**scores, "anomaly_map": images[..., 0].astype(float)} if self.maps else scores


@pytest.fixture
def labelled():
    """Four normal images of zeros, three anomalies with a defect of 9 in the corner."""
    images, masks = np.zeros((7, 8, 8, 1), np.uint8), np.zeros((7, 8, 8), bool)
    images[4:, :2, :2], masks[4:, :2, :2] = 9, True
    labels = np.array([0, 0, 0, 0, 1, 1, 1])
    return LabelledImages(images, labels, [str(i) for i in range(7)], masks)


def without_masks(images):
    return LabelledImages(images.images, images.labels, images.names)


def test_scores_of_a_set_part_by_part(labelled, monkeypatch):
    monkeypatch.setattr(explanations, "PART_SIZE", 3)
    run = Run()
    measured = measure_test(run, without_masks(labelled))
    assert measured.scores.tolist() == [0, 0, 0, 0, 36, 36, 36]
    assert run.parts == [3, 3, 1]
    assert measured.pixel_metrics == {}
    assert measured.pixels is None


def test_masks_are_measured_in_the_same_pass(labelled, monkeypatch):
    monkeypatch.setattr(explanations, "PART_SIZE", 3)
    measured = measure_test(Run(), labelled)
    assert measured.scores.tolist() == [0, 0, 0, 0, 36, 36, 36]
    assert measured.pixel_metrics == {"pixel_auroc": 1.0, "aupro": 1.0}
    assert measured.pixels["num_regions"] == 3
    assert measured.pixels["num_anomalies_without_mask"] == 0


def test_an_anomaly_without_a_mask_is_left_out_and_counted(labelled):
    labelled.masks[4] = False
    measured = measure_test(Run(), labelled)
    # Counted as normal, its four pixels of 9 would tie with the defects'.
    assert measured.pixel_metrics == {"pixel_auroc": 1.0, "aupro": 1.0}
    assert (measured.pixels["num_images"], measured.pixels["num_regions"]) == (6, 2)
    assert measured.pixels["num_anomalies_without_mask"] == 1


def test_what_stands_in_the_way_of_pixel_metrics_is_said(labelled):
    assert measure_test(Run(maps=False), labelled).pixels == {"obstacle": "kde has no anomaly maps"}
    labelled.masks[:] = False
    assert "no defect pixel" in measure_test(Run(), labelled).pixels["obstacle"]


def test_a_limit_of_the_detector_holds(labelled):
    measured = measure_test(Run(max_test_images=4), labelled)
    assert len(measured.positions) == len(measured.scores) == 4
    np.testing.assert_array_equal(measured.labels, labelled.labels[measured.positions])
    np.testing.assert_array_equal(measured.scores, 36 * measured.labels)
    assert set(measured.labels) == {0, 1}
    assert measured.pixels["num_images"] == 4


def test_regions_are_those_of_images_above_the_threshold_in_the_photographs_pixels(
    labelled, monkeypatch
):
    """Photographs twice as large as the images, compared at the size of the images."""
    monkeypatch.setattr(measured_test, "MAX_LONGER_SIDE", 8)
    photographs = [Photograph(pathlib.Path("absent"), (16, 16))] * 7
    labelled.images[6, :2, :2] = 10
    labelled = dataclasses.replace(
        without_masks(labelled), originals=Originals(photographs, "stretch")
    )
    run = Run()
    run.threshold = 36.0
    measured = measure_test(run, labelled, pixel_threshold=5.0)
    assert measured.regions == [None] * 6 + [Region((0, 0, 4, 4), 16)]
    assert (measured.pixel_metrics, measured.pixels) == ({}, None)
    assert measure_test(run, labelled, pixel_threshold=10.0).regions == [None] * 7


def test_picked_items_are_indexed_through():
    picked = Picked(np.array([10, 11, 12, 13]), np.array([3, 1]))
    assert len(picked) == 2
    assert picked[0] == 13
    assert picked[np.array([1, 0])].tolist() == [11, 13]


def test_parts_are_measured_with_masks_as_well(labelled):
    run = Run()
    run.detector.part_names = ("sum", "nothing")

    def explain(images):
        sums = images.sum(axis=(1, 2, 3), dtype=float)
        maps = images[..., 0].astype(float)
        parts = np.stack([sums, 0 * sums], axis=1)
        return {"anomaly_score": sums, "anomaly_map": maps, "parts": parts}

    run.explain = explain
    measured = measure_test(run, labelled)
    assert measured.parts == {"sum": 1.0, "nothing": 0.5, "sum+nothing": 1.0}
    assert measured.pixel_metrics == {"pixel_auroc": 1.0, "aupro": 1.0}
    assert measure_test(run, without_masks(labelled)).parts == measured.parts


@pytest.mark.parametrize("limit", [None, 1000, 5000])
def test_all_images_if_there_are_no_more(limit):
    np.testing.assert_array_equal(stratified_subset(LABELS, limit), np.arange(1000))


@pytest.mark.parametrize(("limit", "normals"), [(100, 10), (10, 1), (2, 1), (500, 50)])
def test_both_labels_keep_their_share(limit, normals):
    chosen = stratified_subset(LABELS, limit)
    assert len(np.unique(chosen)) == limit
    assert (LABELS[chosen] == 0).sum() == normals
    assert (np.diff(chosen) > 0).all()
    np.testing.assert_array_equal(chosen, stratified_subset(LABELS, limit))
