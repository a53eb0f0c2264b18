import numpy as np
import pytest

from memgan_tf.detectors.patches import memory
from memgan_tf.detectors.patches.memory import MemoryLearner
from memgan_tf.detectors.patches.projection import Projection

IDENTITY = Projection(np.eye(2, dtype=np.float32), np.zeros(2, np.float32))
ALL = np.ones((2, 2), bool)


def learner_of(images, share=1.0, num_units=1000, valid=ALL):
    learner = MemoryLearner(IDENTITY, num_units, share, len(images), seed=0)
    for image in images:
        learner.add(image[np.newaxis], valid[np.newaxis])
    learner.fit()
    return learner


@pytest.fixture
def images():
    return np.random.default_rng(0).normal(size=(3, 2, 2, 2)).astype(np.float32)


def test_a_left_out_image_is_compared_with_the_others_patches(images):
    learner = learner_of(images)
    found = learner.leave_out(1, images[1], ALL)
    others = images[[0, 2]].reshape(-1, 2)
    gaps = np.linalg.norm(images[1].reshape(-1, 1, 2) - others, axis=2)
    np.testing.assert_allclose(found.ravel(), gaps.min(axis=1), rtol=1e-4)
    # Its own patches are units as well.
    assert (found > 0).all()
    assert len(learner.units) == 12


def test_padding_is_neither_remembered_nor_scored(images):
    valid = np.array([[True, True], [False, True]])
    learner = learner_of(images, valid=valid)
    assert len(learner.units) == 9
    assert learner.leave_out(0, images[0], valid)[1, 0] == 0


def test_one_image_has_no_others(images):
    found = learner_of(images[:1]).leave_out(0, images[0], ALL)
    np.testing.assert_array_equal(found, np.zeros((2, 2)))


def test_units_are_bounded_by_number_and_share(images):
    assert len(learner_of(images, num_units=5).units) == 5
    assert len(learner_of(images, share=0.25).units) == 3
    assert len(learner_of(images, share=1e-4).units) == 1


def test_candidates_are_bounded_alike_for_each_image(images, monkeypatch):
    monkeypatch.setattr(memory, "MAX_CANDIDATES", 6)
    learner = learner_of(images)
    assert np.bincount(learner.owners).tolist() == [2, 2, 2]
    # A share of all patches, not of the candidates.
    assert len(learner_of(images, share=0.5).units) == 6
    assert len(learner_of(images, share=0.25).units) == 3


def test_candidates_are_drawn_from_the_whole_image(monkeypatch):
    monkeypatch.setattr(memory, "MAX_CANDIDATES", 20)
    # The second number of a patch is its place.
    images = np.random.default_rng(0).normal(size=(20, 2, 2, 2)).astype(np.float32)
    images[..., 1] = [[0, 1], [2, 3]]
    places = learner_of(images).units[:, 1]
    assert len(places) == 20
    assert set(places) == {0, 1, 2, 3}
