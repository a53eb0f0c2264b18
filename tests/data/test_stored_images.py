"""Images in a file are the images in memory, everywhere a detector looks."""

import numpy as np
import pytest
import tensorflow as tf

from memgan_tf.config import resolve
from memgan_tf.data import LabelledImages, as_pixels, stored_images
from memgan_tf.data.pipeline import training_batches
from memgan_tf.data.stored_images import StoredImages, open_stored
from memgan_tf.detectors.registry import make_detector


@pytest.fixture
def store(tmp_path):
    """Puts images into a file."""

    def put(images, channels=None):
        (tmp_path / "pixels").write_bytes(images.tobytes())
        return open_stored(tmp_path / "pixels", images.shape, channels or images.shape[-1])

    return put


def draw(batch_size, seed):
    return {"noise": tf.random.stateless_normal((batch_size, 2), seed)}


@pytest.mark.parametrize(
    "chosen", [3, slice(2, 5), slice(None), [4, 4, 0], np.arange(10) % 3 == 0, np.array([], int)]
)
def test_picking(chosen, store, pixels):
    images = pixels(10, (8, 9, 3))
    picked = store(images)[chosen]
    assert isinstance(picked, np.ndarray)
    np.testing.assert_array_equal(picked, images[chosen])


def test_a_selection_stays_in_the_file_and_outlives_it(store, pixels, tmp_path):
    images = pixels(10)
    chosen = store(images).select(np.array([7, 2, 5])).select(np.array([2, 0]))
    (tmp_path / "pixels").unlink()
    assert isinstance(chosen, StoredImages)
    assert chosen.shape == (2, 8, 8, 1)
    np.testing.assert_array_equal(chosen, images[[5, 7]])


def test_grey_in_colour_and_colour_in_grey(store, pixels):
    grey = store(pixels(4), channels=3)
    assert grey.shape == (4, 8, 8, 3)
    np.testing.assert_array_equal(grey[:], np.repeat(pixels(4), 3, axis=-1))
    colour = store(np.repeat(pixels(4), 3, axis=-1), channels=1)
    np.testing.assert_array_equal(colour[:], pixels(4))


def test_a_file_of_another_size_is_refused(tmp_path):
    (tmp_path / "pixels").write_bytes(bytes(63))
    with pytest.raises(OSError, match="is not"):
        open_stored(tmp_path / "pixels", (1, 8, 8, 1), 1)


def test_few_are_read_into_memory_and_many_are_not(store, pixels, monkeypatch):
    images = LabelledImages(store(pixels(10)), None, list("abcdefghij"))
    monkeypatch.setattr(stored_images, "IN_MEMORY_BYTES", 5 * 64)
    assert isinstance(images.select(np.arange(5)).images, np.ndarray)
    assert isinstance(images.select(np.arange(6)).images, StoredImages)


@pytest.mark.parametrize("num_replicas", [1, 2])
def test_batches_are_those_of_images_in_memory_bit_for_bit(num_replicas, store, pixels):
    images = pixels(10)
    batches = [
        training_batches(source, 4, 7, 3, draw, num_replicas).take(6)
        for source in (images, store(images))
    ]
    for (expected, _), (found, _) in zip(*batches, strict=True):
        np.testing.assert_array_equal(found, expected)
        assert found.shape == expected.shape


def test_they_are_pixels_already(store, pixels):
    images = store(pixels(4))
    assert as_pixels("images", images) is images
    with pytest.raises(ValueError, match="8 to 8192 pixels"):
        as_pixels("images", store(pixels(4, (4, 4, 1))))


@pytest.mark.parametrize("name", ["dcae", "pca"])
def test_a_detector_learns_and_scores_the_same(name, store, pixels):
    images = pixels(24)
    short = {"epochs": 1} if name == "dcae" else {}
    config = resolve(name, "default", (8, 8, 1), short)
    scores = []
    for source in (images, store(images)):
        detector = make_detector(config)
        detector.fit(source, source[:4])
        scores.append(detector.score(source))
    np.testing.assert_array_equal(*scores)
