import numpy as np
import pytest

from memgan_tf.reproduction.photometric import make_photometric_anomalies
from memgan_tf.reproduction.synthetic import synthetic_auroc


@pytest.fixture
def images():
    # Two gray levels a side, 96 and 160: mean 128, far enough from 0 and 255 that nothing clips.
    image = np.full((32, 32, 3), 96, np.uint8)
    image[:, 16:] = 160
    return np.stack([image] * 6)


def test_half_is_weakened_and_half_is_strengthened(images):
    made = make_photometric_anomalies(images)
    spans = [int(image.max()) - int(image.min()) for image in made["contrast"]]
    assert sorted(spans) == [32, 32, 32, 96, 96, 96]
    assert all(image.mean() == pytest.approx(128, abs=1) for image in made["contrast"])
    darkest = sorted(int(image.min()) for image in made["brightness"])
    assert darkest == [48, 48, 48, 144, 144, 144]


def test_blur_and_sharpness_act_at_edges_alone(images):
    made = make_photometric_anomalies(images)
    np.testing.assert_array_equal(made["blur"][:, :, :10], 96)
    # A Gaussian of one pixel leaves 31 % of the step beyond half a pixel from the edge.
    assert made["blur"][0, 5, 15, 0] == pytest.approx(96 + 64 * 0.31, abs=2)
    steps = sorted(int(i[5, 16, 0]) - int(i[5, 15, 0]) for i in made["sharpness"])
    assert steps[2] < 64 < steps[3]


def test_a_blur_mixes_neither_images_nor_channels():
    colors = np.random.default_rng(0).integers(0, 256, (5, 1, 1, 3), dtype=np.uint8)
    images = np.broadcast_to(colors, (5, 32, 32, 3))
    np.testing.assert_array_equal(make_photometric_anomalies(images)["blur"], images)


def test_noise_has_the_given_deviation_and_equalized_images_a_flat_histogram(images):
    made = make_photometric_anomalies(images)
    assert (made["noise"].astype(float) - images).std() == pytest.approx(20.0, rel=0.02)
    ramp = np.tile(np.arange(100, 132, dtype=np.uint8), (2, 32, 1))[..., np.newaxis]
    flat = make_photometric_anomalies(ramp)["equalize"]
    assert (flat.min(), flat.max()) == (0, 255)


def test_the_same_seed_makes_the_same_anomalies_and_leaves_the_images(images):
    before = images.copy()
    first, again = make_photometric_anomalies(images, 3), make_photometric_anomalies(images, 3)
    other = make_photometric_anomalies(images, 4)
    for kind in first:
        np.testing.assert_array_equal(first[kind], again[kind])
        assert first[kind].shape == images.shape
        assert first[kind].dtype == np.uint8
    assert (first["noise"] != other["noise"]).any()
    np.testing.assert_array_equal(images, before)


def test_a_score_that_only_grows_with_contrast_is_right_as_often_as_wrong():
    levels = np.random.default_rng(0).integers(64, 192, (40, 32, 32, 1))

    def deviation(batch):
        return batch.std(axis=(1, 2, 3))

    measured = synthetic_auroc(deviation, levels.astype(np.uint8), make=make_photometric_anomalies)
    assert measured["contrast"] == pytest.approx(0.5, abs=0.05)
    assert measured["blur"] == 0.0
