import numpy as np
import pytest

from memgan_tf.data.samples import at_random, evenly


@pytest.mark.parametrize(
    ("count", "limit", "expected"),
    [
        (5, 3, [0, 2, 4]),
        (10, 4, [0, 3, 6, 9]),
        (3, 9, [0, 1, 2]),
        (1, 9, [0]),
        (0, 9, []),
    ],
)
def test_an_even_part_has_both_ends(count, limit, expected):
    assert evenly(count, limit).tolist() == expected


@pytest.mark.parametrize("count", [999, 1000, 1001, 54321])
def test_no_position_comes_twice(count):
    found = evenly(count, 1000)
    assert len(np.unique(found)) == len(found) == min(count, 1000)


def test_a_random_part_is_always_the_same():
    found = at_random(np.arange(100, 200), 10)
    np.testing.assert_array_equal(found, at_random(np.arange(100, 200), 10))
    assert len(np.unique(found)) == 10
    assert (np.diff(found) > 0).all()
    assert set(found) <= set(range(100, 200))
    assert at_random(3, 10).tolist() == [0, 1, 2]
