import numpy as np
import pytest
import tensorflow as tf

from memgan_tf.layers.local_score import WHOLE, LocalScore, smoothed, windows_of

SIZE = (16, 16)


def squares(count, seed=0):
    """Errors of normal images: noise, ten times as strong in the left half."""
    values = np.random.default_rng(seed).normal(size=(count, *SIZE)) ** 2
    values[:, :, :8] *= 10.0
    return values.astype(np.float32)


def fitted(values):
    score = LocalScore(SIZE)
    score.fit(lambda: [tf.constant(values[:20]), tf.constant(values[20:])])
    return score


@pytest.fixture(scope="module")
def score():
    return fitted(squares(40))


@pytest.mark.parametrize(
    ("size", "windows"),
    [
        ((8, 8), (1, 3, 5, WHOLE)),
        ((64, 64), (1, 3, 5, 9, 17, 33, WHOLE)),
        ((9, 100), (1, 3, 5, WHOLE)),
    ],
)
def test_windows_grow_to_half_the_shorter_side(size, windows):
    assert windows_of(size) == windows


def test_means_are_of_what_lies_inside_the_image():
    values = np.arange(16.0).reshape(1, 4, 4)
    found = smoothed(tf.constant(values), (1, 3, WHOLE)).numpy()
    np.testing.assert_allclose(found[0, :, :, 0], values[0])
    assert found[0, 0, 0, 1] == np.mean([0, 1, 4, 5])
    assert found[0, 1, 1, 1] == values[0, :3, :3].mean()
    np.testing.assert_allclose(found[0, :, :, 2], 7.5)


@pytest.mark.parametrize("count", [1, 3, 17, 64])
def test_the_means_of_a_graph_are_the_same_bit_by_bit(count):
    """Eager code pools all images at once, as channels."""
    values = np.random.default_rng(0).random((count, 24, 40)).astype(np.float32) ** 4
    windows = windows_of((24, 40))
    graph = tf.function(smoothed, autograph=False, reduce_retracing=True)
    found = smoothed(tf.constant(values), windows)
    np.testing.assert_array_equal(found, graph(tf.constant(values), windows))


def test_the_map_is_the_mean_over_windows_of_3_to_17_pixels():
    """Before a fit the usual error is 1 everywhere: roots of the windows' geometric mean."""
    values = np.random.default_rng(0).uniform(1.0, 9.0, (2, 64, 64)).astype(np.float32)
    _, found = LocalScore((64, 64))(tf.constant(values))
    means = smoothed(tf.constant(values), (3, 5, 9, 17)).numpy()
    expected = np.exp(0.5 * np.log(means).mean(axis=3))
    np.testing.assert_allclose(found, expected, rtol=1e-4)


def test_a_tenth_of_the_mean_error_is_added_to_the_usual_one():
    values = np.full((40, *SIZE), 4.0, np.float32)
    values[:, :, :8] = 0.0
    usual = fitted(values).usual.numpy()
    np.testing.assert_allclose(usual[:, [0, -1], 0], [[0.2, 4.2]] * 16, rtol=1e-5)
    np.testing.assert_allclose(usual[..., -1], 2.2, rtol=1e-5)


def test_on_the_fitted_images_each_scale_has_mean_0(score):
    peaks = tf.reduce_max(score._logarithms(tf.constant(squares(40))), axis=[1, 2])
    np.testing.assert_allclose(peaks.numpy().mean(axis=0), score.peak_means.numpy(), atol=1e-4)


@pytest.mark.parametrize("side", [2, 6, 16])
def test_small_and_large_defects_are_seen(score, side):
    """The left half's usual error, on the right: a sum over all pixels sees the largest alone."""
    normal, damaged = squares(20, 1), squares(20, 1)
    damaged[:, :side, -min(side, 8) :] += 12.0
    before, _ = score(tf.constant(normal))
    after, _ = score(tf.constant(damaged))
    assert after.numpy().min() > before.numpy().max()


def test_the_map_points_at_the_defect(score):
    damaged = squares(20, 1)
    damaged[:, 4:7, 10:13] += 30.0
    _, maps = score(tf.constant(damaged))
    peaks = [np.unravel_index(np.argmax(found), SIZE) for found in maps.numpy()]
    assert all(3 <= row <= 7 and 9 <= column <= 13 for row, column in peaks)
    assert (maps.numpy() >= 0).all()


def test_errors_that_never_vary_have_a_finite_score():
    score = fitted(np.zeros((40, *SIZE), np.float32))
    scores, maps = score(tf.constant(squares(3)))
    assert np.isfinite(scores.numpy()).all()
    assert np.isfinite(maps.numpy()).all()


def test_an_image_scores_the_same_alone_and_in_a_batch(score):
    together, _ = score(tf.constant(squares(5, 2)))
    alone, _ = score(tf.constant(squares(5, 2)[3:4]))
    assert alone.numpy()[0] == together.numpy()[3]
