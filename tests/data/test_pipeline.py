import numpy as np
import pytest
import tensorflow as tf

from memgan_tf.data import pipeline
from memgan_tf.data.pipeline import (
    DRAW_STREAM,
    SHUFFLE_STREAM,
    batch_indices,
    steps_per_epoch,
    stream_seed,
    training_batches,
)


def indices(num_images, batch_size, seed, steps):
    batches = [
        batch_indices(num_images, batch_size, seed, tf.constant(step, tf.int64)) for step in steps
    ]
    return np.concatenate(batches)


def draw(batch_size, seed):
    return {"noise": tf.random.stateless_normal((batch_size, 2), seed)}


@pytest.mark.parametrize(("num_images", "batch_size"), [(12, 4), (10, 4), (3, 8), (1, 5)])
def test_every_epoch_holds_each_image_once(num_images, batch_size):
    steps = num_images * 3
    line = indices(num_images, batch_size, 0, range(steps)).reshape(-1)
    epochs = line[: len(line) // num_images * num_images].reshape(-1, num_images)
    assert (np.sort(epochs, axis=1) == np.arange(num_images)).all()


def test_each_epoch_and_each_seed_has_its_own_order():
    first, second = indices(50, 50, 0, [0]), indices(50, 50, 0, [1])
    assert (first != second).any()
    assert (first != indices(50, 50, 1, [0])).any()
    assert (first != np.arange(50)).any()


def test_steps_per_epoch_is_rounded_up():
    assert [steps_per_epoch(n, 4) for n in (1, 4, 5)] == [1, 1, 2]


def test_a_later_start_gives_the_same_batches(pixels):
    whole = training_batches(pixels(10), 4, 7, 0, draw).take(6)
    late = training_batches(pixels(10), 4, 7, 3, draw).take(3)
    for (images, draws), (expected, expected_draws) in zip(late, whole.skip(3), strict=True):
        np.testing.assert_array_equal(images, expected)
        np.testing.assert_array_equal(draws["noise"], expected_draws["noise"])


def test_batches_made_side_by_side_are_the_same_in_the_same_order(pixels, monkeypatch):
    alone = training_batches(pixels(10), 4, 7, 0, draw).take(6)
    monkeypatch.setattr(pipeline, "_parallel_batches", lambda: 4)
    beside = training_batches(pixels(10), 4, 7, 0, draw).take(6)
    for first, second in zip(alone, beside, strict=True):
        np.testing.assert_array_equal(first[0], second[0])
        assert first[1].keys() == second[1].keys()
        for name, values in first[1].items():
            np.testing.assert_array_equal(values, second[1][name])


def test_draws_follow_the_seed(pixels):
    first, same, other = (
        next(iter(training_batches(pixels(10), 4, seed, 3, draw)))[1]["noise"] for seed in (7, 7, 8)
    )
    np.testing.assert_array_equal(first, same)
    assert np.abs(first - other).max() > 0.01


def test_no_stream_of_a_seed_is_a_stream_of_another():
    step = tf.constant(3, tf.int64)
    streams = (SHUFFLE_STREAM, DRAW_STREAM)
    seeds = {
        tuple(stream_seed(seed, stream, step).numpy()) for seed in range(5) for stream in streams
    }
    assert len(seeds) == 10


def test_a_worker_has_the_shares_of_its_own_replicas(pixels):
    every = list(training_batches(pixels(10), 6, 7, 2, draw, num_replicas=3).take(6))
    own = training_batches(pixels(10), 6, 7, 2, draw, 3, range(1, 3)).take(4)
    expected = [every[index] for index in (1, 2, 4, 5)]
    for (images, draws), (known, known_draws) in zip(own, expected, strict=True):
        np.testing.assert_array_equal(images, known)
        np.testing.assert_array_equal(draws["noise"], known_draws["noise"])


def test_steps_draw_different_numbers(pixels):
    first, second = training_batches(pixels(10), 4, 7, 0, draw).take(2)
    assert np.abs(first[1]["noise"] - second[1]["noise"]).max() > 0.01


def test_replicas_share_the_global_batch_in_order(pixels):
    whole = next(iter(training_batches(pixels(10), 4, 7, 0, draw)))
    shares = list(training_batches(pixels(10), 4, 7, 0, draw, num_replicas=2).take(2))
    np.testing.assert_array_equal(np.concatenate([s[0] for s in shares]), whole[0])
    noise = np.concatenate([s[1]["noise"] for s in shares])
    np.testing.assert_array_equal(noise, whole[1]["noise"])
