import numpy as np
import pytest

from memgan_tf.reproduction.synthetic import make_synthetic_anomalies, synthetic_auroc


@pytest.fixture
def images():
    return np.random.default_rng(0).integers(0, 256, (6, 8, 8, 3), dtype=np.uint8)


def test_turned_and_shuffled_images_have_the_same_pixels_elsewhere(images):
    made = make_synthetic_anomalies(images)
    np.testing.assert_array_equal(made["rot90"][0, 0, 0], images[0, 0, 7])
    np.testing.assert_array_equal(made["rot180"][0, 0, 0], images[0, 7, 7])
    # The upper left quarter is now the lower right one.
    np.testing.assert_array_equal(made["shuffle"][:, 4:, 4:], images[:, :4, :4])


def test_mixed_images_are_the_mean_of_two_different_ones():
    images = np.stack([np.full((8, 8, 1), value, np.uint8) for value in (10, 30, 90)])
    for seed in range(20):
        mixed = {int(image[0, 0, 0]) for image in make_synthetic_anomalies(images, seed)["mixup"]}
        assert mixed <= {20, 50, 60}


def test_a_patch_of_another_image_is_pasted():
    images = np.stack([np.full((10, 10, 1), value, np.uint8) for value in (10, 200)])
    pasted = make_synthetic_anomalies(images)["cutpaste"]
    np.testing.assert_array_equal((pasted[0] == 200).sum(), 16)  # 0.4 of either side
    np.testing.assert_array_equal((pasted[1] == 10).sum(), 16)
    np.testing.assert_array_equal(images[0], 10)


def test_a_patch_may_be_pasted_anywhere():
    """A side of 4 on one of 10: from 0 to 6 in either direction."""
    images = np.zeros((200, 10, 10, 1), np.uint8)
    images[::2] = 200
    pasted = make_synthetic_anomalies(images, 1)["cutpaste"]
    changed = [np.argwhere((pasted[i] != images[i])[..., 0]) for i in range(200)]
    corners = np.array([places.min(axis=0) for places in changed if len(places)])
    assert len(corners) > 50
    for axis in (0, 1):
        assert set(corners[:, axis].tolist()) == set(range(7))


def test_the_same_seed_makes_the_same_anomalies(images):
    first, again = make_synthetic_anomalies(images, 3), make_synthetic_anomalies(images, 3)
    for kind in first:
        np.testing.assert_array_equal(first[kind], again[kind])


def test_auroc_of_a_score_that_knows_one_kind(images):
    def score(batch):  # how much lower the upper half is
        return batch[:, 4:].mean((1, 2, 3)) - batch[:, :4].mean((1, 2, 3))

    images[:, :4], images[:, 4:] = 200, 10
    measured = synthetic_auroc(score, images)
    assert measured["rot180"] == 1.0
    assert measured["mixup"] == 0.5
