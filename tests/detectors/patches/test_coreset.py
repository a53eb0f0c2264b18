import numpy as np
import pytest

from memgan_tf.detectors.patches.coreset import PROJECTED, choose_centers


def greedy_centers(rows, count):
    """k-centers by all distances, from the row nearest to the mean."""
    distances = np.linalg.norm(rows[:, np.newaxis] - rows[np.newaxis], axis=2)
    found = [int(np.linalg.norm(rows - rows.mean(axis=0), axis=1).argmin())]
    while len(found) < count:
        found.append(int(distances[found].min(axis=0).argmax()))
    return found


@pytest.mark.parametrize("size", [2, PROJECTED])
def test_the_choice_is_that_of_brute_force(size):
    rows = np.random.default_rng(0).normal(size=(150, size)).astype(np.float32)
    assert choose_centers(rows, 40, seed=0).tolist() == greedy_centers(rows, 40)


def test_the_choice_does_not_depend_on_where_the_rows_lie():
    rows = np.random.default_rng(0).normal(size=(100, 3)).astype(np.float32)
    moved = rows + np.float32(1000)
    assert choose_centers(moved, 10, 0).tolist() == choose_centers(rows, 10, 0).tolist()


def test_every_row_once_if_as_many_are_asked_for():
    rows = np.repeat(np.random.default_rng(0).normal(size=(5, 3)), 2, axis=0)
    assert sorted(choose_centers(rows, 100, 0)) == list(range(10))


def test_projected_rows_are_covered_nearly_as_well():
    rows = np.random.default_rng(0).normal(size=(200, 300)).astype(np.float32)

    def radius(found):
        return np.linalg.norm(rows[:, np.newaxis] - rows[found][np.newaxis], axis=2).min(1).max()

    found = choose_centers(rows, 50, seed=3)
    assert len(set(found.tolist())) == 50
    np.testing.assert_array_equal(found, choose_centers(rows, 50, seed=3))
    assert not np.array_equal(found, choose_centers(rows, 50, seed=4))
    assert radius(found) < 1.1 * radius(greedy_centers(rows, 50))
